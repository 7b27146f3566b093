"""The executor with Ray actors. Only this module imports Ray; without Ray, the error names its package.

Each worker is an actor that loads the network once. Ray neither restarts actors nor repeats tasks: the
schedule does.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import secrets
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto import extras
from impasto.errors import ImpastoError, InputError
from impasto.files import places
from impasto.jobs.events import Event, Finished, Heartbeat, Progressed, Started, WorkerLost, WorkerReady
from impasto.jobs.executors.actor import Actor
from impasto.jobs.machine import Node, Share, share_cluster
from impasto.jobs.run import HIDDEN
from impasto.jobs.work import Outcome, Task, WorkerPainter
from impasto.progress import Progress

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # before the import; a cluster started here inherits it
try:
    import ray
except ImportError as missing:
    raise extras.missing("a cluster needs Ray", "ray") from missing

_LOG = logging.getLogger(__name__)
LOCAL = "local"
TRIES = 3
"""A busy machine may not start Ray within Ray's own limit of half a minute."""
HINT_EVERY = 10.0
LOOK_EVERY = 10.0
"""Seconds between two checks whether the cluster is alive."""
ABSENT = 45.0
"""Seconds without an answer from a living node after which a cluster that was joined counts as dead. Ray
itself ends a process without a word after 60 s without a control service."""
PATIENCE = 60.0
"""Seconds without any worker after which a warning says that the cluster has no room."""


@dataclass(frozen=True)
class Cluster:
    """A cluster that was joined. ``about``: a line for the user. ``own``: disconnect when the batch ends.
    ``started``: this process has started it, on this machine only."""

    share: Share
    about: str
    own: bool
    started: bool = False


