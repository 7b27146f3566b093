"""Conversion of network files of various formats to the form that Impasto stores.

Stored files are safetensors, float32, with only the convolutions: 80 MB for VGG-19, whose published file has
550 MB, most of them fully connected layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import numpy as safetensors_numpy

from impasto import files
from impasto.errors import CorruptWeightsError
from impasto.files import digests
from impasto.weights.architecture import Architecture
from impasto.weights.cache import Stored, record_path
from impasto.weights.file_names import architecture_in_name
from impasto.weights.keras_files import KERAS_ENDINGS, read_keras
from impasto.weights.layout import convolution_names, infer_architecture
from impasto.weights.registry import Convention
from impasto.weights.tensor_files import (
    SAFETENSORS_ENDING,
    TORCH_ENDINGS,
    at_path,
    check_present,
    read_named,
)

Tensors = dict[str, NDArray[np.float32]]

NETWORK_ENDINGS = (SAFETENSORS_ENDING, *TORCH_ENDINGS, *KERAS_ENDINGS)


@dataclass(frozen=True)
class Network:
    """A network's convolutions, ``conv1_1.weight`` (out, in, 3, 3) and ``conv1_1.bias`` (out,), in network
    order, with their architecture and the file's metadata."""

    tensors: Tensors
    architecture: Architecture
    metadata: Mapping[str, str] = field(default_factory=dict)


def read_network(path: Path, likely: str | None = None) -> Network:
    """Return the convolutions in a .safetensors, .pth, .pt or .model file, or in one that Keras wrote (.h5,
    .keras); other tensors are left out.

    ``likely``: the architecture to prefer if several begin with the same blocks; by default from the file's
    metadata or its name ("vgg16.pth").

    Code in a .pth is never executed; a file that needs it is refused. Raises WeightsMissingError if there is
    no such file, CorruptWeightsError if it is damaged, holds anything but tensors, is not a VGG network, or
    has values that are not finite, and MissingExtraError if a Keras file needs h5py.
    """
    check_present(path)
    named = likely or architecture_in_name(path.name)
    try:
        if path.suffix.lower() in KERAS_ENDINGS:
            found, metadata = read_keras(path, named)
            tensors = {ours: found[key] for key, ours in convolution_names(found).items()}
        else:
            tensors, metadata = read_named(path, convolution_names)
        shapes = {name: tensor.shape for name, tensor in tensors.items()}
        architecture = infer_architecture(shapes, likely or metadata.get("architecture") or named)
        _check_floats(tensors)
        _check_finite(tensors)
    except CorruptWeightsError as error:
        raise at_path(path, error) from error
    return Network(tensors, architecture, metadata)


def save_network(
    path: Path,
    tensors: Mapping[str, NDArray[Any]],
    *,
    name: str,
    convention: Convention,
    licence: str,
    source: str,
    padding: str = "zeros",
    architecture: str | None = None,
    source_sha256: str = "",
    half: bool = False,
) -> Stored:
    """Write a network to ``path``, a .safetensors file, and its record to a .json file beside it, each
    atomically, the record last.

    ``tensors`` are named ``conv1_1.weight`` and so on and stored as float32, or as
    float16 with ``half``. ``convention`` and
    ``padding`` ("zeros", "reflect" or "replicate-first") are those it was trained with.
    ``architecture`` names the one to prefer where the network's blocks begin several.
    ``source_sha256`` is the digest of the file the tensors come from, if they come from one.

    Returns the record. Raises CorruptWeightsError for tensors that do not make a network,
    OutputError where the files cannot be written.
    """
    kind = np.float16 if half else np.float32
    own = {key: np.ascontiguousarray(value, dtype=kind) for key, value in tensors.items()}
    own = {ours: own[key] for key, ours in convolution_names(own).items()}
    found = infer_architecture({ours: tensor.shape for ours, tensor in own.items()}, architecture)
    _check_finite(own)
    about = {
        "name": name,
        "architecture": found.name,
        "convention": convention,
        "padding": padding,
        "licence": licence,
        "source": source,
        "source_sha256": source_sha256,
    }
    content = safetensors_numpy.save(own, metadata=about)
    layers = [ours.removesuffix(".weight") for ours in own if ours.endswith(".weight")]
    stored = Stored(
        **about,
        convolutions=len(layers),
        deepest=layers[-1],
        sha256=digests.of_bytes(content),
        size=len(content),
    )
    record = record_path(path)
    try:
        record.unlink(missing_ok=True)
    except OSError as error:
        raise files.cannot_write(record, error) from error
    files.replace(path, content)
    files.replace(record, stored.to_json().encode())
    return stored


def _check_floats(tensors: Mapping[str, NDArray[Any]]) -> None:
    for name, tensor in tensors.items():
        if not np.issubdtype(tensor.dtype, np.floating):
            raise CorruptWeightsError(f"expected {name} to hold floating-point numbers, got {tensor.dtype}")


def _check_finite(tensors: Mapping[str, NDArray[Any]]) -> None:
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise CorruptWeightsError(
                f"expected finite numbers; {name} has values that are infinite or not a number"
            )
