"""The division of a machine or a cluster among workers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from impasto import threads
from impasto.errors import OptionError


@dataclass(frozen=True)
class WorkerSlot:
    """A worker's share of a machine: a number of ``threads``, and a graphics processor, if any."""

    threads: int
    gpu: str | None = None

    def environment(self) -> dict[str, str]:
        """Return the environment variables that limit a process to this share."""
        found = threads.limiting(self.threads) | threads.waiting()
        return found if self.gpu is None else found | {"CUDA_VISIBLE_DEVICES": self.gpu}


def cores() -> int:
    """Return the number of cores that this process may use, by affinity and container."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, _quota(Path("/sys/fs/cgroup/cpu.max"))))


def _quota(file: Path) -> int:
    """Return the cores that a control group (version 2) may use, rounded up; many if unlimited."""
    try:
        quota, period = file.read_text().split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError):  # "max", another version, another system
        return 1 << 16


def gpus(device: str) -> list[str]:
    """Return the graphics processors to divide for ``device``, as named in CUDA_VISIBLE_DEVICES.

    Returns none for "cpu", and for a particular device, which all workers share.
    """
    if device not in ("auto", "cuda"):
        return []
    import torch

    if not torch.cuda.is_available():
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible:
        return [name.strip() for name in visible.split(",")]
    return [str(number) for number in range(torch.cuda.device_count())]


def count_workers(asked: int | str, items: int, *, cores: int, gpus: int, memory: float, each: float) -> int:
    """Return the number of workers: ``asked``, or for "auto" one per graphics processor, or else per core.

    It is at most ``items``; "auto" also respects ``memory``, of which each worker takes ``each`` bytes.
    Raises OptionError as ``check_workers`` does.
    """
    check_workers(asked)
    if isinstance(asked, int):
        wished = asked
    else:
        fitting = int(memory // each) if each > 0 else items
        wished = gpus or min(cores, fitting)
    return max(1, min(wished, items))


def check_workers(asked: int | str) -> None:
    """Raise OptionError unless ``asked`` is a number from 1 or "auto"."""
    if asked != "auto" and (not isinstance(asked, int) or isinstance(asked, bool) or asked < 1):
        raise OptionError(f"expected workers to be a number from 1, or auto; got {asked!r}")


def slots(
    workers: int, cores: int, gpus: Sequence[str], environment: Mapping[str, str] | None = None
) -> list[WorkerSlot]:
    """Return the workers' shares of a machine: together all cores, at least one thread each.

    OMP_NUM_THREADS in the ``environment`` limits the threads of a worker.
    """
    limit = threads.allowed(environment) or cores
    found = []
    for number in range(workers):
        count = cores // workers + (number < cores % workers)
        gpu = gpus[number % len(gpus)] if gpus else None
        found.append(WorkerSlot(max(1, min(count, limit)), gpu))
    return found


@dataclass(frozen=True)
class Node:
    """A machine of a cluster: its ``cores``, graphics processors, and ``memory`` in bytes."""

    cores: int
    gpus: int
    memory: float

    @classmethod
    def of(cls, resources: Mapping[str, float], *, gpus: bool) -> Node:
        """Return the node of Ray's ``resources``; with ``gpus``, count its graphics processors."""
        cards = int(resources.get("GPU", 0)) if gpus else 0
        return cls(int(resources.get("CPU", 0)), cards, resources.get("memory", 0.0))


@dataclass(frozen=True)
class Share:
    """The division of a cluster: a number of ``workers``, each with a ``slot`` and ``memory`` in bytes.

    ``gpu``: whether each takes a graphics processor.
    """

    workers: int
    slot: WorkerSlot
    memory: int
    gpu: bool

    def bundle(self) -> dict[str, float]:
        """Return the resources of a worker, in Ray's terms."""
        return {"CPU": float(self.slot.threads)} | ({"GPU": 1.0} if self.gpu else {})


def share_cluster(asked: int | str, items: int, nodes: Sequence[Node], memory: float) -> Share:
    """Return the division of ``nodes`` among ``asked`` workers, or for "auto" as many as there is room for.

    There is room for one worker per graphics processor, or else per core, as far as each has ``memory``
    bytes on its node. The threads of the workers on a node fit its cores. Raises OptionError for ``asked``.
    """
    cores = [node.cores for node in nodes]
    gpus = sum(node.gpus for node in nodes)
    each = min(memory, 0.9 * max((node.memory for node in nodes), default=memory))
    room = sum(min(n.cores, int(n.memory // each) if each > 0 else n.cores) for n in nodes)
    count = count_workers(asked, items, cores=max(1, room), gpus=gpus, memory=1.0, each=0.0)
    together = -(-count // max(1, len(nodes)))  # on one node, if spread evenly
    most = min(sum(cores) // count, max(cores, default=1) // together)
    return Share(count, WorkerSlot(max(1, most)), int(each), gpus > 0)
