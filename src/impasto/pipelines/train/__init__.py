"""Training of transformer networks on new styles."""

from impasto.networks.train.plan import TrainingPlan
from impasto.pipelines.train.training import CHECKPOINT_EVERY, TrainingResult, train_network

__all__ = ["CHECKPOINT_EVERY", "TrainingPlan", "TrainingResult", "train_network"]
