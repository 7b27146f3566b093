"""Run a command of impasto that is killed: ``python -m tests.killing NAME COUNT WHEN ARGUMENT...``.

SIGKILL comes when a file whose name ends in NAME is replaced for the COUNT-th time: "torn", while the new one
is written; "before" it takes the name; or "after". No clock decides it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def run_killed(name: str, count: int, when: str, *arguments: str) -> None:
    """Run ``impasto`` with ``arguments``, in one thread, until it is killed."""
    command = [sys.executable, "-m", "tests.killing", name, str(count), when, *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


def main() -> None:
    name, count, when = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    del sys.argv[1:4]
    genuine, seen = os.replace, 0

    def replace(source: Any, target: Any, **more: Any) -> None:
        nonlocal seen
        seen += str(target).endswith(name)
        if seen == count and str(target).endswith(name):
            if when == "torn":
                os.truncate(source, Path(source).stat().st_size // 2)
            if when == "after":
                genuine(source, target, **more)
            os.kill(os.getpid(), signal.SIGKILL)
        genuine(source, target, **more)

    os.replace = replace
    from impasto.cli import main as impasto

    impasto()


if __name__ == "__main__":
    main()
