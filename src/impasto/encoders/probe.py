"""Properties of a network's modules, found by experiment: which return features, their stride, their reach.

Nothing here inspects the modules themselves, so modules of any kind are supported.
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
"""The size, in pixels, of the picture on which a network is tried."""

_LONGEST_STRIP = 2048

Listener = Callable[[str, object], None]
_listener: ContextVar[Listener | None] = ContextVar("_listener", default=None)


class _EnoughError(BaseException):
    """Raised when everything requested has been computed. Not an Exception, which a module might catch."""


@dataclass(frozen=True)
class ProbedLayer:
    """The properties of a module's output, found in one pass.

    ``calls``: how often it is called; the last call counts. ``changed``: whether a later module overwrites
    its features. ``shift``: the number of cells before the first feature, which convolutions without padding
    dropped; below 0, the number of features before the first cell.
    """

    channels: int
    stride: int
    shift: int
    calls: int
    changed: bool


@dataclass(frozen=True)
class Survey:
    """The modules that return features (B, C, H, W), in order of computation; the outputs of the others; and
    the error that ended the pass, if any."""

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
    """The hook of a module. Its listener is in the context in which it runs, so copies of the module, and
    threads, do not interfere."""

    name: str

    def __call__(self, _module: nn.Module, _inputs: object, output: object) -> None:
        listener = _listener.get()
        if listener is not None:
            listener(self.name, output)


def add_hooks(module: nn.Module) -> None:
    """Make every submodule of ``module`` report its output to ``collect`` and ``survey``."""
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
        count = calls.pop(name).count + 1 if name in calls else 1  # removed and added again, to be the last
        calls[name] = _Call(output, output._version if isinstance(output, Tensor) else 0, count)

    failure = ""
    with _quietly(), listening(listen):
        try:
            module(image)
        except Exception as error:  # modules may raise anything
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
    """Return the smallest side of a square picture for which ``compute`` returns features, assuming that it
    does for PROBE_HEIGHT and all sides from the smallest one on.
    """

    def works(side: int) -> bool:
        try:
            return bool(compute(side).numel())
        except Exception:  # for a picture that is too small, networks may raise anything
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

    It is measured by the spread of NaNs in a strip ``side`` pixels wide, in double precision: everything that
    depends on a NaN becomes NaN, however small its weight.
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

    ``spread(length, first, last)``: which features depend on the pixels from ``first`` to ``last``."""
    while length <= _LONGEST_STRIP:
        try:
            with _quietly():
                ways = _backwards(spread, stride, length), _forwards(spread, stride, length)
        except Exception:  # modules without double precision, or that reject NaNs
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

    # Feature i does not depend on pixels before b if i * stride - reach >= b. The first such feature stays
    # the same until b reaches i * stride - reach.
    begin = length // 2
    place = first_free(begin)
    if place is None:
        return None
    grown = _last(lambda step: first_free(begin + step) == place, stride)
    return place * stride - begin - grown


def _forwards(spread: Spread, stride: int, length: int) -> int | None:
    """Return the distance a feature sees after its own pixels; None if beyond the strip."""

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
    """Return the last number from 0 to ``count`` - 1 for which ``holds``, as it does for all before it."""
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _layer(call: _Call) -> ProbedLayer | str:
    """Return the layer of ``call`` on the probe, or a description of its output if not (1, C, H, W)."""
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
    """Return ``features`` with exactly one for every cell of ``image``; missing ones repeat their
    neighbours."""
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
    """Call ``listener`` with the name and the output of every module that is called."""
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