def join(address: str, workers: int | str, items: int, *, gpus: bool, memory: float) -> Cluster:
    """Join the cluster at ``address``, or start one on this machine ("local").

    ``workers``, ``items``, ``memory``: as in ``machine.share_cluster``; ``gpus``: use graphics processors.
    If there is no room for so many workers, the autoscaler is asked for more. If this process has joined a
    cluster already, that one is used.

    Raises InputError if there is no cluster, ImpastoError if none can be started, OptionError for
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
    return Cluster(share, about, own, started=own and address == LOCAL)


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
    """Keep a local Ray from making connections beyond this machine; yield arguments for ``ray.init``.

    Its dashboard queries the metadata services of three clouds, even with usage statistics off, so it is not
    started. Ray finds its own address through a socket to a public name server; the variable makes it use
    loopback, as on macOS and Windows.
    """
    if address != LOCAL:
        yield {}
        return
    services = ray._private.services
    start = services.start_api_server
    services.start_api_server = lambda *_, **__: (None, None)
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    try:
        # Ray replaces 127.0.0.1 by the machine's external address.
        yield {"_node_ip_address": "127.0.0.2"} if sys.platform == "linux" else {}
    finally:
        services.start_api_server = start


@dataclass
class _Member:
    """An actor, and its pending answers by reference."""

    handle: Any
    ready: Any
    paints: dict[Any, int] = field(default_factory=dict)
    look: Any = None
    begun: set[int] = field(default_factory=set)
    latest: dict[str, Any] | None = None

    def references(self) -> list[Any]:
        found = [*self.paints, *([self.ready] if self.ready is not None else [])]
        return [*found, *([self.look] if self.look is not None else [])]


class RayExecutor:
    """An executor with workers on ``cluster``, which perform ``painter`` with results in ``folder``.

    A token is written to the folder; a worker that does not see it would write elsewhere, and is refused.
    """

    def __init__(self, painter: WorkerPainter, cluster: Cluster, folder: str) -> None:
        self._painter = painter
        self._cluster = cluster
        self._folder = folder
        self._token = places.join(folder, f"{HIDDEN}/here-{secrets.token_hex(8)}")
        self._members: dict[int, _Member] = {}
        # "tell" is a separate thread in each actor, for requests during painting.
        self._kind = ray.remote(concurrency_groups={"tell": 1}, max_restarts=0, max_task_retries=0)(Actor)
        self._hinted = 0
        self._hinted_at = -HINT_EVERY
        self._since = time.monotonic()
        self._warned = False
        self._looked = self._alive = self._since
        self._nodes: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._is_asked = self._is_dead = False
        self._answers = True
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
        self._check_alive()
        self._hint()
        self._warn_no_room()
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
            return [WorkerLost(worker, _reason(error), at_fault=not _machine_lost(error))]
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
        if latest is None or latest == member.latest or latest["item"] not in member.paints.values():
            return [Heartbeat(worker)]
        member.latest = latest
        found: list[Event] = []
        if latest["item"] not in member.begun:
            member.begun.add(latest["item"])
            found.append(Started(worker, latest["item"], latest["note"]))
        if latest["progress"] is not None:
            found.append(Progressed(worker, latest["item"], Progress.from_dict(latest["progress"])))
        return found

    def _ask(self, member: _Member) -> None:
        # At most a hundred answers per second in all.
        look = member.handle.look.options(concurrency_group="tell")
        member.look = look.remote(max(1.0, len(self._members) / 100))

    def _remove(self, worker: int) -> None:
        with contextlib.suppress(Exception):  # it may be dead already
            ray.kill(self._members.pop(worker).handle, no_restart=True)

    def _hint(self) -> None:
        """Tell the autoscaler the number of workers needed, which falls towards the end."""
        now = time.monotonic()
        if len(self._members) == self._hinted or now - self._hinted_at < HINT_EVERY:
            return
        if not self._answers:
            return  # it would be waited for
        self._hinted, self._hinted_at = len(self._members), now
        self._request(len(self._members))

    def _request(self, workers: int) -> None:
        from ray.autoscaler.sdk import request_resources

        try:
            request_resources(bundles=[self._cluster.share.bundle()] * workers)
        except (TypeError, AssertionError):  # a wrong call
            raise
        except Exception as error:  # Ray raises nearly anything; the request is optional
            _LOG.warning("cannot request %d workers from the autoscaler: %s", workers, _last_line(error))

    def _check_alive(self) -> None:
        """Raise ImpastoError if the cluster has died: a Ray that was started here at once, since no other
        node will come, and one that was joined after a while."""
        now, answer = time.monotonic(), None
        with contextlib.suppress(queue.Empty):
            answer = self._nodes.get_nowait()
        if answer is not None:
            self._is_asked, self._answers = False, answer
        if answer:
            self._alive = now
        if now - self._looked >= LOOK_EVERY and not self._is_asked:
            self._looked, self._is_asked, self._answers = now, True, False
            # In a thread: without a control service, Ray does not answer at all.
            threading.Thread(target=self._look, daemon=True).start()
        if (answer is False and self._cluster.started) or now - self._alive > ABSENT:
            self._is_dead = True
            which, why = ("that was joined", "no node of it is alive")
            if self._cluster.started:
                which, why = ("that was started on this machine", "possibly out of memory")
            raise ImpastoError(
                f"the Ray {which} has died: {why}; finished results are kept. Run the same command again to "
                "continue"
            )

    def _look(self) -> None:
        try:
            self._nodes.put(any(node["Alive"] for node in ray.nodes()))
        except Exception:  # Ray raises nearly anything once its control service has died
            self._nodes.put(False)

    def _warn_no_room(self) -> None:
        if any(member.ready is None for member in self._members.values()):
            self._since = time.monotonic()
        elif time.monotonic() - self._since > PATIENCE and not self._warned:
            self._warned = True
            needs = ", ".join(f"{amount:g} {name}" for name, amount in self._cluster.share.bundle().items())
            warnings.warn(
                f"the cluster has had no room for a worker for {PATIENCE:.0f} s: a worker needs {needs} and "
                f"{self._cluster.share.memory / 1e9:.1f} GB free on a node; still waiting",
                stacklevel=2,
            )

    def close(self) -> None:
        if self._is_dead:  # and would not answer
            places.remove(self._token)
            return
        for worker in list(self._members):
            self._remove(worker)
        self._request(0)
        places.remove(self._token)
        if self._cluster.own:
            ray.shutdown()


def _machine_lost(error: Any) -> bool:
    """Return whether the machine was lost, not only the worker. A worker killed for lack of memory counts as
    lost by itself."""
    gone = ("its node has died", "actor's node was terminated", "actor's node was preempted")
    return bool(getattr(error, "preempted", False)) or any(words in str(error) for words in gone)


def _reason(error: BaseException) -> str:
    cause = error.__cause__
    if isinstance(cause, ImpastoError):
        return str(cause)
    text = " ".join(str(error).split())
    for mark in ("InputError: ", "Error: "):
        if mark in text:  # the error in the actor's constructor
            return text.rpartition(mark)[2]
    for name in ("The actor died because ", "The actor is dead because ", "Worker exit type: "):
        if name in text:
            return f"the worker died: {text.partition(name)[2][:200]}"
    return text[:200]


def _last_line(error: BaseException) -> str:
    lines: Sequence[str] = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__
