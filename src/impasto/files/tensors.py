"""Arrays in untrusted or damaged safetensors files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = {"F16", "F32", "F64", "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "BOOL"}
"""The number types that NumPy also has, by their names in safetensors."""


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Return all arrays of a safetensors file, by name, and its metadata.

    Raises ValueError, in one line, for anything else and for types that NumPy does not have, and OSError.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118
                kind = file.get_slice(name).get_dtype()
                if kind not in KINDS:
                    raise ValueError(f"{name} has numbers of the type {kind}")
            metadata = dict(file.metadata() or {})
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(" ".join(str(error).split())) from error


def not_finite(arrays: Iterable[tuple[str, Any]]) -> str | None:
    """Return the name of the first array with infinite numbers or NaN; None if all numbers are finite."""
    import numpy as np

    for name, array in arrays:
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            return name
    return None
