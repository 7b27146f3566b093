"""VGG networks of Keras: its .h5 and .weights.h5 files, and the .keras archives of version 3.

They expect BGR pictures of 0..255 with the mean subtracted, as ``keras.applications`` prepares them:
the "caffe" convention. HDF5 needs h5py, an optional extra.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from impasto import extras
from impasto.errors import CorruptWeightsError
from impasto.weights.architecture import ARCHITECTURES
from impasto.weights.tensor_files import Arrays, first_line, single

KERAS_ENDINGS = (".h5", ".hdf5", ".keras")

_ARCHIVED = "model.weights.h5"
_BLOCK = re.compile(r"block([1-9])_conv([1-9]\d*)")
# Most releases of Keras 3 write a layer's type and number in place of its name.
_COUNTED = re.compile(r"((?:.*/)?)conv2d(?:_(\d+))?/vars/[01]")

Datasets = dict[str, Any]
Pair = tuple[Any, Any]
"""The datasets of a kernel (3, 3, in, out) and a bias (out,)."""


def read_keras(path: Path, likely: str | None = None) -> tuple[Arrays, dict[str, str]]:
    """Return the convolutions of a VGG network in a file written by Keras, ``conv1_1.weight`` (out, in, 3, 3)
    and ``conv1_1.bias``, and its metadata.

    Layers are recognised by name (``block1_conv1``), also within a larger model, or by their widths if the
    file only numbers them; ``likely`` is then the architecture to prefer.
    Raises MissingExtraError without h5py, CorruptWeightsError where the file is damaged or holds no
    such network.
    """
    h5py = _require_h5py()
    try:
        with _hdf5(path) as source, h5py.File(source, "r") as file:
            pairs = _named_pairs(datasets := _datasets(file, h5py)) or _counted_pairs(datasets, likely)
            tensors: Arrays = {}
            for (block, index), (kernel, bias) in pairs.items():
                name = f"conv{block}_{index}"
                tensors[f"{name}.weight"] = single(np.asarray(kernel).transpose(3, 2, 0, 1))
                tensors[f"{name}.bias"] = single(np.asarray(bias))
    except (OSError, RuntimeError, KeyError, zipfile.BadZipFile) as error:
        raise CorruptWeightsError(
            f"expected a whole file of Keras; it is truncated or damaged ({first_line(error)})"
        ) from error
    return tensors, {"convention": "caffe"}


def _require_h5py() -> Any:
    return extras.load("h5py", "networks from Keras need h5py", "keras")


@contextmanager
def _hdf5(path: Path) -> Iterator[Any]:
    """Yield the file for h5py to open: the path, or the weights of a .keras archive in a temporary file."""
    if path.suffix.lower() != ".keras":
        yield str(path)
        return
    with tempfile.TemporaryFile() as copy:
        with zipfile.ZipFile(path) as archive, archive.open(_ARCHIVED) as packed:
            shutil.copyfileobj(packed, copy)
        copy.seek(0)
        yield copy


def _datasets(file: Any, h5py: Any) -> Datasets:
    """Return every kernel and bias by its path, without an optimiser's copies."""
    found: Datasets = {}

    def visit(path: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and not path.startswith("optimizer") and item.ndim in (1, 4):
            found[path] = item

    file.visititems(visit)
    return found


def _named_pairs(datasets: Datasets) -> dict[tuple[int, int], Pair]:
    """Return the kernels and biases of layers called block1_conv1 and so on."""
    rows: dict[tuple[int, int], list[Any]] = {}
    for path, item in datasets.items():
        matches = [match for part in path.split("/")[:-1] if (match := _BLOCK.fullmatch(part))]
        if matches:
            rows.setdefault((int(matches[-1][1]), int(matches[-1][2])), []).append(item)
    return {place: _pair(f"block{place[0]}_conv{place[1]}", items) for place, items in rows.items()}


def _counted_pairs(datasets: Datasets, likely: str | None) -> dict[tuple[int, int], Pair]:
    """Return the kernels and biases of layers called conv2d, conv2d_1 and so on, where they are VGG's."""
    models: dict[str, dict[int, list[Any]]] = {}
    for path, item in datasets.items():
        match = _COUNTED.fullmatch(path)
        if match:
            models.setdefault(match[1], {}).setdefault(int(match[2] or 0), []).append(item)
    for layers in models.values():
        pairs = [_pair(f"conv2d_{number}", layers[number]) for number in sorted(layers)]
        places = _places(tuple(int(kernel.shape[3]) for kernel, _ in pairs), likely)
        if places:
            return dict(zip(places, pairs, strict=True))
    raise CorruptWeightsError(
        "expected VGG-16 or VGG-19 as Keras has them, layers called block1_conv1 or of their widths;"
        f" found {', '.join(sorted(datasets)[:3]) or 'no layers'}"
    )


def _places(widths: tuple[int, ...], likely: str | None) -> list[tuple[int, int]]:
    """Return the block and index of each convolution in the known network that has, or begins with,
    ``widths``.
    """
    fitting = []
    for known in ARCHITECTURES.values():
        rows = known.convolutions()
        if tuple(width for _, _, width in rows[: len(widths)]) == widths:
            fitting.append((known.name != likely, len(rows) != len(widths), rows[: len(widths)]))
    if not fitting:
        return []
    suffixes = [suffix.split("_") for suffix, _, _ in min(fitting, key=lambda row: row[:2])[2]]
    return [(int(block), int(index)) for block, index in suffixes]


def _pair(name: str, items: list[Any]) -> Pair:
    kernels = [item for item in items if item.ndim == 4]
    biases = [item for item in items if item.ndim == 1]
    if (len(kernels), len(biases)) != (1, 1) or tuple(kernels[0].shape[:2]) != (3, 3):
        shapes = ", ".join(str(tuple(item.shape)) for item in items)
        raise CorruptWeightsError(
            f"expected {name} to have one kernel of shape (3, 3, in, out) and one bias; found {shapes}"
        )
    return kernels[0], biases[0]
