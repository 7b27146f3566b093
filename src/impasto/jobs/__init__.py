"""Jobs, and their execution: one at a time, in batches, by workers."""

from __future__ import annotations

from impasto.jobs.job import ENGINES, Job, PaintOptions, Reference

__all__ = ["ENGINES", "Job", "PaintOptions", "Reference"]
