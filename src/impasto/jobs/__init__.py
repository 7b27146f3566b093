"""What is to be painted, as one object that JSON can carry; and many of them, one after the other."""

from __future__ import annotations

from impasto.jobs.job import ENGINES, Job, PaintOptions, Reference

__all__ = ["ENGINES", "Job", "PaintOptions", "Reference"]
