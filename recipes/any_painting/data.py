"""Photographs and paintings in one file, and the crops of them a training step sees.

    python -m recipes.any_painting.data --data DATA --output runs/strokes/pictures.npz

Every tenth file, by the CRC-32 of its name, is left out: those are for judging.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Pixels = npt.NDArray[np.uint8]

PHOTO_SIDE, PAINTING_SIDE = 320, 448
"""Long sides in the file, in pixels."""


def held_out(name: str) -> bool:
    """True for the tenth of the files that no training may see: CRC-32 of the name, modulo 10."""
    return zlib.crc32(name.encode()) % 10 == 0


def pack(folders: Iterable[Path], longest: int, quality: int) -> list[Pixels]:
    """The pictures of ``folders`` that may be trained on, as WebP files."""
    found = []
    for path in sorted(p for folder in folders for p in folder.glob("*.jpg")):
        if held_out(path.name):
            continue
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError(f"expected a picture that OpenCV reads; got {path}")
        scale = min(1.0, longest / max(picture.shape[:2]))
        size = tuple(max(64, round(side * scale)) for side in picture.shape[1::-1])
        small = picture if scale == 1 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        found.append(cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].ravel())
    return found


class Pictures:
    """The two sets of a packed file; pictures are decoded when they are asked for."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as stored:
            self.photos, self.paintings = (
                np.split(stored[f"{kind}"], stored[f"{kind}_ends"][:-1]) for kind in ("photos", "paintings")
            )

    def photo(self, number: int) -> Pixels:
        """(H, W, 3) RGB."""
        return _decoded(self.photos[number])

    def painting(self, number: int) -> Pixels:
        """(H, W, 3) RGB."""
        return _decoded(self.paintings[number])


def _decoded(stored: Pixels) -> Pixels:
    picture = cv2.imdecode(stored, cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(
            "the packed file is damaged: it holds a picture that cannot be decoded; pack it again"
        )
    return np.asarray(picture[..., ::-1], np.uint8)


def photo_crop(picture: Pixels, size: int, random: np.random.Generator) -> Tensor:
    """A random square of ``picture``, (3, size, size) in [0, 1].

    Enlarged by 1.1 to 2.2, since pictures are kept small, half of them mirrored; a tenth are out of focus,
    since small photographs have few areas as flat as large ones.
    """
    scale = float(np.exp(random.uniform(np.log(1.1), np.log(2.2))))
    side = min(round(size / scale), *picture.shape[:2])
    square = _resized(_cut(picture, side, side, random), size, size)
    if random.random() < 0.1:
        small = round(size / random.uniform(3, 10))
        square = _resized(_resized(square, small, small), size, size)
    return _tensor(square[:, ::-1] if random.random() < 0.5 else square)


def painting_view(picture: Pixels, random: np.random.Generator) -> Tensor:
    """A painting as one of the styles it can be, (3, H, W) in [0, 1] with sides of 192 to 512 pixels: at some
    size, whole or a part, mirrored, turned; a third of them in other colours."""
    share = 1.0 if random.random() < 0.5 else random.uniform(0.6, 1.0)
    rows, columns = (max(64, round(side * share)) for side in picture.shape[:2])
    part = _cut(picture, min(rows, picture.shape[0]), min(columns, picture.shape[1]), random)
    longest = float(np.exp(random.uniform(np.log(256), np.log(512))))
    scale = longest / max(part.shape[:2])
    rows, columns = (max(192, round(side * scale)) for side in part.shape[:2])
    part = _resized(part, rows, columns)
    if random.random() < 0.5:
        part = part[:, ::-1]
    if random.random() < 0.15:
        part = np.rot90(part)
    view = _tensor(part)
    return recoloured(view, random) if random.random() < 0.33 else view


def recoloured(picture: Tensor, random: np.random.Generator) -> Tensor:
    """``picture`` (3, H, W) in [0, 1] with its hues turned, its saturation and its brightness changed."""
    grey = picture.mean(0, keepdim=True)
    angle = random.uniform(-np.pi, np.pi)
    # About the grey axis: Rodrigues's rotation.
    cosine, sine = np.cos(angle), np.sin(angle) / np.sqrt(3)
    rest = (1 - cosine) / 3
    a, b, c = cosine + rest, rest - sine, rest + sine
    turn = torch.tensor([[a, b, c], [c, a, b], [b, c, a]], dtype=torch.float32)
    turned = torch.einsum("ij,jhw->ihw", turn, picture)
    vivid = grey + (turned - grey) * random.uniform(0.3, 1.4)
    return vivid.clamp(0, 1) ** float(np.exp(random.uniform(-0.4, 0.4)))


def _cut(picture: Pixels, rows: int, columns: int, random: np.random.Generator) -> Pixels:
    top = int(random.integers(picture.shape[0] - rows + 1))
    left = int(random.integers(picture.shape[1] - columns + 1))
    return picture[top : top + rows, left : left + columns]


def _resized(picture: Pixels, rows: int, columns: int) -> Pixels:
    smaller = rows < picture.shape[0]
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (columns, rows), interpolation=method), np.uint8)


def _tensor(picture: Pixels) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1).float() / 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="holds content_train, paintings, style")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    sets = {
        "photos": pack([options.data / "content_train"], PHOTO_SIDE, 75),
        "paintings": pack([options.data / "paintings", options.data / "style"], PAINTING_SIDE, 76),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    joined = {kind: np.concatenate(files) for kind, files in sets.items()}
    ends = {f"{kind}_ends": np.cumsum([len(file) for file in files]) for kind, files in sets.items()}
    np.savez(options.output, **joined, **ends)  # type: ignore[arg-type]  # a keyword of its own is a bool
    counts = ", ".join(f"{len(files)} {kind}" for kind, files in sets.items())
    print(f"{options.output}: {counts}, {options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
