"""The choice of an executor: this process, processes on this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from impasto.jobs import machine
from impasto.jobs.events import Executor
from impasto.jobs.executors.process import ProcessExecutor
from impasto.jobs.work import WorkerPainter

ExecutorFactory = Callable[[], tuple[Executor, int]]
"""Returns an executor and the number of workers; called if there is something to paint."""


@dataclass(frozen=True)
class WorkerRequest:
    """A request for workers to paint so many ``items``.

    ``workers``: their number, or "auto". ``ray``: the address of a cluster, "local" for a new one; None for
    this machine. ``device``: as ``OptimizeOptions.device``. ``each``: bytes that a worker needs; ``memory``:
    bytes free on this machine. ``folder``: the folder of the results.
    """

    workers: int | str
    ray: str | None
    items: int
    device: str
    each: float
    memory: float
    folder: str


def choose_executor(
    request: WorkerRequest, painter: Callable[[int], WorkerPainter], tell: Callable[[str], None]
) -> ExecutorFactory | None:
    """Return the factory of the workers that ``request`` asks for; None to paint in this process.

    ``painter``: returns their task for a number of workers that share the memory. ``tell`` is called with a
    line about the cluster. Raises OptionError for the number of workers, MissingExtraError without Ray.
    """
    if request.ray is not None:
        from impasto.jobs.executors import ray as cluster

        machine.check_workers(request.workers)
        address = request.ray

        def join() -> tuple[Executor, int]:
            gpus = request.device in ("auto", "cuda")
            found = cluster.join(address, request.workers, request.items, gpus=gpus, memory=request.each)
            tell(found.about)
            return cluster.RayExecutor(painter(1), found, request.folder), found.share.workers

        return join
    gpus, cores = machine.gpus(request.device), machine.cores()
    count = machine.count_workers(
        request.workers, request.items, cores=cores, gpus=len(gpus), memory=request.memory, each=request.each
    )
    if count == 1:
        return None
    slots = machine.slots(count, cores, gpus)
    return lambda: (ProcessExecutor(painter(1 if gpus else count), slots), count)
