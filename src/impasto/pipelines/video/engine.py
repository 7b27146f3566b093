"""Which engine paints a film, and how its frames are made to fit together."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, get_args

from impasto.clips import Blended, Coherence, Guided
from impasto.errors import MissingExtraError, OptionError, WeightsMissingError
from impasto.optimize.options import OptimizeOptions
from impasto.pipelines.video.options import SEGMENTS, Engine, FilmOptions
from impasto.progress import ProgressCallback
from impasto.types import Pixels

if TYPE_CHECKING:
    from impasto.inference import Gallery


def choose_engine(
    engine: Engine | None,
    styles: Sequence[str],
    device: str = "auto",
    *,
    model: str | os.PathLike[str] | None = None,
    gallery: Gallery | None = None,
) -> tuple[Engine, Gallery | None]:
    """Return the engine to paint with, and the fast networks where it is "fast".

    ``device``: as of ``OptimizeOptions``; the networks are loaded there, those of the file ``model`` or the
    shipped ones, unless given as ``gallery``. Raises OptionError for another engine, and for a device that
    fast networks which are to paint cannot use; StyleError or its kin where "fast" is asked for, or
    ``model`` given, and the networks are not installed or do not know a style.
    """
    if engine is not None and engine not in get_args(Engine):
        raise OptionError(f"engine must be one of {', '.join(get_args(Engine))}; it is {engine!r}")
    if engine == "optimize" and model is not None:
        raise OptionError("model is for the fast networks; expected it without optimising")
    if engine == "optimize":
        return "optimize", None
    from impasto.inference import load_gallery

    if model is not None and gallery is None:
        engine, gallery = "fast", load_gallery(model, device=device)
    found = gallery
    if found is None:
        try:
            found = load_gallery(device="cpu")
        except (WeightsMissingError, MissingExtraError):
            if engine == "fast":
                raise
            return "optimize", None
    known = [style.name for style in found.styles]
    unknown = [name for name in styles if name not in known]
    if not unknown:
        from impasto.inference.sessions import choose_device

        # Asked only now that it is known who paints: the device may be one for optimising alone.
        if gallery is None and choose_device(device) != "cpu":
            found = load_gallery(device=device)
        return "fast", found
    if engine == "fast":
        raise OptionError(
            f"the fast networks do not know the style {unknown[0]!r}; they know {', '.join(known)}. "
            "Expected one of these, or engine optimize, which takes any painting"
        )
    return "optimize", None


def find_coherence(
    engine: Engine,
    styles: Sequence[str],
    options: OptimizeOptions,
    wanted: FilmOptions,
    first: Pixels,
    *,
    gallery: Gallery | None = None,
    on_progress: ProgressCallback | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Coherence:
    """Return what paints frames so that they fit together.

    ``first``: the film's first frame, (H, W, 3). ``on_progress`` hears of the frame at hand, where it is
    optimised; ``cancel`` is asked between its steps. Raises OptionError for what cannot be used.
    """
    if engine == "fast":
        from impasto.painters.frames.fast import FastFramePainter

        assert gallery is not None
        shares = options.style_weights or (1.0,) * len(styles)
        if len(shares) != len(styles):
            raise OptionError(f"expected one share per style ({len(styles)}); got {len(shares)}")
        mixed = {name: share / sum(shares) for name, share in zip(styles, shares, strict=True)}
        fast = FastFramePainter(gallery, mixed, wanted.strength, wanted.stroke_size, wanted.keep_color)
        return Blended(fast, keep=wanted.keep)
    from impasto.painters.frames.optimised import OptimisedFramePainter  # brings torch

    painter = OptimisedFramePainter(
        styles,
        options,
        first,
        temporal_weight=wanted.temporal_weight,
        next_iterations=wanted.next_iterations,
        on_progress=on_progress,
        cancel=cancel,
    )
    run = wanted.segment or SEGMENTS[engine]
    return Guided(painter, long_term=wanted.long_term, passes=wanted.passes, run=run)
