"""A worker process: ``python -m impasto.jobs.executors.worker``. It reads tasks from standard input and
writes events to standard output, as JSON lines.

It exits at once when its input ends, so that it never outlives its parent.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError
from impasto.heap import keep_freed
from impasto.jobs.work import Perform, Task, WorkerPainter, perform_task
from impasto.progress import throttled

NO_START = 3
REPORT_EVERY = 0.2
BEAT_EVERY = 5.0


class _Line:
    """The original standard output, for events only."""

    def __init__(self) -> None:
        self._stream = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape")
        os.dup2(2, 1)  # libraries print to standard error
        self._lock = threading.Lock()

    def send(self, **event: Any) -> None:
        with self._lock:
            self._stream.write(json.dumps(event) + "\n")
            self._stream.flush()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    _prefer_oom_kill()
    keep_freed()
    line = _Line()
    warnings.showwarning = lambda message, *_: line.send(warning=str(message))
    tasks: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    stopping = threading.Event()
    first = json.loads(sys.stdin.readline() or "null")
    if first is None:
        return
    threading.Thread(target=_listen, args=(tasks, stopping), daemon=True).start()
    try:
        perform = WorkerPainter(first["make"], first["settings"]).load()
    except ImpastoError as error:
        print(error, file=sys.stderr, flush=True)
        sys.exit(NO_START)
    line.send(ready=True)
    threading.Thread(target=_beat, args=(line,), daemon=True).start()
    while True:
        _work(Task.from_dict(tasks.get()), perform, line, stopping)


def _work(task: Task, perform: Perform, line: _Line, stopping: threading.Event) -> None:
    outcome = perform_task(
        task,
        perform,
        begun=lambda note: line.send(begun=task.item, note=note),
        on_progress=throttled(lambda p: line.send(said=task.item, progress=p.to_dict()), REPORT_EVERY),
        stop=stopping.is_set,
    )
    line.send(ended=task.item, outcome=outcome.to_dict())


def _beat(line: _Line) -> None:
    """Send a heartbeat every few seconds."""
    with contextlib.suppress(OSError):  # the parent is gone, and this process will end too
        while True:
            time.sleep(BEAT_EVERY)
            line.send(alive=True)


def _listen(tasks: queue.SimpleQueue[dict[str, Any]], stopping: threading.Event) -> None:
    for text in sys.stdin:
        message = json.loads(text)
        if message == "stop":
            stopping.set()
        else:
            tasks.put(message)
    os._exit(0)


def _prefer_oom_kill() -> None:
    """Make Linux kill workers first when memory runs out, since they are replaced, and not the parent."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


if __name__ == "__main__":
    main()
