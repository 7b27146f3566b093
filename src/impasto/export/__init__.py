"""Networks as ONNX files, compared with torch before they are written."""

from impasto.export.gallery import export_gallery
from impasto.export.models import export_model
from impasto.export.parity import PRECISIONS, Difference, Export
from impasto.export.transformers import export_transformer

__all__ = ["PRECISIONS", "Difference", "Export", "export_gallery", "export_model", "export_transformer"]
