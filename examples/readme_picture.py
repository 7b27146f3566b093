"""Make the README's pictures: scikit-image's coffee (Rachel Michetti, CC0) and paintings of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage.data

import impasto
from impasto import imaging
from impasto.types import Pixels

STYLES = ("starry-night", "great-wave", "edtaonisl")


IMAGES = Path(__file__).parents[1] / "docs" / "images"


def main() -> None:
    photo = skimage.data.coffee().astype(np.float32) / 255
    paintings = [impasto.stylize(photo, style, size=600).picture.pixels for style in STYLES]
    write("coffee.jpg", [photo, *paintings], 2, (480, 320))


def write(name: str, pictures: list[Pixels], columns: int, size: tuple[int, int]) -> None:
    """``pictures`` in rows of ``columns``, each of ``size``, as one file among the documents' images."""
    tiles = [imaging.resize(pixels, *size) for pixels in pictures]
    rows = [np.concatenate(tiles[k : k + columns], axis=1) for k in range(0, len(tiles), columns)]
    IMAGES.mkdir(exist_ok=True)
    imaging.write(impasto.Picture(np.concatenate(rows, axis=0)), IMAGES / name, quality=88)
    print(IMAGES / name)


if __name__ == "__main__":
    main()
