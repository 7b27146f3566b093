"""The manifest of a batch: one line of JSON per painting, in ``manifest.jsonl`` beside the results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from impasto.errors import InputError, did_you_mean
from impasto.jobs.job import Job
from impasto.jobs.run import RunStore, run_store
from impasto.parameters import is_real, is_whole, shown

NAME = "manifest.jsonl"
Status = Literal["done", "failed"]


@dataclass(frozen=True)
class Record:
    """The record of one painting.

    ``output``: the result's name in the folder. ``size``: its (width, height). ``losses``: the last
    total and its parts. ``seconds``: time spent painting. ``error``: the reason for a failure.
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
        """Return plain values, ready for JSON."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        size = None if self.size is None else list(self.size)
        return values | {"size": size, "losses": dict(self.losses), "job": self.job.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Record:
        """Return the record of ``to_dict``. Raises InputError for unknown, missing or malformed values."""
        known = {f.name for f in fields(cls)}
        wrong = sorted(({"output", "status", "job"} - set(values)) | (set(values) - known))
        if wrong or values["status"] not in ("done", "failed") or not isinstance(values["output"], str):
            odd = wrong[0] if wrong else "status or output"
            near = did_you_mean(odd, known) if odd in values else ""
            raise InputError(
                f"expected a record with {', '.join(sorted(known))}; wrong or missing: {odd!r}{near}"
            )
        size, plain = values.get("size"), dict(values)
        for name, kind, is_kind in _KINDS:
            if name in values and not is_kind(values[name]):
                raise InputError(f"expected {name} of a record to be {kind}; got {shown(values[name])}")
        plain |= {"job": Job.from_dict(values["job"]), "size": size and tuple(size)}
        return cls(**plain)


def _is_count(value: object) -> bool:
    return is_whole(value) and 0 <= value < 2**53  # type: ignore[operator]


def _is_size(value: object) -> bool:
    return value is None or (isinstance(value, list) and len(value) == 2 and all(map(_is_count, value)))


def _is_losses(value: object) -> bool:
    return isinstance(value, dict) and all(is_real(number) for number in value.values())


_KINDS: tuple[tuple[str, str, Callable[[object], bool]], ...] = (
    ("size", "a width and a height", _is_size),
    ("losses", "an object of numbers", _is_losses),
    ("seconds", "a number", is_real),
    ("iterations", "a whole number", _is_count),
    ("attempts", "a whole number", _is_count),
    ("error", "a text", lambda value: value is None or isinstance(value, str)),
)


def manifest(folder: str) -> RunStore:
    """Return the store of the batch with results in ``folder``, a path or an address."""
    return run_store(folder, "batch", NAME)


def records(store: RunStore) -> dict[str, Record]:
    """Return the records by output name, in order; the last of each name counts. Raises InputError."""
    found: dict[str, Record] = {}
    for record in store.parts(Record.from_dict):
        found.pop(record.output, None)
        found[record.output] = record
    return found
