"""What a command has made: its digest, a reduced copy of it, and how far two are apart."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

# Pictures are (height, width, channels) of whole numbers, other arrays are numbers, texts must be equal.
Outcome = dict[str, NDArray[Any] | str]

HERE = Path(__file__).parent
DIGESTS = HERE / "digests.json"
REFERENCES = HERE / "references"
SAMPLES = 64


def machine() -> str:
    """Return what exact pixels depend on: the processor, the kernels chosen for it, and the libraries."""
    libraries = ("torch", "numpy", "onnxruntime", "pillow", "opencv-python-headless")
    facts = [
        processor(),
        torch.backends.cpu.get_cpu_capability(),
        *(f"{name}={os.environ[name]}" for name in ("ONEDNN_MAX_CPU_ISA",) if name in os.environ),
        *(f"{name} {version(name)}" for name in libraries),
    ]
    return ", ".join(facts)


def processor() -> str:
    """Return the processor's maker, family and model, or what the platform calls it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return " ".join(facts.get(key, "?") for key in ("vendor_id", "cpu family", "model"))


def is_picture(value: NDArray[Any]) -> bool:
    return value.dtype.kind == "u" and value.ndim == 3


def digest(value: NDArray[Any] | str) -> str:
    """Return a digest of every pixel, number or letter, and of shape and type."""
    if isinstance(value, str):
        return hashlib.sha256(value.encode()).hexdigest()[:32]
    head = f"{value.dtype.str} {value.shape} ".encode()
    return hashlib.sha256(head + np.ascontiguousarray(value).tobytes()).hexdigest()[:32]


def reduce(value: NDArray[Any] | str) -> NDArray[Any]:
    """Return what is kept of VALUE: a smaller picture, some of the numbers, or the text."""
    if isinstance(value, str):
        return np.array(value)
    if is_picture(value):
        side = max(2, value.shape[1] // 48)
        height, width = (length // side for length in value.shape[:2])
        blocks = value[: height * side, : width * side].astype(np.float64)
        means = blocks.reshape(height, side, width, side, -1).mean(axis=(1, 3))
        return np.round(means * 255 / np.iinfo(value.dtype).max).astype(np.uint8)
    flat = value.astype(np.float32).ravel()
    return flat[:: max(1, len(flat) // SAMPLES)][:SAMPLES]


def difference(ours: NDArray[Any], theirs: NDArray[Any]) -> tuple[float, float]:
    """Return the mean and the largest difference of two reduced values, on a scale of 0 to 1."""
    if ours.shape != theirs.shape or ours.dtype.kind != theirs.dtype.kind:
        return float("inf"), float("inf")
    if ours.dtype.kind == "U":
        return (0.0, 0.0) if str(ours) == str(theirs) else (float("inf"), float("inf"))
    scale = 255.0 if ours.dtype.kind == "u" else max(float(np.abs(theirs).max(initial=0)), 1e-12)
    apart = np.abs(ours.astype(np.float64) - theirs.astype(np.float64)) / scale
    return float(apart.mean()), float(apart.max(initial=0))


@dataclass(frozen=True)
class Comparison:
    """One item against its record: how far apart, and whether every bit is the same where that is known."""

    item: str
    mean: float
    largest: float
    same: bool | None
    words: str

    def fits(self, mean: float, largest: float) -> bool:
        """Return whether it is what a machine like this recorded, or else near what another one did."""
        return self.same if self.same is not None else self.mean <= mean and self.largest <= largest


def compare(name: str, outcome: Outcome) -> list[Comparison]:
    """Compare what command NAME made with its record. Raises LookupError without one."""
    path = REFERENCES / f"{name}.npz"
    if not path.exists():
        raise LookupError(f"{name} has no record; make one with: python -m tests.golden --record {name}")
    with np.load(path) as stored:
        references = {item: stored[item] for item in stored.files}
    if references.keys() != outcome.keys():
        raise LookupError(f"{name} made {sorted(outcome)}, expected {sorted(references)}")
    exact = read_digests().get(machine(), {}).get(name, {})
    found = []
    for item, value in outcome.items():
        mean, largest = difference(reduce(value), references[item])
        same = digest(value) == exact[item] if item in exact else None
        words = f"{item}: mean difference {mean:.1e}, largest {largest:.1e}"
        if same is False:
            words += ", and on this machine it was the same bit for bit"
        if isinstance(value, str) and largest:
            words = f"{item}: expected {references[item]}, got {value}"
        found.append(Comparison(item, mean, largest, same, words))
    return found


def read_digests() -> dict[str, dict[str, dict[str, str]]]:
    return json.loads(DIGESTS.read_text()) if DIGESTS.exists() else {}


def record(name: str, outcome: Outcome) -> None:
    """Store the reduced copy of OUTCOME, and its digests for this kind of machine."""
    REFERENCES.mkdir(exist_ok=True)
    kept: dict[str, Any] = {item: reduce(value) for item, value in outcome.items()}
    np.savez_compressed(REFERENCES / f"{name}.npz", **kept)
    digests = read_digests()
    digests.setdefault(machine(), {})[name] = {item: digest(value) for item, value in outcome.items()}
    DIGESTS.write_text(json.dumps(digests, indent=1, sort_keys=True) + "\n")
