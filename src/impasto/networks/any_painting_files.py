"""The network for any painting in a file: its decoder, in half precision; the encoder is the bundled one."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from impasto.encoders import load_encoder
from impasto.errors import CorruptWeightsError
from impasto.inference.any_painting_numbers import BUNDLED
from impasto.networks.any_painting import AnyPaintingNetwork


def load_network(path: Path = BUNDLED) -> AnyPaintingNetwork:
    """Return the network whose decoder is at ``path``, in float32, ready to paint.

    Raises CorruptWeightsError for any other file.
    """
    try:
        stored = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CorruptWeightsError(f"expected a safetensors file at {path}; got {error}") from error
    network = initial_network()
    wanted = {name: tuple(p.shape) for name, p in network.decoder().items()}
    found = {name: tuple(t.shape) for name, t in stored.items()}
    if found != wanted:
        odd = sorted(n for n in wanted.keys() | found.keys() if wanted.get(n) != found.get(n))[0]
        raise CorruptWeightsError(
            f"expected the network for any painting in {path}, with {odd} of shape {wanted.get(odd)};"
            f" got {found.get(odd)}"
        )
    network.load_state_dict({n: t.float() for n, t in stored.items()}, strict=False)
    return network.to(memory_format=torch.channels_last).eval().requires_grad_(False)  # type: ignore[call-overload,no-any-return]


def initial_network() -> AnyPaintingNetwork:
    """Return the bundled encoder with an untrained decoder."""
    network = AnyPaintingNetwork()
    known = load_encoder("tiny").state_dict()
    network.encoder.load_state_dict({name: known[name] for name in network.encoder.state_dict()})
    return network
