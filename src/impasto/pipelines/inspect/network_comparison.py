"""The same transfer by several networks."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from impasto import metrics, weights
from impasto.catalogue.loader import StyleLike, load_style
from impasto.catalogue.measured import PictureStyle
from impasto.encoders import Encoder, FeatureExtractor
from impasto.errors import InputError, WeightsError
from impasto.imaging import fit
from impasto.imaging.inputs import PictureLike, load_picture, opaque
from impasto.inspection.layers import check_size, equal_weights, suggest_layers
from impasto.inspection.networks import NetworkResult
from impasto.inspection.reconstruction import shrunk
from impasto.inspection.stages import Stages
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset
from impasto.painters.sources import LoadedEncoder
from impasto.pipelines import photo as api
from impasto.pipelines.inspect.inputs import UNTRAINED, find_network
from impasto.pipelines.measure import find_judge, load_judge
from impasto.progress import Cancel, ProgressCallback
from impasto.tensors import to_tensor, with_gradients
from impasto.types import Picture

BESIDE = (
    ("vgg16", "vgg16-caffe"),
    ("vgg19", "vgg19-caffe"),
)
"""Networks compared by default if their weights are on this machine; one of each pair."""


def available() -> list[str]:
    """Return the networks compared by default: tiny, an untrained one, and the VGGs on this machine."""
    found = [next((n for n in names if weights.present(n)), None) for names in BESIDE]
    return ["tiny", UNTRAINED, *(name for name in found if name)]


def vgg_is_here() -> bool:
    """Return whether the weights of a VGG are on this machine."""
    return any(weights.present(name) for names in BESIDE for name in names)


@with_gradients()
def compare_networks(
    content: PictureLike,
    style: StyleLike,
    networks: Sequence[str] | None = None,
    *,
    options: OptimizeOptions | None = None,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> tuple[list[NetworkResult], Picture, Picture | None]:
    """Paint ``content`` in ``style`` with each of ``networks``; return the results and both pictures.

    ``networks``: as for ``OptimizeOptions.encoder``, "untrained" (random weights), "timm:NAME";
    ``available()`` by default. A network without the layers of ``options`` gets those of ``suggest_layers``.
    Raises InputError and its subclasses, and WeightsMissingError for missing weights, before any work.
    """
    chosen = options or preset("from-photo").options
    names = list(dict.fromkeys(networks or available()))
    if not names:
        raise InputError("expected at least one network to paint with; got none")
    photo = opaque(load_picture(content, size=chosen.size))
    loaded = load_style(style, **chosen.style_sampling())
    if not isinstance(loaded, PictureStyle):
        raise InputError(
            "expected a painting to compare networks on; a style file was measured with one of them"
        )
    found = {name: _set_up(name, chosen, photo) for name in names}
    stages = Stages({n: _cost(network) for n, (network, _) in found.items()}, on_progress)
    judge = _judge()
    results = []
    for name, (network, own) in found.items():
        title = f"painting with {name}"
        # The first run is slower: one step that is not measured.
        once = own.replace(iterations=1, coarse_iterations=None, first_iterations=None, min_size=0)
        api.stylize(photo, loaded, options=once, encoder=LoadedEncoder(network))
        tell = stages.part(name, title)
        result = api.stylize(
            photo, loaded, options=own, encoder=LoadedEncoder(network), on_progress=tell, cancel=cancel
        )
        measured = metrics.measure(
            to_tensor(result.picture.pixels), to_tensor(photo.pixels), to_tensor(loaded.picture.pixels), judge
        )
        results.append(
            NetworkResult(
                name=name,
                content_layers=tuple(own.content_layers),
                style_layers=tuple(own.style_layers),
                pixels=result.picture.pixels,
                seconds=result.seconds,
                iterations=result.iterations,
                patch_distance=measured.patch_distance,
                style_distance=measured.style_distance,
                content_distance=measured.content_distance,
            )
        )
        stages.finish(name, title)
        if cancel is not None and cancel():
            break
    longest = max(results[0].pixels.shape[:2])
    return results, shrunk(photo, longest), shrunk(loaded.picture, longest)


def _set_up(name: str, options: OptimizeOptions, photo: Picture) -> tuple[FeatureExtractor, OptimizeOptions]:
    network = find_network(name, options)
    asked = [*options.content_layers, *options.style_layers]
    own = options
    if not set(asked) <= set(network.layer_names):
        content, style = suggest_layers(network)
        # Keep the total weight of content for any number of layers.
        share = sum(options.content_layers.values()) / len(content)
        own = replace(
            options, content_layers=dict.fromkeys(content, share), style_layers=equal_weights(style)
        )
    if not isinstance(network, Encoder):
        own = own.replace(normalise_activations=False)  # works on a VGG only
    width, height = fit(photo.width, photo.height, own.size)
    check_size(network, own.layers, width, height, "the painting")
    return network, own


def _cost(network: FeatureExtractor) -> float:
    """Return the network's number of weights, as an estimate of the cost of a pass."""
    return float(sum(p.numel() for p in network.parameters()))


def _judge() -> Encoder | None:
    """Return the network that judges as in ``impasto.measure``, if there is one with the layers for it."""
    name = find_judge()
    with contextlib.suppress(WeightsError):  # only the first part of a VGG
        return None if name is None else load_judge(name)
    return None
