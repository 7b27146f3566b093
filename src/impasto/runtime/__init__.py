"""Networks run by ONNX Runtime: a painting in one pass, without torch."""
