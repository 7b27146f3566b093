"""Textures in a style, from paths and names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack, cast

from impasto.catalogue.loader import StyleLike, load_style
from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError
from impasto.extras import naming_missing
from impasto.imaging.read_options import READING, ReadOptions
from impasto.inspection.reconstruction import TEXTURE, Reconstruction, synthesise
from impasto.optimize.options import OptimizeOptions
from impasto.painters.sources import check_style_files
from impasto.parameters import checked, taken
from impasto.pipelines.inspect.inputs import find_network
from impasto.progress import Cancel, ProgressCallback
from impasto.tensors import with_gradients

if TYPE_CHECKING:
    from impasto.pipelines.keywords import TextureKeywords

NO_CONTENT = ("content_layers", "content_weight")
"""Options that a texture does not have."""


@checked
@naming_missing()
@with_gradients()
def texture(
    style: StyleLike,
    size: int | tuple[int, int] = 512,
    *,
    options: OptimizeOptions = TEXTURE,
    encoder: FeatureExtractor | str | None = None,
    reading: ReadOptions = READING,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
    **changes: Unpack[TextureKeywords],
) -> Reconstruction:
    """Return a texture in ``style`` (Gatys, Ecker and Bethge, NIPS 2015).

    ``size``: in pixels, (width, height) or the side of a square.

    ``style``: as for ``impasto.stylize``. ``options``: those of the optimisation; ``reading``: those for
    reading pictures. ``changes`` override single fields of both:
    ``texture("pebbles.jpg", 1024, style_size=384, seed=3)``.
    ``encoder``: the name of a network, or the one that ``options`` name, if loaded. ``on_progress`` and
    ``cancel``: as for ``impasto.stylize``. Raises InputError and its subclasses.
    """
    found = cast("dict[str, Any]", changes)
    for name in NO_CONTENT:
        if name in found:
            raise OptionError(f"a texture has no content: expected no {name}")
    if isinstance(encoder, str):
        found["encoder"], encoder = encoder, None
    reading = taken(reading, found)
    chosen = options.replace(**found).replace(size=size, content_layers={})
    width, height = chosen.size if isinstance(chosen.size, tuple) else (chosen.size, chosen.size)
    chosen = chosen.replace(size=(width, height))
    network = encoder or find_network(chosen.encoder, chosen)
    loaded = load_style(style, **chosen.style_sampling(), reading=reading)
    check_style_files([loaded], network, chosen)
    return synthesise(
        network, loaded, (width, height), options=chosen, on_progress=on_progress, cancel=cancel
    )
