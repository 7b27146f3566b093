"""Painting in milliseconds: fast networks through ONNX Runtime, without torch."""
