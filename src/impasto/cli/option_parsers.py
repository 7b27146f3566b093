"""Parsers of option values."""

from __future__ import annotations

from fractions import Fraction

from impasto.errors import OptionError


def parse_size(text: str) -> int | tuple[int, int]:
    """Return the size in ``512`` or ``640x480``."""
    try:
        numbers = [int(part) for part in text.lower().split("x")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2):
        raise OptionError(f"expected --size to be a number of pixels or WIDTHxHEIGHT; got {text!r}")
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def parse_numbers(option: str, text: str) -> tuple[float, ...]:
    """Return the numbers in ``3,1``."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise OptionError(f"expected --{option} to be numbers separated by commas; got {text!r}") from None


def parse_layers(text: str) -> dict[str, float]:
    """Return the weights by layer in ``relu1_1:2,relu2_1``."""
    from impasto.encoders import layers

    return layers.parse_layers(text)


def parse_classes(text: str) -> dict[str, float]:
    """Return the weights by class in ``tabby:2,281``; the default weight is 1."""
    found: dict[str, float] = {}
    for part in text.split(","):
        name, colon, weight = part.rpartition(":")
        try:
            found[(name if colon else weight).strip()] = float(weight) if colon else 1.0
        except ValueError:
            raise OptionError(
                f"expected --class-weight to be NAME or NAME:WEIGHT, separated by commas; got {text!r}"
            ) from None
    return found


def parse_layer_sets(text: str) -> tuple[dict[str, float], ...]:
    """Return one mapping per style for ``relu1_1/relu2_1:2,relu3_1``; an empty one means all layers."""
    return tuple(parse_layers(part) if part.strip() else {} for part in text.split("/"))


def parse_fraction(option: str, text: str) -> Fraction:
    """Return the fraction in ``25`` or ``30000/1001``."""
    try:
        return Fraction(text if len(text) < 80 and "e" not in text.lower() else "")  # 1e999999999 is endless
    except (ValueError, ZeroDivisionError):
        raise OptionError(
            f"expected {option} to be a number, such as 25 or 30000/1001; got {text!r}"
        ) from None
