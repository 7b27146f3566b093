"""Where the workers of a batch come from: this process, others on this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from impasto.jobs import machine
from impasto.jobs.crew import Crew
from impasto.jobs.executors.process import Processes
from impasto.jobs.work import WorkerPainter

Hire = Callable[[], tuple[Crew, int]]
"""Brings workers up when there is something to paint; and how many there are to be."""


@dataclass(frozen=True)
class Wish:
    """Who is to paint so many ``items``.

    ``workers``: how many, or "auto". ``ray``: on the cluster at this address, "local" for one of its own;
    None for this machine. ``device``: as ``OptimizeOptions.device``. ``each``: bytes that a worker needs, of
    ``memory``, those that this machine can spare. ``folder``: where results go.
    """

    workers: int | str
    ray: str | None
    items: int
    device: str
    each: float
    memory: float
    folder: str


def find_workers(
    wish: Wish, painter: Callable[[int], WorkerPainter], tell: Callable[[str], None]
) -> Hire | None:
    """How to come by the workers that ``wish`` is for; None where this process does it alone.

    ``painter``: makes what they do, from how many share a machine's memory. ``tell`` gets a line about
    the cluster. Raises OptionError for the number of workers, MissingExtraError without Ray.
    """
    if wish.ray is not None:
        from impasto.jobs.executors import ray as cluster

        machine.check_workers(wish.workers)
        address = wish.ray

        def join() -> tuple[Crew, int]:
            gpus = wish.device in ("auto", "cuda")
            found = cluster.join(address, wish.workers, wish.items, gpus=gpus, memory=wish.each)
            tell(found.about)
            return cluster.RayCrew(painter(1), found, wish.folder), found.share.workers

        return join
    gpus, cores = machine.gpus(wish.device), machine.cores()
    count = machine.count_workers(
        wish.workers, wish.items, cores=cores, gpus=len(gpus), memory=wish.memory, each=wish.each
    )
    if count == 1:
        return None
    seats = machine.seats(count, cores, gpus)
    return lambda: (Processes(painter(1 if gpus else count), seats), count)
