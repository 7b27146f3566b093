"""Paint with an exported network and nothing but ONNX Runtime, NumPy and Pillow.

impasto export -o any-painting.onnx --precision fp16
impasto export any-painting-encoder -o encoder.onnx --precision fp16
python onnx_python.py any-painting.onnx photo.jpg painted.jpg painting.jpg:0.7 another.jpg:0.3

impasto export --style starry-night --style great-wave -o two.onnx --precision fp16
python onnx_python.py two.onnx photo.jpg painted.jpg starry-night:0.7 great-wave:0.3

The first network takes any paintings, which the encoder measures; encoder.onnx lies beside it. The second has
its styles in the file.
"""

import json
import os
import sys
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: ONNX Runtime reports to its maker otherwise

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image, ImageOps

CHANNELS = 128, 64, 32, 16  # of the layers whose means and covariances a style is, one after the other
STRENGTH = 1.0  # 0 is the photograph; beyond 1 is more than the painting


def read(path: str) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(path)).convert("RGB")  # phones store pictures turned


def to_tensor(picture: Image.Image) -> NDArray[np.float32]:
    return np.ascontiguousarray(np.asarray(picture, np.float32).transpose(2, 0, 1))[None] / np.float32(255)


def measure(encoder: onnxruntime.InferenceSession, path: str) -> NDArray[np.float32]:
    """Return a painting's style at 512 pixels, the size of its strokes, and at 256: (2, numbers)."""
    rows = []
    for side in (512, 256):
        picture = read(path)
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        rows.append(encoder.run(["style"], {"image": to_tensor(picture)})[0])
    return np.stack(rows)


def mix(rows: NDArray[np.float32], shares: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the style (numbers) of a mixture of styles (n, numbers)."""
    found: list[NDArray[np.float64]] = []
    start = 0
    for channels in CHANNELS:
        mean = rows[:, start : start + channels]
        covariance = rows[:, start + channels : start + channels * (channels + 1)]
        start += channels * (channels + 1)
        middle = shares @ mean
        apart = mean - middle
        products = apart[:, :, None] * apart[:, None, :]
        found += [middle, shares @ (covariance + products.reshape(covariance.shape))]
    return np.concatenate(found).astype(np.float32)


model, photo, output, *wanted = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
about = json.loads(session.get_modelmeta().custom_metadata_map["impasto"])
names = [style["name"] for style in about["styles"]]
shares = {name: float(share or 1) for name, _, share in (text.partition(":") for text in wanted)}

inputs = {"image": to_tensor(read(photo)), "strength": np.array([STRENGTH], np.float32)}
if not names:
    encoder = onnxruntime.InferenceSession(str(Path(model).with_name("encoder.onnx")))
    measured = np.stack([measure(encoder, path) for path in shares])
    parts = np.array(list(shares.values())) / sum(shares.values())
    inputs["style"] = np.stack([mix(measured[:, size], parts) for size in (0, 1)])
elif len(names) > 1:
    print("styles:", ", ".join(names))
    inputs["weights"] = np.zeros(len(names), np.float32)
    for name, share in shares.items():
        inputs["weights"][names.index(name)] = share

painting = session.run(["painting"], inputs)[0][0]
painting = np.rint(painting.clip(0, 1).transpose(1, 2, 0) * 255).astype(np.uint8)
Image.fromarray(painting).save(output, quality=95)
print("painted:", output)
