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

    A pooling layer follows every block; ``last_pool``: whether one follows the last. ``slope``: the factor of
    the rectifiers for negative values, 0 for ReLU. ``channels``: the widths of all convolutions, in order, if
    they differ within a block; ``widths`` are then those of the last in each block.
    """

    name: str
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    last_pool: bool = True
    slope: float = 0.0
    channels: tuple[int, ...] = ()

    def convolutions(self) -> list[tuple[str, int, int]]:
        """Return ``(suffix, channels in, channels out)`` of every convolution, such as ("4_2", 512, 512)."""
        rows: list[tuple[str, int, int]] = []
        channels = 3
        for block, (block_width, depth) in enumerate(zip(self.widths, self.depths, strict=True), 1):
            for index in range(1, depth + 1):
                width = self.channels[len(rows)] if self.channels else block_width
                rows.append((f"{block}_{index}", channels, width))
                channels = width
        return rows

    def layer_names(self) -> list[str]:
        """Return every name that can be asked for, in network order: conv1_1, relu1_1, ..., pool1, ..."""
        names = []
        for block, depth in enumerate(self.depths, 1):
            for index in range(1, depth + 1):
                names += [f"conv{block}_{index}", f"relu{block}_{index}"]
            if block < len(self.depths) or self.last_pool:
                names.append(f"pool{block}")
        return names

    def truncated(self, convolutions: int) -> Architecture:
        """Return the same network cut after its first ``convolutions`` (at least 1, at most all)."""
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
        channels = self.channels[:convolutions]
        widths = (*self.widths[: kept - 1], channels[-1] if channels else self.widths[kept - 1])
        return replace(self, widths=widths, depths=tuple(depths), last_pool=pooled, channels=channels)


VGG16 = Architecture("vgg16", (64, 128, 256, 512, 512), (2, 2, 3, 3, 3))
VGG19 = Architecture("vgg19", (64, 128, 256, 512, 512), (2, 2, 4, 4, 4))
# VGG-16 after channel pruning (He, Zhang and Sun, 2017), a file users of neural-style-pt have.
VGG16_PRUNED = Architecture(
    "vgg16-pruned",
    (22, 51, 111, 228, 512),
    (2, 2, 3, 3, 3),
    channels=(24, 22, 41, 51, 108, 89, 111, 184, 276, 228, 512, 512, 512),
)
# Leaky, because ReLUs in such a narrow network die during training.
TINY = Architecture("tiny", (16, 32, 64, 128, 128), (2, 2, 4, 4, 1), last_pool=False, slope=0.1)

ARCHITECTURES = {known.name: known for known in (VGG19, VGG16, VGG16_PRUNED, TINY)}


def recognise(widths: tuple[int, ...], depths: tuple[int, ...], likely: str | None = None) -> Architecture:
    """Return the architecture these blocks belong to, cut where they end.

    If several known networks begin with these blocks, the one named ``likely`` is preferred, then a whole
    network over a part of a deeper one, then the first of ``ARCHITECTURES``. Other blocks are an architecture
    named "custom".
    """
    parts = list(_parts(widths, depths))
    named = [part for part in parts if part.name == likely]
    whole = [part for part in parts if part == ARCHITECTURES[part.name]]
    return (named or whole or parts or [Architecture("custom", widths, depths, last_pool=False)])[0]


def recognise_uneven(channels: tuple[int, ...]) -> Architecture | None:
    """Return the known architecture with blocks of mixed widths whose convolutions have or begin with these
    widths, or None.
    """
    for known in ARCHITECTURES.values() if channels else ():
        if known.channels and channels == known.channels[: len(channels)]:
            return known.truncated(len(channels))
    return None


def _parts(widths: tuple[int, ...], depths: tuple[int, ...]) -> Iterator[Architecture]:
    for known in ARCHITECTURES.values():
        if not known.channels and sum(depths) <= sum(known.depths):
            part = known.truncated(sum(depths))
            if (part.widths, part.depths) == (widths, depths):
                yield part
