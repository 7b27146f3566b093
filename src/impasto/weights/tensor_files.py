"""Reading of tensors from PyTorch's files; nothing in them is ever executed."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from impasto.errors import CorruptWeightsError, WeightsMissingError
from impasto.files.tensors import KINDS

Arrays = dict[str, NDArray[Any]]
Names = Callable[[Iterable[str]], Mapping[str, str]]

TORCH_ENDINGS = (".pth", ".pt", ".model")
SAFETENSORS_ENDING = ".safetensors"

# What training scripts call the weights within their checkpoints.
_WRAPPERS = ("state_dict", "model_state_dict", "model_state", "model", "network", "net", "weights")


def read_tensors(path: Path) -> Arrays:
    """Return all tensors of a .safetensors, .pth, .pt or .model file under its own names; floats as float32.

    For networks of any kind; ``read_network`` is for VGG's. Raises WeightsMissingError where there
    is no such file, CorruptWeightsError where it is damaged, of another kind, or holds anything but
    tensors.
    """
    check_present(path)
    try:
        return read_named(path, lambda keys: {key: key for key in keys})[0]
    except CorruptWeightsError as error:
        raise at_path(path, error) from error


def read_named(path: Path, names: Names) -> tuple[Arrays, dict[str, str]]:
    """Return the tensors ``names`` chooses from those in a file, under the names it gives them, floats as
    float32; and what the file says about itself. The others are not loaded.

    Raises CorruptWeightsError as ``read_tensors`` does, and what ``names`` raises.
    """
    ending = path.suffix.lower()
    if ending == SAFETENSORS_ENDING:
        return _read_safetensors(path, names)
    if ending in TORCH_ENDINGS:
        return _read_torch(path, names), {}
    raise CorruptWeightsError(f"expected a .safetensors, .pth, .pt or .model file, got {path.name}")


def check_present(path: Path) -> None:
    """Raise WeightsMissingError where ``path`` is no file."""
    if not path.is_file():
        raise WeightsMissingError(f"expected a weights file at {path}; there is no such file")


def at_path(path: Path, error: CorruptWeightsError) -> CorruptWeightsError:
    """Return ``error`` with the file it is about."""
    return CorruptWeightsError(f"{path}: {error}")


def _read_safetensors(path: Path, names: Names) -> tuple[Arrays, dict[str, str]]:
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            chosen = names(file.keys())
            return {name: single(_stored(file, path, key)) for key, name in chosen.items()}, metadata
    except (SafetensorError, TypeError, OSError) as error:
        raise CorruptWeightsError(
            f"expected a whole safetensors file; it is truncated or damaged ({error})"
        ) from error


def _stored(file: Any, path: Path, key: str) -> NDArray[Any]:
    if file.get_slice(key).get_dtype() in KINDS:
        found: NDArray[Any] = file.get_tensor(key)
        return found
    with safe_open(path, framework="pt") as again:  # NumPy has no such numbers
        widened: NDArray[Any] = again.get_tensor(key).float().numpy()
        return widened


def _read_torch(path: Path, names: Names) -> Arrays:
    import torch

    content = _state_dict(_load_torch(path))
    if not isinstance(content, Mapping) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in content.items()
    ):
        raise CorruptWeightsError(
            f"expected a dictionary from names to tensors, got {type(content).__name__}"
        )
    found = {}
    for key, name in names(content).items():
        value = _plain(key, content[key].detach())
        kind = torch.float32 if value.is_floating_point() else value.dtype
        found[name] = value.to(kind).contiguous().numpy()
    return found


def _plain(key: str, tensor: Any) -> Any:
    """Return ``tensor``. Raises CorruptWeightsError for one that is not stored number by number."""
    import torch

    kinds = {
        "quantised": tensor.is_quantized,
        "nested": tensor.is_nested,
        "sparse": tensor.layout is not torch.strided,
        "without numbers (on the device meta)": tensor.is_meta,
    }
    if found := next((kind for kind, is_it in kinds.items() if is_it), None):
        raise CorruptWeightsError(f"expected tensors of plain numbers; {key} is {found}")
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise CorruptWeightsError(f"expected tensors that are stored whole; {key} repeats fewer numbers")
    return tensor


def _load_torch(path: Path) -> Any:
    import torch

    try:
        # Memory mapping leaves the fully connected layers on disk; only newer files allow it.
        mapped = zipfile.is_zipfile(path)
        with warnings.catch_warnings(action="ignore"):  # its doubts about a file end in errors
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        raise CorruptWeightsError(
            "expected tensors and nothing else; the file is damaged, or holds pickled objects, which"
            " could run code when loaded, so Impasto does not load it"
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # a damaged file can fail in any way
        raise CorruptWeightsError(
            f"expected a whole PyTorch file; it is truncated or damaged ({first_line(error)})"
        ) from error


def _state_dict(content: Any) -> Any:
    """Return the weights within a checkpoint, which may be wrapped more than once."""
    while isinstance(content, Mapping):
        inner = (content[key] for key in _WRAPPERS if isinstance(content.get(key), Mapping))
        found = next(inner, None)
        if found is None:
            break
        content = found
    return content


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, or its kind."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def single(tensor: NDArray[Any]) -> NDArray[Any]:
    """Return ``tensor`` in float32, if it is of real numbers."""
    if np.issubdtype(tensor.dtype, np.floating):
        return np.ascontiguousarray(tensor, dtype=np.float32)
    return tensor
