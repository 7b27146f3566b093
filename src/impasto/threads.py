"""The threads of numerical libraries: their number, and how they wait for each other.

Libraries read both from the environment when they are loaded; processes that are started inherit it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

MOST = 1024
"""The most threads that a process computes with."""
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)
"""Environment variables that limit the threads of libraries, if set before loading them."""

WAIT_VARIABLES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
"""Environment variables that say how threads of OpenMP wait."""


def waiting(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment variables that let threads sleep while they wait; none where the
    ``environment`` says already how they do.

    Threads that spin take cores from whatever runs beside them, and then wait for the one that was put off.
    """
    given = os.environ if environment is None else environment
    return {} if any(name in given for name in WAIT_VARIABLES) else {"OMP_WAIT_POLICY": "PASSIVE"}


def let_threads_sleep() -> None:
    """Let threads sleep while they wait, unless the environment says how; for programs, before torch is
    loaded.
    """
    os.environ.update(waiting())


def limiting(count: int) -> dict[str, str]:
    """Return the environment variables that limit a process to ``count`` threads."""
    return dict.fromkeys(THREAD_VARIABLES, str(count))


def limit(count: int) -> None:
    """Limit this process, and those it starts, to ``count`` threads, libraries loaded before included."""
    os.environ.update(limiting(count))
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count)
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(count)


@cache
def survive_forks() -> None:
    """Let torch compute on one thread in processes that are forked from this one from now on.

    GNU's OpenMP keeps its threads between computations. A fork does not have them, and would wait for them
    for ever.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_one_torch_thread)


def _one_torch_thread() -> None:
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def allowed(environment: Mapping[str, str] | None = None) -> int | None:
    """Return the number of threads that a process may use, as its ``environment`` says (this one's by
    default); None for all.
    """
    text = (os.environ if environment is None else environment).get("OMP_NUM_THREADS", "")
    return min(int(text), MOST) if text.isdecimal() and len(text) < 1000 and int(text) > 0 else None


_limiting = threading.RLock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep NumPy's linear algebra on the caller's thread, one caller after the other.

    For matrices of some hundred rows: more threads hardly help on an idle machine, and on a busy one they
    wait for each other, spinning. A limit that another thread of this process holds by ``threadpoolctl``
    stays.
    """
    with _limiting, _blas().limit(limits=1):
        yield


@cache
def _blas() -> ThreadpoolController:
    """Return the OpenBLAS libraries that are loaded, NumPy's among them; none where it uses another."""
    import numpy as np  # noqa: F401  (so that its library is loaded)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(internal_api="openblas")
