"""Metrics of this process for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

MEDIA = CONTENT_TYPE_LATEST
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
EVENTS = {
    "uploads": "Pictures and films taken in.",
    "previews": "Previews painted.",
    "jobs_accepted": "Jobs taken.",
    "jobs_refused": "Jobs refused.",
}
"""The events that are counted besides requests, with the help of ``impasto_studio_NAME_total``."""
Gauge = tuple[str, str, Mapping[tuple[str, str], float] | Mapping[tuple[()], float]]
"""A name with the names of its labels, ``jobs kind status``; its help; values by the labels' values."""


class Metrics:
    """The counters of this process."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = own = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter(_full("http_requests"), "Requests answered.", labels, registry=own)
        about = "Seconds until the response began."
        name = _full("http_request_seconds")
        self._seconds = Histogram(name, about, ("route",), buckets=BOUNDS, registry=own)
        self._events = {name: Counter(_full(name), help, registry=own) for name, help in EVENTS.items()}

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one response; ``route`` is the path's pattern, without ids."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def count(self, name: str) -> None:
        """Count one of ``EVENTS``."""
        self._events[name].inc()

    def text(self, gauges: Iterable[Gauge]) -> bytes:
        """Return all metrics, with ``gauges``, as text of the type ``MEDIA``."""
        given = CollectorRegistry()
        given.register(_KnownGauges(gauges))
        return generate_latest(self._registry) + generate_latest(given)


class _KnownGauges(Collector):
    """Gauges whose values are already known."""

    def __init__(self, gauges: Iterable[Gauge]) -> None:
        self._gauges = list(gauges)

    def collect(self) -> Iterable[Metric]:
        for names, about, values in self._gauges:
            name, *labels = names.split()
            family = GaugeMetricFamily(_full(name), about, labels=labels)
            for labelled, value in sorted(values.items()):
                family.add_metric(labelled, value)
            yield family


def _full(name: str) -> str:
    return f"impasto_studio_{name}"
