"""Encoders by a network's name or file: ``load_extractor`` for any network, ``load_encoder`` for VGG's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import cast, get_args

import torch

from impasto import threads, weights
from impasto.encoders.layers import parse_layer, parse_layers
from impasto.encoders.network import CONVENTIONS, Encoder, Padding, Pooling
from impasto.encoders.nin import load_nin
from impasto.encoders.protocol import FeatureExtractor
from impasto.encoders.timm_models import load_timm
from impasto.errors import LayerError, OptionError, WeightsError
from impasto.parameters import shown
from impasto.weights.registry import check_convention

TIMM = "timm:"
"""The prefix of names of timm's networks, as in "timm:resnet50.a1_in1k"."""


def load_extractor(
    name: str | Path,
    *,
    pooling: Pooling = "max",
    rescale_pooling: bool = False,
    padding: Padding | None = None,
    layers: Iterable[str] | None = None,
    convention: weights.Convention | None = None,
) -> FeatureExtractor:
    """Return the network called ``name``, whatever its kind, ready for use.

    ``name``: "timm:" and one of timm's names, for a network whose layers are its modules; the path of a file
    of Network in Network (nin_imagenet.pth), whose layers are named as in Caffe; otherwise as for
    ``load_encoder``. Other arguments as there. For networks other than VGG, ``padding`` None means their own;
    for timm, ``convention`` None means the recorded one.

    Raises LayerError for ``layers`` the network does not have, and what ``load_timm``, ``load_nin`` and
    ``load_encoder`` raise.
    """
    path = _path_in(name)
    make: Callable[..., FeatureExtractor]
    if isinstance(name, str) and name.startswith(TIMM):
        make = partial(load_timm, name.removeprefix(TIMM))
    elif path is not None and weights.architecture_in_name(path.name) == "nin":
        make = partial(load_nin, path)
    else:
        return load_encoder(
            name,
            pooling=pooling,
            rescale_pooling=rescale_pooling,
            padding=padding,
            layers=layers,
            convention=convention,
        )
    _check_choices(pooling, padding)
    known = None if convention is None else CONVENTIONS[check_convention(convention)]
    encoder = make(pooling=pooling, rescale_pooling=rescale_pooling, padding=padding, convention=known)
    encoder.minimum_side(layers or ())  # raises LayerError for unknown layers
    return encoder


def load_encoder(
    name: str | Path,
    *,
    pooling: Pooling = "max",
    rescale_pooling: bool = False,
    padding: Padding | None = None,
    layers: Iterable[str] | None = None,
    convention: weights.Convention | None = None,
) -> Encoder:
    """Return the encoder called ``name``, ready for use.

    It is in evaluation mode, on the CPU, with parameters that need no gradients and channels-last filters
    (the fastest for convolutions).

    ``name``: "tiny" (bundled), "vgg19", "vgg16", "vgg19-caffe", "vgg16-caffe", a name given when a
    file was imported, or the path of a .safetensors, .pth or Keras file. Nothing is downloaded
    (``weights.ensure`` does that). ``pooling``, ``rescale_pooling``, ``padding``: as for ``Encoder``;
    ``padding`` None means that of its training. ``layers``: those that will be used; a file with only the
    first part of a trunk is refused if they are deeper. ``convention``: the input that the network of a file
    expects, if the file does not say.

    Raises OptionError for unknown names and values, LayerError for layers the architecture does not
    have, WeightsError for layers deeper than the file, WeightsMissingError, CorruptWeightsError and
    MissingExtraError as ``weights.locate`` and ``weights.read_network`` do.
    """
    threads.survive_forks()
    _check_choices(pooling, padding)
    path = _path_in(name)
    if path is None:
        path = weights.locate(str(name))
        published = weights.REGISTRY.get(str(name))
        network = weights.read_network(path, published.architecture if published else None)
    else:
        network = weights.read_network(path)
        published = weights.identify(path, network)
    expected = weights.known_convention(path, network, published, convention)
    own = network.metadata.get("padding", published.padding if published else "zeros")
    _check_choice("padding", own, get_args(Padding))
    with torch.random.fork_rng(devices=[]):  # does not change the caller's random state
        encoder = Encoder(
            network.architecture,
            CONVENTIONS[expected],
            padding=cast(Padding, padding or own),
            pooling=pooling,
            rescale_pooling=rescale_pooling,
        )
    encoder.load_state_dict({key: torch.from_numpy(value) for key, value in network.tensors.items()})
    if layers is not None:
        _check_depth(str(name), encoder, layers)
    ready = encoder.eval().requires_grad_(False)
    return ready.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def own_layers(
    encoder: FeatureExtractor, layers: str | Iterable[str] | Mapping[str, float]
) -> dict[str, float]:
    """Return ``layers`` and their weights, as from ``parse_layers``, by ``encoder``'s own names.

    For a VGG, Keras's names are accepted. Raises LayerError for layers it does not have.
    """
    if isinstance(encoder, Encoder):
        return parse_layers(layers, encoder.architecture)
    found = parse_layers(layers, modules=True)
    unknown = sorted(set(found) - set(encoder.layer_names))
    if unknown:
        encoder.minimum_side(unknown)  # raises a more precise error
        names = ", ".join(encoder.layer_names)
        raise LayerError(f"{encoder.name} has no layer {unknown[0]!r}; it has {names}")
    return found


def _path_in(name: str | Path) -> Path | None:
    """Return the path that ``name`` is, or None if it is a network's name."""
    if isinstance(name, Path):
        return name
    is_path = "/" in name or "\\" in name or name.lower().endswith(weights.NETWORK_ENDINGS)
    if not is_path:
        return None
    try:
        return Path(name).expanduser()
    except RuntimeError as error:  # ~ of a user without a home folder
        raise OptionError(f"expected a network's file; got {name}: {error}") from error


def _check_choices(pooling: str, padding: str | None) -> None:
    _check_choice("pooling", pooling, get_args(Pooling))
    if padding is not None:
        _check_choice("padding", padding, get_args(Padding))


def _check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        expected = "one of " + ", ".join(choices)
        raise OptionError(f"expected {option} to be {expected}; got {shown(value)}")


def _check_depth(name: str, encoder: Encoder, layers: Iterable[str]) -> None:
    """Raise WeightsError for layers that the architecture has but the file lacks."""
    architecture = encoder.architecture
    whole = weights.ARCHITECTURES.get(architecture.name, architecture)
    for layer in layers:
        wanted = parse_layer(layer, whole)
        if wanted not in encoder.layer_names:
            deepest = encoder.layer_names[-1]
            raise WeightsError(
                f"expected {name} to reach {wanted}; its file holds the first"
                f" {sum(architecture.depths)} convolutions of {whole.name}, to {deepest}"
            )
