"""Synthetic pictures with the statistics of photographs, for training and checks without photographs.

Dead leaves (Lee, Mumford and Huang, "Occlusion Models for Natural Images", IJCV 2001): discs and polygons of
all sizes, each hiding what lies behind it, have the edges and the spectrum of photographs. Clouds, noise with
a 1/f spectrum, add smooth areas such as sky.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.types import Pixels

LEAVES = 220


def clouds(width: int, height: int, random: np.random.Generator, slope: float = 1.3) -> Pixels:
    """Return (height, width, 3) in [0, 1]: coloured noise whose amplitudes fall as frequency to the
    ``-slope``.
    """
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.maximum(np.hypot(rows, columns), 1 / max(width, height))
    spectrum = np.fft.rfft2(random.standard_normal((3, height, width))) / frequency**slope
    noise = np.fft.irfft2(spectrum, (height, width)).transpose(1, 2, 0)
    # Channels share most of their noise, because natural colours are not very saturated.
    noise = noise @ (np.full((3, 3), 0.3) + 0.12 * np.eye(3))
    noise = (noise - noise.mean()) / (noise.std() + 1e-9)
    colour, contrast = _muted(random, 1)[0], random.uniform(0.05, 0.2)
    pixels: Pixels = np.clip(colour + contrast * noise, 0, 1).astype(np.float32)
    return pixels


def dead_leaves(width: int, height: int, seed: int | np.random.Generator, leaves: int = LEAVES) -> Pixels:
    """Return (height, width, 3) in [0, 1]: shaded discs and polygons in front of clouds, with equally many
    radii in each octave.
    """
    random = np.random.default_rng(seed)
    pixels = clouds(width, height, random, slope=random.uniform(1.2, 2.0))
    texture = clouds(width, height, random, slope=random.uniform(0.6, 1.4)) - 0.5
    palette = _muted(random, 6)
    least, most = 5.0, 0.4 * max(width, height)
    for _ in range(leaves):
        radius = float(np.exp(random.uniform(np.log(least), np.log(most))))
        x, y = random.uniform(-0.1, 1.1) * width, random.uniform(-0.1, 1.1) * height
        left, right = max(0, int(x - radius)), min(width, int(x + radius) + 2)
        top, bottom = max(0, int(y - radius)), min(height, int(y + radius) + 2)
        if left >= right or top >= bottom:
            continue
        down = (np.arange(top, bottom) + 0.5 - y)[:, None]
        across = (np.arange(left, right) + 0.5 - x)[None]
        inside = _leaf(across, down, radius, random)
        colour = palette[random.integers(len(palette))] + random.normal(0, 0.05, 3)
        slope = random.normal(0, 0.25, 2) / radius
        shade = (across * slope[0] + down * slope[1])[:, :, None]
        leaf = colour + shade + random.uniform(0, 0.6) * texture[top:bottom, left:right]
        part = pixels[top:bottom, left:right]
        part += inside[:, :, None] * (leaf.astype(np.float32) - part)
    return np.clip(pixels, 0, 1)


def _muted(random: np.random.Generator, count: int) -> NDArray[Any]:
    """Return (count, 3) colours of any lightness, most of them of low saturation."""
    grey = random.uniform(0.08, 0.92, (count, 1))
    tint = random.normal(0, 1, (count, 3)) * random.uniform(0.02, 0.22, (count, 1))
    colours: NDArray[Any] = np.clip(grey + tint - tint.mean(axis=1, keepdims=True), 0, 1)
    return colours


def _leaf(
    across: NDArray[Any], down: NDArray[Any], radius: float, random: np.random.Generator
) -> NDArray[Any]:
    """Return each pixel's coverage by a leaf, a disc or a polygon: 0 to 1, with an edge one pixel soft."""
    if random.random() < 0.5:
        stretch = random.uniform(0.5, 1.0)
        distance = radius - np.hypot(across, down / stretch)
    else:
        turn, corners = random.uniform(0, 2 * np.pi), int(random.integers(3, 6))
        angles = turn + 2 * np.pi * np.arange(corners) / corners
        sides = [across * np.cos(a) + down * np.sin(a) for a in angles]
        distance = 0.6 * radius - np.maximum.reduce(np.broadcast_arrays(*sides))
    inside: NDArray[Any] = np.clip(distance + 0.5, 0, 1).astype(np.float32)
    return inside
