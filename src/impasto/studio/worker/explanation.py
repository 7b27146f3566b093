"""The explanation page: made by ``impasto explain`` in a process of its own, where that command is there."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from impasto import files
from impasto.errors import InputError
from impasto.studio.state import JobRecord
from impasto.studio.state.storage import MARK, PAGE
from impasto.studio.worker.explained import style_of, words

if TYPE_CHECKING:
    from impasto.studio.worker.reporter import JobReporter
    from impasto.studio.worker.runner import JobRunner

log = logging.getLogger("impasto.studio.worker")
LONGEST = 1800.0


def command() -> list[str]:
    """What explains, without its arguments; it ends when its standard input does."""
    return [sys.executable, "-m", "impasto.studio.worker.tied", "impasto", "explain"]


@lru_cache(maxsize=1)
def available() -> bool:
    """Whether this installation can explain. The first question takes a second."""
    asked = [sys.executable, "-m", "impasto", "explain", "--help"]
    done = subprocess.run(asked, capture_output=True, check=False, timeout=60)
    return done.returncode == 0


def explain(painter: JobRunner, job: JobRecord, reporter: JobReporter) -> dict[str, Any] | None:
    """Make the page for the photograph and the main style of ``job``; None when it was put down."""
    folder = painter.storage.job(job.id)
    desk = folder / "desk"
    shutil.rmtree(desk, ignore_errors=True)
    desk.mkdir(mode=0o700)
    photo, chosen = _lay_out(painter, job, desk)
    settings = words(job.request, draft_size=painter.settings.draft_size)
    began = time.monotonic()
    log_path = desk / "log"
    with log_path.open("wb") as output:
        process = start([*settings, "--json", photo, chosen, "-o", "page.html"], desk, output)
        try:
            stopped = _wait(painter, process, reporter, began, log_path)
        finally:
            end(process)
    if stopped:
        shutil.rmtree(desk, ignore_errors=True)
        return None
    if process.returncode != 0 or not (desk / "page.html").is_file():
        lines = log_path.read_text(errors="replace").strip().splitlines()
        raise InputError(f"impasto explain ended with {process.returncode}: {lines[-1] if lines else ''}")
    return _keep(folder, desk / "page.html", began)


def start(arguments: Sequence[str], desk: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Begin to explain. What is started ends when this process does, however this one ends."""
    return subprocess.Popen(
        [*command(), *arguments], cwd=desk, stdin=subprocess.PIPE, stdout=output, stderr=output
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """End what ``start`` began, if it has not ended, and let go of its standard input."""
    if process.poll() is None:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _lay_out(painter: JobRunner, job: JobRecord, desk: Path) -> tuple[str, str]:
    """Put the pictures on the ``desk``, under the names people know them by; the command's words for them."""
    style = style_of(job.request)
    photo = _called(painter, job, job.request["photo"], "photo")
    shutil.copy(painter.storage.picture(job.request["photo"]), desk / photo)
    if not style["picture"]:
        return photo, style["name"]
    painting = _called(painter, job, style["picture"], "painting")
    if painting.lower() == photo.lower():
        painting = f"painting-{painting}"
    shutil.copy(painter.storage.picture(style["picture"]), desk / painting)
    return photo, painting


def _called(painter: JobRunner, job: JobRecord, id: str, otherwise: str) -> str:
    """A file name like the upload's, but neither a way to another folder nor an option."""
    picture = painter.state.pictures.find(job.owner, id)
    stem = Path(picture.name).stem if picture is not None else ""
    return f"{re.sub(r'[^A-Za-z0-9_]+', '-', stem).strip('-')[:60] or otherwise}.png"


def told(log_path: Path) -> tuple[float, float | None]:
    """How far the page is by its log, of which each line is a stage: its share, and seconds left if known."""
    try:
        with log_path.open("rb") as stream:
            stream.seek(max(0, log_path.stat().st_size - 4096))
            lines = stream.read().splitlines()
    except FileNotFoundError:  # deleted with its job, which is about to be heard of
        return 0.0, None
    for line in reversed(lines):
        try:
            stage = json.loads(line)
            return float(stage["done"]), stage["left"]
        except (ValueError, TypeError, KeyError):  # half a line, or a warning
            continue
    return 0.0, None


def _wait(
    painter: JobRunner, process: subprocess.Popen[bytes], reporter: JobReporter, began: float, log_path: Path
) -> bool:
    """Wait for the page; True when it is not wanted (now)."""
    while process.poll() is None:
        elapsed = time.monotonic() - began
        if elapsed > LONGEST:
            raise InputError(f"impasto explain took more than {LONGEST:g} seconds")
        if painter.stopping.is_set() or reporter.status() != "running":
            return True
        done, left = told(log_path)
        reporter.say(done, elapsed, left)
        time.sleep(0.3)
    return False


def _keep(folder: Path, page: Path, began: float) -> dict[str, Any]:
    data = page.read_bytes()
    files.replace(folder / PAGE, data)
    shutil.rmtree(folder / "desk", ignore_errors=True)
    seconds = round(time.monotonic() - began, 2)
    found = {"width": 0, "height": 0, "bytes": len(data), "seconds": seconds, "partial": False}
    files.replace(folder / MARK, json.dumps(found).encode())
    return found
