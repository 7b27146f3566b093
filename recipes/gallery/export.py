"""Turn a checkpoint of the gallery's training into the files that the package ships.

    python recipes/gallery/export.py --run runs/gallery

Writes ``feedforward/data/gallery.safetensors``, for more training, and ``runtime/data/gallery.onnx``, for
painting, both with float16 numbers, and checks the one against the other.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from impasto.export import export_gallery
from impasto.feedforward.files import GALLERY, StyleEntry, save_network
from impasto.feedforward.network import GalleryNetwork
from impasto.optimize.style_files import named_styles, read_style
from impasto.runtime.gallery import SHIPPED
from train import STYLES

LARGEST = 4_000_000
PHOTOGRAPHS = "samples of ImageNet, COCO and BSDS500, at most 384 pixels, none of them included"


def entry(name: str) -> StyleEntry:
    """A named style as the gallery's files describe it."""
    card = read_style(named_styles()[name]).card
    licence = card.licence.partition(";")[0]
    return StyleEntry(name, card.title, card.artist, card.year, licence)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="folder of the training's checkpoint")
    options = parser.parse_args()
    state = torch.load(options.run / "checkpoint.pt", weights_only=True)
    network = GalleryNetwork(1 + 2 * len(STYLES))
    network.load_state_dict(state["network"])
    for place in (GALLERY, SHIPPED):
        place.parent.mkdir(exist_ok=True)
    about = {"steps": state["step"], "licence": "MIT", "photographs": PHOTOGRAPHS}
    save_network(GALLERY, network, [entry(name) for name in STYLES], about)
    report = export_gallery(GALLERY, SHIPPED, precision="fp16")
    sizes = [place.stat().st_size for place in (GALLERY, SHIPPED)]
    print(
        f"step {state['step']}: {sizes[0]:,} + {sizes[1]:,} bytes, {report.difference.largest:.2g} from torch"
    )
    if sum(sizes) > LARGEST:
        raise SystemExit(f"expected at most {LARGEST:,} bytes; together they have {sum(sizes):,}")


if __name__ == "__main__":
    main()
