"""Painters: the optimiser and the fast networks behind one protocol.

Only ``make_painter`` knows that there is more than one engine.
"""

from __future__ import annotations

from impasto.extras import naming_missing
from impasto.inference.options import FastOptions
from impasto.jobs import Job
from impasto.painters.painter import Materials, Painter

__all__ = ["Materials", "Painter", "make_painter"]


@naming_missing()
def make_painter(job: Job, materials: Materials | None = None, *, like: Painter | None = None) -> Painter:
    """Return a painter with the options and styles of ``job``, whose photograph is passed to ``paint``.

    ``materials``: styles and masks in memory; by default the files that ``job`` names. ``like``: an earlier
    painter, whose network is reused if it is the same. Raises InputError and its subclasses for unusable
    input, and WeightsMissingError if the network's weights are not on this machine.
    """
    if isinstance(job.options, FastOptions):
        from impasto.painters.fast import FastPainter

        return FastPainter(job, materials, like=like)
    from impasto.painters.optimised import OptimisedPainter  # imports torch

    return OptimisedPainter(job.options, materials or Materials.of(job), like=like, reading=job.reading)
