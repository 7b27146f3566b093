"""The inputs of a painting besides the photograph and its styles, each described once.

The options of the command line, the parameters of ``impasto.stylize``, ``fast`` and ``batch``, the fields of
requests over HTTP and those of ``Job``, its recipe and a painter's ``Materials`` are made from the fields of
``Inputs``. Only the painter that uses an input names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from impasto.optimize.options import REGIONS, STYLES
from impasto.parameters import Parameter, parameter, parameters

S = TypeVar("S")
M = TypeVar("M")


@dataclass(frozen=True, kw_only=True)
class Inputs(Generic[S, M]):
    """The inputs, styles as ``S`` and masks as ``M``: references of a job, or what a painter loads.

    Masks have the proportions of their pictures, at any size. With one grey mask per style,
    ``style_weights`` and ``blend_layers`` are refused.
    """

    content_masks: tuple[M, ...] = parameter(
        (),
        "A grey mask per style, white where the style applies; or, except for fast networks, one "
        "picture of flat coloured regions.",
        "masks",
        REGIONS,
        flags=("--content-mask",),
    )
    style_masks: tuple[M, ...] = parameter(
        (),
        "A mask per style picture: white where it is used, or regions in the content mask's colours.",
        "masks",
        REGIONS,
        flags=("--style-mask",),
        engine="optimize",
    )
    protect: M | None = parameter(
        None, "A mask, white where the photograph stays as it is.", "mask", REGIONS, optional=True
    )
    strokes: S | None = parameter(
        None,
        "Another style for the fine strokes; STYLE gives layout and colours.",
        "style",
        STYLES,
        optional=True,
        engine="optimize",
    )


INPUTS: Mapping[str, Parameter] = {name: described for name, described, _ in parameters(Inputs)}
"""The fields of ``Inputs``."""
LISTS = frozenset(name for name, described in INPUTS.items() if described.kind == "masks")
"""The fields that have several inputs."""


def inputs_for(engine: str) -> dict[str, Parameter]:
    """Return the inputs that the engine of that name takes."""
    return {name: one for name, one in INPUTS.items() if one.engine in ("", engine)}


def converted(inputs: Any, change: Callable[[Any, Parameter], Any]) -> dict[str, Any]:
    """Return the fields of ``inputs``, an ``Inputs``, with each input as ``change`` returns it."""
    found: dict[str, Any] = {}
    for name, described in INPUTS.items():
        value = getattr(inputs, name)
        if name in LISTS:
            found[name] = tuple(change(one, described) for one in value)
        else:
            found[name] = None if value is None else change(value, described)
    return found
