"""Style files, measured from paintings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from impasto import imaging
from impasto.catalogue.cards import SUFFIX, StyleCard
from impasto.catalogue.files import measure_style_file, write_style
from impasto.catalogue.loader import pictures_in
from impasto.catalogue.lookup import check_painting
from impasto.errors import InputError
from impasto.extras import naming_missing
from impasto.files.places import readable
from impasto.imaging.inputs import PictureLike, load_packed, name_of
from impasto.optimize.options import OptimizeOptions
from impasto.painters.sources import encoder_for, with_layer_names
from impasto.parameters import checked
from impasto.tensors import with_defaults


@checked
@naming_missing()
@with_defaults()
def make_style(
    paintings: PictureLike | list[PictureLike] | tuple[PictureLike, ...],
    path: str | os.PathLike[str],
    *,
    title: str = "",
    artist: str = "",
    year: str = "",
    licence: str = "",
    encoder: str = "tiny",
    layers: Sequence[str] | None = None,
    half: bool = False,
) -> StyleCard:
    """Measure the style of one or more ``paintings`` and write a style file to ``path``.

    A folder means all pictures in it. ``title``, ``artist``, ``year`` and ``licence`` are stored with
    it; without a title it is the painting's name, or for several that of the file. ``encoder``: the network
    that measures, a name or a file, and the only one that can use the style file. ``layers``: the layers to
    measure (default: those of ``OptimizeOptions``). ``half`` stores float16. With the same encoder, the file
    can be used in place of the paintings and gives the same result. Returns the card of the file. Raises
    InputError and its subclasses, OutputError.
    """
    several_given = list(paintings) if isinstance(paintings, (list, tuple)) else [paintings]
    if not several_given:
        raise InputError("expected at least one painting; got none")
    given = [picture for painting in several_given for picture in pictures_in(painting)]
    place = Path(path)
    if place.suffix.lower() != SUFFIX:
        raise InputError(f"expected a style file's name to end in {SUFFIX}; got {place.name!r}")
    imaging.check_writable(place, suffixes=(SUFFIX,))
    for source in given:
        check_painting(source)
        if name := name_of(source):
            imaging.read_size(name)  # rejects files that are not pictures before any is measured
    pictures = map(load_packed, given)  # one at a time
    titles = [readable(Path(o).name) if (o := name_of(p)) else "picture" for p in given]
    options = OptimizeOptions(encoder=encoder)
    if layers:
        wanted = dict.fromkeys([layers] if isinstance(layers, str) else layers, 1.0)
        options = options.replace(style_layers=wanted, content_layers={})
    network = encoder_for(options)
    found = list(with_layer_names(options, network).style_layers)
    card = StyleCard(
        title or Path(titles[0] if len(titles) == 1 else readable(place.name)).stem,
        artist,
        year,
        licence,
        tuple(titles),
    )
    card, tensors = measure_style_file(pictures, network, found, card, half=half)
    write_style(place, card, tensors)
    return card
