"""A device that is none: the processor under another name, so that it shows what was left behind.

Inside ``Elsewhere`` tensors brought to, or made on, "cuda" are marked; so is all that is computed with them.
What computes with marked and unmarked tensors at once fails, as it would on a graphics processor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_MARK = "_elsewhere"
_BETWEEN = ("copy_", "_has_compatible_shallow_copy_type")
"""What takes tensors on two devices."""


def is_elsewhere(tensor: Tensor) -> bool:
    return bool(tensor.__dict__.get(_MARK, False))


def _tensors(values: Any) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, dict):
        yield from _tensors(list(values.values()))
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from _tensors(value)


def _mark(values: Any, there: bool) -> Any:
    for tensor in _tensors(values):
        tensor.__dict__[_MARK] = there
    return values


def _device_in(values: Any) -> torch.device | None:
    """The device that ``to`` is told, as such or as another tensor's."""
    for value in values:
        if isinstance(value, torch.device) or (isinstance(value, str) and value in ("cpu", "cuda")):
            return torch.device(value)
        if isinstance(value, Tensor):
            return torch.device("cuda" if is_elsewhere(value) else "cpu")
    return None


class Elsewhere(TorchFunctionMode):
    """See the module. ``calls``: how many were made with marked tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if function == Tensor.device.__get__:  # type: ignore[attr-defined]
            return torch.device("cuda" if is_elsewhere(args[0]) else "cpu")
        if function is Tensor.to:
            return self._to(args, kwargs)
        if function is Tensor.cpu:
            return _mark(args[0].detach().clone(), False)
        if function is Tensor.numpy and is_elsewhere(args[0]):
            raise TypeError("can't convert cuda device type tensor to numpy")
        if function == Tensor.data.__set__:  # type: ignore[attr-defined]
            there = is_elsewhere(args[1])
            function(*args)
            return _mark(args[0], there)
        if function == Tensor.grad.__get__:  # type: ignore[attr-defined]
            return _mark(function(*args), is_elsewhere(args[0]))
        given = kwargs.get("device")
        if given is not None:
            kwargs["device"] = "cpu"
            return _mark(function(*args, **kwargs), torch.device(given).type == "cuda")
        return self._compute(function, args, kwargs)

    def _compute(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        # A number alone may be on the processor, as with CUDA.
        held = [t for t in _tensors([args, kwargs]) if t.ndim > 0]
        marks = {is_elsewhere(tensor) for tensor in held}
        name = getattr(function, "__name__", "")
        if len(marks) > 1 and name not in _BETWEEN:
            raise AssertionError(f"{name} was given tensors on two devices")
        there = any(is_elsewhere(t) for t in _tensors(args[0] if name == "copy_" else [args, kwargs]))
        self.calls += there
        found = function(*args, **kwargs)
        return _mark(found, there) if there and found is not None else found

    @staticmethod
    def _to(args: Any, kwargs: Any) -> Any:
        device = _device_in([*args[1:], *kwargs.values()])
        there = is_elsewhere(args[0]) if device is None else device.type == "cuda"
        changed = device is not None and there != is_elsewhere(args[0])
        words = [a for a in args[1:] if isinstance(a, torch.dtype)]
        words += [a.dtype for a in args[1:] if isinstance(a, Tensor)]
        more = {n: v for n, v in kwargs.items() if n == "memory_format"}
        found = Tensor.to(args[0], *words, **more) if words or more else args[0]
        if changed and found is args[0]:
            found = args[0].clone()
        return _mark(found, there)


def all_elsewhere(module: nn.Module) -> bool:
    return all(is_elsewhere(tensor) for tensor in module.state_dict(keep_vars=True).values())
