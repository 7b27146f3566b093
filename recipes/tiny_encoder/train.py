"""Train the tiny encoder: a VGG-19 in miniature, from random weights, taught by two networks.

    python -m recipes.tiny_encoder.train --data DATA --teachers WEIGHTS --run runs/tiny

Seeded and resumable: the run folder keeps a checkpoint (every ``--checkpoint-every`` steps) and a
log (CSV); the same command continues from the last checkpoint. README.md beside this file says
what was learnt while finding the recipe.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.encoders.network import CENTRED, TINY, Encoder
from impasto.networks.train.muon import Muon
from recipes.tiny_encoder.data import Crops, load
from recipes.tiny_encoder.teachers import LAYERS, Teachers

# The layers a style is usually measured at count most.
WEIGHTS = {name: 1.0 if name.endswith("_1") else 0.3 for name in LAYERS} | {
    "relu1_1": 2.0,
    "relu2_1": 1.5,
    "relu3_1": 1.5,
}
# At most this many positions per crop row and column feed a head: stride per block.
STRIDES = {"1": 4, "2": 2, "3": 1, "4": 1, "5": 1}


class Student(nn.Module):
    """The encoder and a 1x1 head with ReLU per taught layer, to the teacher's width."""

    def __init__(self, widths: dict[str, int]) -> None:
        super().__init__()
        self.encoder = Encoder(TINY, CENTRED, padding="reflect")
        own = {f"relu{suffix}": out for suffix, _, out in TINY.convolutions()}
        self.heads = nn.ModuleDict({n: nn.Conv2d(own[n], w, 1) for n, w in widths.items()})
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.get_parameter("bias"))
        for head in self.heads.values():
            nn.init.constant_(head.get_parameter("bias"), 0.5)


def sampled(features: Tensor, stride: int, top: int, left: int) -> Tensor:
    return features[:, :, top::stride, left::stride]


