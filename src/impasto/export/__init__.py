"""Networks as ONNX files: export, quantisation, parity."""
