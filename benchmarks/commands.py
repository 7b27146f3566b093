"""Whole commands, timed and weighed from outside."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image


def measured(arguments: Sequence[str]) -> tuple[float, float]:
    """Wall seconds and peak memory (MB) of ``python ARGUMENTS``."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        raise RuntimeError(f"{' '.join(arguments)} failed with status {status}")
    return seconds, usage.ru_maxrss / 1024


def median_seconds(arguments: Sequence[str], runs: int = 5) -> float:
    """The median wall time of ``runs`` runs, after one that warms the caches."""
    measured(arguments)
    return statistics.median(measured(arguments)[0] for _ in range(runs))


def sample_photo(folder: Path, width: int, height: int) -> Path:
    """scikit-image's coffee at ``width`` x ``height``."""
    path = folder / f"photo-{width}.png"
    image = Image.fromarray(np.asarray(skimage.data.coffee()))
    image.resize((width, height), Image.Resampling.LANCZOS).save(path)
    return path
