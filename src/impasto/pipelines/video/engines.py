"""Which engine paints a film, and how its frames are made to fit together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, get_args

from impasto.clips import Blended, Coherence, Guided, Painter
from impasto.errors import MissingExtraError, OptionError, WeightsMissingError
from impasto.optimize.options import OptimizeOptions
from impasto.painters.frames.fast import FastPainter, Gallery
from impasto.pipelines.video.options import SEGMENTS, Engine, FilmOptions
from impasto.progress import ProgressCallback
from impasto.types import Pixels


class FilmPainter(Painter, Protocol):
    """What paints a film's frames, whichever engine it is."""

    def finish(self, pixels: Pixels, frame: Pixels) -> Pixels:
        """A painting as it is written, made of the painting that later frames are held to."""

    def describe(self) -> str:
        """What else decides how its paintings look than the options: its network."""


def choose_engine(
    engine: Engine | None, styles: Sequence[str], gallery: Gallery | None = None, device: str = "auto"
) -> tuple[Engine, Gallery | None]:
    """The engine to paint with, and the fast networks where it is "fast".

    ``device``: as of ``OptimizeOptions``; the networks are loaded there, unless given as ``gallery``.
    Raises OptionError for another engine, and for a device that fast networks which are to paint cannot use;
    StyleError or its kin where "fast" is asked for and its networks are not installed or do not know a style.
    """
    if engine is not None and engine not in get_args(Engine):
        raise OptionError(f"engine must be one of {', '.join(get_args(Engine))}; it is {engine!r}")
    if engine == "optimize":
        return "optimize", None
    from impasto.inference import load_gallery

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
) -> tuple[FilmPainter, Coherence]:
    """What paints a frame, and what makes the frames fit together.

    ``first``: the film's first frame, (H, W, 3). ``on_progress`` hears of the frame at hand, where it is
    optimised; ``cancel`` is asked between its steps. Raises OptionError for what cannot be used.
    """
    if engine == "fast":
        assert gallery is not None
        shares = options.style_weights or (1.0,) * len(styles)
        if len(shares) != len(styles):
            raise OptionError(f"expected one share per style ({len(styles)}); got {len(shares)}")
        mixed = {name: share / sum(shares) for name, share in zip(styles, shares, strict=True)}
        fast = FastPainter(gallery, mixed, wanted.strength, wanted.stroke_size, wanted.keep_color)
        return fast, Blended(fast, keep=wanted.keep)
    from impasto.painters.frames.optimised import OptimisedPainter  # brings torch

    painter = OptimisedPainter(
        styles,
        options,
        first,
        temporal_weight=wanted.temporal_weight,
        next_iterations=wanted.next_iterations,
        on_progress=on_progress,
        cancel=cancel,
    )
    run = wanted.segment or SEGMENTS[engine]
    return painter, Guided(painter, long_term=wanted.long_term, passes=wanted.passes, run=run)
