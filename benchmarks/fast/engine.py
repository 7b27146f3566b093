"""One network in one process: ``python -m benchmarks.fast.engine FILE PRECISION WIDTH HEIGHT REPEATS``.

Prints as JSON: ``seconds``, the median of REPEATS passes after two that warm up; ``peak``, the most memory
the process ever had, and ``before``, what it had when all was imported, in MB. FILE: .onnx goes through ONNX
Runtime, .safetensors through torch; PRECISION, for torch, is float32 or bfloat16.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.usage import memory


def main(file: str, precision: str, width: str, height: str, repeats: str) -> None:
    image = np.random.default_rng(0).random((1, 3, int(height), int(width)), np.float32)
    path = Path(file)
    run, before = (onnx if path.suffix == ".onnx" else torch_network)(path, image, precision)
    for _ in range(2):
        run()
    seconds = []
    for _ in range(int(repeats)):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    print(json.dumps({"seconds": statistics.median(seconds), "peak": memory("VmHWM"), "before": before}))


def onnx(path: Path, image: np.ndarray, _: str) -> tuple[Callable[[], object], float]:
    from impasto.inference.onnx_runtime import onnxruntime

    before = memory("VmRSS")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feed = {"image": image}
    for value in session.get_inputs():
        if value.name == "weights":
            row = np.zeros((1, value.shape[1]), np.float32)
            row[0, 2] = 1
            feed["weights"] = row
    return lambda: session.run(["painting"], feed), before


def torch_network(path: Path, image: np.ndarray, precision: str) -> tuple[Callable[[], object], float]:
    import torch

    from impasto.networks.export.models import is_gallery
    from impasto.networks.files import load_network
    from impasto.networks.johnson import JohnsonPainter, read_johnson

    before = memory("VmRSS")
    network = load_network(path)[0] if is_gallery(path) else JohnsonPainter(read_johnson(path)).eval()
    network = network.to(memory_format=torch.channels_last)  # the faster layout, for both
    table = getattr(network, "table", None)
    row = torch.zeros(1, 1 if table is None else len(table))
    row[0, -1] = 1
    picture = torch.from_numpy(image).contiguous(memory_format=torch.channels_last)

    def run() -> object:
        with (
            torch.inference_mode(),
            torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"),
        ):
            return network(picture, row)

    return run, before


if __name__ == "__main__":
    main(*sys.argv[1:])
