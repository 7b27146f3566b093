"""Put a trained student into the package: normalised, in float16, with its figures.

    python recipes/tiny_encoder/export.py --data DATA --teachers WEIGHTS --run runs/tiny

Filters are rescaled so that each channel's mean activation over training photographs is 1, as in
Gatys's normalised VGG-19. The figures are for the float16 weights as they ship, through the heads
as trained, on the held-out tenth of the photographs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import nn

import impasto
from data import load
from impasto import weights
from impasto.encoders.network import CENTRED, TINY, Encoder
from teachers import LAYERS, Teachers
from train import Student, correlations


def normalise(student: Student, pictures: list[torch.Tensor]) -> None:
    """Rescale trunk and heads, in place, without changing what the heads say.

    Channels that hardly ever respond keep the scale of a tenth of their layer's mean; raising them
    to 1 would make noise count as much as features.
    """
    suffixes = [suffix for suffix, _, _ in TINY.convolutions()]
    names = [f"relu{suffix}" for suffix in suffixes]
    sums = dict.fromkeys(names, torch.zeros(()))
    count = 0
    with torch.no_grad():
        for picture in pictures:
            found = student.encoder(picture[None].float() / 255, names)
            sums = {n: sums[n] + found[n].mean((0, 2, 3)) for n in names}
            count += 1
        previous = torch.ones(3)
        for suffix, name in zip(suffixes, names, strict=True):
            mean = sums[name] / count
            scale = 1 / mean.clamp(min=0.1 * float(mean.mean()))
            layer = student.encoder.get_submodule(f"conv{suffix}")
            assert isinstance(layer, nn.Conv2d)
            assert layer.bias is not None
            layer.weight.mul_((scale[:, None] / previous[None, :])[:, :, None, None])
            layer.bias.mul_(scale)
            student.heads[name].weight.div_(scale[None, :, None, None])
            previous = scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teachers", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--raw", action="store_true", help="leave the channels' scales as trained")
    package = Path(impasto.__file__).parent / "weights" / "data" / "tiny.safetensors"
    parser.add_argument("--output", type=Path, default=package)
    parser.add_argument("--no-figures", action="store_true", help="do not measure")
    options = parser.parse_args()
    photos = load(options.data / "content_train", held=False)
    teachers = Teachers(options.teachers)
    teachers.measure(photos[::16])
    state = torch.load(options.run / "checkpoint.pt", weights_only=True)
    student = Student({name: teachers.means[name].shape[1] for name in LAYERS})
    student.load_state_dict(state["student"])
    if not options.raw:
        normalise(student, photos[::8])
    trunk = {n: t.half().numpy() for n, t in student.encoder.state_dict().items()}
    stored = weights.save_network(
        options.output,
        trunk,
        name="tiny",
        convention="centred",
        padding="reflect",
        licence="MIT",
        source=f"trained for Impasto by recipes/tiny_encoder, {state['step']} steps",
        half=True,
    )
    print(f"{options.output}: {stored.size} bytes, step {state['step']}")
    if options.no_figures:
        return
    shipped = Encoder(TINY, CENTRED, padding="reflect")
    shipped.load_state_dict({n: torch.from_numpy(t).float() for n, t in trunk.items()})
    student.encoder.load_state_dict(shipped.state_dict())
    found = correlations(student, teachers, load(options.data / "content_train", held=True))
    figures = {"step": state["step"], "correlation": {n: round(v, 4) for n, v in found.items()}}
    (options.run / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
