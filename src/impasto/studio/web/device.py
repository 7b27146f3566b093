"""The files for painting in the browser: networks, and the statistics of named styles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.files import digests


@dataclass(frozen=True)
class DeviceFile:
    """A file for the browser, and the ETag of its contents."""

    data: bytes
    tag: str


# ONNX Runtime, which these import, is loaded on first use.
def _painter() -> bytes:
    """Return the network, with the weights that styles change in float32, so that they can be changed in the
    file."""
    from impasto.inference.any_painting_weights import read_weights
    from impasto.inference.any_painting_whole import painting_graph

    changed = {name for changes in _changes().values() for name in changes}
    weights = {
        name: numbers.astype(np.float32) if name in changed else numbers
        for name, numbers in read_weights().items()
    }
    return painting_graph(weights, passes=1)


def _changes() -> dict[str, dict[str, NDArray[Any]]]:
    """Return the changes of named styles to the network, as numbers of its graph."""
    from impasto.catalogue.files import read_style
    from impasto.catalogue.lookup import named_styles
    from impasto.inference.any_painting_graphs import COLOUR_SCALE
    from impasto.inference.any_painting_weights import read_changes

    found = {}
    for name, path in named_styles().items():
        if read_style(path).is_refined:
            found[name] = read_changes(path)
            for tensor in found[name].keys() & {"colours.weight/step", "colours.bias"}:
                found[name][tensor] = found[name][tensor] * np.float16(COLOUR_SCALE)
    return found


def _encoder() -> bytes:
    from impasto.inference.any_painting_weights import read_weights
    from impasto.inference.any_painting_whole import measuring_graph

    return measuring_graph(read_weights())


def _styles() -> bytes:
    """Return a safetensors file of ``STYLE/SIZE/LAYER/mean`` and ``gram``, as in style files, and of
    ``STYLE/change/...``, the changes to the network."""
    from safetensors.numpy import save

    from impasto.catalogue.files import read_style
    from impasto.catalogue.lookup import named_styles
    from impasto.inference.any_painting_numbers import LAYERS

    tensors = {
        f"{name}/{tensor}": numbers
        for name, path in named_styles().items()
        for tensor, numbers in read_style(path).tensors.items()
        if tensor.split("/")[1] in LAYERS and not tensor.endswith("/positions")
    }
    changes = {
        f"{name}/change/{tensor}": numbers
        for name, changed in _changes().items()
        for tensor, numbers in changed.items()
    }
    return save(tensors | changes)


_MAKERS: dict[str, Callable[[], bytes]] = {
    "any-painting.onnx": _painter,
    "any-painting-encoder.onnx": _encoder,
    "styles.safetensors": _styles,
}


@lru_cache(maxsize=len(_MAKERS))
def device_file(name: str) -> DeviceFile:
    """Return the file of that name. Raises KeyError for an unknown one, WeightsError if it cannot be
    created."""
    data = _MAKERS[name]()
    return DeviceFile(data, f'"{digests.of_bytes(data)[:32]}"')
