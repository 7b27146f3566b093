"""Reading of JSON from untrusted or damaged files."""

from __future__ import annotations

import json
import math
from typing import Any


def parse_json(text: str | bytes) -> Any:
    """Return the value of JSON ``text``, in UTF-8.

    Raises ValueError, whatever is wrong: also for numbers that JSON does not have (NaN, Infinity) or a float
    cannot hold, and for values nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("its values are nested too deeply") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number
