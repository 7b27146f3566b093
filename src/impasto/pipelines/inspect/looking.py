"""Feature maps, reconstructions, textures and distances between styles, from paths and names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from impasto.catalogue.measured import PictureStyle, Style
from impasto.encoders import FeatureExtractor
from impasto.errors import InputError
from impasto.inspection.features import LayerView, feature_maps
from impasto.inspection.layers import (
    Paper,
    check_size,
    growing_sets,
    known_layers,
    paper_layers,
    suggest_layers,
)
from impasto.inspection.reconstruction import (
    ITERATIONS,
    NOISE,
    SIZE,
    TEXTURE,
    Reconstruction,
    reconstruct_content,
    reconstruct_style,
    synthesise,
)
from impasto.inspection.stages import StageCallback, Stages
from impasto.inspection.styles import StyleDistances, style_distances
from impasto.optimize.options import OptimizeOptions
from impasto.painters.sources import PictureLike, StyleLike, check_style_files, load_style, name_of
from impasto.pipelines.inspect.inputs import find_network, find_photo
from impasto.progress import Cancel, ProgressCallback
from impasto.types import Picture


@dataclass(frozen=True)
class Features:
    """``photo``: as it was looked at. ``views``: a ``LayerView`` for each layer."""

    photo: Picture
    views: tuple[LayerView, ...]


def features(
    photo: PictureLike,
    layers: str | Iterable[str] | None = None,
    *,
    encoder: FeatureExtractor | str = "tiny",
    size: int = 384,
    channels: Sequence[int] | None = None,
    top: int = 6,
) -> Features:
    """What ``layers`` of ``encoder`` answer to ``photo``, brought to a long side of at most ``size``.

    ``layers``: by default one a block, the style layers. ``channels``: which to show, or else the ``top``
    most active ones. Raises InputError and its kin, with what to do about it.
    """
    network = _network(encoder)
    names = suggest_layers(network)[1] if layers is None else layers
    picture = find_photo(photo, size)
    return Features(picture, tuple(feature_maps(network, picture, names, channels=channels, top=top)))


@dataclass(frozen=True)
class Reconstructions:
    """``photo``, ``painting``: the originals at the size of their reconstructions."""

    photo: Picture
    painting: Picture
    content: tuple[Reconstruction, ...]
    style: tuple[Reconstruction, ...]


def reconstruct(
    photo: PictureLike,
    style: PictureLike | None = None,
    *,
    content_layers: str | Iterable[str] | None = None,
    style_layers: str | Iterable[str] | None = None,
    paper: Paper = "2015",
    encoder: FeatureExtractor | str = "tiny",
    size: int = SIZE,
    iterations: int = ITERATIONS,
    seed: int = 0,
    on_stage: StageCallback | None = None,
    cancel: Cancel | None = None,
) -> Reconstructions:
    """Gatys et al., figure 1: ``photo`` from the content of one layer each, ``style`` (the photo itself,
    if not given) from the style of the first layer, the first two, and so on.

    ``content_layers``, ``style_layers``: those of the ``paper``'s figure 1 by default, as far as the
    network has them; none of a kind with (). After ``cancel`` says True, what is done is returned.
    """
    network = _network(encoder)
    own = paper_layers(network, paper)
    first = paper_layers(network, "2015")
    content = _asked(network, content_layers, own)
    sets = growing_sets(_asked(network, style_layers, first))
    if not content and not sets:
        raise InputError("expected content layers, style layers or both to reconstruct from; got none")
    picture = find_photo(photo, size)
    painting = picture if style is None else find_photo(style, size)
    for original, names, what in (
        (picture, content, "the photograph"),
        (painting, sets[-1] if sets else [], "the painting"),
    ):
        check_size(network, names, original.width, original.height, what)
    options = NOISE.replace(size=size, iterations=iterations, seed=seed)
    titles = [f"content of {name}" for name in content] + [f"style of {'+'.join(names)}" for names in sets]
    stages = Stages(dict.fromkeys(titles, 1.0), on_stage)
    done: list[Reconstruction] = []
    for title, layers in zip(titles, [*content, *sets], strict=True):
        tell = stages.part(title)
        if isinstance(layers, str):
            chosen = options.replace(size=max(picture.width, picture.height))
            done.append(
                reconstruct_content(network, picture, layers, options=chosen, on_progress=tell, cancel=cancel)
            )
        else:
            chosen = options.replace(size=max(painting.width, painting.height))
            done.append(
                reconstruct_style(network, painting, layers, options=chosen, on_progress=tell, cancel=cancel)
            )
        stages.finish(title)
        if cancel is not None and cancel():
            break
    return Reconstructions(
        picture,
        painting,
        tuple(r for r in done if r.kind == "content"),
        tuple(r for r in done if r.kind == "style"),
    )


def texture(
    style: StyleLike,
    size: int | tuple[int, int] = 512,
    *,
    options: OptimizeOptions = TEXTURE,
    encoder: FeatureExtractor | None = None,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Reconstruction:
    """A texture of any ``size``, (width, height) or the side of a square, in the manner of ``style``.

    ``style``: as for ``impasto.stylize``. ``encoder``: the network that ``options`` name, if loaded.
    Raises InputError and its kin.
    """
    width, height = size if isinstance(size, tuple) else (size, size)
    chosen = options.replace(size=(width, height), content_layers={})
    network = encoder or find_network(chosen.encoder, chosen)
    loaded = load_style(style, **chosen.style_sampling())
    check_style_files([loaded], network, chosen)
    return synthesise(
        network, loaded, (width, height), options=chosen, on_progress=on_progress, cancel=cancel
    )


def compare_styles(
    styles: Sequence[StyleLike],
    *,
    layers: str | Iterable[str] | None = None,
    encoder: FeatureExtractor | str = "tiny",
    size: int = 512,
) -> tuple[StyleDistances, dict[str, Picture]]:
    """How far ``styles`` are from each other, and thumbnails of those that are pictures, by name.

    ``styles``: named styles, style files, paintings; a folder of them is one style. All are
    measured at a long side of about ``size`` pixels. Raises InputError and its kin.
    """
    network = _network(encoder)
    names = suggest_layers(network)[1] if layers is None else known_layers(network, layers)
    loaded: dict[str, Style] = {}
    for number, source in enumerate(styles, 1):
        name = _label(source, number)
        while name in loaded:
            name = f"{name} ({number})"
        loaded[name] = load_style(source)
    found = style_distances(network, loaded, names, long_side=size)
    thumbnails = {n: find_photo(s.picture, 192) for n, s in loaded.items() if isinstance(s, PictureStyle)}
    return found, thumbnails


def _network(encoder: FeatureExtractor | str) -> FeatureExtractor:
    return find_network(encoder) if isinstance(encoder, str) else encoder


def _asked(network: FeatureExtractor, layers: str | Iterable[str] | None, otherwise: list[str]) -> list[str]:
    if layers is None:
        return otherwise
    given = layers if isinstance(layers, str) else list(layers)
    return known_layers(network, given) if given else []


def _label(source: object, number: int) -> str:
    path = name_of(source)
    return Path(path).stem.replace("_", " ") if path else f"picture {number}"
