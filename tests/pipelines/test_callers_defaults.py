"""Whatever defaults of torch's the caller has set, the same is painted, and they are the caller's again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import impasto
from impasto.pipelines.inspect import features
from tests.conftest import blobs, stripes

PHOTO, PAINTING = blobs(64, 48, seed=1), stripes(48, 48)


def stylized(_: Path) -> NDArray[Any]:
    return impasto.stylize(PHOTO, PAINTING, size=48, iterations=1).picture.pixels


def textured(_: Path) -> NDArray[Any]:
    return impasto.texture(PAINTING, 48, iterations=1, coarse_iterations=1).pixels


def measured(_: Path) -> NDArray[Any]:
    return np.array(str(impasto.measure(PHOTO, PHOTO, PAINTING)))


def style_file(folder: Path) -> NDArray[Any]:
    impasto.make_style(PAINTING, folder / "made.style")
    return np.frombuffer((folder / "made.style").read_bytes(), np.uint8)


def maps(_: Path) -> NDArray[Any]:
    return features(PHOTO, "relu1_1").views[0].maps


@contextmanager
def double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        yield
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def nowhere() -> Iterator[None]:
    torch.set_default_device("meta")
    try:
        yield
        assert torch.get_default_device() == torch.device("meta")
    finally:
        torch.set_default_device(None)


@pytest.mark.parametrize("call", [stylized, textured, measured, style_file, maps])
def test_the_callers_defaults_change_nothing(call: Callable[[Path], NDArray[Any]], tmp_path: Path) -> None:
    expected = call(tmp_path)
    modes: list[Callable[[], AbstractContextManager[Any]]] = [double, nowhere, lambda: torch.device("meta")]
    for mode in modes:
        with mode():
            found = call(tmp_path)
        assert np.array_equal(found, expected)
