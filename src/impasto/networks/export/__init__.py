"""Networks as ONNX files, compared with torch before they are written."""

from impasto.networks.export.gallery import export_gallery
from impasto.networks.export.models import export_model
from impasto.networks.export.parity import PRECISIONS, Difference, Export
from impasto.networks.export.transformers import export_transformer

__all__ = ["PRECISIONS", "Difference", "Export", "export_gallery", "export_model", "export_transformer"]
