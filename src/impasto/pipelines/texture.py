"""Textures in a style, from paths and names."""

from __future__ import annotations

from impasto.encoders import FeatureExtractor
from impasto.extras import torch_needed
from impasto.imaging.read_options import READING, ReadOptions
from impasto.inspection.reconstruction import TEXTURE, Reconstruction, synthesise
from impasto.optimize.options import OptimizeOptions
from impasto.painters.sources import StyleLike, check_style_files, load_style
from impasto.pipelines.inspect.inputs import find_network
from impasto.progress import Cancel, ProgressCallback
from impasto.tensors import with_gradients


@torch_needed()
@with_gradients()
def texture(
    style: StyleLike,
    size: int | tuple[int, int] = 512,
    *,
    options: OptimizeOptions = TEXTURE,
    encoder: FeatureExtractor | None = None,
    reading: ReadOptions = READING,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Reconstruction:
    """Return a texture in ``style`` of any ``size``, (width, height) or the side of a square.

    ``style``: as for ``impasto.stylize``. ``encoder``: the network that ``options`` name, if loaded.
    ``reading``: how pictures are read.
    Raises InputError and its subclasses.
    """
    width, height = size if isinstance(size, tuple) else (size, size)
    chosen = options.replace(size=(width, height), content_layers={})
    network = encoder or find_network(chosen.encoder, chosen)
    loaded = load_style(style, **chosen.style_sampling(), reading=reading)
    check_style_files([loaded], network, chosen)
    return synthesise(
        network, loaded, (width, height), options=chosen, on_progress=on_progress, cancel=cancel
    )
