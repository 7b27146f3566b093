"""Films painted: a clip read, its frames painted so that they fit together, and written, with its sound."""

from __future__ import annotations

from impasto.films.engines import choose_engine
from impasto.films.making import discard, film
from impasto.films.options import OPTIMISED_SIZE, SEGMENTS, Engine, Film, FilmOptions, FilmProgress

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