def rectified_error(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of relu(predicted), with a gradient wherever the target is active.

    Plain ReLU heads die: a channel that is below zero everywhere never learns again.
    """
    return torch.where(target > 0, predicted - target, functional.relu(predicted)).square().mean()


def statistics_error(predicted: Tensor, target: Tensor) -> Tensor:
    """Squared distance of the pictures' Gram matrices, relative to the target's squared norm."""
    found, wanted = (
        x.flatten(2) @ x.flatten(2).transpose(1, 2) / x[0, 0].numel()
        for x in (functional.relu(predicted), target)
    )
    return ((found - wanted).square().sum((1, 2)) / wanted.square().sum((1, 2))).mean()


def training_loss(
    student: Student,
    teachers: Teachers,
    image: Tensor,
    random: np.random.Generator,
    activations: float,
    statistics: float,
) -> tuple[Tensor, dict[str, float]]:
    """The loss of one batch and its unweighted parts: errors of activations, then of Gram matrices."""
    deepest = "relu3_4" if random.random() < 0.3 else "relu3_1"
    targets = teachers.raw(image, deepest)
    image = image.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = student.encoder(image, targets)
    total = torch.zeros(())
    parts = {}
    for name, target in targets.items():
        stride = STRIDES[name[4]]
        top, left = random.integers(stride, size=2).tolist()
        here = sampled(found[name], stride, top, left).float()
        there = sampled(target, stride, top, left).float() / teachers.means[name]
        relative = rectified_error(student.heads[name](here), there) / teachers.variances[name]
        total = total + activations * WEIGHTS[name] * relative
        parts[name] = float(relative.detach())
        if statistics and name.endswith("_1"):
            error = statistics_error(student.heads[name](here), there)
            total = total + statistics * WEIGHTS[name] * error
            parts[f"gram {name}"] = float(error.detach())
    return total, parts


@torch.no_grad()
def correlations(student: Student, teachers: Teachers, pictures: list[Tensor]) -> dict[str, float]:
    """Pearson correlation per layer, pooled over pictures, positions and channels.

    Each channel is divided by its mean over these pictures; 8 image pixels of border are left out.
    """
    sums: dict[str, Tensor] = {}
    for picture in pictures:
        image = picture[None].float() / 255
        image = image[..., : image.shape[2] // 16 * 16, : image.shape[3] // 16 * 16]
        found = student.encoder(image, LAYERS)
        for name, target in teachers.raw(image).items():
            border = max(1, 8 >> (int(name[4]) - 1))
            window = (0, slice(None), slice(border, -border), slice(border, -border))
            x = functional.relu(student.heads[name](found[name]))[window].flatten(1).double()
            y = (target.float() / teachers.means[name])[window].flatten(1).double()
            rows = [x.sum(1), y.sum(1), (x * x).sum(1), (y * y).sum(1), (x * y).sum(1)]
            counts = torch.full_like(rows[0], x.shape[1])
            sums[name] = sums.get(name, torch.zeros(())) + torch.stack([*rows, counts])
    return {name: pooled(rows) for name, rows in sums.items()}


def pooled(rows: Tensor) -> float:
    """The correlation from sums of x, y, xx, yy, xy and 1 per channel, (6, channels)."""
    x, y, xx, yy, xy = rows[:5] / rows[5]
    a, b = x.clamp(min=1e-2), y.clamp(min=1e-2)  # a dead channel is not divided by nothing
    mx, my = (x / a).mean(), (y / b).mean()
    covariance = (xy / a / b).mean() - mx * my
    return float(covariance / (((xx / a**2).mean() - mx**2) * ((yy / b**2).mean() - my**2)).sqrt())


def schedule(step: int, steps: int) -> float:
    """Warm-up over 100 steps, then a linear fall to nothing.

    A flat phase at Muon's full rate diverged after 1500 steps: its updates never shrink by
    themselves.
    """
    return min((step + 1) / 100, 1.0) * (1 - step / steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with content_train/ and style/")
    parser.add_argument("--teachers", type=Path, required=True, help="folder with the two networks")
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoints and the log")
    parser.add_argument("--steps", type=int, default=5500)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--rate", type=float, default=0.0008, help="Muon's learning rate")
    parser.add_argument("--stop", type=int, help="stop after this step, as if there were more to come")
    parser.add_argument("--start", type=Path, help="begin with the network of this checkpoint")
    parser.add_argument("--activations", type=float, default=1.0, help="weight of the activations' error")
    parser.add_argument("--statistics", type=float, default=0.0, help="weight of the Gram matrices' error")
    parser.add_argument("--disturbed", type=float, default=0.35, help="share of disturbed crops")
    parser.add_argument("--optimizer", choices=("muon", "adam"), default="muon")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint-every", type=int, default=500)
    options = parser.parse_args()
    train(options)


def train(options: argparse.Namespace) -> None:
    options.run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    photos = load(options.data / "content_train", held=False)
    paintings = load(options.data / "style", held=False)
    judged = load(options.data / "content_train", held=True)[::8]
    teachers = Teachers(options.teachers)
    teachers.measure(photos[::16])
    student = Student({name: teachers.means[name].shape[1] for name in LAYERS})
    student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    matrices = [p for p in student.parameters() if p.ndim == 4]
    others = [p for p in student.parameters() if p.ndim != 4]
    if options.optimizer == "muon":
        optimizers = [Muon(matrices, lr=options.rate), torch.optim.Adam(others, lr=2e-3)]
    else:
        optimizers = [torch.optim.AdamW([*matrices, *others], lr=options.rate, weight_decay=0.01)]
    peaks = [o.param_groups[0]["lr"] for o in optimizers]
    crops = Crops(photos, paintings, options.size, options.seed, options.disturbed)
    if options.start is not None:
        student.load_state_dict(torch.load(options.start, weights_only=True)["student"])
    start, seconds = resume(options, student, optimizers, crops)
    log = (options.run / "log.csv").open("a", newline="")
    writer = csv.writer(log)
    recent: dict[str, float] = {}
    typical: float | None = None
    for step in range(start, options.stop or options.steps):
        began = time.perf_counter()
        for optimizer, peak in zip(optimizers, peaks, strict=True):
            optimizer.param_groups[0]["lr"] = peak * schedule(step, options.steps)
        image = crops.batch(options.batch)
        loss, parts = training_loss(
            student, teachers, image, crops.random, options.activations, options.statistics
        )
        value = float(loss.detach())
        typical = value if typical is None else 0.98 * typical + 0.02 * min(value, 2 * typical)
        if not value < 3 * typical:
            print(f"step {step + 1}: loss {value:.1f} against {typical:.1f}, skipped", flush=True)
            continue
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in optimizers:
            optimizer.step()
        seconds += time.perf_counter() - began
        recent = {n: 0.98 * recent.get(n, v) + 0.02 * v for n, v in parts.items()} | {
            n: v for n, v in recent.items() if n not in parts
        }
        if (step + 1) % options.checkpoint_every == 0 or step + 1 in (options.stop, options.steps):
            save(options, student, optimizers, crops, step + 1, seconds)
            quick = step + 1 < options.steps
            found = correlations(student, teachers, judged[:12] if quick else judged)
            row = [step + 1, round(seconds), *(round(found[n], 4) for n in LAYERS)]
            writer.writerow(row)
            log.flush()
            shown = " ".join(f"{n[4:]} {found[n]:.4f}" for n in LAYERS if n.endswith("_1"))
            losses = " ".join(f"{value:.3f}" for n, value in recent.items() if n.endswith("_1"))
            print(f"step {step + 1} {seconds:.0f} s  correlation {shown}  loss {losses}", flush=True)


def save(options, student, optimizers, crops, step, seconds) -> None:  # type: ignore[no-untyped-def]
    state = {
        "student": student.state_dict(),
        "optimizers": [o.state_dict() for o in optimizers],
        "random": crops.random.bit_generator.state,
        "step": step,
        "seconds": seconds,
    }
    torch.save(state, options.run / "checkpoint.tmp")
    if (options.run / "checkpoint.pt").exists():
        (options.run / "checkpoint.pt").replace(options.run / "previous.pt")
    (options.run / "checkpoint.tmp").replace(options.run / "checkpoint.pt")


def resume(options, student, optimizers, crops) -> tuple[int, float]:  # type: ignore[no-untyped-def]
    path = options.run / "checkpoint.pt"
    if not path.exists():
        return 0, 0.0
    state = torch.load(path, weights_only=True)
    student.load_state_dict(state["student"])
    for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    crops.random.bit_generator.state = state["random"]
    print(f"resuming at step {state['step']}", flush=True)
    return state["step"], state["seconds"]


if __name__ == "__main__":
    main()
