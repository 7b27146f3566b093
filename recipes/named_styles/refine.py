"""Refine the network for any painting for named styles: its finer half, in some 60 kilobytes a style.

    python recipes/named_styles/refine.py --photos PHOTOS [NAME...]

PHOTOS is a folder of photographs. The styles' files that come with the package are replaced by ones that
also say how they change the network (``inference/any_painting_weights.py``); their cards tell the style and
content distances, before and after, on held-out photographs. Repeat the command to go on with styles that
change nothing yet; one that was interrupted begins again. ``make.py`` measures the styles anew, without
changes.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from impasto.catalogue.files import read_style, write_style
from impasto.catalogue.lookup import named_styles
from impasto.inference.any_painting_weights import pack_changes, unpack_change
from impasto.networks.any_painting_files import load_network
from impasto.networks.train.evaluation import judge
from impasto.networks.train.learners import AnyPaintingLearner
from impasto.networks.train.painting_loss import LossWeights
from impasto.networks.train.plan import TrainingPlan
from impasto.networks.train.training import Trainer, TrainingSchedule
from impasto.pipelines.train.materials import gather

COARSE = ("coarsest.enter", "coarsest.middle", "coarsest.narrow", "coarsest.beside")
"""What stays as it is: an eighth of the size, five sixths of the numbers."""
JUDGED = 8


class FineLearner(AnyPaintingLearner):
    """Teaches only what paints at a quarter of the size and above."""

    def learnt(self) -> dict[str, nn.Parameter]:
        for name, parameter in super().learnt().items():
            parameter.requires_grad_(not name.startswith(COARSE))
        return {name: p for name, p in super().learnt().items() if not name.startswith(COARSE)}


def refine(name: str, options: argparse.Namespace) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return how the style ``name`` changes the network, as stored, and what its card tells of that."""
    plan = TrainingPlan(
        name, (str(options.photos),), steps=options.steps, most_photos=options.most_photos, device="cpu"
    )
    materials = gather(plan, None, print)
    learner = FineLearner(load_network())
    photos = materials.judged.photos[:JUDGED]
    before = judge(learner, materials.encoder, materials.targets[0], photos, plan.size)
    begun = {n: p.detach().clone() for n, p in learner.learnt().items()}
    loss = LossWeights()
    loss = replace(loss, style=loss.style * options.style_weight, coarse=loss.coarse * options.style_weight)
    schedule = TrainingSchedule(options.steps, plan.batch, plan.size, options.rate, 0, loss)
    trainer = Trainer(
        learner,
        materials.encoder,
        materials.targets,
        materials.learnt.photos,
        schedule,
        reduced=materials.reduced,
    )
    trainer.run()
    with torch.no_grad():
        changes = {n: (p - begun[n]).contiguous().numpy() for n, p in learner.learnt().items()}
        stored = pack_changes(changes)
        for key, parameter in learner.learnt().items():  # judged as they are stored
            parameter.copy_(begun[key] + torch.from_numpy(unpack_change(stored, key, parameter.shape)))
    after = judge(learner, materials.encoder, materials.targets[0], photos, plan.size)
    about = {
        "steps": options.steps,
        "batch": plan.batch,
        "size": plan.size,
        "style_weight": options.style_weight,
    }
    return stored, about | {"before": asdict(before), "after": asdict(after)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", help="styles; all by default")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--style-weight", type=float, default=2.5)
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--most-photos", type=int, default=250)
    options = parser.parse_args()
    for name in options.names or sorted(named_styles()):
        path = named_styles()[name]
        style = read_style(path)
        if style.is_refined:
            continue
        began = time.perf_counter()
        changes, training = refine(name, options)
        write_style(path, replace(style.card, training=training), {**style.tensors, **changes})
        print(f"{name}: {json.dumps(training)}, {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
