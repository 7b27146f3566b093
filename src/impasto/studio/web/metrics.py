"""Metrics for Prometheus, in its text format (version 0.0.4)."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
Labels = tuple[tuple[str, str], ...]


class Metrics:
    """The counters of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[Labels, int] = defaultdict(int)
        self._buckets: dict[Labels, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
        self._sums: dict[Labels, float] = defaultdict(float)
        self._counts: dict[str, int] = defaultdict(int)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one response; ``route`` is the path's pattern, without ids."""
        with self._lock:
            self._requests[(("method", method), ("route", route), ("status", str(status)))] += 1
            series: Labels = (("route", route),)
            self._sums[series] += seconds
            place = next((n for n, bound in enumerate(BOUNDS) if seconds <= bound), len(BOUNDS))
            self._buckets[series][place] += 1

    def count(self, name: str, by: int = 1) -> None:
        """Add to the counter ``impasto_studio_NAME_total``."""
        with self._lock:
            self._counts[name] += by

    def text(self, gauges: Iterable[tuple[str, str, Mapping[Labels, float]]]) -> str:
        """Return all metrics as text, with ``gauges`` (name, help, values by labels)."""
        lines: list[str] = []
        with self._lock:
            _series(lines, "http_requests_total", "counter", "Requests answered.", self._requests)
            for name, value in sorted(self._counts.items()):
                _series(lines, f"{name}_total", "counter", f"{name.replace('_', ' ')}.", {(): value})
            self._durations(lines)
        for name, about, values in gauges:
            _series(lines, name, "gauge", about, values)
        return "\n".join(lines) + "\n"

    def _durations(self, lines: list[str]) -> None:
        name = "impasto_studio_http_request_seconds"
        lines += [f"# HELP {name} Seconds until the response began.", f"# TYPE {name} histogram"]
        for series, buckets in sorted(self._buckets.items()):
            total = 0
            for bound, count in zip((*map(str, BOUNDS), "+Inf"), buckets, strict=True):
                total += count
                lines.append(f"{name}_bucket{_labels((*series, ('le', bound)))} {total}")
            lines.append(f"{name}_sum{_labels(series)} {self._sums[series]:.6f}")
            lines.append(f"{name}_count{_labels(series)} {total}")


def _series(lines: list[str], name: str, kind: str, about: str, values: Mapping[Labels, float]) -> None:
    full = f"impasto_studio_{name}"
    lines += [f"# HELP {full} {about}", f"# TYPE {full} {kind}"]
    lines += [f"{full}{_labels(labels)} {value:g}" for labels, value in sorted(values.items())]


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    escaped = ((k, v.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")) for k, v in labels)
    return "{" + ",".join(f'{k}="{v}"' for k, v in escaped) + "}"
