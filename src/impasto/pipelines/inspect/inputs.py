"""Networks and pictures to inspect, by name."""

from __future__ import annotations

from impasto import weights
from impasto.encoders import FeatureExtractor, load_extractor
from impasto.errors import OptionError
from impasto.imaging.inputs import PictureLike, load_picture, opaque
from impasto.inspection.random_network import untrained
from impasto.inspection.reconstruction import shrunk
from impasto.optimize.options import OptimizeOptions
from impasto.types import Picture

UNTRAINED = "untrained"
"""The name of a network with random weights and tiny's architecture; "untrained:vgg19": with that of
VGG-19."""


def find_network(name: str, options: OptimizeOptions | None = None) -> FeatureExtractor:
    """Return the network called ``name``: as for ``OptimizeOptions.encoder``, "untrained" or "untrained:VGG".

    ``options``: its pooling and padding, and the seed of random weights. Raises OptionError, and the errors
    of ``load_extractor``.
    """
    chosen = options or OptimizeOptions()
    kind, _, shape = name.partition(":")
    if kind == UNTRAINED:
        known = weights.ARCHITECTURES
        if (shape or "tiny") not in known:
            raise OptionError(f"expected {UNTRAINED}:NAME with a NAME of {', '.join(known)}; got {name!r}")
        return untrained(
            known[shape or "tiny"],
            seed=chosen.seed,
            pooling=chosen.pooling,
            rescale_pooling=chosen.rescale_pooling,
            padding=chosen.padding or "reflect",
        )
    return load_extractor(name, **chosen.network_settings)


def find_photo(source: PictureLike, size: int) -> Picture:
    """Return a picture without transparency, with a long side of at most ``size``. Raises PictureError."""
    if isinstance(size, bool) or not isinstance(size, int) or size < 16:
        raise OptionError(f"expected size to be a whole number of pixels, at least 16; got {size!r}")
    return shrunk(opaque(load_picture(source, size=size)), size)


def as_network(encoder: FeatureExtractor | str) -> FeatureExtractor:
    """Return the network called ``encoder``, or ``encoder`` itself if it is one."""
    return find_network(encoder) if isinstance(encoder, str) else encoder
