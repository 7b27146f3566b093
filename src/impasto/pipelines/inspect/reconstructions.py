"""Reconstructions of pictures from content and style, from paths and names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from impasto.encoders import FeatureExtractor
from impasto.errors import InputError
from impasto.imaging.inputs import PictureLike
from impasto.inspection.layers import (
    Paper,
    check_size,
    growing_sets,
    known_layers,
    paper_layers,
)
from impasto.inspection.reconstruction import (
    ITERATIONS,
    NOISE,
    SIZE,
    Reconstruction,
    reconstruct_content,
    reconstruct_style,
)
from impasto.inspection.stages import Stages
from impasto.pipelines.inspect.inputs import as_network, find_photo
from impasto.progress import Cancel, ProgressCallback
from impasto.tensors import with_gradients
from impasto.types import Picture


@dataclass(frozen=True)
class Reconstructions:
    """Reconstructions. ``photo``, ``painting``: the originals at the size of their reconstructions."""

    photo: Picture
    painting: Picture
    content: tuple[Reconstruction, ...]
    style: tuple[Reconstruction, ...]


@with_gradients()
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
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Reconstructions:
    """Reconstruct ``photo`` from the content of each layer, and ``style`` (the photo by default) from the
    style of the first layer, the first two, and so on (Gatys et al., figure 1).

    ``content_layers``, ``style_layers``: those of the ``paper``'s figure 1 by default, as far as the
    network has them; () for none. Once ``cancel`` returns True, the finished ones are returned.
    """
    network = as_network(encoder)
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
    stages = Stages(dict.fromkeys(titles, 1.0), on_progress)
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


def _asked(network: FeatureExtractor, layers: str | Iterable[str] | None, otherwise: list[str]) -> list[str]:
    if layers is None:
        return otherwise
    given = layers if isinstance(layers, str) else list(layers)
    return known_layers(network, given) if given else []
