"""PyAV, which comes with the extra ``video``: imported when a video is at hand, and its errors in words."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from impasto.errors import MissingExtraError, OutputError


def load_av() -> Any:
    """Return the module ``av``. Raises MissingExtraError where it is not installed."""
    try:
        import av
    except ImportError as error:
        raise MissingExtraError(
            "videos need PyAV, which is not installed; get it with: pip install 'impasto[video]'"
        ) from error
    return av


def cannot_write(path: Path, problem: Exception) -> OutputError:
    """Return the error for a video file that could not be written."""
    number = getattr(problem, "errno", None)
    if number == errno.ENOSPC:
        return OutputError(f"{path}: cannot be written: expected room for the file, but the disk is full.")
    reason = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    return OutputError(
        f"{path}: cannot be written: expected a place that takes files, but writing failed ({reason})."
    )
