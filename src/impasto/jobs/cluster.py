"""A crew of Ray actors. Only this module imports Ray; importing it without Ray says how to install it.

Each worker is an actor that loads the network once. Ray places it where there is room; it is not asked
to restart actors or repeat tasks, since the schedule does that, and the manifest counts on it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError, InputError, MissingExtraError
from impasto.jobs import places
from impasto.jobs.ledger import HIDDEN
from impasto.jobs.machine import Seat, count_workers
from impasto.jobs.pool import Begun, Ended, Event, Lost, Ready, Said
from impasto.jobs.work import Outcome, Painter, Task, carry_out, throttled
from impasto.progress import Progress

try:
    import ray
except ImportError as missing:
    raise MissingExtraError("a Ray cluster needs Ray: pip install 'impasto[ray]'") from missing

LOCAL = "local"
TRIES = 3
"""A machine that is busy may not bring Ray up in the half minute that Ray allows itself."""
HINT_EVERY = 10.0
PATIENCE = 60.0
"""Seconds without any worker after which it is said that the cluster has no room."""


@dataclass(frozen=True)
class Cluster:
    """A cluster that was joined: so many ``workers``, each with its ``seat`` and ``memory`` (bytes).

    ``gpu``: whether each takes a graphics processor. ``about``: a line for people. ``own``: it ends with
    the batch, or at least our part in it.
    """

    workers: int
    seat: Seat
    memory: int
    gpu: bool
    about: str
    own: bool

    def resources(self) -> dict[str, Any]:
        """What each worker asks of Ray."""
        return {
            "num_cpus": self.seat.threads,
            "num_gpus": 1 if self.gpu else 0,
            "memory": self.memory,
        }

    def bundle(self) -> dict[str, float]:
        """The same, as the autoscaler calls it."""
        return {"CPU": float(self.seat.threads)} | ({"GPU": 1.0} if self.gpu else {})


def join(address: str, workers: int | str, items: int, *, gpus: bool, memory: float) -> Cluster:
    """Join the cluster at ``address``, or start one on this machine ("local").

    ``workers``: "auto" is one for each graphics processor, if ``gpus`` are wanted and there are any, or
    else for each core, as far as each finds ``memory`` bytes. A larger number than there is room for now
    asks the autoscaler for more. Raises InputError when there is no cluster, ImpastoError when none can
    be started, OptionError for ``workers``.
    """
    own = not ray.is_initialized()
    if own:
        url = _connect(address).dashboard_url
        dashboard = f"http://{url}" if url else "none (pip install 'ray[default]' brings one)"
    else:
        dashboard = "where Ray said when it was started"
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    cpus = [int(node.get("CPU", 0)) for node in nodes]
    cards = int(sum(node.get("GPU", 0) for node in nodes)) if gpus else 0
    room = [node.get("memory", 0.0) for node in nodes]
    each = min(memory, 0.9 * max(room, default=memory))
    fitting = sum(min(c, int(m // each)) for c, m in zip(cpus, room, strict=True))
    count = count_workers(workers, items, cores=max(1, fitting), gpus=cards, memory=1.0, each=0.0)
    threads = max(1, min(sum(cpus) // count, max(cpus, default=1)))
    # The cores of a machine are shared by those that fit on it, not by all together.
    threads = max(1, min(threads, max(cpus, default=1) // max(1, -(-count // max(1, len(nodes))))))
    about = (
        f"Ray: {len(nodes)} node{'s' * (len(nodes) != 1)}, {sum(cpus)} cores, {cards} GPUs; {count} workers"
    )
    about += f" of {threads} thread{'s' * (threads != 1)}"
    about += f"; dashboard: {dashboard}"
    return Cluster(count, Seat(threads), int(each), bool(cards), about, own)


def _connect(address: str) -> Any:
    for tries in range(TRIES, 0, -1):
        try:
            return ray.init(
                address=address,
                log_to_driver=False,
                logging_level=logging.ERROR,
                configure_logging=False,
            )
        except Exception as error:  # Ray raises nearly anything for an address without a cluster
            ray.shutdown()
            words = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            if address != LOCAL:
                raise InputError(f"expected a Ray cluster at {address}; cannot join it: {words}") from error
            if tries == 1:
                raise ImpastoError(f"cannot start Ray on this machine: {words}") from error
    raise AssertionError


class _Actor:
    """A worker: keeps what paints, and paints one task after the other."""

    def __init__(self, painter: Painter, seat: Seat, here: str, folder: str, token: str) -> None:
        os.environ.update(seat.environment())
        if Path(here).is_dir():
            os.chdir(here)
        places.check_seen(folder, token)
        self._perform = painter.load()
        import cv2
        import torch

        torch.set_num_threads(seat.threads)
        cv2.setNumThreads(seat.threads)
        self._stopping = threading.Event()
        self._latest: dict[str, Any] | None = None

    def ready(self) -> str:
        return os.uname().nodename

    def paint(self, task: dict[str, Any]) -> dict[str, Any]:
        """Returns the outcome, and why it was painted again."""
        one = Task.from_dict(task)
        said = {"item": one.item, "note": ""}

        def begun(note: str) -> None:
            said["note"] = note
            self._latest = {**said, "progress": None}

        def on_progress(progress: Progress) -> None:
            self._latest = {**said, "progress": progress.to_dict()}

        outcome = carry_out(
            one,
            self._perform,
            begun=begun,
            on_progress=throttled(on_progress, time.monotonic),
            stop=self._stopping.is_set,
        )
        self._latest = None
        return {**said, "outcome": outcome.to_dict()}

    @ray.method(concurrency_group="tell")  # type: ignore[untyped-decorator, unused-ignore]
    def look(self, seconds: float) -> dict[str, Any] | None:
        """What it is at, after so many seconds: asked again and again, this is not too often."""
        time.sleep(seconds)
        return self._latest

    @ray.method(concurrency_group="tell")  # type: ignore[untyped-decorator, unused-ignore]
    def stop(self) -> None:
        self._stopping.set()


@dataclass
class _Member:
    """An actor, and the answers that are expected of it: by reference, what was asked."""

    handle: Any
    ready: Any
    paints: dict[Any, int] = field(default_factory=dict)
    look: Any = None
    begun: set[int] = field(default_factory=set)

    def references(self) -> list[Any]:
        found = [*self.paints, *([self.ready] if self.ready is not None else [])]
        return [*found, *([self.look] if self.look is not None else [])]


class RayCrew:
    """Workers on ``cluster``, which do what ``painter`` makes, with results in ``folder``.

    A token is laid into the folder; a worker that does not see it would write elsewhere, and is refused.
    """

    def __init__(self, painter: Painter, cluster: Cluster, folder: str) -> None:
        self._painter = painter
        self._cluster = cluster
        self._folder = folder
        self._token = f"{HIDDEN}/here-{secrets.token_hex(8)}"
        self._members: dict[int, _Member] = {}
        self._kind = ray.remote(concurrency_groups={"tell": 1})(_Actor)
        self._hinted = 0
        self._hinted_at = -HINT_EVERY
        self._since = time.monotonic()
        self._complained = False
        self._lay_token()

    def now(self) -> float:
        return time.monotonic()

    def start(self, worker: int) -> None:
        cluster = self._cluster
        handle = self._kind.options(
            **cluster.resources(), max_restarts=0, max_task_retries=0, name=None
        ).remote(self._painter, cluster.seat, str(Path.cwd()), self._folder, self._token)
        self._members[worker] = _Member(handle, handle.ready.remote())
        self._hint()

    def give(self, worker: int, task: Task) -> None:
        member = self._members[worker]
        member.paints[member.handle.paint.remote(task.to_dict())] = task.item
        if member.look is None:
            self._ask(member)

    def dismiss(self, worker: int, *, kill: bool = False) -> None:  # noqa: ARG002 - it is idle, or to be killed
        self._remove(worker)
        self._hint()

    def interrupt(self) -> None:
        for member in self._members.values():
            member.handle.stop.remote()

    def wait(self, seconds: float) -> list[Event]:
        self._hint()
        self._complain()
        owners = {ref: worker for worker, member in self._members.items() for ref in member.references()}
        if not owners:
            time.sleep(seconds)
            return []
        arrived, _ = ray.wait(list(owners), timeout=seconds)
        if not arrived:
            return []
        arrived, _ = ray.wait(list(owners), num_returns=len(owners), timeout=0)
        found: list[Event] = []
        for reference in arrived:
            if owners[reference] in self._members:
                found += self._answer(owners[reference], reference)
        return found

    def _answer(self, worker: int, reference: Any) -> list[Event]:
        member = self._members[worker]
        try:
            answer = ray.get(reference)
        except ray.exceptions.RayActorError as error:
            self._remove(worker)
            return [Lost(worker, _reason(error), blame=not _taken_away(error))]
        except ray.exceptions.RayError as error:
            if reference not in member.paints:
                self._remove(worker)
                return [Lost(worker, _last_line(error))]
            outcome = Outcome("failed", error=_last_line(error), may_pass=True)
            return [Ended(worker, member.paints.pop(reference), outcome)]
        if reference == member.ready:
            member.ready = None
            return [Ready(worker)]
        if reference == member.look:
            member.look = None
            if member.paints:
                self._ask(member)
            return self._seen(worker, answer)
        item = member.paints.pop(reference)
        begun = [] if item in member.begun else [Begun(worker, item, answer["note"])]
        member.begun.discard(item)
        return [*begun, Ended(worker, item, Outcome.from_dict(answer["outcome"]))]

    def _seen(self, worker: int, latest: dict[str, Any] | None) -> list[Event]:
        member = self._members[worker]
        if latest is None or latest["item"] not in member.paints.values():
            return []
        found: list[Event] = []
        if latest["item"] not in member.begun:
            member.begun.add(latest["item"])
            found.append(Begun(worker, latest["item"], latest["note"]))
        if latest["progress"] is not None:
            found.append(Said(worker, latest["item"], Progress(**latest["progress"])))
        return found

    def _ask(self, member: _Member) -> None:
        # A hundred answers a second are enough to look at.
        member.look = member.handle.look.remote(max(1.0, len(self._members) / 100))

    def _remove(self, worker: int) -> None:
        with contextlib.suppress(Exception):  # it may be dead already
            ray.kill(self._members.pop(worker).handle, no_restart=True)

    def _hint(self) -> None:
        """Tell the autoscaler how much is needed, all at once, and less towards the end."""
        now = time.monotonic()
        if len(self._members) == self._hinted or now - self._hinted_at < HINT_EVERY:
            return
        self._hinted, self._hinted_at = len(self._members), now
        self._request(len(self._members))

    def _request(self, workers: int) -> None:
        from ray.autoscaler.sdk import request_resources

        with contextlib.suppress(Exception):  # a hint; a cluster that has no autoscaler does without
            request_resources(bundles=[self._cluster.bundle()] * workers)

    def _complain(self) -> None:
        if any(member.ready is None for member in self._members.values()):
            self._since = time.monotonic()
        elif time.monotonic() - self._since > PATIENCE and not self._complained:
            self._complained = True
            needs = ", ".join(f"{amount:g} {name}" for name, amount in self._cluster.bundle().items())
            warnings.warn(
                f"the cluster has had no room for a worker for {PATIENCE:.0f} s: expected {needs} and "
                f"{self._cluster.memory / 1e9:.1f} GB free on a node; still waiting",
                stacklevel=2,
            )

    def close(self) -> None:
        for worker in list(self._members):
            self._remove(worker)
        self._request(0)
        self._lift_token()
        if self._cluster.own:
            ray.shutdown()

    def _lay_token(self) -> None:
        place = places.join(self._folder, self._token)
        if places.is_address(place):
            places.write(place, b"")
        else:
            Path(place).touch()

    def _lift_token(self) -> None:
        place = places.join(self._folder, self._token)
        if places.is_address(place):
            places.remove(place)
        else:
            Path(place).unlink(missing_ok=True)


def _taken_away(error: Any) -> bool:
    """Whether the machine went, and not the worker on it."""
    return bool(getattr(error, "preempted", False)) or "node" in _reason(error).lower()


def _reason(error: BaseException) -> str:
    cause = error.__cause__
    if isinstance(cause, ImpastoError):
        return str(cause)
    text = " ".join(str(error).split())
    for mark in ("InputError: ", "Error: "):
        if mark in text:  # of what the actor could not be made with
            return text.rpartition(mark)[2]
    for name in ("The actor is dead because ", "Worker exit type: "):
        if name in text:
            return f"the worker died: {text.partition(name)[2][:200]}"
    return text[:200]


def _last_line(error: BaseException) -> str:
    lines: Sequence[str] = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__
