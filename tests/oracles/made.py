"""Pictures and a network that every machine makes alike, number for number: the peers ran on them too.

The .json files beside this one hold what the peers' own programs printed and painted (float32, on a CPU, with
torch 2.13). None of their code is here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.weights.architecture import VGG19

SIZES = {"content": (96, 64), "start": (96, 64), "style_a": (120, 90), "style_b": (80, 110)}
"""Width and height of each picture."""


def write_pictures(folder: Path) -> None:
    for seed, (name, (width, height)) in enumerate(SIZES.items()):
        Image.fromarray(mosaic(width, height, seed)).save(folder / f"{name}.png")


def mosaic(width: int, height: int, seed: int) -> NDArray[np.uint8]:
    """The mean of three mosaics with tiles of 3, 7 and 16 pixels, (height, width, 3), rounded down."""
    random, total = np.random.RandomState(seed), np.zeros((height, width, 3), np.int64)
    for tile in (3, 7, 16):
        tiles = random.randint(0, 256, (height // tile + 1, width // tile + 1, 3))
        total += tiles.repeat(tile, 0).repeat(tile, 1)[:height, :width]
    return (total // 3).astype(np.uint8)


def vgg19(first: int = 16) -> dict[str, NDArray[np.float32]]:
    """The ``first`` convolutions of a VGG-19 with random filters, each from its own seed; no biases."""
    tensors = {}
    for number, (suffix, channels_in, channels_out) in enumerate(VGG19.convolutions()[:first]):
        values = np.random.RandomState(1000 + number).standard_normal((channels_out, channels_in, 3, 3))
        tensors[f"conv{suffix}.weight"] = (values * np.sqrt(2 / (9 * channels_in))).astype(np.float32)
        tensors[f"conv{suffix}.bias"] = np.zeros(channels_out, np.float32)
    return tensors


def facts(peer: str) -> dict[str, Any]:
    """What ``peer`` printed and painted."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / f"{peer}.json").read_text())
    return found


def sampled(path: Path) -> NDArray[np.int64]:
    """Every sixteenth pixel of a picture, (rows, columns, 3) from 0 to 255."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(np.int64)[8::16, 8::16]
