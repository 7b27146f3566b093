"""``python -m impasto.studio.worker.tied MODULE ...``: run a module that ends with who started it.

Its standard input is a pipe whose other end its parent holds. When the parent is no more, however it ended,
the system closes that end, on every platform, and this process ends too.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading


def _watch() -> None:
    # Not sys.stdin: a thread that waits in it holds its lock, which an orderly exit wants.
    while os.read(0, 1024):
        pass
    os._exit(1)


def main() -> None:
    """Run the module named first, as its own program."""
    del sys.argv[0]
    threading.Thread(target=_watch, daemon=True).start()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
