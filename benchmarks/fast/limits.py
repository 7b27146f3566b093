"""How near the limits of the machine the gallery network comes: arithmetic of its convolutions against that
of a matrix product, and bytes moved by every operation against a copy.

Both limits are of this machine, measured in the same run with as many threads. ONNX Runtime's profile
says how long each operation took and how large what it read and wrote was; an operation that finds its
input in the cache can go beyond what a copy through memory reaches.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fast.pictures import Settings
from impasto.inference.gallery import SHIPPED
from impasto.inference.onnx_runtime import onnxruntime

SIDE = 512
PASSES = 12
_MATRIX = 1536
_COPIED = 64_000_000


def best(run: Callable[[], object], times: int = 7) -> float:
    """Seconds of the fastest run."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def arithmetic() -> float:
    """GFLOP/s of a product of float32 matrices through ONNX Runtime, as the network's are."""
    import onnx

    side = _MATRIX
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["a", "b"], ["c"])],
        "product",
        [value("a", onnx.TensorProto.FLOAT, [side, side]), value("b", onnx.TensorProto.FLOAT, [side, side])],
        [value("c", onnx.TensorProto.FLOAT, [side, side])],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    a = np.random.default_rng(0).random((side, side), np.float32)
    return 2e-9 * side**3 / best(lambda: session.run(None, {"a": a, "b": a}))


def bandwidth() -> float:
    """GB/s, read and written, of a copy that fits into no cache, by all cores together."""
    import torch

    source = torch.zeros(_COPIED)
    target = torch.empty_like(source)
    return 8e-9 * _COPIED / best(lambda: target.copy_(source))


def profile(side: int) -> list[dict[str, Any]]:
    """The operations of ``PASSES`` passes, as ONNX Runtime tells of them."""
    options = onnxruntime.SessionOptions()
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as name:
        options.profile_file_prefix = str(Path(name) / "profile")
        session = onnxruntime.InferenceSession(
            SHIPPED.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
        rows = session.get_inputs()[1].shape[1]
        weights = np.eye(rows, dtype=np.float32)[2:3]
        image = np.random.default_rng(0).random((1, 3, side, side), np.float32)
        for _ in range(PASSES):
            session.run(["painting"], {"image": image, "weights": weights})
        events: list[dict[str, Any]] = json.loads(Path(session.end_profiling()).read_text())
    return [event for event in events if event.get("cat") == "Node" and "op_name" in event.get("args", {})]


def convolution_flops(event: dict[str, Any]) -> float:
    """Multiplications and additions of one convolution: two for each filter number and position."""
    arguments = event["args"]
    shapes = [next(iter(shape.values())) for shape in arguments["input_type_shape"]]
    filters = shapes[1]
    positions = next(iter(arguments["output_type_shape"][0].values()))
    # Blocked layouts pad channels; what is counted is what the padded convolution does.
    return 2.0 * float(np.prod(filters)) * positions[2] * positions[3]


def main(settings: Settings) -> None:  # noqa: ARG001 - it has the signature of all parts
    peak, copied = arithmetic(), bandwidth()
    print(f"{os.cpu_count()} cores: a matrix product {peak:.0f} GFLOP/s, a copy {copied:.1f} GB/s\n")
    events = profile(SIDE)
    each = len(events) // PASSES
    times: dict[str, list[float]] = defaultdict(list)
    moved: dict[str, float] = defaultdict(float)
    flops = 0.0
    for place in range(2, PASSES):  # the first two warm up
        spent: dict[str, float] = defaultdict(float)
        for event in events[place * each : (place + 1) * each]:
            spent[event["args"]["op_name"]] += event["dur"] * 1e-6
        for kind, seconds in spent.items():
            times[kind].append(seconds)
    for event in events[-each:]:
        arguments, kind = event["args"], event["args"]["op_name"]
        moved[kind] += sum(int(arguments[f"{n}_size"]) for n in ("activation", "parameter", "output"))
        if kind in ("Conv", "FusedConv"):
            flops += convolution_flops(event)
    medians = {kind: statistics.median(found) for kind, found in times.items()}
    whole = sum(medians.values())
    print(f"| at {SIDE}x{SIDE} | ms | of all | MB moved | GB/s | of a copy |\n|---|---|---|---|---|---|")
    for kind, seconds in sorted(medians.items(), key=lambda item: -item[1]):
        if seconds < 0.01 * whole:
            continue
        rate = 1e-9 * moved[kind] / seconds
        print(
            f"| {kind} | {1000 * seconds:.1f} | {seconds / whole:.0%} | {moved[kind] / 1e6:.0f} | "
            f"{rate:.1f} | {rate / copied:.0%} |"
        )
    convolving = sum(seconds for kind, seconds in medians.items() if "Conv" in kind)
    rate = 1e-9 * flops / convolving
    print(
        f"\nAll: {1000 * whole:.1f} ms. Convolutions: {1e-9 * flops:.2f} GFLOP, {rate:.0f} GFLOP/s, "
        f"{rate / peak:.0%} of a matrix product."
    )
    least = 1e-9 * flops / peak
    print(f"With all convolutions at that rate and nothing else the pass would take {1000 * least:.1f} ms.")
