"""Paint the studio's thumbnails: ``python recipes/studio_samples/make.py PHOTO [STYLE...]``.

A style's thumbnail is one sample photograph painted in it, as the instant preview is: the paintings
themselves are not redistributed. The shipped ones show scikit-image's photograph of a cup of coffee (CC0).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import impasto
from impasto import imaging
from impasto.catalogue.lookup import styles
from impasto.imaging.inputs import load_picture
from impasto.types import Picture

WIDTH, HEIGHT = 384, 288
SCALE = 1.5
"""How much larger they are painted than they are kept: strokes as in a preview, smoothed once."""
FOLDER = Path(__file__).parents[2] / "src" / "impasto" / "studio" / "samples"


def main(photo: str, names: list[str]) -> None:
    """Paint ``photo`` in every style there is, or in those named."""
    picture = _cropped(load_picture(photo))
    for name in names or styles():
        painted = impasto.fast(picture, name, size=picture.width).picture
        image = Image.fromarray(np.rint(painted.pixels * 255).astype(np.uint8))
        target = FOLDER / f"{name}.webp"
        image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(target, quality=70, method=6)
        print(f"{name}: {target.stat().st_size:,} bytes")


def _cropped(picture: Picture) -> Picture:
    """Return the middle of ``picture`` in the thumbnails' proportions, at the size that is painted."""
    width, height = round(WIDTH * SCALE), round(HEIGHT * SCALE)
    scale = min(picture.width / width, picture.height / height)
    across, down = round(width * scale), round(height * scale)
    left, top = (picture.width - across) // 2, (picture.height - down) // 2
    middle = np.ascontiguousarray(picture.pixels[top : top + down, left : left + across])
    return Picture(imaging.resize(middle, width, height), None, picture.bits)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
