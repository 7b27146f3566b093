"""From what a picture costs to machines and money. Costs are measured (costs.json); prices are assumed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.scale.measure import COSTS


@dataclass(frozen=True)
class Prices:
    """In dollars. **Assumed**, round numbers of the order that clouds ask; put your own in.

    ``gpu_hour`` is that of a machine with one graphics processor. ``requests``: of a store, a second, for
    one prefix. ``latency``: seconds until a store begins to answer.
    """

    core_hour: float = 0.04
    spot_core_hour: float = 0.015
    gpu_hour: float = 1.0
    gb_month: float = 0.023
    million_puts: float = 5.0
    million_gets: float = 0.4
    gb_out: float = 0.09
    requests: float = 3500.0
    latency: float = 0.05


@dataclass(frozen=True)
class Load:
    """So many ``pictures`` of ``megapixels``, in ``hours``, by ``engine`` of costs.json.

    ``effort``: times the cost of one picture, such as of several passes.
    """

    name: str
    pictures: float
    megapixels: float
    engine: str
    hours: float = 24.0
    effort: float = 1.0
    stored_as: str = "jpg"


MACHINE = 16
"""Cores of a machine."""
BUSY = 0.85
"""The share of time that workers paint: the rest is starting, dying, and waiting for the last ones."""

LOADS = (
    Load("a million photos a day, 1 MP, fast", 1e6, 1.0, "fast"),
    Load("a million photos a day, 12 MP, fast", 1e6, 12.0, "fast"),
    Load("a million photos a day, 0.2 MP, optimised", 1e6, 0.2, "optimised"),
    Load("a film, 2 h at 24/s, 1080p, fast", 172_800, 2.07, "fast"),
    Load("a film, 2 h at 24/s, 1080p, optimised (draft)", 172_800, 2.07, "optimised, draft"),
)


def load_costs() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(COSTS.read_text())
    return found


def seconds(load: Load, costs: Mapping[str, Any]) -> dict[str, float]:
    """Core seconds of one picture, by what they go into."""
    files, kind = costs["files"], load.stored_as
    megabytes = files[f"size of {kind}, MB/MP"] * load.megapixels
    return {
        "paint": costs["seconds per megapixel"][load.engine] * load.megapixels * load.effort,
        "decode": files[f"decode {kind}, s/MP"] * load.megapixels,
        "encode": files[f"encode {kind}, s/MP"] * load.megapixels,
        "hash": files["hash, s/MB"] * megabytes,
    }


@dataclass(frozen=True)
class Plan:
    """What a load needs. Money is for all of it."""

    load: Load
    core_seconds: float
    cores: float
    machines: int
    gigabytes: float
    compute: float
    compute_spot: float
    requests: float
    rate: float
    coordinator: float
    even_gpu: float


def plan(load: Load, costs: Mapping[str, Any], prices: Prices) -> Plan:
    """Machines and money for ``load``.

    ``rate``: pictures a second. ``coordinator``: the share of one core that schedules and writes the
    manifest. ``even_gpu``: how many times as fast as a core a graphics processor must be to cost the same.
    """
    each = sum(seconds(load, costs).values())
    core_hours = load.pictures * each / BUSY / 3600
    rate = load.pictures / (load.hours * 3600)
    cores = core_hours / load.hours
    workers = "1000" if cores > 300 else "100"
    megabytes = 2 * costs["files"][f"size of {load.stored_as}, MB/MP"] * load.megapixels
    return Plan(
        load,
        each,
        cores,
        math.ceil(cores / MACHINE),
        load.pictures * megabytes / 1e3,
        core_hours * prices.core_hour,
        core_hours * prices.spot_core_hour,
        load.pictures / 1e6 * (prices.million_puts + 3 * prices.million_gets),
        rate,
        rate * costs["schedule"][f"a picture with {workers} workers, s (processor)"],
        prices.gpu_hour / prices.core_hour,
    )


def limits(load: Load, workers: int, costs: Mapping[str, Any], prices: Prices) -> dict[str, float]:
    """Pictures a second that each part of the system can take; the least is what comes out."""
    each = sum(seconds(load, costs).values())
    size = costs["files"][f"size of {load.stored_as}, MB/MP"] * load.megapixels
    count = "1000" if workers > 300 else "100"
    return {
        "workers": workers * BUSY / each,
        "the coordinator": 1 / costs["schedule"][f"a picture with {count} workers, s (processor)"],
        "the store's requests": prices.requests,
        # 10 Gbit/s for each machine, in and out.
        "the machines' network": math.ceil(workers / MACHINE) * 1250 / size,
    }


def resume_hours(pictures: float, megapixels: float, costs: Mapping[str, Any], prices: Prices) -> float:
    """How long a batch of so many done pictures takes to find out that they are: it reads every input,
    one after the other."""
    size = costs["files"]["size of jpg, MB/MP"] * megapixels
    each = (
        prices.latency * 2 + size * costs["files"]["hash, s/MB"] + costs["manifest"]["to read, s (processor)"]
    )
    return pictures * each / 3600


def money(amount: float) -> str:
    return f"${amount:,.0f}" if amount >= 10 else f"${amount:.2f}"
