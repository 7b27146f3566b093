"""Transformer networks taught new styles: pictures, networks and training brought together."""

from impasto.feedforward.course import MINUTES, Course
from impasto.teaching.taught import CHECKPOINT_EVERY, Taught, teach

__all__ = ["CHECKPOINT_EVERY", "MINUTES", "Course", "Taught", "teach"]
