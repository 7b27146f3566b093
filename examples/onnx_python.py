"""Paint with an exported network and nothing but ONNX Runtime, NumPy and Pillow.

impasto export -o gallery.onnx --precision fp16
python onnx_python.py gallery.onnx photo.jpg painted.jpg starry-night:0.7 great-wave:0.3
"""

import json
import os
import sys

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: ONNX Runtime reports to its maker otherwise

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

model, photo, output, *wanted = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
about = json.loads(session.get_modelmeta().custom_metadata_map["impasto"])
names = [style["name"] for style in about["styles"]]
print("styles:", ", ".join(names))

strength, coarse = 1.0, 1.0  # 0 is the photograph; 0 is fine strokes, 1 is coarse ones
weights = np.zeros((1, 1 + 2 * len(names)), np.float32)
weights[0, 0] = 1 - strength
shares = {name: float(share or 1) for name, _, share in (text.partition(":") for text in wanted)}
for name, share in shares.items():
    row = 1 + 2 * names.index(name)
    weights[0, row] = strength * (1 - coarse) * share / sum(shares.values())
    weights[0, row + 1] = strength * coarse * share / sum(shares.values())

upright = ImageOps.exif_transpose(Image.open(photo)).convert("RGB")  # phones store pictures turned
pixels = np.asarray(upright, np.float32) / 255
image = np.ascontiguousarray(pixels.transpose(2, 0, 1))[None]
inputs = {"image": image, "weights": weights}  # a network of one style has no weights
inputs = {value.name: inputs[value.name] for value in session.get_inputs()}
painting = session.run(["painting"], inputs)[0][0]
painting = np.rint(painting.clip(0, 1).transpose(1, 2, 0) * 255).astype(np.uint8)
Image.fromarray(painting).save(output, quality=95)
print("painted:", output)
