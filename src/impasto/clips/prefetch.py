"""Stages that run concurrently: each in a thread, with a short queue before the next."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

T = TypeVar("T")
_END = object()


def ahead(items: Iterable[T], depth: int = 2) -> Generator[T]:
    """Yield ``items`` in order, fetched by a thread that is at most ``depth`` of them ahead.

    An error is raised in place of the item. The thread ends when all items were taken or this generator is
    closed. A caller that may stop early has to close it, with ``contextlib.closing``, because an error that
    is examined later keeps the generators it passed through alive. Decoding, flow, networks and encoding all
    release the GIL.
    """
    ready: queue.Queue[object] = queue.Queue(maxsize=depth)
    stop = threading.Event()

    def put(item: object) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for item in items:
                if not put(item):
                    break
            else:
                put(_END)
        except BaseException as error:  # raised again in the consumer
            put(_Raised(error))
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()

    thread = threading.Thread(target=work, name="impasto-ahead", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not _END:
            if isinstance(item, _Raised):
                try:
                    raise item.error
                finally:
                    del item  # else the error's traceback would keep it, and it the error
            yield item  # type: ignore[misc]
    finally:
        stop.set()
        thread.join()


class _Raised:
    def __init__(self, error: BaseException) -> None:
        self.error = error
