"""Train the gallery network: one set of filters, many painters.

    python recipes/gallery/train.py --photos FOLDER --run runs/gallery

Styles are those the package ships as statistics, so no painting is needed. The tenth of the photographs
whose name's CRC-32 is 0 modulo 10 is held out. Resumable: the same command goes on from the last
checkpoint; ``--steps`` may be changed meanwhile. README.md beside this file says what was learnt.
"""

from __future__ import annotations

import argparse
import csv
import zlib
from pathlib import Path

import torch

from impasto.encoders import load_encoder
from impasto.networks.gallery import GalleryNetwork
from impasto.networks.train.batches import LossWeights
from impasto.networks.train.photos import read_photos
from impasto.networks.train.targets import make_target
from impasto.networks.train.training import Trainer, TrainingSchedule
from impasto.painters.sources import load_style
from impasto.progress import Progress

STYLES = [
    "starry-night",
    "great-wave",
    "composition-vii",
    "the-kiss",
    "woman-with-a-hat",
    "water-lilies",
    "the-shipwreck",
    "grande-jatte",
    "edtaonisl",
    "metzinger",
    "picasso-by-gris",
    "street-pavers",
]


def held_out(path: Path) -> bool:
    """True for the tenth of the files that no training may see."""
    return zlib.crc32(path.name.encode()) % 10 == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoints and the log")
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steady", type=float, default=0.0, help="weight of steadiness from frame to frame")
    parser.add_argument("--grid", type=float, default=0.0, help="weight of grids of 2 and 4 pixels")
    parser.add_argument("--start", type=Path, help="checkpoint of another run, whose network to begin with")
    parser.add_argument("--rate", type=float, default=1e-3, help="Muon's peak rate; Adam's are in proportion")
    parser.add_argument("--checkpoint-every", type=int, default=250)
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    paths = [p for p in sorted(options.photos.glob("*.jpg")) if not held_out(p)]
    found = read_photos(paths, smallest=128)
    for path, why in found.skipped:
        print(f"skipped {path.name}: {why}")
    encoder = load_encoder("tiny").requires_grad_(False)
    styles = [load_style(name) for name in STYLES]
    targets = {k: make_target(encoder, style.statistics) for k, style in enumerate(styles)}
    network = GalleryNetwork(1 + 2 * len(STYLES))
    if options.start is not None:
        network.load_state_dict(torch.load(options.start, weights_only=True)["network"])
    schedule = TrainingSchedule(
        options.steps,
        options.batch,
        options.size,
        filters=options.rate,
        rows=5 * options.rate,
        seed=options.seed,
        loss=LossWeights(steady=options.steady, grid=options.grid),
    )
    reduced = encoder.to(memory_format=torch.channels_last).bfloat16()
    trainer = Trainer(network, reduced, targets, found.photos, schedule, reduced=True)
    checkpoint = options.run / "checkpoint.pt"
    if checkpoint.exists():
        trainer.restore(torch.load(checkpoint, weights_only=True))
        print(f"going on at step {trainer.step}", flush=True)
    with (options.run / "log.csv").open("a", newline="") as file:
        log = csv.writer(file)

        def report(progress: Progress) -> None:
            if progress.step % 50 == 0:
                losses = {name: round(value, 4) for name, value in sorted(progress.losses.items())}
                log.writerow([progress.step, round(progress.elapsed), *losses.values()])
                file.flush()
                print(f"step {progress.step} {progress.elapsed:.0f} s {losses}", flush=True)
            if progress.step % options.checkpoint_every == 0 or progress.step == progress.steps:
                torch.save(trainer.state(), checkpoint.with_suffix(".tmp"))
                checkpoint.with_suffix(".tmp").replace(checkpoint)

        trainer.run(report)


if __name__ == "__main__":
    main()
