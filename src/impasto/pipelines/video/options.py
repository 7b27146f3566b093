"""The options of films, in addition to those of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, Self

from impasto.clips.codecs import CODECS, describe_quality, exact_rate
from impasto.errors import OptionError
from impasto.jobs import PaintOptions
from impasto.optimize.options import OptimizeOptions
from impasto.parameters import Options, check_parameters, choice, parameter

Damage = Literal["conceal", "refuse"]  # clips.Damage, whose import would load OpenCV
SEGMENTS = {"fast": 120, "optimize": 24, "keyframes": 24}
"""The number of frames in a segment, which is the most that a crash loses."""

FILE, STEADY = "File", "Steadiness"
EXACT = ("start", "end", "rate")
"""Fields that are fractions."""


@dataclass(frozen=True)
class FilmOptions(Options):
    """The options of a film. Each field has its description; see docs/video.md."""

    size: int | tuple[int, int] | None = parameter(
        None,
        "Long side in pixels, or WIDTHxHEIGHT.",
        "size",
        least=1,
        optional=True,
        shown=f"the film's own; optimised, at most {OptimizeOptions().size}",
    )
    start: Fraction | None = parameter(
        None, "Start time: seconds or H:MM:SS.", "time", FILE, optional=True, shown="the beginning"
    )
    end: Fraction | None = parameter(
        None, "End time: seconds or H:MM:SS.", "time", FILE, optional=True, shown="the end"
    )
    rate: Fraction = parameter(
        Fraction(25), "Frames per second if IN consists of pictures, such as 30000/1001.", "fraction", FILE
    )
    codec: str | None = parameter(
        None,
        f"The codec: {', '.join(CODECS)}.",
        "text",
        FILE,
        optional=True,
        shown="by suffix and bits",
    )
    quality: int | None = parameter(
        None,
        f"CRF of the codec, from 0 (best) to {describe_quality()}.",
        "whole",
        FILE,
        optional=True,
        shown="the codec's",
        bound=51,
    )
    bits: int | None = parameter(
        None, "Bits per channel: 8 or 10.", "whole", FILE, optional=True, shown="as the clip"
    )
    hdr: bool = parameter(
        False,
        "Keep HDR (HDR10, HLG), in 10 bits, with the brightness of the film.",
        "switch",
        FILE,
        flags=("--hdr",),
    )
    sound: bool = parameter(True, "Copy the sound.", "switch", FILE, flags=("--audio/--no-audio",))
    damage: Damage = choice(
        "conceal", Damage, "What to do with damaged frames: {}.", FILE, flags=("--on-damage",)
    )
    segment: int | None = parameter(
        None,
        "Frames per segment; a crash loses at most one segment.",
        "whole",
        FILE,
        least=2,
        optional=True,
        shown=f"{SEGMENTS['fast']} fast, {SEGMENTS['optimize']} optimised or from keyframes",
    )
    long_term: tuple[int, ...] = parameter(
        (1, 8),
        "Distances, in frames, to the earlier frames that a frame is kept consistent with.",
        "numbers",
        STEADY,
    )
    passes: int = parameter(
        1,
        "Number of passes over each segment, alternately forwards and backwards.",
        "whole",
        STEADY,
        least=1,
        bound=10,
    )
    temporal_weight: float = parameter(
        300.0, "Weight of consistency with earlier frames.", "number", STEADY, least=0
    )
    next_iterations: int = parameter(
        20,
        "Maximum number of iterations for a frame that follows another.",
        "whole",
        STEADY,
        least=1,
        bound=500,
    )
    keep: float = parameter(
        0.99,
        "Fraction of the strokes kept from the previous frame, with --fast; 0 for none.",
        "number",
        STEADY,
        least=0,
        below=1,
    )

    unknown = "unknown option of a film"

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.bits not in (None, 8, 10):
            raise OptionError(f"expected bits to be 8 or 10; got {self.bits!r}")
        whole = tuple(map(int, self.long_term))
        if whole != tuple(self.long_term):
            raise OptionError(f"expected long_term to be whole numbers of frames; got {self.long_term}")
        object.__setattr__(self, "long_term", whole)
        for name in EXACT:
            value = getattr(self, name)
            exact = str(value) if isinstance(value, float) else value  # 29.97 is 2997/100
            object.__setattr__(self, name, None if value is None else Fraction(exact))
        object.__setattr__(self, "rate", exact_rate(self.rate, "rate"))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        values = super().to_dict()
        return {name: str(value) if isinstance(value, Fraction) else value for name, value in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the options of ``to_dict``; unknown names raise OptionError."""
        exact = {name: Fraction(values[name]) for name in EXACT if values.get(name) is not None}
        return super().from_dict({**values, **exact})


def size_of_frames(
    film: FilmOptions, options: PaintOptions, width: int, height: int
) -> int | tuple[int, int] | None:
    """Return the requested size of the frames of a clip of ``width`` x ``height``, as ``FilmOptions.size``.

    The long side of optimised frames is at most the clip's, unless ``film`` says otherwise.
    """
    size = film.size or options.size
    if film.size is None and isinstance(size, int) and isinstance(options, OptimizeOptions):
        size = min(size, max(width, height))
    return size
