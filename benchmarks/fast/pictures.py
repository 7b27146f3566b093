"""The pictures that are painted and taught, and the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from impasto import imaging
from impasto.encoders import Encoder, load_encoder
from impasto.metrics import content_distance, style_distance
from impasto.tensors import to_tensor
from impasto.types import Pixels

SHARED = Path(__file__).parents[3] / "shared"

PAINTINGS = (
    "style/girl_with_cat_marc.jpg",
    "paintings/umberto-boccioni_trees-1908.jpg",
    "style/starry_night_van_gogh.jpg",
)
"""The first two were held out when the network was trained."""


@dataclass(frozen=True)
class Settings:
    """See ``parts.main``."""

    judge: Path = SHARED / "weights" / "vgg19_conv1_1-conv3_4.safetensors"
    photos: Path = SHARED / "data" / "content_test"
    paintings: Sequence[Path] = tuple(SHARED / "data" / name for name in PAINTINGS)
    practice: Path = SHARED / "data" / "content_train"
    keep: Path | None = None
    rounds: int = 5
    count: int = 4
    size: int = 512
    minutes: float | None = None
    steps: int | None = None

    def missing(self) -> Path | None:
        """The first of the files and folders that is not there."""
        places = (self.judge, self.photos, *self.paintings, self.practice)
        return next((place for place in places if not place.exists()), None)

    def held_out(self) -> list[Path]:
        """``count`` photographs, evenly chosen; none of them is ever learnt from."""
        found = sorted(self.photos.glob("*.jpg"))
        count = min(self.count, len(found))
        return [found[k * len(found) // count] for k in range(count)]


def read(path: Path, long_side: int) -> Pixels:
    """(H, W, 3), its long side ``long_side``."""
    pixels = imaging.read(path).pixels
    height, width = pixels.shape[:2]
    return imaging.resize(pixels, *imaging.fit(width, height, long_side))


class Judge:
    """Distances by a network that nothing here was trained with. What it looked at last, it remembers."""

    def __init__(self, path: Path) -> None:
        self._encoder = load_encoder(path, padding="reflect", convention="caffe")
        self._seen: dict[int, tuple[Tensor, dict[str, Tensor]]] = {}

    def __call__(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """The encoder itself, but for pictures that were given to ``remember``."""
        if id(image) in self._seen:
            known = self._seen[id(image)][1]
            return {name: known[name] for name in layers}
        found: dict[str, Tensor] = self._encoder(image, layers)
        return found

    def remember(self, images: Sequence[Tensor], layers: Sequence[str]) -> None:
        """Look at ``images`` once, instead of each time; forget those before."""
        with torch.inference_mode():
            self._seen = {id(image): (image, self._encoder(image, layers)) for image in images}

    def distances(self, painted: Tensor, photo: Tensor, painting: Tensor) -> tuple[float, float]:
        """(content, style) distance of ``painted``."""
        encoder = cast(Encoder, self)  # it answers like one
        return content_distance(painted, photo, encoder), style_distance(painted, painting, encoder)


def tensor(pixels: Pixels) -> Tensor:
    return to_tensor(pixels)
