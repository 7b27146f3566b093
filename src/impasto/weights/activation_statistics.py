"""Mean activations of published networks over photographs, for normalising their filters.

recipes/activation_means measures them.
"""

from __future__ import annotations

import importlib.resources
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = "activation-means.safetensors"
BIASES = "conv1_1.bias"
# Relative to the largest bias: networks stored in half precision differ by less, other networks by more.
TOLERANCE = 1e-3


def activation_means(biases: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
    """Return each known layer's mean activations (C,) of the network whose first convolution has these
    ``biases`` (C,), over photographs; nothing for an unknown network.

    Layers are "relu1_1" and so on. Their order and scale are those of the published weights.
    """
    for network in _read().values():
        own = network[BIASES]
        if own.shape == biases.shape and np.abs(own - biases).max() <= TOLERANCE * np.abs(own).max():
            return {name: values for name, values in network.items() if name != BIASES}
    return {}


@cache
def _read() -> dict[str, dict[str, NDArray[np.float32]]]:
    from safetensors.numpy import load

    found: dict[str, dict[str, NDArray[np.float32]]] = {}
    data = importlib.resources.files("impasto.weights") / "data" / FILE
    for key, values in load(data.read_bytes()).items():
        network, _, name = key.partition("/")
        found.setdefault(network, {})[name] = values.astype(np.float32)
    return found
