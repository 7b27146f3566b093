"""Turn a checkpoint of the gallery's training into the files that the package ships.

    python recipes/gallery/export.py --run runs/gallery

Writes ``feedforward/data/gallery.safetensors``, for more training, with ``gallery.json``, what is known of
it, beside; and ``runtime/data/gallery.onnx``, for painting. Both networks have float16 numbers, and the one
is checked against the other. With ``--output`` all three go into a folder of yours instead.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import torch

from impasto.catalogue.files import read_style
from impasto.catalogue.lookup import named_styles
from impasto.inference.gallery import SHIPPED
from impasto.networks.export import export_gallery
from impasto.networks.files import GALLERY, StyleEntry, save_network
from impasto.networks.gallery import GalleryNetwork
from train import STYLES

LARGEST = 4_000_000
PHOTOGRAPHS = "samples of ImageNet, COCO and BSDS500, at most 384 pixels, none of them included"


def entry(name: str) -> StyleEntry:
    """A named style as the gallery's files describe it."""
    card = read_style(named_styles()[name]).card
    licence = card.licence.partition(";")[0]
    return StyleEntry(name, card.title, card.artist, card.year, licence)


def describe(path: Path, steps: int, losses: dict[str, float]) -> dict[str, object]:
    """What is known of the network in ``path``, for the file beside it."""
    data = path.read_bytes()
    return {
        "name": "gallery",
        "architecture": "gallery",
        "styles": STYLES,
        "licence": "MIT",
        "source": f"trained for Impasto by recipes/gallery, {steps} steps",
        "photographs": PHOTOGRAPHS,
        "losses": {name: round(value, 4) for name, value in sorted(losses.items())},
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="folder of the training's checkpoint")
    parser.add_argument("--output", type=Path, help="folder for the files; by default the package's own")
    parser.add_argument("--before", type=int, default=0, help="steps of the run it began with (--start)")
    options = parser.parse_args()
    trained, runnable = GALLERY, SHIPPED
    if options.output is not None:
        trained, runnable = options.output / GALLERY.name, options.output / SHIPPED.name
    for place in (trained, runnable):
        place.parent.mkdir(parents=True, exist_ok=True)
    state = torch.load(options.run / "checkpoint.pt", weights_only=True)
    network = GalleryNetwork(1 + 2 * len(STYLES))
    network.load_state_dict(state["network"] | {"grain": network.grain})  # not learnt, and of any size
    steps = options.before + state["step"]
    about = {"steps": steps, "licence": "MIT", "photographs": PHOTOGRAPHS}
    save_network(trained, network, [entry(name) for name in STYLES], about)
    report = export_gallery(trained, runnable, precision="fp16")
    known = describe(trained, steps, state["losses"])
    trained.with_suffix(".json").write_text(json.dumps(known, indent=2) + "\n")
    sizes = [place.stat().st_size for place in (trained, runnable)]
    print(f"step {steps}: {sizes[0]:,} + {sizes[1]:,} bytes, {report.difference.largest:.2g} from torch")
    if sum(sizes) > LARGEST:
        raise SystemExit(f"expected at most {LARGEST:,} bytes; together they have {sum(sizes):,}")


if __name__ == "__main__":
    main()
