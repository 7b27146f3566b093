"""The names of layers, as in the papers, and the smallest size of a picture for them.

Free of torch: the command line reads layer names before anything heavy is imported.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from impasto.errors import LayerError, OptionError, did_you_mean
from impasto.weights import Architecture

IMAGE = "image"
"""The key for the statistics of a style's pixels, as if they were a layer."""

_OURS = re.compile(r"(?:(?:conv|relu)[1-9]_[1-9]\d*|pool[1-9])")
_KERAS = re.compile(r"block([1-9])_(?:conv([1-9]\d*)|pool)")


def parse_layer(text: str, architecture: Architecture | None = None) -> str:
    """Return the name of a layer as in the papers: "relu4_2", "conv4_2" (before its ReLU) or "pool4".

    Keras's names are accepted: "block4_conv2" is "relu4_2", because Keras's convolutions include their ReLU,
    and "block4_pool" is "pool4". With ``architecture``, the network must have the layer. Raises LayerError,
    with similar layers or all of them.
    """
    name = text.strip().lower()
    keras = _KERAS.fullmatch(name)
    if keras:
        name = f"relu{keras[1]}_{keras[2]}" if keras[2] else f"pool{keras[1]}"
    if architecture is None:
        if not _OURS.fullmatch(name):
            raise LayerError(
                "expected a layer: a name such as relu4_2, conv4_2 or pool4 (or Keras's block4_conv2); got"
                f" {text.strip()!r}"
            )
    elif name not in architecture.layer_names():
        raise _unknown(text.strip(), name, architecture)
    return name


def parse_layers(
    layers: str | Iterable[str] | Mapping[str, float],
    architecture: Architecture | None = None,
    *,
    modules: bool = False,
) -> dict[str, float]:
    """Return layers and their weights, from "relu1_1:0.5,relu2_1", a sequence of such entries, or a mapping.

    A layer without a weight has 1. Names are read as by ``parse_layer``, and keep their order. With
    ``modules`` they are those of a network's modules ("layer2.0.conv1"), which are not checked, as only the
    network can. Raises LayerError for unknown layers, for one given twice and for none at all, OptionError
    for weights that are not finite numbers of 0 or more.
    """
    if isinstance(layers, Mapping):
        entries = [(name, float(weight)) for name, weight in layers.items()]
    else:
        texts = layers.split(",") if isinstance(layers, str) else layers
        entries = [_entry(text) for text in texts if text.strip()]
    found: dict[str, float] = {}
    for text, weight in entries:
        name = text.strip() if modules else parse_layer(text, architecture)
        if name in found:
            raise LayerError(f"expected each layer once; {name} is given twice")
        if not math.isfinite(weight) or weight < 0:
            raise _bad_weight(name, str(weight))
        found[name] = weight
    if not found:
        raise LayerError("expected at least one layer, got none")
    return found


def minimum_side(architecture: Architecture, layers: Iterable[str], *, padding: str = "reflect") -> int:
    """Return the smallest width and height, in pixels, of a picture for which all ``layers`` exist.

    A layer of block b needs 2^b: b - 1 poolings halve the picture, rounding down, and both reflection padding
    and the block's own pooling need two pixels. With ``padding`` "zeros" or "replicate-first", a convolution
    needs only one. Raises LayerError as ``parse_layer`` does.
    """
    sides = [1]
    for layer in layers:
        name = parse_layer(layer, architecture)
        block = int(name[4])
        halvings = block if padding == "reflect" or name.startswith("pool") else block - 1
        sides.append(2**halvings)
    return max(sides)


def _entry(text: str) -> tuple[str, float]:
    name, colon, weight = text.partition(":")
    if not colon:
        return name, 1.0
    try:
        return name, float(weight)
    except ValueError:
        raise _bad_weight(name.strip(), repr(weight.strip())) from None


def _bad_weight(name: str, actual: str) -> OptionError:
    return OptionError(f"expected the weight of {name} to be a number of 0 or more, got {actual}")


def _unknown(text: str, name: str, architecture: Architecture) -> LayerError:
    names = architecture.layer_names()
    hint = did_you_mean(name, names, f"it has {', '.join(names)}.", most=3)
    return LayerError(f"{architecture.name} has no layer {text!r} (its deepest is {names[-1]}){hint}")
