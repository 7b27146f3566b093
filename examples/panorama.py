"""A panorama all around and a tile, without a seam: what ``docs/control.md`` tells.

python examples/panorama.py [SIZE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import skimage.data

import impasto
from impasto import imaging
from impasto.inspection.reconstruction import TEXTURE


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 768
    coffee = skimage.data.coffee()
    # Stands in for a photograph of 360 degrees: a picture and its mirror image, which meet all around.
    around = np.concatenate([coffee, coffee[:, ::-1]], axis=1)
    out = Path("out")
    out.mkdir(exist_ok=True)

    # Turned by half: what were its ends meet in the middle.
    painted = impasto.stylize(around, "starry-night", size=size, seamless="x")
    turned = np.roll(painted.picture.pixels, painted.picture.pixels.shape[1] // 2, axis=1)
    imaging.write(impasto.Picture(turned), out / "panorama.png")

    side = max(32, size // 3 // 16 * 16)
    tile = impasto.texture("great-wave", side, options=TEXTURE.replace(seamless="xy"))
    imaging.write(impasto.Picture(np.tile(tile.pixels, (3, 3, 1))), out / "tiles.png")
    print(f"See {(out / 'panorama.png').resolve()} and tiles.png beside it.")


if __name__ == "__main__":
    main()
