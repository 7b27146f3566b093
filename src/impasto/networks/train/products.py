"""The file that training writes: a style with the network refined for it, or a network of one style."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors.torch import save

from impasto import files
from impasto.catalogue.cards import StyleCard
from impasto.catalogue.files import FileStyle, measure_style_file, write_style
from impasto.catalogue.loader import StyleLike, load_style, pictures_in
from impasto.catalogue.lookup import find_style
from impasto.catalogue.measured import CollectionStyle, PictureStyle
from impasto.encoders import FeatureExtractor
from impasto.errors import InputError, StyleError
from impasto.imaging.inputs import load_packed
from impasto.imaging.packed import PackedPicture
from impasto.inference.any_painting_weights import DECODER
from impasto.networks.train.learners import AnyPaintingLearner, Learner
from impasto.networks.train.painting_loss import STYLE_LAYERS
from impasto.types import Picture


def measured_file(source: StyleLike, encoder: FeatureExtractor, title: str) -> FileStyle:
    """Return ``source`` measured as for a style file; pictures of a folder are loaded one at a time.

    Raises StyleError for a style that cannot be stored in a file, and the errors of ``load_style``.
    """
    pictures: Iterable[Picture | PackedPicture]
    if isinstance(source, (str, os.PathLike)) and find_style(os.fsdecode(source)).kind in (
        "folder",
        "picture",
    ):
        pictures = map(load_packed, pictures_in(source))
    else:
        style = load_style(source)
        if isinstance(style, FileStyle):
            return style
        members = style.members if isinstance(style, CollectionStyle) else (style,)
        pictures = found = [one.picture for one in members if isinstance(one, PictureStyle)]
        if len(found) < len(members):
            kind = type(style).__name__
            raise StyleError(f"training takes pictures, folders, style files and named styles; got {kind}")
    card, tensors = measure_style_file(pictures, encoder, STYLE_LAYERS, StyleCard(title), half=True)
    return FileStyle(Path(title), card, tensors)


def write_product(output: Path, learner: Learner, style: FileStyle, training: Mapping[str, Any]) -> None:
    """Write ``learner``, trained on ``style``, to ``output`` atomically.

    ``training``: the description of the training for the style's card. Raises InputError for numbers that are
    not finite or do not fit float16, OutputError.
    """
    tensors = {n: p.detach().cpu().contiguous() for n, p in learner.learnt().items()}
    if not isinstance(learner, AnyPaintingLearner):
        files.replace(output, save(tensors))
        return
    decoder = {f"{DECODER}{name}": tensor.half().numpy() for name, tensor in tensors.items()}
    for name, tensor in tensors.items():
        if not bool(tensor.half().isfinite().all()):
            raise InputError(f"expected finite numbers that fit float16; some of {name} are not")
    write_style(output, replace(style.card, training=dict(training)), {**style.tensors, **decoder})
