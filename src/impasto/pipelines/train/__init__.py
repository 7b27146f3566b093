"""Training of transformer networks on new styles."""

from impasto.networks.train.plan import MINUTES, TrainingPlan
from impasto.pipelines.train.training import CHECKPOINT_EVERY, TrainingResult, train_network

__all__ = ["CHECKPOINT_EVERY", "MINUTES", "TrainingPlan", "TrainingResult", "train_network"]
