"""Transformer networks taught new styles: pictures, networks and training brought together."""

from impasto.networks.train.course import MINUTES, Course
from impasto.pipelines.train.taught import CHECKPOINT_EVERY, Taught, teach

__all__ = ["CHECKPOINT_EVERY", "MINUTES", "Course", "Taught", "teach"]
