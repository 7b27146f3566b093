"""Paints the gallery's thumbnails: ``python -m impasto.studio.make_samples PHOTO [STYLE...]``.

A style's thumbnail is one sample photograph painted in it, since the paintings themselves are not
redistributed: by the gallery network where it has the style, so that the thumbnail is what the instant
preview gives, else by optimisation. The shipped ones show scikit-image's photograph of a cup of coffee (CC0).
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from impasto import files, imaging
from impasto.pipelines import photo as api
from impasto.studio.requests import GalleryStyle
from impasto.studio.web.previews import SAMPLES, Previews
from impasto.types import Picture, Pixels

WIDTH, HEIGHT = 384, 288
SCALE = 1.5
"""How much larger they are painted than they are kept: strokes as in a preview, smoothed once."""

QUALITY = 82


def main(photo: Path, names: list[str]) -> None:
    """Paint ``photo`` in every style there is, or in those named."""
    picture = _cropped(imaging.read(photo))
    previews = Previews()
    folder = Path(__file__).parent / SAMPLES
    folder.mkdir(exist_ok=True)
    for style in previews.styles().values():
        if names and style.name not in names:
            continue
        pixels = _paint(picture, style, previews)
        image = Image.fromarray(np.rint(pixels * 255).astype(np.uint8))
        stream = io.BytesIO()
        small = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        small.save(stream, "WEBP", quality=QUALITY, method=6)
        files.replace(folder / f"{style.name}.webp", stream.getvalue())
        print(f"{style.name}: {len(stream.getvalue()):,} bytes")


def _cropped(picture: Picture) -> Picture:
    """The middle of ``picture`` in the thumbnails' proportions, at the size that is painted."""
    width, height = round(WIDTH * SCALE), round(HEIGHT * SCALE)
    scale = min(picture.width / width, picture.height / height)
    across, down = round(width * scale), round(height * scale)
    left, top = (picture.width - across) // 2, (picture.height - down) // 2
    middle = np.ascontiguousarray(picture.pixels[top : top + down, left : left + across])
    return Picture(imaging.resize(middle, width, height), None, picture.bits)


def _paint(picture: Picture, style: GalleryStyle, previews: Previews) -> Pixels:
    if style.fast and previews.gallery is not None:
        return previews.gallery.paint(picture.pixels, {style.name: 1.0})
    return api.stylize(picture, style.name, size=max(picture.width, picture.height)).picture.pixels


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
