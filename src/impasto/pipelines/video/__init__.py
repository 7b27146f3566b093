"""Films painted: a clip read, its frames painted so that they fit together, and written, with its sound."""

from __future__ import annotations

from impasto.pipelines.video.engine import choose_engine
from impasto.pipelines.video.film import video
from impasto.pipelines.video.folder import discard
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
    "video",
]
