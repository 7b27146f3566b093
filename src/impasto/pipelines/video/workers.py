"""Painting of a film's parts by workers, as jobs of a batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from impasto.clips import ClipInfo
from impasto.errors import InputError
from impasto.jobs import Job, Reference
from impasto.jobs.batch import BatchEvent, run_with
from impasto.jobs.executors.choice import ExecutorFactory, WorkerRequest, choose_executor
from impasto.jobs.schedule import Policy
from impasto.jobs.work import Perform, WorkerPainter
from impasto.optimize.budget import share_among
from impasto.pipelines.video.folder import FilmFolder
from impasto.pipelines.video.parts import PartFiles, PartPainter
from impasto.pipelines.video.plan import FilmPlan
from impasto.progress import Cancel, Progress, ProgressCallback, time_left
from impasto.types import Pixels

WORKER_BYTES = 1.5e9
"""The estimated memory of a worker."""


def find_part_workers(
    plan: FilmPlan, at: Path, workers: int | str, ray: str | None, say: Callable[[str], None]
) -> ExecutorFactory | None:
    """Return the factory of workers for the ``plan`` in the file ``at``; None to paint in this process.

    ``say`` is called with a line about the cluster. Raises OptionError, MissingExtraError as
    ``choose_executor`` does.
    """
    memory = float(psutil.virtual_memory().available)
    parts, device = len(plan.parts), plan.job.options.device
    request = WorkerRequest(
        workers, ray, parts, device, each=WORKER_BYTES, memory=memory, folder=str(at.parent)
    )
    make = f"{__name__}:{make_part_worker.__name__}"
    return choose_executor(request, lambda among: WorkerPainter(make, {"plan": str(at), "among": among}), say)


def paint_by_workers(
    start_workers: ExecutorFactory,
    plan: FilmPlan,
    parts: Sequence[PartFiles],
    policy: Policy | None,
    news: Callable[[BatchEvent, PartFiles | None], None],
    stop: Cancel,
) -> bool:
    """Paint the missing frames of ``parts``; return whether all parts are finished.

    Raises InputError if some parts failed.
    """
    # The plan has the clip's digest, so that it is not computed again for each part.
    content = Reference(str(FilmFolder(parts[0].folder).plan))
    jobs = [replace(plan.job, content=content, output=str(kept.about)) for kept in parts]
    batch = run_with(
        start_workers,
        jobs,
        parts[0].folder,
        policy=policy,
        on_event=lambda event: news(event, parts[event.number - 1] if event.job else None),
        cancel=stop,
    )
    if batch.failed and not batch.cancelled:
        first = batch.failed[0]
        raise InputError(
            f"{len(batch.failed)} of {len(batch.records)} parts of the film failed; "
            f"{Path(first.output).stem}: {first.error}"
        )
    return not batch.cancelled


@dataclass(frozen=True)
class PaintedPart:
    """A part painted by a worker (a ``jobs.work.Painted``); ``iterations`` counts its frames."""

    picture: ClipInfo
    iterations: int
    seconds: float
    cancelled: bool
    losses: dict[str, float] = field(default_factory=dict)


class PartWorker:
    """A performer of a film's parts, as jobs whose output is the file that marks a part as finished."""

    def __init__(self, plan: FilmPlan) -> None:
        self._cancel: Cancel = lambda: False
        self.plan = plan
        self._tell_again: Callable[[], None] = lambda: None
        self.painter = PartPainter(
            plan.job, plan.film, on_iteration=lambda _: self._tell_again(), cancel=self._cancelled
        )

    def _cancelled(self) -> bool:
        return self._cancel()

    def __call__(self, job: Job, _: Path, on_progress: ProgressCallback, cancel: Cancel) -> PaintedPart:
        """Perform ``job``; see ``jobs.work.Perform``."""
        output = Path(job.output)
        part = self.plan.parts[int(output.stem)]
        self._cancel = cancel
        info, began = self.painter.clip.info, time.monotonic()
        kept = PartFiles(output.parent, part, self.painter.output)
        painted = before = 0

        def frame(count: int, _: Pixels) -> None:
            nonlocal painted, before
            before, painted = before or count - 1, count
            tell()

        def tell() -> None:
            count, total = painted, max(1, painted, min(part.end, info.frames or painted) - part.begin)
            done, elapsed = count / total, time.monotonic() - began
            on_progress(
                Progress(
                    done=done,
                    elapsed=elapsed,
                    left=time_left(elapsed, done, before / total),
                    step=count,
                    steps=total,
                    unit="frame",
                    width=info.width,
                    height=info.height,
                )
            )

        # A frame may take long, so progress is reported after each iteration.
        painted = kept.finished_frames()
        self._tell_again = tell
        whole = self.painter.paint(self.plan, kept, frame, cancel)
        return PaintedPart(info, painted, time.monotonic() - began, cancelled=not whole)


def make_part_worker(plan: str, among: int) -> Perform:
    """Return the performer of the parts of the ``plan`` in that file; it loads the network once.

    ``among``: the number of workers that share the free memory, unless the options limit it.
    """
    share_among(among)
    return PartWorker(FilmPlan.from_json(Path(plan).read_bytes()))
