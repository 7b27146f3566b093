"""One training as plain values: what is taught, on what, how and for how long."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from impasto.errors import OptionError
from impasto.networks.train.additions import Beginning
from impasto.networks.train.stages import Architecture, Method

MINUTES: dict[str, float] = {"rows": 4.5, "full": 20.0, "scratch": 60.0}
"""The default duration of each method."""


@dataclass(frozen=True)
class TrainingPlan:
    """``paintings``: named styles, style files, pictures or folders of them, each a style of its own.

    ``photos``: files and folders; none for pictures the program makes. ``names``: what the styles are
    called, in order; by default after their files. ``start``: a gallery network to begin with,
    None for the one that is shipped. ``steps`` of training, or as many as fit into ``minutes`` (None:
    ``MINUTES``). ``most_photos``: of more, so many are chosen evenly. ``precision``: auto, float32 or
    bfloat16; auto is bfloat16 on a processor that multiplies it, else float32. ``device``: auto, cpu, cuda,
    cuda:1 and so on, or mps.
    """

    paintings: tuple[str, ...]
    photos: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    method: Method = "rows"
    architecture: Architecture = "gallery"
    start: str | None = None
    minutes: float | None = None
    steps: int | None = None
    batch: int = 4
    size: int = 192
    style_weight: float = 1.0
    seed: int = 0
    most_photos: int = 1000
    precision: str = "auto"
    device: str = "auto"
    beginning: Beginning = "nearest"

    def __post_init__(self) -> None:
        if not self.paintings:
            raise OptionError("expected a painting, a named style or a style file to learn; got none")
        for name, kind in (("method", Method), ("architecture", Architecture), ("beginning", Beginning)):
            if getattr(self, name) not in get_args(kind):
                expected = ", ".join(get_args(kind))
                raise OptionError(f"expected {name} to be one of {expected}; got {getattr(self, name)!r}")
        if self.precision not in ("auto", "float32", "bfloat16"):
            raise OptionError(f"expected precision auto, float32 or bfloat16; got {self.precision!r}")
        if not re.fullmatch(r"auto|(cpu|cuda|mps)(:\d+)?", self.device):
            raise OptionError(f"expected device to be auto, cpu, cuda or mps; got {self.device!r}")
        for name, least, most in (("batch", 1, 64), ("size", 64, 512), ("most_photos", 1, 10**6)):
            if not least <= getattr(self, name) <= most:
                raise OptionError(f"expected {name} from {least} to {most}; got {getattr(self, name)}")
        if self.steps is not None and self.steps < 1:
            raise OptionError(f"expected 1 step or more; got {self.steps}")
        if self.minutes is not None and not 0.1 <= self.minutes <= 10_000:
            raise OptionError(f"expected 0.1 to 10000 minutes; got {self.minutes:g}")
        if self.steps is not None and self.minutes is not None:
            raise OptionError("steps and minutes both say how long to train; expected one of them")
        if not 0 < self.style_weight <= 100:
            raise OptionError(f"expected a style weight above 0, 100 at most; got {self.style_weight:g}")
        self._check_architecture()
        self.style_names()

    def _check_architecture(self) -> None:
        if self.start is not None and not self.starts_from_gallery:
            raise OptionError(
                "training from scratch begins with random filters; expected no network to start"
            )
        if self.architecture == "johnson2016":
            if len(self.paintings) > 1:
                raise OptionError(
                    f"a johnson2016 network has one style; expected one painting, got {len(self.paintings)}"
                )
            if self.method != "scratch":
                raise OptionError("a johnson2016 network has no rows to learn; expected --from-scratch")

    @property
    def starts_from_gallery(self) -> bool:
        """True if training begins with a gallery network's filters."""
        return self.architecture == "gallery" and self.method != "scratch"

    @property
    def seconds(self) -> float:
        """The time the training may take, where the steps are not given."""
        return 60 * (MINUTES[self.method] if self.minutes is None else self.minutes)

    def style_names(self) -> tuple[str, ...]:
        """Return the names of the styles. Raises OptionError for names that are invalid or occur twice."""
        if self.names and len(self.names) != len(self.paintings):
            raise OptionError(
                f"expected a name for each of the {len(self.paintings)} styles; got {len(self.names)}"
            )
        names = self.names or tuple(kebab(Path(p).stem) for p in self.paintings)
        for name in names:
            if not name or name != kebab(name):
                raise OptionError(f"expected a name such as my-style (a-z, 0-9 and hyphens); got {name!r}")
            if names.count(name) > 1:
                raise OptionError(f"expected a name for each style; two are called {name}")
        return names


def kebab(text: str) -> str:
    """Return ``text`` in small letters, digits and hyphens: "Straw Hat_1" is straw-hat-1."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
