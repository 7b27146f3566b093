"""A network and a loss of your own: any torch module measures, any function of the image counts.

python examples/own_network.py [SIZE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import skimage.data
import torch
from torch import Tensor, nn

import impasto
from impasto.encoders import ModuleEncoder
from impasto.encoders.network import CENTRED


def random_network() -> nn.Sequential:
    """Four convolutions that were never trained: random filters see texture, too (Ustyuzhaninov 2016)."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for channels, width in ((3, 32), (32, 64), (64, 64), (64, 64)):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.LeakyReLU(0.2), nn.AvgPool2d(2)]
    return nn.Sequential(*layers)


def brightness(image: Tensor) -> Tensor:
    """Zero where the picture is half as bright as it could be."""
    return 5 * (image.mean() - 0.5).square()


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 384
    result = impasto.stylize(
        skimage.data.coffee(),
        skimage.data.immunohistochemistry(),
        encoder=ModuleEncoder(random_network(), CENTRED),
        content_layers={"7": 1.0},
        style_layers={"1": 1.0, "4": 1.0, "7": 1.0, "10": 1.0},
        extra_losses={"brightness": brightness},
        size=size,
        on_progress=lambda event: print(f"{event.done:.0%} {event.losses['total']:.4f}", end="\r"),
    )
    out = Path("out")
    out.mkdir(exist_ok=True)
    result.save(out / "own-network.png")
    print(f"\nSee {(out / 'own-network.png').resolve()}")


if __name__ == "__main__":
    main()
