"""Make the README's picture: scikit-image's coffee (Rachel Michetti, CC0) and three paintings of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage.data

import impasto
from impasto import imaging

STYLES = ("starry-night", "great-wave", "edtaonisl")


def main() -> None:
    photo = skimage.data.coffee().astype(np.float32) / 255
    pictures = [imaging.resize(photo, 480, 320)]
    for style in STYLES:
        result = impasto.stylize(photo, style, size=600)
        pictures.append(imaging.resize(result.picture.pixels, 480, 320))
    rows = [np.concatenate(pictures[:2], axis=1), np.concatenate(pictures[2:], axis=1)]
    sheet = impasto.Picture(np.concatenate(rows, axis=0))
    path = Path(__file__).parents[1] / "docs" / "images" / "coffee.jpg"
    path.parent.mkdir(exist_ok=True)
    imaging.write(sheet, path, quality=88)
    print(path)


if __name__ == "__main__":
    main()
