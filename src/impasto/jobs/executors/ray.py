"""The executor of Ray actors. Only this module imports Ray; importing it without Ray says how to install it.

Each worker is an actor that loads the network once. Ray places it where there is room; it is not asked
to restart actors or repeat tasks, since the schedule does that, and the manifest counts on it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError, InputError, MissingExtraError
from impasto.files import places
from impasto.jobs.events import Event, Finished, Progressed, Started, WorkerLost, WorkerReady
from impasto.jobs.executors.actor import Actor
from impasto.jobs.machine import Node, Share, share_cluster
from impasto.jobs.run import HIDDEN
from impasto.jobs.work import Outcome, Task, WorkerPainter
from impasto.progress import Progress

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # before the import; a cluster started here inherits it
try:
    import ray
except ImportError as missing:
    raise MissingExtraError("a Ray cluster needs Ray: pip install 'impasto[ray]'") from missing

_LOG = logging.getLogger(__name__)
LOCAL = "local"
TRIES = 3
"""A machine that is busy may not bring Ray up in the half minute that Ray allows itself."""
HINT_EVERY = 10.0
PATIENCE = 60.0
"""Seconds without any worker after which it is said that the cluster has no room."""


@dataclass(frozen=True)
class Cluster:
    """A cluster that was joined, and how it is shared. ``about``: a line for people. ``own``: it ends with
    the batch, or at least our part in it."""

    share: Share
    about: str
    own: bool


def join(address: str, workers: int | str, items: int, *, gpus: bool, memory: float) -> Cluster:
    """Join the cluster at ``address``, or start one on this machine ("local").

    ``workers``, ``items``, ``memory``: as in ``machine.share_cluster``; ``gpus``: whether graphics
    processors are wanted. Where there is no room for so many now, the autoscaler is asked for it. A
    cluster that this process is in already is taken as it is.

    Raises InputError when there is no cluster, ImpastoError when none can be started, OptionError for
    ``workers``.
    """
    own = not ray.is_initialized()
    url = (_connect(address) if own else ray.init(ignore_reinit_error=True)).dashboard_url
    dashboard = f"http://{url}" if url else "none"
    nodes = [Node.of(node["Resources"], gpus=gpus) for node in ray.nodes() if node["Alive"]]
    share = share_cluster(workers, items, nodes, memory)
    about = (
        f"Ray: {_count(len(nodes), 'node')}, {sum(n.cores for n in nodes)} cores, "
        f"{sum(n.gpus for n in nodes)} GPUs; {_count(share.workers, 'worker')} of "
        f"{_count(share.slot.threads, 'thread')}; dashboard: {dashboard}"
    )
    return Cluster(share, about, own)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _connect(address: str) -> Any:
    for tries in range(TRIES, 0, -1):
        try:
            with _kept_here(address) as more:
                return ray.init(
                    address=address,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    configure_logging=False,
                    **more,
                )
        except Exception as error:  # Ray raises nearly anything for an address without a cluster
            ray.shutdown()
            words = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            if address != LOCAL:
                raise InputError(f"expected a Ray cluster at {address}; cannot join it: {words}") from error
            if tries == 1:
                raise ImpastoError(f"cannot start Ray on this machine: {words}") from error
    raise AssertionError


@contextlib.contextmanager
def _kept_here(address: str) -> Iterator[dict[str, str]]:
    """Keep a Ray that is started on this machine from looking beyond it; gives arguments for that.

    Its dashboard asks the metadata services of three clouds where it runs, with usage statistics off too, so
    it is not started. The search for the machine's own address begins with a socket to a public name server;
    the variable has Ray's processes use loopback, as they do on macOS and Windows anyway.
    """
    if address != LOCAL:
        yield {}
        return
    services = ray._private.services
    start = services.start_api_server
    services.start_api_server = lambda *_, **__: (None, None)
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    try:
        # Ray takes 127.0.0.1 for the address that others see.
        yield {"_node_ip_address": "127.0.0.2"} if sys.platform == "linux" else {}
    finally:
        services.start_api_server = start


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


class RayExecutor:
    """Workers on ``cluster``, which do what ``painter`` makes, with results in ``folder``.

    A token is laid into the folder; a worker that does not see it would write elsewhere, and is refused.
    """

    def __init__(self, painter: WorkerPainter, cluster: Cluster, folder: str) -> None:
        self._painter = painter
        self._cluster = cluster
        self._folder = folder
        self._token = places.join(folder, f"{HIDDEN}/here-{secrets.token_hex(8)}")
        self._members: dict[int, _Member] = {}
        # "tell" is a thread of its own in each actor, for what is asked of it while it paints.
        self._kind = ray.remote(concurrency_groups={"tell": 1}, max_restarts=0, max_task_retries=0)(Actor)
        self._hinted = 0
        self._hinted_at = -HINT_EVERY
        self._since = time.monotonic()
        self._complained = False
        places.write(self._token, b"")

    def now(self) -> float:
        return time.monotonic()

    def start(self, worker: int) -> None:
        share = self._cluster.share
        handle = self._kind.options(
            num_cpus=share.slot.threads, num_gpus=int(share.gpu), memory=share.memory
        ).remote(self._painter, share.slot, str(Path.cwd()), self._folder, self._token)
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
            member.handle.stop.options(concurrency_group="tell").remote()

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
            return [WorkerLost(worker, _reason(error), at_fault=not _taken_away(error))]
        except ray.exceptions.RayError as error:
            if reference not in member.paints:
                self._remove(worker)
                return [WorkerLost(worker, _last_line(error))]
            outcome = Outcome("failed", error=_last_line(error), is_retryable=True)
            return [Finished(worker, member.paints.pop(reference), outcome)]
        if reference == member.ready:
            member.ready = None
            return [WorkerReady(worker)]
        if reference == member.look:
            member.look = None
            if member.paints:
                self._ask(member)
            return self._seen(worker, answer)
        item = member.paints.pop(reference)
        begun = [] if item in member.begun else [Started(worker, item, answer["note"])]
        member.begun.discard(item)
        return [*begun, Finished(worker, item, Outcome.from_dict(answer["outcome"]))]

    def _seen(self, worker: int, latest: dict[str, Any] | None) -> list[Event]:
        member = self._members[worker]
        if latest is None or latest["item"] not in member.paints.values():
            return []
        found: list[Event] = []
        if latest["item"] not in member.begun:
            member.begun.add(latest["item"])
            found.append(Started(worker, latest["item"], latest["note"]))
        if latest["progress"] is not None:
            found.append(Progressed(worker, latest["item"], Progress.from_dict(latest["progress"])))
        return found

    def _ask(self, member: _Member) -> None:
        # A hundred answers a second are enough to look at.
        look = member.handle.look.options(concurrency_group="tell")
        member.look = look.remote(max(1.0, len(self._members) / 100))

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

        try:
            request_resources(bundles=[self._cluster.share.bundle()] * workers)
        except (TypeError, AssertionError):  # a wrong call
            raise
        except Exception as error:  # Ray raises nearly anything; it is a hint, which a batch does without
            _LOG.warning("the autoscaler could not be told of %d workers: %s", workers, _last_line(error))

    def _complain(self) -> None:
        if any(member.ready is None for member in self._members.values()):
            self._since = time.monotonic()
        elif time.monotonic() - self._since > PATIENCE and not self._complained:
            self._complained = True
            needs = ", ".join(f"{amount:g} {name}" for name, amount in self._cluster.share.bundle().items())
            warnings.warn(
                f"the cluster has had no room for a worker for {PATIENCE:.0f} s: expected {needs} and "
                f"{self._cluster.share.memory / 1e9:.1f} GB free on a node; still waiting",
                stacklevel=2,
            )

    def close(self) -> None:
        for worker in list(self._members):
            self._remove(worker)
        self._request(0)
        places.remove(self._token)
        if self._cluster.own:
            ray.shutdown()


def _taken_away(error: Any) -> bool:
    """Whether the machine went, and not the worker on it. A worker that its node killed for want of memory
    died of its picture."""
    gone = ("its node has died", "actor's node was terminated", "actor's node was preempted")
    return bool(getattr(error, "preempted", False)) or any(words in str(error) for words in gone)


def _reason(error: BaseException) -> str:
    cause = error.__cause__
    if isinstance(cause, ImpastoError):
        return str(cause)
    text = " ".join(str(error).split())
    for mark in ("InputError: ", "Error: "):
        if mark in text:  # of what the actor could not be made with
            return text.rpartition(mark)[2]
    for name in ("The actor died because ", "The actor is dead because ", "Worker exit type: "):
        if name in text:
            return f"the worker died: {text.partition(name)[2][:200]}"
    return text[:200]


def _last_line(error: BaseException) -> str:
    lines: Sequence[str] = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__
