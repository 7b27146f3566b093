"""Refine the network for any painting for each named style: its finer half, in a few kilobytes a style.

    python recipes/named_styles/refine.py --photos PHOTOS --output recipes/named_styles/refined [NAME...]

PHOTOS is a folder of photographs. Repeat the command to go on with styles that are not there yet; a style
that was interrupted begins again. Each file holds the change of every tensor against the bundled network (its
digest is in ``of``): biases in half precision, filters in four bits with a scale for each output channel.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import Tensor, nn

from impasto.catalogue.lookup import named_styles
from impasto.inference.any_painting_numbers import BUNDLED
from impasto.networks.any_painting_files import load_network
from impasto.networks.train.evaluation import judge
from impasto.networks.train.learners import AnyPaintingLearner
from impasto.networks.train.painting_loss import LossWeights
from impasto.networks.train.plan import TrainingPlan
from impasto.networks.train.training import Trainer, TrainingSchedule
from impasto.pipelines.train.materials import gather

COARSE = ("coarsest.enter", "coarsest.middle", "coarsest.narrow", "coarsest.beside")
"""What stays as it is: an eighth of the size, five sixths of the numbers."""
LEVELS = 7
"""Steps of four bits on either side of 0."""
JUDGED = 8


class FineLearner(AnyPaintingLearner):
    """Teaches only what paints at a quarter of the size and above."""

    def learnt(self) -> dict[str, nn.Parameter]:
        for name, parameter in super().learnt().items():
            parameter.requires_grad_(not name.startswith(COARSE))
        return {name: p for name, p in super().learnt().items() if not name.startswith(COARSE)}


def packed(name: str, change: Tensor) -> dict[str, NDArray[np.generic]]:
    """Return a tensor's change as it is stored: ``name`` and, of filters, ``name/scale``."""
    if change.ndim == 1:
        return {name: change.half().numpy()}
    rows = change.flatten(1)
    largest = torch.minimum(rows.abs().amax(1), 3 * rows.square().mean(1).sqrt()).clamp(min=1e-8)
    scale = (largest / LEVELS).half()
    steps = (rows / scale.float()[:, None]).round().clamp(-LEVELS, LEVELS).to(torch.int8).numpy()
    digits = (steps + LEVELS + 1).astype(np.uint8).ravel()
    digits = np.append(digits, np.zeros(len(digits) % 2, np.uint8))
    return {name: digits[::2] | digits[1::2] << 4, f"{name}/scale": scale.numpy()}


def unpacked(arrays: dict[str, NDArray[np.generic]], name: str, shape: torch.Size) -> Tensor:
    """Return the change (``shape``) that ``packed`` stored."""
    if len(shape) == 1:
        return torch.from_numpy(arrays[name]).float()
    both = np.stack([arrays[name] & 15, arrays[name] >> 4], 1).ravel()[: shape.numel()]
    steps = torch.from_numpy(both.astype(np.float32) - (LEVELS + 1)).reshape(shape)
    return steps * torch.from_numpy(arrays[f"{name}/scale"]).float()[:, None, None, None]


def refine(name: str, options: argparse.Namespace) -> dict[str, NDArray[np.generic]]:
    """Return the stored changes for the style ``name``, after training and a judgement of them as stored."""
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
    stored: dict[str, NDArray[np.generic]] = {}
    with torch.no_grad():
        for key, parameter in learner.learnt().items():
            stored |= packed(key, (parameter - begun[key]).contiguous())
            parameter.copy_(begun[key] + unpacked(stored, key, parameter.shape))
    after = judge(learner, materials.encoder, materials.targets[0], photos, plan.size)
    about = {"steps": options.steps, "style_weight": options.style_weight, "losses": trainer.losses}
    about |= {"before": asdict(before), "after": asdict(after)}
    stored["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    stored["of"] = np.frombuffer(hashlib.sha256(BUNDLED.read_bytes()).digest()[:8], np.uint8)
    print(name, json.dumps(about), flush=True)
    return stored


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", help="styles; all by default")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--style-weight", type=float, default=2.5)
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--most-photos", type=int, default=250)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for name in options.names or sorted(named_styles()):
        target = options.output / f"{name}.safetensors"
        if target.exists():
            continue
        began = time.perf_counter()
        found = refine(name, options)
        partial = target.with_suffix(".part")
        save_file(found, partial)
        partial.replace(target)
        print(f"{name}: {target.stat().st_size} bytes, {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
