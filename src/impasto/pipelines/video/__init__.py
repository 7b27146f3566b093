"""Films painted: a clip read, its frames painted so that they fit together, and written, with its sound."""

from __future__ import annotations

from impasto.pipelines.video.engines import choose_engine
from impasto.pipelines.video.making import discard, film
from impasto.pipelines.video.options import OPTIMISED_SIZE, SEGMENTS, Engine, Film, FilmOptions, FilmProgress

__all__ = [
    "OPTIMISED_SIZE",
    "SEGMENTS",
    "Engine",
    "Film",
    "FilmOptions",
    "FilmProgress",
    "choose_engine",
    "discard",
    "film",
]
