"""Two styles in one picture, the photograph's colours in a third: what ``docs/control.md`` tells.

python examples/regions.py [SIZE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import skimage.data

import impasto


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    photo = skimage.data.coffee()
    height, width = photo.shape[:2]
    down, across = np.mgrid[:height, :width]
    cup = ((down - 210) ** 2 + (across - 290) ** 2 < 180**2).astype(np.float32)
    out = Path("out")
    out.mkdir(exist_ok=True)

    # The cup after Hokusai, the table after Van Gogh, with a soft edge between them.
    both = impasto.stylize(
        photo, ["great-wave", "starry-night"], content_masks=[cup, 1 - cup], mask_feather=8, size=size
    )
    both.save(out / "regions.png")

    # The cup as it was, the table painted in the photograph's own colours.
    kept = impasto.stylize(photo, "starry-night", protect=cup, color="luminance", size=size)
    kept.save(out / "protected.png")
    print(f"See {(out / 'regions.png').resolve()} and protected.png beside it.")


if __name__ == "__main__":
    main()
