"""Measures of a result against the pictures it was made from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from impasto import weights
from impasto.catalogue.lookup import check_painting
from impasto.encoders import Encoder, load_encoder
from impasto.extras import naming_missing
from impasto.imaging.inputs import PictureLike, load_picture
from impasto.metrics import CONTENT_LAYER, STYLE_LAYERS, Measures
from impasto.metrics import measure as measure_tensors
from impasto.tensors import to_tensor, with_defaults

if TYPE_CHECKING:
    from impasto.weights import Convention

JUDGES = ("vgg19", "vgg19-caffe")
"""The networks that judge by default, in order of preference."""


@naming_missing()
@with_defaults()
def measure(
    result: PictureLike,
    content: PictureLike,
    style: PictureLike,
    *,
    judge: str | os.PathLike[str] | None = None,
    convention: str | None = None,
) -> Measures:
    """Measure a ``result``: distances to ``content`` and ``style``, and artefacts such as grids and frames.

    Smaller is better throughout; ``Measures`` has the scale of each.
    ``judge``: the name or file of a network other than the one that painted; by default the VGG-19 on this
    machine. Without one the two distances are None. ``convention``: the input that the judge expects, if its
    file does not say. Raises InputError and its subclasses.
    """
    check_painting(style)
    network = judge or find_judge()
    encoder = None if network is None else load_judge(network, convention)
    painted = load_picture(result)
    size = max(painted.width, painted.height)
    photo, painting = (to_tensor(load_picture(one, size=size).pixels) for one in (content, style))
    return measure_tensors(to_tensor(painted.pixels), photo, painting, encoder)


def find_judge() -> str | None:
    """Return the first of ``JUDGES`` that is on this machine."""
    return next((name for name in JUDGES if weights.present(name)), None)


def load_judge(network: str | os.PathLike[str], convention: str | None = None) -> Encoder:
    """Return the network, set up to judge pictures."""
    return load_encoder(
        Path(network) if isinstance(network, os.PathLike) else network,
        padding="reflect",
        layers=[*STYLE_LAYERS, CONTENT_LAYER],
        convention=cast("Convention | None", convention),
    )
