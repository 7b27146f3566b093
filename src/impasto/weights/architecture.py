"""The shapes of the networks: how many convolutions a block has, and how wide they are.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
(2014), configurations D (VGG-16) and E (VGG-19), without the fully connected layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Architecture:
    """Widths (channels) and depths (convolutions) of the blocks, shallow to deep.

    A pooling layer follows every block; ``last_pool`` says whether one follows the last. ``slope`` is
    what its rectifiers multiply negative values by: 0 for ReLU.
    """

    name: str
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    last_pool: bool = True
    slope: float = 0.0

    def convolutions(self) -> list[tuple[str, int, int]]:
        """``(suffix, channels in, channels out)`` of every convolution, such as ("4_2", 512, 512)."""
        rows = []
        channels = 3
        for block, (width, depth) in enumerate(zip(self.widths, self.depths, strict=True), 1):
            for index in range(1, depth + 1):
                rows.append((f"{block}_{index}", channels, width))
                channels = width
        return rows

    def layer_names(self) -> list[str]:
        """Every name that can be asked for, in network order: conv1_1, relu1_1, ..., pool1, ..."""
        names = []
        for block, depth in enumerate(self.depths, 1):
            for index in range(1, depth + 1):
                names += [f"conv{block}_{index}", f"relu{block}_{index}"]
            if block < len(self.depths) or self.last_pool:
                names.append(f"pool{block}")
        return names

    def truncated(self, convolutions: int) -> Architecture:
        """The same network cut after its first ``convolutions`` (at least 1, at most all)."""
        if not 1 <= convolutions <= sum(self.depths):
            raise ValueError(f"expected 1 to {sum(self.depths)} convolutions, got {convolutions}")
        depths: list[int] = []
        left = convolutions
        for depth in self.depths:
            if left:
                depths.append(min(depth, left))
                left -= depths[-1]
        kept = len(depths)
        whole = depths[-1] == self.depths[kept - 1]
        pooled = whole and (kept < len(self.depths) or self.last_pool)
        return replace(self, widths=self.widths[:kept], depths=tuple(depths), last_pool=pooled)


VGG16 = Architecture("vgg16", (64, 128, 256, 512, 512), (2, 2, 3, 3, 3))
VGG19 = Architecture("vgg19", (64, 128, 256, 512, 512), (2, 2, 4, 4, 4))
# Leaky, since ReLUs in so narrow a network die while it learns.
TINY = Architecture("tiny", (16, 32, 64, 128, 128), (2, 2, 4, 4, 1), last_pool=False, slope=0.1)

ARCHITECTURES = {known.name: known for known in (VGG19, VGG16, TINY)}


def recognise(widths: tuple[int, ...], depths: tuple[int, ...], likely: str | None = None) -> Architecture:
    """The architecture these blocks belong to, cut where they end.

    Where several known networks begin alike, the one named ``likely`` wins, then a whole network
    over a part of a deeper one, then the first of ``ARCHITECTURES``. Blocks that fit none are an
    architecture named "custom".
    """
    parts = list(_parts(widths, depths))
    named = [part for part in parts if part.name == likely]
    whole = [part for part in parts if part == ARCHITECTURES[part.name]]
    return (named or whole or parts or [Architecture("custom", widths, depths, last_pool=False)])[0]


def _parts(widths: tuple[int, ...], depths: tuple[int, ...]) -> Iterator[Architecture]:
    for known in ARCHITECTURES.values():
        if sum(depths) <= sum(known.depths):
            part = known.truncated(sum(depths))
            if (part.widths, part.depths) == (widths, depths):
                yield part
