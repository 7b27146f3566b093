"""Properties of a network's modules, found by experiment: which give features, their stride, their reach.

Nothing here inspects the modules themselves, so that it works for modules of any kind.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

PROBE_HEIGHT, PROBE_WIDTH = 128, 256
"""The picture a network is tried on, in pixels."""

_LONGEST_STRIP = 2048

Listener = Callable[[str, object], None]
_listener: ContextVar[Listener | None] = ContextVar("_listener", default=None)


class _EnoughError(BaseException):
    """Everything that was asked for has been computed. Not an Exception, which a module might catch."""


@dataclass(frozen=True)
class ProbedLayer:
    """The properties of a module's output, found in one pass.

    ``calls``: how often it is called, of which the last counts. ``changed``: whether a later module
    writes over its features. ``shift``: how many cells lie before the first feature, where convolutions
    without padding left them out; below 0, how many features lie before the first cell.
    """

    channels: int
    stride: int
    shift: int
    calls: int
    changed: bool


@dataclass(frozen=True)
class Survey:
    """The modules that give features (B, C, H, W), in the order they are computed in; what the others
    give instead; and the error the pass ended with, if it did."""

    layers: Mapping[str, ProbedLayer]
    others: Mapping[str, str]
    error: str = ""


@dataclass
class _Call:
    output: object
    version: int
    count: int = field(default=1)


@dataclass(frozen=True)
class _Reporter:
    """The hook of a module. It finds its listener in the context in which it runs, so that copies of the
    module, and threads, stay separate."""

    name: str

    def __call__(self, _module: nn.Module, _inputs: object, output: object) -> None:
        listener = _listener.get()
        if listener is not None:
            listener(self.name, output)


def add_hooks(module: nn.Module) -> None:
    """Let every submodule of ``module`` tell ``collect`` and ``survey`` what it computes."""
    for name, part in module.named_modules():
        if name:
            part.register_forward_hook(_Reporter(name))


def collect(module: nn.Module, image: Tensor, wanted: Mapping[str, ProbedLayer]) -> dict[str, Tensor]:
    """Return the features of the layers ``wanted``, (B, C, H // stride, W // stride), for a network's own
    input ``image`` (B, 3, H, W); the pass ends with the last of them. Layers that were not reached are
    missing.
    """
    left = {name: layer.calls for name, layer in wanted.items()}
    found: dict[str, Tensor] = {}

    def listen(name: str, output: object) -> None:
        if name not in left:
            return
        left[name] -= 1
        if left[name] == 0:
            assert isinstance(output, Tensor)
            aligned = _aligned(output, wanted[name], image)
            found[name] = aligned.clone() if wanted[name].changed and aligned is output else aligned
            if len(found) == len(left):
                raise _EnoughError

    if left:
        with listening(listen), suppress(_EnoughError):
            module(image)
    return found


def survey(module: nn.Module, image: Tensor) -> Survey:
    """Find the modules that give features for ``image``, a network's input.

    ``image``: (1, C, PROBE_HEIGHT, PROBE_WIDTH). If the pass fails half-way, the modules before are found."""
    calls: dict[str, _Call] = {}

    def listen(name: str, output: object) -> None:
        count = calls.pop(name).count + 1 if name in calls else 1  # taken out, to be the last again
        calls[name] = _Call(output, output._version if isinstance(output, Tensor) else 0, count)

    failure = ""
    with _quietly(), listening(listen):
        try:
            module(image)
        except Exception as error:  # modules of any kind can fail in any way
            failure = str(error).strip() or type(error).__name__
    layers, others = {}, {}
    for name, call in calls.items():
        layer = _layer(call)
        if isinstance(layer, ProbedLayer):
            layers[name] = layer
        else:
            others[name] = layer
    return Survey(layers, others, failure)


def smallest_side(compute: Callable[[int], Tensor]) -> int:
    """Return the smallest side of a square picture that ``compute`` gives features for, where it does for
    PROBE_HEIGHT and for all sides from the smallest one on.
    """

    def works(side: int) -> bool:
        try:
            return bool(compute(side).numel())
        except Exception:  # how a network fails on a picture too small for it is its own
            return False

    low, high = 0, PROBE_HEIGHT
    with _quietly():
        while high - low > 1:
            side = (low + high) // 2
            low, high = (low, side) if works(side) else (side, high)
    return high


def reach(module: nn.Module, name: str, layer: ProbedLayer, side: int) -> int | None:
    """Return the largest distance, in pixels, from the cell of a feature of layer ``name`` to a pixel it
    depends on; None where that is unknown, such as where every feature depends on every pixel.

    It is measured by how far NaNs spread in a strip ``side`` pixels wide, in double
    precision: whatever depends on one becomes one, however small its weight.
    """
    probe = copy.deepcopy(module).cpu().double()
    furthest = 0
    for axis in (2, 3):

        def spread(length: int, first: int, last: int, axis: int = axis) -> list[bool]:
            shape = [1, 3, side, side]
            shape[axis] = length
            image = torch.full(shape, 0.5, dtype=torch.float64)
            image.narrow(axis, first, last - first).fill_(math.nan)
            features = collect(probe, image, {name: layer})[name]
            hidden = torch.isnan(features).transpose(axis, 3).flatten(0, 2).any(0)
            return [bool(value) for value in hidden]

        distance = _distance(spread, layer.stride, max(256, 8 * layer.stride))
        if distance is None:
            return None
        furthest = max(furthest, distance)
    return furthest


Spread = Callable[[int, int, int], list[bool]]


def _distance(spread: Spread, stride: int, length: int) -> int | None:
    """Return the distance a feature sees along one axis.

    ``spread(length, first, last)`` says which features depend on the pixels from ``first`` to ``last``."""
    while length <= _LONGEST_STRIP:
        try:
            with _quietly():
                ways = _backwards(spread, stride, length), _forwards(spread, stride, length)
        except Exception:  # modules that have no double precision, or mind what is not a number
            return None
        if None not in ways:
            return max(0, *(way for way in ways if way is not None))
        length *= 2
    return None


def _backwards(spread: Spread, stride: int, length: int) -> int | None:
    """Return the distance a feature sees before its own pixels; None if beyond the strip."""

    def first_free(begin: int) -> int | None:
        hidden = spread(length, 0, begin)
        free = len(hidden) - hidden[::-1].index(True) if True in hidden else 0
        return free if 0 < free < len(hidden) else None

    # Feature i is free of the pixels before b if i * stride - reach >= b: the first that is stays the
    # same until b has grown to i * stride - reach.
    begin = length // 2
    place = first_free(begin)
    if place is None:
        return None
    grown = _last(lambda step: first_free(begin + step) == place, stride)
    return place * stride - begin - grown


def _forwards(spread: Spread, stride: int, length: int) -> int | None:
    """Return the distance a feature sees behind its own pixels; None if beyond the strip."""

    def last_free(end: int) -> int | None:
        hidden = spread(length, end, length)
        free = hidden.index(True) - 1 if True in hidden else len(hidden)
        return free if 0 <= free < len(hidden) - 1 else None

    end = length // 2
    place = last_free(end)
    if place is None:
        return None
    shrunk = _last(lambda step: last_free(end - step) == place, stride)
    return end - shrunk - (place + 1) * stride


def _last(holds: Callable[[int], bool], count: int) -> int:
    """Return the last of 0 to ``count`` - 1 that ``holds``, which 0 and all before it do."""
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _layer(call: _Call) -> ProbedLayer | str:
    """Return the layer that gave ``call`` on the probe, or what it gave if not features (1, C, H, W)."""
    output = call.output
    if not isinstance(output, Tensor):
        return f"a {type(output).__name__}"
    shape = tuple(output.shape)
    if len(shape) != 4 or shape[0] != 1 or not output.numel() or not output.is_floating_point():
        return f"a tensor of shape {shape}"
    # Transformers with windows lay features out as (1, H, W, C), in the proportions of the picture.
    proportioned = PROBE_HEIGHT % shape[1] == 0 and 2 * shape[1] == shape[2]
    if proportioned and 2 * shape[2] != shape[3]:
        return f"a tensor of shape {shape}, channels last"
    height, width = shape[2:]
    more = PROBE_WIDTH - PROBE_HEIGHT
    if width <= height or more % (width - height):
        return f"a tensor of shape {shape}, whose size does not follow the picture's"
    stride = more // (width - height)
    shift = math.trunc((PROBE_HEIGHT // stride - height) / 2)
    return ProbedLayer(shape[1], stride, shift, call.count, output._version != call.version)


def _aligned(features: Tensor, layer: ProbedLayer, image: Tensor) -> Tensor:
    """Return ``features`` with one for every cell of ``image`` and no more: cells beyond the first and the
    last repeat their neighbours.
    """
    edges = []
    for axis in (3, 2):
        cells, before = image.shape[axis] // layer.stride, max(0, layer.shift)
        first = max(0, -layer.shift)
        count = min(features.shape[axis] - first, cells - before)
        features = features.narrow(axis, first, count) if count != features.shape[axis] else features
        edges += [before, cells - before - count]
    return functional.pad(features, edges, mode="replicate") if any(edges) else features


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell ``listener`` the name and the result of every module that is called."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def _quietly() -> Iterator[None]:
    """Disable gradients, and a network's warnings about pictures this small."""
    with warnings.catch_warnings(action="ignore"), torch.inference_mode(False), torch.no_grad():
        yield
