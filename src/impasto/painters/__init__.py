"""What paints a picture: the optimiser and the fast networks, behind one protocol.

``make_painter`` is the only place that knows that there is more than one engine.
"""

from __future__ import annotations

from impasto.imaging.decode import MAX_PIXELS
from impasto.inference.options import FastOptions
from impasto.jobs import Job
from impasto.painters.painter import Materials, Painter

__all__ = ["Materials", "Painter", "make_painter"]


def make_painter(
    job: Job,
    materials: Materials | None = None,
    *,
    like: Painter | None = None,
    threads: int | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Painter:
    """Return what paints photographs as ``job`` says; the photograph itself comes later.

    ``materials``: styles and masks in memory; by default the files that ``job`` names. ``like``: an earlier
    painter, whose network is taken over where it is the same. ``threads``: how many a fast network uses.
    ``max_pixels``: larger pictures are refused. Raises InputError and its kin for what cannot be used, and
    WeightsMissingError where the network's weights are not on this machine.
    """
    if isinstance(job.options, FastOptions):
        from impasto.painters.fast import FastPainter

        return FastPainter(job, like=like, threads=threads)
    from impasto.painters.optimised import OptimisedPainter  # brings torch

    return OptimisedPainter(job.options, materials or Materials.of(job), like=like, max_pixels=max_pixels)
