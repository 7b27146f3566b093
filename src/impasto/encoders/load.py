"""Make an encoder from a network's name or from a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast, get_args

import torch

from impasto import weights
from impasto.encoders.layers import parse_layer
from impasto.encoders.network import CONVENTIONS, Encoder, Padding, Pooling
from impasto.errors import OptionError, WeightsError

_FILE_ENDINGS = (".safetensors", ".pth", ".pt")


def load_encoder(
    name: str | Path,
    *,
    pooling: Pooling = "max",
    rescale_pooling: bool = False,
    padding: Padding | None = None,
    layers: Iterable[str] | None = None,
    convention: weights.Convention | None = None,
) -> Encoder:
    """The encoder called ``name``, ready for use: in evaluation mode, on the CPU, its parameters
    without gradients, its filters laid out with channels last (the fastest for convolutions).

    ``name``: "tiny" (bundled), "vgg19", "vgg16", "vgg19-caffe", "vgg16-caffe", a name given when a
    file was imported, or the path of a .safetensors or .pth file. Nothing is downloaded
    (``weights.ensure`` does that). ``pooling``, ``rescale_pooling`` and ``padding`` are as for
    ``Encoder``; ``padding`` None is what the network was trained with. ``layers`` are those that will
    be asked for: a file that holds only the first part of a trunk is refused if they lie deeper.
    ``convention`` says which input the network of a file expects, where nothing in it does.

    Raises OptionError for unknown names and values, LayerError for layers the architecture does not
    have, WeightsError for layers deeper than the file, WeightsMissingError and CorruptWeightsError
    as ``weights.locate`` and ``weights.read_network`` do.
    """
    _check_choice("pooling", pooling, get_args(Pooling))
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
    _check_choice("padding", padding or own, get_args(Padding))
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


def _path_in(name: str | Path) -> Path | None:
    """The path ``name`` stands for, or None if it is a network's name."""
    if isinstance(name, Path):
        return name
    is_path = "/" in name or "\\" in name or name.lower().endswith(_FILE_ENDINGS)
    return Path(name).expanduser() if is_path else None


def _check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        expected = "one of " + ", ".join(choices)
        raise OptionError(
            f"Expected {option} to be {expected}; got {value!r}.", expected=expected, actual=repr(value)
        )


def _check_depth(name: str, encoder: Encoder, layers: Iterable[str]) -> None:
    """Raise WeightsError for layers the architecture has and the file has not."""
    architecture = encoder.architecture
    whole = weights.ARCHITECTURES.get(architecture.name, architecture)
    for layer in layers:
        wanted = parse_layer(layer, whole)
        if wanted not in encoder.layer_names:
            deepest = encoder.layer_names[-1]
            raise WeightsError(
                f"Expected {name} to reach {wanted}; its file holds the first"
                f" {sum(architecture.depths)} convolutions of {whole.name}, to {deepest}.",
                expected=wanted,
                actual=deepest,
            )
