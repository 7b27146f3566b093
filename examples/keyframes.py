"""Make the clip of docs/keyframes.md: one frame painted, and the film that follows from it.

The film is a camera's way over scikit-image's coffee (Rachel Michetti, CC0), which uncovers new ground. Its
first frame is painted, as by hand; all others take their paint from that one.

    python examples/keyframes.py [WIDTH [OUTPUT.webp]]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from PIL import Image

import impasto
from impasto import imaging
from impasto.clips import Request, open_clip
from impasto.types import Pixels

FRAMES, RATE = 30, 10
OUTPUT = Path(__file__).parents[1] / "docs" / "images" / "keyframe.webp"


def main(width: int = 300, output: Path = OUTPUT) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shot").mkdir()
        for number in range(FRAMES):
            imaging.write(impasto.Picture(view(number, width)), folder / "shot" / f"{number:06d}.png")
        painting = impasto.stylize(folder / "shot" / "000000.png", "edtaonisl", size=width)
        made = impasto.video(folder / "shot", None, folder / "film", keyframes={0: painting}, rate=RATE)
        shot, film = (open_clip(folder / part, Request()).frames() for part in ("shot", "film"))
        both = [np.concatenate([a.pixels, b.pixels], axis=1) for a, b in zip(shot, film, strict=True)]
    print(f"{made.frames} frames from one painting")
    first, *rest = (Image.fromarray(np.rint(pixels * 255).astype(np.uint8)) for pixels in both)
    first.save(output, save_all=True, append_images=rest, duration=1000 // RATE, loop=0, quality=35, method=6)
    print(output)


def view(number: int, width: int) -> Pixels:
    """The camera's picture: it comes nearer, turns a little, and moves to the right; (H, W, 3) in [0, 1]."""
    photo = skimage.data.coffee().astype(np.float32) / 255
    share, height = number / (FRAMES - 1), width * 2 // 3
    scale = width / photo.shape[1] * (1.55 + 0.25 * share)
    turn = cv2.getRotationMatrix2D((230 + 120 * share, 210 - 20 * share), 6 * share, scale)
    turn[:, 2] += np.array([width / 2 - 230 - 120 * share, height / 2 - 210 + 20 * share])
    return np.asarray(cv2.warpAffine(photo, turn, (width, height), flags=cv2.INTER_AREA), np.float32)


if __name__ == "__main__":
    words = sys.argv[1:]
    main(int(words[0]) if words else 300, Path(words[1]) if len(words) > 1 else OUTPUT)
