"""Export of networks to ONNX files, which are compared with the networks before they are written."""

from impasto.networks.export.any_painting import export_encoder, export_painting
from impasto.networks.export.models import export_model
from impasto.networks.export.parity import PRECISIONS, Difference, Export
from impasto.networks.export.transformers import export_transformer

__all__ = [
    "PRECISIONS",
    "Difference",
    "Export",
    "export_encoder",
    "export_model",
    "export_painting",
    "export_transformer",
]
