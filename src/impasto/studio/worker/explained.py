"""What ``impasto explain`` is told of a job: one painting, and the job's settings as words for its command.

It takes one painting and no masks, and it looks inside at a draft's size: the page says so before it asks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset as find_preset
from impasto.studio.requests import options_of

SIDE = 448
"""Long side of what is looked into; a painting of 4096 pixels is no clearer on a page."""
MOST_STEPS = 150
"""Steps at each level at most, as the preset "best" has them: a published recipe has thousands."""

UNTOLD = {
    *("rescale_pooling", "normalise_activations", "beta1", "beta2", "adam_epsilon", "momentum"),
    *("variable_range", "carry_optimizer", "style_sizes", "resampling", "rounding"),
}
"""OptimizeOptions a request may set, but the command has no word for."""
_ONLY_ON = ("normalise_weights", "line_search")
_STEPS = ("iterations", "coarse_iterations", "first_iterations")


def style_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """The painting that is told of: the one with the greatest weight, the first of equals."""
    found: dict[str, Any] = max(request["styles"], key=lambda style: style["weight"])
    return found


def words(request: Mapping[str, Any], *, draft_size: int) -> list[str]:
    """The options of ``impasto explain`` for a request. Raises OptionError."""
    name = "draft" if request["kind"] == "draft" else str(request["preset"])
    base, wanted = find_preset(name).options, options(request, draft_size=draft_size)
    found = ["--preset", name, "--size", str(wanted.size)]
    if any(getattr(wanted, name) != getattr(base, name) for name in _STEPS):
        found += _steps(wanted)
    for field in dataclasses.fields(OptimizeOptions):
        value = getattr(wanted, field.name)
        told = field.name in UNTOLD or field.name in ("size", *_STEPS)
        if not told and value != getattr(base, field.name):
            found += _option(field.name, value)
    return found


def options(request: Mapping[str, Any], *, draft_size: int) -> OptimizeOptions:
    """What the page is to be made with. Raises OptionError."""
    one = {**style_of(request), "weight": 1.0, "mask": None}
    whole = options_of({**request, "styles": [one], "mask_feather": 0}, draft_size=draft_size)
    side = whole.size if isinstance(whole.size, int) else max(whole.size)
    steps = {name: getattr(whole, name) for name in _STEPS}
    fewer = {name: min(MOST_STEPS, count) for name, count in steps.items() if count is not None}
    return whole.replace(size=min(side, SIDE), **fewer)


def _steps(wanted: OptimizeOptions) -> list[str]:
    """All three numbers of steps: ``--iterations`` alone would stand for the others too."""
    coarse = wanted.iterations if wanted.coarse_iterations is None else wanted.coarse_iterations
    first = wanted.first_iterations
    if first is None:  # the first level's is then that of any other of its size
        side = wanted.size if isinstance(wanted.size, int) else max(wanted.size)
        first = coarse if 0 < wanted.min_size < 0.55 * side else wanted.iterations
    counts = (wanted.iterations, coarse, first)
    return [word for pair in zip(_STEPS, counts, strict=True) for word in _option(*pair)]


def _option(name: str, value: Any) -> list[str]:
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        if value:
            return [f"--{flag}"]
        return [] if name in _ONLY_ON else [f"--no-{flag}"]
    if value is None:  # no word takes a preset's value away
        return []
    if isinstance(value, Mapping):
        return [f"--{flag}", ",".join(f"{layer}:{weight}" for layer, weight in value.items())]
    return [f"--{flag}", str(value)]
