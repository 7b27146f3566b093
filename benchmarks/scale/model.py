"""From what a picture costs to machines and money. Costs are measured (costs.json); prices are assumed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.scale.measure import COSTS
from impasto.pipelines.video.plan import split


@dataclass(frozen=True)
class Prices:
    """In dollars; put your own in: ``python -m benchmarks.scale model core_hour=0.05``.

    Of one cloud, Amazon's in us-east-1, as its documents and others' accounts of its price list have them
    (docs/scale.md names them). ``core_hour``: a vCPU, of c5.2xlarge at $0.34. ``spot_core_hour``: the
    same, of c5.24xlarge at $1.555. ``gpu_hour``: of a machine with one graphics processor, **assumed**.
    ``gets``, ``puts``: requests a second that one prefix takes. ``latency``: seconds until a store begins
    to answer.
    """

    core_hour: float = 0.0425
    spot_core_hour: float = 0.0162
    gpu_hour: float = 1.0
    million_puts: float = 5.0
    million_gets: float = 0.4
    gb_out: float = 0.09
    puts: float = 3500.0
    gets: float = 5500.0
    latency: float = 0.15

    @classmethod
    def of(cls, words: Iterable[str]) -> Prices:
        """Of words such as ``core_hour=0.05``. Raises ValueError, TypeError for others."""
        return cls(**{name: float(value) for name, _, value in (word.partition("=") for word in words)})


@dataclass(frozen=True)
class Load:
    """So many ``pictures`` of ``megapixels``, in ``hours``, by ``engine`` of costs.json.

    ``effort``: times the cost of one picture, such as of several passes. Films are decoded and encoded as
    part of painting.
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

FRAMES = 172_800
"""Of a film of two hours at 24 a second."""

LOADS = (
    Load("a million photos a day, 1 MP, fast", 1e6, 1.0, "fast"),
    Load("a million photos a day, 12 MP, fast", 1e6, 12.0, "fast"),
    Load("a million photos a day, 0.2 MP, optimised", 1e6, 0.2, "optimised"),
    Load("a film, 2 h at 24/s, 1080p, fast, in a day", FRAMES, 2.07, "film, fast"),
    Load("a film, 2 h at 24/s, 512 px, optimised, in a day", FRAMES, 0.147, "film, optimised"),
    Load("a film, 2 h at 24/s, 1080p, optimised, in a day", FRAMES, 2.07, "film, optimised"),
)


def load_costs() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(COSTS.read_text())
    return found


def seconds(load: Load, costs: Mapping[str, Any]) -> dict[str, float]:
    """Core seconds of one picture, by what they go into."""
    files, kind = costs["files"], load.stored_as
    megabytes = files[f"size of {kind}, MB/MP"] * load.megapixels
    if load.engine.startswith("film"):
        found = costs["seconds per megapixel"]
        return {
            "paint": found[load.engine] * load.megapixels * load.effort,
            "look for cuts": costs["films"]["look for cuts, s/MP"] * load.megapixels,
        }
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
    film = load.engine.startswith("film")  # one file in, one out
    megabytes = 0.0 if film else 2 * costs["files"][f"size of {load.stored_as}, MB/MP"] * load.megapixels
    requests = 0.0 if film else load.pictures / 1e6 * (prices.million_puts + 3 * prices.million_gets)
    return Plan(
        load,
        each,
        cores,
        math.ceil(cores / MACHINE),
        load.pictures * megabytes / 1e3,
        core_hours * prices.core_hour,
        core_hours * prices.spot_core_hour,
        requests,
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
        "the store's requests": min(prices.puts, prices.gets / 3),
        # 10 Gbit/s for each machine, in and out.
        "the machines' network": math.ceil(workers / MACHINE) * 1250 / size,
    }


def resume_seconds(pictures: float, costs: Mapping[str, Any], prices: Prices) -> float:
    """How long a batch of so many done pictures in a store takes to find out that they are: two folders
    are listed, a thousand names a request, and every line of the manifest is read."""
    listing = 2 * pictures / 1000 * prices.latency
    each: float = costs["manifest"]["to read, s (processor)"]
    return listing + pictures * each


def shots(shot: float, longest: int, lead: int, fade: int, rate: float = 24.0) -> float:
    """Times the cost of painting a film in parts, where all shots last ``shot`` seconds: the parts of longer
    ones than ``longest`` frames begin ``lead`` frames early and end ``fade`` late."""
    frames = round(shot * rate)
    parts = split(frames, (), longest=longest, lead=lead, fade=fade)
    return sum(part.end - part.begin for part in parts) / frames


def money(amount: float) -> str:
    return f"${amount:,.0f}" if amount >= 10 else f"${amount:.2f}"
