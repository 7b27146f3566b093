"""As much of h5py as Impasto uses, over an .npz file, for where h5py is not installed."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np


class Dataset:
    def __init__(self, values: np.ndarray) -> None:
        self._values = values
        self.ndim = values.ndim
        self.shape = values.shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._values, dtype=dtype, copy=copy)


class File:
    def __init__(self, source: Any, mode: str) -> None:
        assert mode == "r"
        try:
            self._content = np.load(source)
        except (ValueError, EOFError, zipfile.BadZipFile) as error:
            raise OSError("Unable to open file (file signature not found)") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._content.close()

    def visititems(self, visit: Callable[[str, object], object]) -> None:
        for path in sorted(self._content):
            visit(path.rpartition("/")[0], object())  # the group
            visit(path, Dataset(self._content[path]))


def write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with path.open("wb") as stream:
        np.savez(stream, **arrays)
