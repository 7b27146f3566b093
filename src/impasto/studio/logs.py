"""The log, one line per event, as text or JSON, and the audit log."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

_PLAIN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}


class JsonLines(logging.Formatter):
    """A formatter of log records as JSON: time, level, logger, message and the fields in ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        found: dict[str, Any] = {
            "time": _iso(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        found |= _extra(record)
        if record.exc_info:
            found["exception"] = self.formatException(record.exc_info)
        return json.dumps(found, default=str)


class TextLines(logging.Formatter):
    """A formatter of log records as text."""

    def format(self, record: logging.LogRecord) -> str:
        more = "".join(f" {name}={value}" for name, value in _extra(record).items())
        text = (
            f"{_iso(record.created)} {record.levelname.lower():7} {record.name}: {record.getMessage()}{more}"
        )
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def configure_logging(kind: str) -> None:
    """Log to standard error, as "json" or "text"."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if kind == "json" else TextLines())
    logger = logging.getLogger("impasto.studio")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    other = logging.getLogger("uvicorn.error")
    other.handlers[:] = [handler]
    other.setLevel(logging.WARNING)
    other.propagate = False


class Audit:
    """The audit log: user, action, object, address and status, without pictures, names or titles.

    There is one file per month in ``folder``, so that old ones can be deleted.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def write(
        self, action: str, *, user: str | None, thing: str = "", address: str = "", status: int
    ) -> None:
        """Append one line of JSON to this month's file."""
        line = json.dumps(
            {
                "time": _iso(time.time()),
                "action": action,
                "user": user,
                "object": thing,
                "address": address,
                "status": status,
            }
        )
        path = self._folder / time.strftime("audit-%Y-%m.jsonl", time.gmtime())
        with self._lock:
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, line.encode() + b"\n")
            finally:
                os.close(handle)


def remove_old_audits(folder: Path, before: float) -> None:
    """Remove the audit files last written ``before`` a time."""
    for path in folder.glob("audit-*.jsonl"):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in record.__dict__.items() if name not in _PLAIN}


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"
