"""Checks of a painting's state from a checkpoint, which may be damaged."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from impasto.errors import ImpastoError, InputError
from impasto.files import reason_of
from impasto.parameters import is_real, is_whole


@contextlib.contextmanager
def restoring() -> Iterator[None]:
    """Turn errors that a damaged state causes inside this block into InputError."""
    try:
        yield
    except (ImpastoError, torch.OutOfMemoryError):
        raise
    except (
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        AttributeError,
        RuntimeError,
        OverflowError,
    ) as error:
        raise InputError(
            f"the state in the checkpoint is damaged ({type(error).__name__}: {reason_of(error)}); "
            "remove the file to start over"
        ) from error


def check_state(state: Mapping[str, Any], like: Tensor) -> None:
    """Raise ValueError, KeyError or TypeError for an invalid state of a descent.

    ``like``: a picture (1, 3, H, W) of its size.
    """
    for name in ("variable", "average"):
        tensor = state[name]
        if name == "average" and tensor is None:
            continue
        if tensor.shape != like.shape or not tensor.is_floating_point() or not bool(tensor.isfinite().all()):
            raise ValueError(f"{name} is not a picture")
    if not is_real(state["rate"]) or state["rate"] <= 0:
        raise ValueError("rate is not a step size")
    for name in ("iteration", "recoveries"):
        if not is_whole(state[name]) or state[name] < 0:
            raise ValueError(f"{name} is not a count")
    if not isinstance(state["history"], list) or not all(map(is_real, state["history"])):
        raise ValueError("history is not a list of losses")


def check_progress(kept: Mapping[str, Any], sizes: Sequence[tuple[int, int]]) -> tuple[int, dict[str, float]]:
    """Return the level and the losses of a painting's state. Raises as ``check_state`` does."""
    level, losses = kept["level"], dict(kept["losses"])
    if not is_whole(level) or not 0 <= level < len(sizes):
        raise ValueError("level is not one of the painting's")
    if not all(isinstance(name, str) and is_real(value) for name, value in losses.items()):
        raise ValueError("losses are not numbers")
    if not isinstance(kept["descent"], Mapping) or not isinstance(kept["chance"], Tensor):
        raise ValueError("descent or random state is of another type")
    if not is_whole(kept["iterations"]) or not is_real(kept["seconds"]):
        raise ValueError("iterations or seconds are not numbers")
    return level, losses
