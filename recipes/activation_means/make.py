"""Measure the mean activations of networks over photographs, for ``--normalise-activations``.

    python recipes/activation_means/make.py --photos DATA/content_train vgg19-caffe=VGG19 vgg16-caffe=VGG16

Each NAME=FILE is a published network under its name; a file that holds only the beginning of a trunk gives
the means of its layers. Photographs whose name's CRC-32 is 0 modulo 10 are left out. A run measures all
networks anew.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor

from impasto import files
from impasto.encoders import load_encoder
from impasto.encoders.normalisation import measure_means
from impasto.imaging import fit, resize
from impasto.imaging.inputs import load_picture
from impasto.tensors import to_tensor
from impasto.weights.activation_statistics import BIASES, FILE

HOME = Path(__file__).parents[2] / "src" / "impasto" / "weights" / "data" / FILE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("networks", nargs="+", metavar="NAME=FILE")
    parser.add_argument("--photos", type=Path, required=True, help="a folder of photographs")
    parser.add_argument("--count", type=int, default=100, help="how many to measure")
    parser.add_argument("--size", type=int, default=256, help="their long side in pixels")
    options = parser.parse_args()
    every = sorted(path for path in options.photos.iterdir() if zlib.crc32(path.name.encode()) % 10)
    chosen = every[:: max(1, len(every) // options.count)][: options.count]
    found: dict[str, NDArray[Any]] = {}
    for text in options.networks:
        name, _, file = text.partition("=")
        encoder = load_encoder(Path(file), convention="caffe")
        layers = [layer for layer in encoder.layer_names if layer.startswith("relu")]
        means = measure_means(encoder, (photo(path, options.size) for path in chosen), layers)
        found[f"{name}/{BIASES}"] = encoder.get_submodule("conv1_1").get_parameter("bias").numpy()
        found |= {f"{name}/{layer}": mean.numpy().astype(np.float16) for layer, mean in means.items()}
        print(name, f"{len(layers)} layers over {len(chosen)} photographs")
    files.replace(HOME, save(found))


def photo(path: Path, size: int) -> Tensor:
    picture = load_picture(path)
    return to_tensor(resize(picture.pixels, *fit(picture.width, picture.height, size)))


if __name__ == "__main__":
    main()
