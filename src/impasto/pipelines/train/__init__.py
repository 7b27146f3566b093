"""Transformer networks taught new styles: pictures, networks and training brought together."""

from impasto.networks.train.plan import MINUTES, TrainingPlan
from impasto.pipelines.train.taught import CHECKPOINT_EVERY, Taught, teach

__all__ = ["CHECKPOINT_EVERY", "MINUTES", "Taught", "TrainingPlan", "teach"]
