"""Train the network for any painting.

    python -m recipes.any_painting.train --pictures runs/strokes/pictures.npz --run runs/strokes/long

Seeded and resumable: the run's folder holds a checkpoint and a log (JSON lines), and the same command goes on
from there, with the steps it would have made. Learning rates stay constant until the last ``--cool`` of
``--steps``; what is used is the running average of the weights, ``network.safetensors``, good at any moment.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import threading
import time
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from impasto.networks.any_painting import AnyPaintingNetwork
from impasto.networks.any_painting_files import initial_network
from impasto.networks.train.muon import Muon
from impasto.networks.train.painting_loss import LossWeights
from recipes.any_painting.data import Pictures
from recipes.any_painting.lessons import Lessons, parts_of

COPY_EVERY = 8
"""One step in so many copies pictures even when painting is taught."""


class Training:
    """A network on its way: its weights, their average, the optimiser, and the step it is at."""

    def __init__(self, network: AnyPaintingNetwork, lessons: Lessons, options: argparse.Namespace) -> None:
        self.network, self.lessons, self.options = network, lessons, options
        self.weights = LossWeights(options.content, options.style, options.coarse, options.grid)
        self.learnt = network.decoder()
        self.average = {name: p.detach().clone() for name, p in self.learnt.items()}
        matrices = [p for p in self.learnt.values() if p.ndim == 4 and min(p.shape[:2]) > 3]
        others = [p for p in self.learnt.values() if not any(p is m for m in matrices)]
        self.optimizers: list[torch.optim.Optimizer]
        if options.optimizer == "muon":
            self.optimizers = [Muon(matrices, lr=options.rate), torch.optim.Adam(others, betas=(0.9, 0.99))]
        else:
            self.optimizers = [torch.optim.Adam([*matrices, *others], betas=(0.9, 0.99))]
        self.step, self.seconds, self.skipped, self.begun = 0, 0.0, 0, 0

    def learn(self) -> dict[str, float]:
        """One step; the parts of its loss. A step whose gradient is not finite changes nothing."""
        began = time.perf_counter()
        copying = self.step < self.options.copying or self.step % COPY_EVERY == 0
        if copying:
            loss, parts = self.lessons.copying_loss(self.network, self.step)
        else:
            loss, parts = self.lessons.painting_loss(self.network, self.step, self.weights)
        for parameter in self.learnt.values():
            parameter.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        size = torch.nn.utils.clip_grad_norm_(self.learnt.values(), self.options.clip)
        rate = self.options.rate * min(1.0, (self.step - self.begun + 1) / 100)
        if self.options.cool:
            rate *= min(1.0, (self.options.steps - self.step) / self.options.cool)
        if math.isfinite(float(size)):
            for optimizer in self.optimizers:
                optimizer.param_groups[0]["lr"] = rate
                optimizer.step()
            self._follow()
        else:
            self.skipped += 1
        self.step += 1
        self.seconds += time.perf_counter() - began
        return parts_of(parts) | {"gradient": float(size)}

    @torch.no_grad()
    def _follow(self) -> None:
        decay = min(self.options.decay, (1 + self.step) / (10 + self.step))
        for name, parameter in self.learnt.items():
            self.average[name].lerp_(parameter, 1 - decay)

    def state(self) -> dict[str, Any]:
        return {
            "weights": {name: p.detach() for name, p in self.learnt.items()},
            "average": self.average,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "seconds": self.seconds,
            "skipped": self.skipped,
            "begun": self.begun,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._take(state["weights"], state["average"])
        self.step, self.seconds, self.skipped = state["step"], state["seconds"], state["skipped"]
        if len(state["optimizers"]) != len(self.optimizers):
            self.begun = self.step  # another optimiser than before
            return
        self.begun = state["begun"]
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)

    def begin_with(self, path: Path) -> None:
        """Go on from weights and average of the tracked checkpoint at ``path``; the optimiser begins anew."""
        stored = load_file(path)
        parts: dict[str, dict[str, Tensor]] = {"weights": {}, "average": {}}
        for name, tensor in stored.items():
            kind, _, rest = name.partition("/")
            if kind in parts:
                parts[kind][rest] = tensor.float()
        self._take(parts["weights"], parts["average"])
        self.step = self.begun = int(stored["step"])

    @torch.no_grad()
    def _take(self, weights: dict[str, Tensor], average: dict[str, Tensor]) -> None:
        for name, parameter in self.learnt.items():
            parameter.copy_(weights[name])
            self.average[name].copy_(average[name])

    def write(self, folder: Path) -> None:
        """The checkpoint, the tracked one, and the average by itself; each whole or not at all."""
        half = {name: p.half().contiguous() for name, p in self.average.items()}
        rough = {f"weights/{n}": p.detach().half().contiguous() for n, p in self.learnt.items()}
        rough |= {f"average/{n}": p for n, p in half.items()} | {"step": torch.tensor(self.step)}
        for name, write in (
            ("state.pt", lambda path: torch.save(self.state(), path)),
            ("checkpoint.safetensors", lambda path: save_file(rough, path)),
            ("network.safetensors", lambda path: save_file(half, path)),
        ):
            partial = folder / f"{name}.part"
            write(partial)
            partial.replace(folder / name)


def make(options: argparse.Namespace) -> Training:
    """The training ``options`` ask for, where it was left."""
    device = torch.device(options.device)
    torch.manual_seed(options.seed)
    network = initial_network()
    network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    lessons = Lessons(Pictures(options.pictures), options.size, options.batch, options.seed, device)
    training = Training(network, lessons, options)
    if (options.run / "state.pt").exists():
        training.restore(torch.load(options.run / "state.pt", map_location=device, weights_only=True))
        print(f"goes on at step {training.step}", flush=True)
    elif options.start is not None:
        training.begin_with(options.start)
    return training


def run(training: Training, options: argparse.Namespace) -> None:
    """Steps to the end, or until the process is asked to end (SIGTERM), with a line in the log every
    ``log_every`` and files every ``save_every``."""
    recent: dict[str, float] = {}
    began = time.time()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with (options.run / "log.jsonl").open("a") as log:
        while training.step < options.steps and not stopped.is_set():
            if time.time() - began > options.most_seconds:
                break
            for name, value in training.learn().items():
                recent[name] = value if name not in recent else 0.98 * recent[name] + 0.02 * value
            if training.step == options.copying:
                recent.clear()
            if training.step % options.log_every == 0:
                so_far = {"seconds": training.seconds, "skipped": training.skipped}
                found = {name: round(value, 4) for name, value in (so_far | recent).items()}
                line = json.dumps({"step": training.step} | found)
                print(line, file=log, flush=True)
                print(line, flush=True)
            if training.step % options.save_every == 0:
                training.write(options.run)
    training.write(options.run)


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pictures", type=Path, required=True, help="what data.py wrote")
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoints and the log")
    parser.add_argument("--start", type=Path, help="begin with this checkpoint.safetensors")
    parser.add_argument("--steps", type=int, default=60_000)
    parser.add_argument("--most-seconds", type=float, default=math.inf, help="stop after so long")
    parser.add_argument("--copying", type=int, default=500, help="steps of copying alone, to begin with")
    parser.add_argument("--batch", type=int, default=3)
    parser.add_argument("--size", type=int, default=256, help="side of the crops, a multiple of 16")
    parser.add_argument("--optimizer", choices=("adam", "muon"), default="adam")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--cool", type=int, default=0, help="last of the steps, in which the rate falls to 0")
    parser.add_argument("--decay", type=float, default=0.999, help="of the running average")
    parser.add_argument("--clip", type=float, default=1.0, help="longest gradient")
    for name in ("content", "style", "coarse", "grid"):
        default = getattr(LossWeights(), name)
        parser.add_argument(f"--{name}", type=float, default=default, help=f"weight of the {name} loss")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log-every", type=int, default=50)
    parser.add_argument("--save-every", type=int, default=200)
    return parser.parse_args(arguments)


def main() -> None:
    options = parsed()
    options.run.mkdir(parents=True, exist_ok=True)
    run(make(options), options)


if __name__ == "__main__":
    main()
