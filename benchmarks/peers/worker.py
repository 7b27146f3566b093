"""One method in one process: ``python -m benchmarks.peers.worker METHOD PLACE``.

PLACE is the folder of peers, or for ours the network's file. Each line of standard input is a job in JSON:
``photo`` and ``painting``, PNG files; ``target``, the file to write, and ``variant``. Each is answered by a
line: ``seconds`` with measuring the painting, ``known`` without, and ``peak``, MB this process ever had.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.peers.methods import CLOCK, METHODS
from benchmarks.usage import memory


def read(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.float32) / 255


def main(name: str, place: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a peer prints is no answer
    method = CLOCK if name == CLOCK.name else METHODS[name]
    painter = method.open(Path(place) / method.folder)
    warm = not method.warm
    for line in sys.stdin:
        job = json.loads(line)
        photo, painting = read(job["photo"]), read(job["painting"])
        if not warm:
            painter.paint(photo, painter.measure(painting), 0)
            warm = True
        began = time.perf_counter()
        measured = painter.measure(painting)
        between = time.perf_counter()
        painted = painter.paint(photo, measured, job["variant"])
        ended = time.perf_counter()
        if painted.shape != photo.shape:
            raise ValueError(f"expected a picture of {photo.shape} from {method.name}; got {painted.shape}")
        if job["target"]:
            pixels = np.asarray((painted.clip(0, 1) * 255).round(), np.uint8)
            Image.fromarray(pixels).save(job["target"])
        found = {"seconds": ended - began, "known": ended - between, "peak": memory("VmHWM")}
        print(json.dumps(found), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
