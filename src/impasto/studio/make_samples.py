"""Paints the gallery's thumbnails: ``python -m impasto.studio.make_samples PHOTO``.

The shipped ones show scikit-image's photograph of a cup of coffee (CC0). A style's thumbnail is one sample
painted in it, since the paintings themselves are not redistributed.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from impasto import api, imaging
from impasto.studio.gallery import SAMPLES, Previews
from impasto.studio.storage import replace_file

WIDTH, HEIGHT = 384, 288
QUALITY = 82


def main(photo: Path, names: list[str]) -> None:
    """Paint ``photo`` in every style there is to paint with, or in those named, at twice the size."""
    picture = imaging.read(photo)
    folder = Path(__file__).parent / SAMPLES
    folder.mkdir(exist_ok=True)
    for style in Previews(1).styles().values():
        if not style.paint or (names and style.name not in names):
            continue
        painted = api.stylize(picture, style.name, size=2 * WIDTH).picture
        image = Image.fromarray(np.rint(painted.pixels * 255).astype(np.uint8))
        scale = max(WIDTH / image.width, HEIGHT / image.height)
        image = image.resize(
            (round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS
        )
        left, top = (image.width - WIDTH) // 2, (image.height - HEIGHT) // 2
        stream = io.BytesIO()
        image.crop((left, top, left + WIDTH, top + HEIGHT)).save(stream, "WEBP", quality=QUALITY, method=6)
        replace_file(folder / f"{style.name}.webp", stream.getvalue())
        print(style.name, len(stream.getvalue()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
