"""Names and shapes of the tensors in files, and the architecture that they imply."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from impasto.errors import CorruptWeightsError
from impasto.weights.architecture import Architecture, recognise, recognise_uneven

# torchvision numbers all layers of a sequence, including activations and pooling, so the next convolution is
# two further on, or three after a pooling layer.
_NUMBERED = re.compile(r"(?:features\.)?(?:module\.)?(\d+)\.(weight|bias)")
_NAMED = re.compile(r"conv([1-9])_([1-9]\d*)\.(weight|bias)")
_FULLY_CONNECTED = re.compile(r"(classifier|fc\d*)\.")

# The beginning of a trunk in the three layouts, with any prefix ("module.", "vgg.").
_BEGINNINGS = (
    re.compile(r"((?:.+\.)?)conv1_1\.weight"),
    re.compile(r"((?:.+\.)?)features\.(?:module\.)?0\.weight"),
    re.compile(r"((?:.+\.)?)0\.weight"),
)


def convolution_names(keys: Iterable[str]) -> dict[str, str]:
    """Map a file's own names of its convolutions to ours, ``conv4_2.weight``, in network order.

    Supports torchvision's layout (``features.21.weight``, also without ``features.``) and our own, which
    Gatys's files also use, both with the prefix of a larger module (``module.features.21.weight``,
    ``vgg.conv4_2.weight``). Fully connected layers and tensors outside the prefix or ``features`` are
    ignored. Raises CorruptWeightsError for other names, several trunks or batch normalisation, and if a
    convolution or one of its two tensors is missing.
    """
    every = list(keys)
    prefix = _prefix(every)
    own = [key.removeprefix(prefix) for key in every if key.startswith(prefix)]
    return {prefix + key: name for key, name in _unprefixed_names(own).items()}


def _prefix(keys: list[str]) -> str:
    """Return the prefix of the trunk's tensors, such as "module."."""
    for beginning in _BEGINNINGS:
        matches = [match[1] for key in keys if (match := beginning.fullmatch(key))]
        found = [prefix for prefix in matches if not _FULLY_CONNECTED.search(prefix)]
        if "" in found or len(found) == 1:
            return "" if "" in found else found[0]
        if found:
            raise CorruptWeightsError(f"expected one network, found several: under {', '.join(found)}")
    return ""


def _unprefixed_names(keys: list[str]) -> dict[str, str]:
    inside = [key for key in keys if key.startswith("features.")]
    wanted = [key for key in inside or keys if not _FULLY_CONNECTED.match(key)]
    if any(key.endswith(".running_mean") for key in wanted):
        raise CorruptWeightsError("expected a VGG network without batch normalisation; this one has it")
    if wanted and all(_NUMBERED.fullmatch(key) for key in wanted):
        found = _numbered(wanted)
    else:
        found = {key: (*_block_and_index(key), key.rsplit(".", 1)[1]) for key in wanted}
    names = {key: f"conv{block}_{index}.{part}" for key, (block, index, part) in found.items()}
    _check_complete({name.removesuffix(".weight").removesuffix(".bias") for name in names.values()}, names)
    return dict(sorted(names.items(), key=lambda item: found[item[0]]))


def infer_architecture(shapes: Mapping[str, tuple[int, ...]], likely: str | None = None) -> Architecture:
    """Return the architecture of tensors with our names and these shapes, cut where they end.

    ``likely``: the one to prefer if several have the same first blocks.

    Raises CorruptWeightsError unless the shapes form a chain of 3x3 convolutions, starting with three
    channels, of one width per block (or of the widths of a known pruned network).
    """
    uneven = recognise_uneven(tuple(s[0] for n, s in shapes.items() if n.endswith(".weight") and s))
    if uneven and shapes == _shapes(uneven):
        return uneven
    widths: list[int] = []
    depths: list[int] = []
    channels = 3
    for name, shape in shapes.items():
        if not name.endswith(".weight"):
            continue
        suffix = name.removeprefix("conv").removesuffix(".weight")
        block, index = (int(part) for part in suffix.split("_"))
        width = shape[0] if shape else 0
        if index == 1:
            widths.append(width)
            depths.append(0)
        _check_shape(name, shape, (widths[block - 1], channels, 3, 3))
        _check_shape(f"conv{suffix}.bias", shapes[f"conv{suffix}.bias"], (width,))
        depths[block - 1] += 1
        channels = width
    return recognise(tuple(widths), tuple(depths), likely)


def _shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for suffix, channels_in, channels_out in architecture.convolutions():
        found[f"conv{suffix}.weight"] = (channels_out, channels_in, 3, 3)
        found[f"conv{suffix}.bias"] = (channels_out,)
    return found


def _numbered(keys: list[str]) -> dict[str, tuple[int, int, str]]:
    matches = {key: match for key in keys if (match := _NUMBERED.fullmatch(key))}
    numbers = sorted({int(match[1]) for match in matches.values()})
    places = {}
    block, index, previous = 1, 0, -2
    for number in numbers:
        step = number - previous
        if step not in (2, 3) or (previous < 0 and step != 2):
            raise CorruptWeightsError(
                f"expected VGG's order of layers, a convolution every second or third place from 0 on;"
                f" found them at {', '.join(map(str, numbers))}"
            )
        block, index = (block, index + 1) if step == 2 else (block + 1, 1)
        places[number] = (block, index)
        previous = number
    return {key: (*places[int(match[1])], match[2]) for key, match in matches.items()}


def _block_and_index(key: str) -> tuple[int, int]:
    match = _NAMED.fullmatch(key)
    if match is None:
        raise CorruptWeightsError(
            f"expected tensors named features.0.weight or conv1_1.weight and so on; found {key!r}"
        )
    return int(match[1]), int(match[2])


def _check_complete(layers: set[str], names: Mapping[str, str]) -> None:
    present = set(names.values())
    places = sorted(tuple(int(part) for part in layer[4:].split("_")) for layer in layers)
    expected = (1, 1)
    for place in places:
        following = (expected[0] + 1, 1) if expected[1] > 1 else expected
        if place not in (expected, following):
            raise _missing(f"conv{expected[0]}_{expected[1]}")
        expected = (place[0], place[1] + 1)
    for layer in sorted(layers) or ["conv1_1"]:
        for part in ("weight", "bias"):
            if f"{layer}.{part}" not in present:
                raise _missing(f"{layer}.{part}")


def _missing(name: str) -> CorruptWeightsError:
    return CorruptWeightsError(f"expected all tensors from conv1_1 to the deepest; {name} is missing")


def _check_shape(name: str, shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if tuple(shape) != expected:
        raise CorruptWeightsError(f"expected {name} of shape {expected}, got {tuple(shape)}")
