"""A gallery network with the shipped one's shape, whose styles are random but strong."""

from __future__ import annotations

from pathlib import Path

import torch

from impasto.networks.files import StyleEntry, save_network
from impasto.networks.gallery import GalleryNetwork

STYLES = (
    StyleEntry("red-dots", "Red Dots", "Someone", "1900", "public domain"),
    StyleEntry("blue-lines", "Blue Lines", "Another", "about 1910"),
)


def make_network(seed: int = 0) -> GalleryNetwork:
    torch.manual_seed(seed)
    network = GalleryNetwork(1 + 2 * len(STYLES))
    with torch.no_grad():
        network.table[1:] += 0.3 * torch.randn_like(network.table[1:])
        network.strokes.weight.mul_(3)
    return network.eval()


def make_file(path: Path, *, half: bool = True) -> Path:
    save_network(path, make_network(), STYLES, {"licence": "MIT"}, half=half)
    return path
