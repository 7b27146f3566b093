"""Blends of styles as strings: each style with its share after a colon, as in ``great-wave:2``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from impasto.catalogue.lookup import split_weight
from impasto.errors import InputError, OptionError


class Blend(NamedTuple):
    """Styles to blend in one painting. ``weights``: the share of each; () for equal shares."""

    styles: tuple[Any, ...]
    weights: tuple[float, ...] = ()

    def __str__(self) -> str:
        if not self.weights:
            return " ".join(map(str, self.styles))
        return " ".join(f"{name}:{weight:g}" for name, weight in zip(self.styles, self.weights, strict=True))


def read_blend(given: Sequence[Any], weights: Sequence[float] = ()) -> Blend:
    """Return the blend of styles; strings may be ``STYLE:WEIGHT``, all others have the weight 1.

    ``weights``: the weights, if not in the strings. Raises OptionError for both and for the weight of a
    single style, InputError for no style.
    """
    if not given:
        raise InputError("expected at least one style; got none")
    parts = [split_weight(one) if isinstance(one, str) else (one, None) for one in given]
    styles = tuple(style for style, _ in parts)
    weighted = [text for text, (_, weight) in zip(given, parts, strict=True) if weight is not None]
    if not weighted:
        return Blend(styles, tuple(weights))
    if weights:
        raise OptionError(f"expected a weight after the style, {weighted[0]}, or style_weights; got both")
    if len(given) == 1:
        raise OptionError(
            f"a weight divides a painting among several styles; expected another style besides "
            f"{weighted[0]}, or {styles[0]} alone"
        )
    return Blend(styles, tuple(1.0 if weight is None else weight for _, weight in parts))


def read_blends(given: Sequence[str]) -> list[Blend]:
    """Return the styles of the paintings: each string by itself, and those with a weight together as one
    blend.

    Raises OptionError for one style with a weight, InputError for no style.
    """
    weighted = [text for text in given if split_weight(text)[1] is not None]
    found: list[Blend] = []
    for text in given:
        if text not in weighted:
            found.append(read_blend([text]))
        elif text == weighted[0]:
            found.append(read_blend(weighted))
            weighted[0] = ""
    if not found:
        raise InputError("expected at least one style; got none")
    return found
