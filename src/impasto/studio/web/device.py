"""The files that the page paints with in the browser: networks, and the statistics of named styles."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class DeviceFile:
    """A file for the browser, and the tag of its contents."""

    data: bytes
    tag: str


# ONNX Runtime, which these import, is loaded when they are first asked for.
def _painter() -> bytes:
    from impasto.inference.any_painting import read_weights
    from impasto.inference.any_painting_whole import painting_graph

    return painting_graph(read_weights(), passes=1)


def _encoder() -> bytes:
    from impasto.inference.any_painting import read_weights
    from impasto.inference.any_painting_whole import measuring_graph

    return measuring_graph(read_weights())


def _styles() -> bytes:
    """Return a safetensors file of ``STYLE/SIZE/LAYER/mean`` and ``gram``, as style files have them."""
    from safetensors.numpy import save

    from impasto.catalogue.files import read_style
    from impasto.catalogue.lookup import named_styles
    from impasto.inference.any_painting_numbers import LAYERS

    return save(
        {
            f"{name}/{tensor}": numbers
            for name, path in named_styles().items()
            for tensor, numbers in read_style(path).tensors.items()
            if tensor.split("/")[1] in LAYERS and not tensor.endswith("/positions")
        }
    )


_MAKERS: dict[str, Callable[[], bytes]] = {
    "any-painting.onnx": _painter,
    "any-painting-encoder.onnx": _encoder,
    "styles.safetensors": _styles,
}


@lru_cache(maxsize=len(_MAKERS))
def device_file(name: str) -> DeviceFile:
    """Return the file of that name. Raises KeyError for another, WeightsError where it cannot be made."""
    data = _MAKERS[name]()
    return DeviceFile(data, f'"{hashlib.sha256(data).hexdigest()[:32]}"')
