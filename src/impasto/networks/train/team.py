"""Data-parallel training: several processes train one network, each on its own batches, with mean gradients.

``torchrun`` starts the processes and sets their ranks in the environment. A single process is a team of one,
for which every method does nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn

from impasto.errors import OptionError

_PATIENCE = timedelta(minutes=10)

T = TypeVar("T")


@dataclass(frozen=True)
class Team:
    """This process, ``rank`` (from 0) of ``size``. ``device``: where it trains."""

    rank: int = 0
    size: int = 1
    device: str = "cpu"

    @property
    def is_leader(self) -> bool:
        """True for the one process that reads options, writes files and reports progress."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its mean over the team, all in one message."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        if self.size == 1 or not gradients:
            return
        whole = torch.cat([g.flatten() for g in gradients])
        distributed.all_reduce(whole)
        whole /= self.size
        parts = torch.split(whole, [g.numel() for g in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def all_agree(self, true: bool) -> bool:
        """Return True if ``true`` is True in every process."""
        if self.size == 1:
            return true
        votes = torch.tensor(float(true), device=self.device)
        distributed.all_reduce(votes, op=distributed.ReduceOp.MIN)
        return bool(votes > 0)

    def gather(self, thing: T) -> list[T]:
        """Return the values of all processes, in the order of their ranks, in every process."""
        if self.size == 1:
            return [thing]
        rows: list[Any] = [None] * self.size
        distributed.all_gather_object(rows, thing)
        return rows

    def tell(self, thing: T) -> T:
        """Return the value of the leading process, in every process."""
        return self.gather(thing)[0]

    @torch.no_grad()
    def same_start(self, tensors: Iterable[Tensor]) -> None:
        """Give every process the leading one's ``tensors``, in place."""
        if self.size > 1:
            for tensor in tensors:
                distributed.broadcast(tensor, 0)


ALONE = Team()


def join_team(device: str = "auto") -> Team:
    """Return the team that ``torchrun`` started, or a team of one without it.

    ``device``: auto, cpu or cuda. With CUDA each process of a machine has its own graphics processor, and
    they communicate by NCCL, otherwise by gloo. Raises OptionError for incomplete environment variables, and
    if there are fewer devices than processes.
    """
    size = _number("WORLD_SIZE", 1)
    if size == 1:
        return ALONE
    rank = _number("RANK", -1)
    if not 0 <= rank < size or "MASTER_ADDR" not in os.environ:
        raise OptionError(
            f"expected torchrun's RANK (below {size}) and MASTER_ADDR beside WORLD_SIZE={size}; start with: "
            "torchrun --nproc-per-node 2 -m impasto train ..."
        )
    place = _own_device(device)
    backend: str = "gloo"
    more: dict[str, Any] = {}
    if place != "cpu":
        torch.cuda.set_device(place)  # NCCL gathers onto the current device
        backend, more = "nccl", {"device_id": torch.device(place)}
    distributed.init_process_group(backend, rank=rank, world_size=size, timeout=_PATIENCE, **more)
    return Team(rank, size, place)


def _own_device(device: str) -> str:
    """Return the device on which this process of a team trains. Raises OptionError."""
    there = torch.cuda.is_available()
    if device == "cpu" or (device == "auto" and not there):
        return "cpu"
    if device not in ("auto", "cuda"):
        raise OptionError(
            f"torchrun's processes train on the processor or have a CUDA device each; expected device cpu or "
            f"cuda, got {device}"
        )
    if not there:
        raise OptionError("device cuda is not on this machine; it has cpu")
    local, count = _number("LOCAL_RANK", 0), torch.cuda.device_count()
    here = max(local + 1, _number("LOCAL_WORLD_SIZE", 1))
    if here > count:
        raise OptionError(
            f"expected a CUDA device for each of the {here} processes of this machine; it has {count}: "
            f"--nproc-per-node {count}, or --device cpu"
        )
    return f"cuda:{local}"


def leave_team(team: Team, code: int = 0) -> None:
    """End this process with ``code`` if it has a team; else return.

    gloo's threads sometimes abort the interpreter while it shuts down, so it does not: buffers are flushed,
    and the process exits.
    """
    if team.size == 1:
        return
    if code == 0:  # after a failure this could wait for a process that has ended
        distributed.barrier()
        distributed.destroy_process_group()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _number(name: str, otherwise: int) -> int:
    text = os.environ.get(name, str(otherwise))
    try:
        return int(text)
    except ValueError:
        raise OptionError(f"expected a number in the environment's {name}; got {text!r}") from None
