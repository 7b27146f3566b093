"""Read networks from the files people have, and write them the one way Impasto stores them.

Stored files are safetensors, float32, with the convolutions alone: 80 MB for VGG-19, whose
published file has 550, most of it fully connected layers.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors import numpy as safetensors_numpy

from impasto.errors import CorruptWeightsError, OutputError, WeightsMissingError
from impasto.weights.architecture import Architecture
from impasto.weights.cache import Stored, record_path
from impasto.weights.layout import convolution_names, infer_architecture
from impasto.weights.registry import Convention

Tensors = dict[str, NDArray[np.float32]]

_TORCH_ENDINGS = (".pth", ".pt")


@dataclass(frozen=True)
class Network:
    """A network's convolutions, ``conv1_1.weight`` (out, in, 3, 3) and ``conv1_1.bias`` (out,),
    in network order, with the architecture they make and what the file says about itself."""

    tensors: Tensors
    architecture: Architecture
    metadata: Mapping[str, str] = field(default_factory=dict)


def read_network(path: Path, likely: str | None = None) -> Network:
    """The convolutions in a .safetensors, .pth or .pt file; other tensors are left out.

    ``likely`` names the architecture to prefer where those the file may be of begin alike; the
    file's own metadata says so too.

    Nothing in a .pth is executed: a file that would need it is refused. Raises
    WeightsMissingError where there is no such file, and CorruptWeightsError where it is damaged,
    holds anything but tensors, is not a VGG network, or has values that are not finite numbers.
    """
    if not path.is_file():
        raise WeightsMissingError(
            f"Expected a weights file at {path}; there is none.", expected="a file", actual=str(path)
        )
    try:
        if path.suffix.lower() == ".safetensors":
            tensors, metadata = _read_safetensors(path)
        elif path.suffix.lower() in _TORCH_ENDINGS:
            tensors, metadata = _read_torch(path), {}
        else:
            raise CorruptWeightsError(
                f"Expected a .safetensors, .pth or .pt file, got {path.name}.",
                expected=".safetensors, .pth or .pt",
                actual=path.suffix,
            )
        shapes = {name: tensor.shape for name, tensor in tensors.items()}
        architecture = infer_architecture(shapes, likely or metadata.get("architecture"))
        _check_finite(tensors)
    except CorruptWeightsError as error:
        raise CorruptWeightsError(f"{path}: {error}", expected=error.expected, actual=error.actual) from error
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
    """Write a network to ``path``, a .safetensors file, and its record beside it, with the ending
    .json; each appears whole or not at all, the record last.

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
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )
    record = record_path(path)
    try:
        record.unlink(missing_ok=True)
        _write(path, content)
        _write(record, stored.to_json().encode())
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}.", expected="a place to write to", actual=str(path)
        ) from error
    return stored


def file_digest(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _read_safetensors(path: Path) -> tuple[Tensors, dict[str, str]]:
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            names = convolution_names(file.keys())
            return {name: _as_float32(name, file.get_tensor(key)) for key, name in names.items()}, metadata
    except (SafetensorError, TypeError, OSError) as error:
        raise CorruptWeightsError(
            f"Expected a whole safetensors file; it is truncated or damaged ({error}).",
            expected="a whole safetensors file",
            actual=str(error),
        ) from error


def _read_torch(path: Path) -> Tensors:
    import torch

    try:
        # Memory mapping leaves the fully connected layers on disk; only newer files allow it.
        mapped = zipfile.is_zipfile(path)
        with warnings.catch_warnings(action="ignore"):  # its doubts about a file end in errors
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        raise CorruptWeightsError(
            "Expected tensors and nothing else; the file is damaged, or holds pickled objects, which"
            " could run code when loaded, so Impasto does not load it.",
            expected="tensors and nothing else",
            actual=_first_line(error),
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # a damaged file can fail in any way
        raise CorruptWeightsError(
            f"Expected a whole PyTorch file; it is truncated or damaged ({_first_line(error)}).",
            expected="a whole PyTorch file",
            actual=_first_line(error),
        ) from error
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in content.items()
    ):
        raise CorruptWeightsError(
            f"Expected a dictionary from names to tensors, got {type(content).__name__}.",
            expected="a dictionary from names to tensors",
            actual=type(content).__name__,
        )
    names = convolution_names(content)
    found = {}
    for key, name in names.items():
        value = content[key]
        if not value.is_floating_point():
            raise _not_floats(name, str(value.dtype))
        found[name] = value.detach().to(torch.float32).contiguous().numpy()
    return found


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _as_float32(name: str, tensor: NDArray[Any]) -> NDArray[np.float32]:
    if not np.issubdtype(tensor.dtype, np.floating):
        raise _not_floats(name, str(tensor.dtype))
    return np.ascontiguousarray(tensor, dtype=np.float32)


def _not_floats(name: str, kind: str) -> CorruptWeightsError:
    return CorruptWeightsError(
        f"Expected {name} to hold floating-point numbers, got {kind}.", expected="floats", actual=kind
    )


def _check_finite(tensors: Mapping[str, NDArray[Any]]) -> None:
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise CorruptWeightsError(
                f"Expected finite numbers; {name} has values that are infinite or not a number.",
                expected="finite numbers",
                actual=name,
            )
