"""Everything Impasto raises on purpose: one tree, so that one ``except`` can catch it.

    ImpastoError
    ├── InputError             what the caller gave cannot be used
    │   ├── OptionError        an option's value, or options that do not go together
    │   ├── LayerError         a layer name the encoder does not have
    │   ├── PictureError       a picture that cannot be read, or is too large or too small
    │   └── StyleError         a named style that does not exist, or a style file that does not fit
    ├── OutputError            the result cannot be written to its path
    ├── WeightsError           a network's weights
    │   ├── WeightsMissingError    they are not on this machine
    │   ├── DownloadError          they could not be fetched
    │   └── CorruptWeightsError    the file is not what it should be
    ├── MissingExtraError      an optional dependency is not installed
    └── DivergedError          the optimisation ran into values that are not numbers

A message says what was expected and what was given, "expected EXPECTED; got ACTUAL"; the two parts are
also attributes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches

_HALVES = re.compile(
    r"expected (?P<expected>.+?)(?:;|,(?= got | but ))(?: got| but)? (?P<actual>.+)", re.DOTALL
)


class ImpastoError(Exception):
    """Base of every error Impasto raises on purpose."""

    @property
    def expected(self) -> str | None:
        """The half of the message that says what was expected; None where it has no such half."""
        found = _HALVES.search(str(self))
        return found and found["expected"]

    @property
    def actual(self) -> str | None:
        """The half of the message that says what was found instead; None where it has no such half."""
        found = _HALVES.search(str(self))
        return found and found["actual"].removesuffix(".")


class InputError(ImpastoError, ValueError):
    """An input that cannot be used."""


class OptionError(InputError):
    """An option has a value it cannot have, or two options do not go together."""


class LayerError(InputError):
    """The encoder has no layer of that name."""


class PictureError(InputError):
    """A picture cannot be read, or its size is out of bounds."""


class StyleError(InputError):
    """No such named style, or a style file that does not fit the encoder or the layers."""


class OutputError(ImpastoError, OSError):
    """The result cannot be written to its path."""


class WeightsError(ImpastoError):
    """Something is wrong with a network's weights."""


class WeightsMissingError(WeightsError):
    """The weights are not on this machine (and may not be, or were not asked to be, fetched)."""


class DownloadError(WeightsError):
    """The weights could not be fetched."""


class CorruptWeightsError(WeightsError):
    """A weights file is truncated, tampered with, or not of the network it should be."""


class MissingExtraError(ImpastoError, ImportError):
    """An optional dependency is needed; the message holds the command that installs it."""


class DivergedError(ImpastoError, ArithmeticError):
    """The loss became infinite or not a number."""


def require_one_of(name: str, value: str, choices: Collection[str]) -> None:
    """Raise OptionError when the option ``name`` is not one of ``choices``."""
    if value not in choices:
        raise OptionError(f"expected {name} to be one of {', '.join(choices)}; got {value!r}")


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "", *, most: int = 1) -> str:
    """Return "; did you mean 'A' or 'B'?", the end of a message that refuses ``name``.

    It has the ``most`` nearest of the ``known`` names; ``otherwise`` is what it says when none is near.
    """
    near = get_close_matches(name, list(known), most)
    words = f"did you mean {' or '.join(map(repr, near))}?" if near else otherwise
    return words and f"; {words}"
