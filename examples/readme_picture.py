"""Make the README's pictures: python examples/readme_picture.py [LIGHTHOUSE]

Paintings by optimisation of scikit-image's coffee (Rachel Michetti, CC0), beside it. With LIGHTHOUSE, the
file of picture 21 of Kodak's Lossless True Color Image Suite, which may be used freely, paintings of it in
one pass.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import skimage.data

import impasto
from impasto import imaging
from impasto.types import Pixels

STYLES = ("starry-night", "great-wave", "edtaonisl")
AT_ONCE = ("starry-night", "woman-with-a-hat", "composition-vii", "metzinger")

IMAGES = Path(__file__).parents[1] / "docs" / "images"


def main(lighthouse: str | None = None) -> None:
    if lighthouse is not None:
        at_once = [impasto.fast(lighthouse, style, size=768).picture.pixels for style in AT_ONCE]
        write("lighthouse.jpg", at_once, 2, (480, 320))
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
    main(*sys.argv[1:])
