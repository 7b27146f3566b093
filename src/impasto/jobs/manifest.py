"""What a batch has done: one line of JSON for every painting, in ``manifest.jsonl`` beside the results.

Lines are added one by one; the last one, if a crash cut it short, does not count. The file as a whole is
only ever replaced at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from impasto import files
from impasto.errors import InputError
from impasto.jobs.job import Job

NAME = "manifest.jsonl"
Status = Literal["done", "failed"]


@dataclass(frozen=True)
class Record:
    """How one painting went.

    ``output``: the result's name in the folder. ``size``: its (width, height). ``losses``: the last
    total and its parts. ``seconds``: time spent painting. ``error``: why it failed.
    """

    output: str
    status: Status
    job: Job
    size: tuple[int, int] | None = None
    iterations: int = 0
    seconds: float = 0.0
    losses: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    attempts: int = 1

    @property
    def done(self) -> bool:
        return self.status == "done"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        size = None if self.size is None else list(self.size)
        return values | {"size": size, "losses": dict(self.losses), "job": self.job.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Record:
        """The inverse of ``to_dict``. Raises InputError for what is unknown, missing or of a wrong kind."""
        known = {f.name for f in fields(cls)}
        wrong = sorted(({"output", "status", "job"} - set(values)) | (set(values) - known))
        if wrong or values["status"] not in ("done", "failed") or not isinstance(values["output"], str):
            odd = wrong[0] if wrong else "status or output"
            raise InputError(f"expected a painting's {', '.join(sorted(known))}; {odd!r} is not right")
        size = values.get("size")
        plain = dict(values) | {"job": Job.from_dict(values["job"]), "size": size and tuple(size)}
        return cls(**plain)


class Manifest:
    """The manifest in ``folder``; nothing is read or written before it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME

    def read(self) -> dict[str, Record]:
        """The records by their outputs' names, in order; the last of a name counts. Raises InputError."""
        try:
            return parse(self.path.read_bytes(), str(self.path))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise InputError(f"cannot read {self.path}: {error.strerror or error}") from error

    def write(self, records: Iterable[Record]) -> None:
        """Replace everything by ``records``, at once. Raises OutputError."""
        files.replace(self.path, lines(records))

    def add(self, *records: Record) -> None:
        """One more line for each, on the disk when this returns. Raises OutputError."""
        files.append(self.path, lines(records))


def parse(data: bytes, where: str) -> dict[str, Record]:
    """The records of a manifest by their outputs' names, in order; the last of a name counts.

    A last line without an end was cut short and does not count. Raises InputError, which says ``where``.
    """
    found: dict[str, Record] = {}
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            values = json.loads(line.decode("utf-8", "surrogateescape"))
            if not isinstance(values, dict):
                raise InputError(f"expected an object; got {type(values).__name__}")
            record = Record.from_dict(values)
        except ValueError as error:  # InputError, and JSON's own
            raise InputError(f"{where}, line {number}, is not a batch's: {error}") from error
        found.pop(record.output, None)
        found[record.output] = record
    return found


def lines(records: Iterable[Record]) -> bytes:
    """A line of JSON for each."""
    texts = (json.dumps(record.to_dict(), ensure_ascii=False) for record in records)
    return b"".join(text.encode("utf-8", "surrogateescape") + b"\n" for text in texts)
