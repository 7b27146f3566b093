"""The pictures the commands work on: made from whole numbers alone, so that they are the same everywhere."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

PHOTO = (96, 72)


def blobs(width: int, height: int, seed: int, coarse: int) -> Image.Image:
    """Return random colours, COARSE by COARSE of them, enlarged."""
    small = np.random.default_rng(seed).integers(0, 256, (coarse, coarse, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def left(width: int, height: int) -> NDArray[np.uint8]:
    """Return a mask, white in its left half."""
    mask = np.zeros((height, width), np.uint8)
    mask[:, : width // 2] = 255
    return mask


def film(frames: list[Image.Image], path: Path) -> None:
    """Write FRAMES without loss, 12 a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=12)
        stream.width, stream.height = frames[0].size
        stream.pix_fmt = "bgr0"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_image(frame)))
        container.mux(stream.encode())


def make(folder: Path) -> None:
    """Write all of them to FOLDER."""
    photo = blobs(*PHOTO, 1, 6)
    photo.save(folder / "photo.png")
    blobs(192, 144, 1, 12).save(folder / "large.png")
    blobs(80, 80, 2, 20).save(folder / "painting.png")
    blobs(80, 64, 3, 8).save(folder / "other.png")
    exif = Image.Exif()
    exif[274] = 6  # to be turned a quarter clockwise
    photo.save(folder / "turned.png", exif=exif)

    mask = left(*PHOTO)
    Image.fromarray(mask).save(folder / "left.png")
    Image.fromarray(255 - mask).save(folder / "right.png")
    Image.fromarray(left(80, 80)).save(folder / "painting-left.png")
    Image.fromarray(255 - left(80, 64)).save(folder / "other-right.png")
    alpha = photo.copy()
    alpha.putalpha(Image.fromarray(np.maximum(mask, 96)))
    alpha.save(folder / "alpha.png")
    deep = np.asarray(photo, np.uint16)[:, :, ::-1] * 257
    cv2.imwrite(str(folder / "deep.png"), deep + np.uint16(1) * (deep < 65000))

    photos = folder / "photos"
    photos.mkdir()
    for seed in range(11, 14):
        blobs(*PHOTO, seed, 7).save(photos / f"{seed}.png")

    frames = folder / "frames"
    frames.mkdir()
    scene = blobs(112, 80, 5, 9)
    moved = [scene.crop((2 * shift, shift, 2 * shift + 96, shift + 72)) for shift in range(6)]
    for number, frame in enumerate(moved):
        frame.save(frames / f"{number:03d}.png")
    film(moved, folder / "film.mkv")
