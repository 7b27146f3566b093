"""The description of a training as plain values: the style, the photographs, the network and the duration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from impasto.errors import OptionError
from impasto.networks.train.learners import KINDS, Architecture


@dataclass(frozen=True)
class TrainingPlan:
    """``painting``: a named style, a style file, a picture, or a folder of pictures that form one style.

    ``photos``: files and folders; none for synthetic pictures. ``architecture``: any-painting, which is
    refined, or johnson2016, from random filters. ``steps``: how many, or as many as fit into ``minutes``
    (None: the architecture's default); each takes ``batch`` crops of ``size`` pixels a side. ``most_photos``:
    the most photographs to use, chosen evenly. ``precision``: auto, float32 or bfloat16; auto is bfloat16 on
    processors with bfloat16 multiplication, else float32. ``device``: auto, cpu, cuda, cuda:1 and so on, or
    mps.
    """

    painting: str
    photos: tuple[str, ...] = ()
    architecture: Architecture = "any-painting"
    minutes: float | None = None
    steps: int | None = None
    batch: int = 2
    size: int = 224
    style_weight: float = 1.0
    seed: int = 0
    most_photos: int = 1000
    precision: str = "auto"
    device: str = "auto"

    def __post_init__(self) -> None:
        if not self.painting:
            raise OptionError("expected a painting, a named style or a style file to learn; got none")
        if self.architecture not in get_args(Architecture):
            expected = ", ".join(get_args(Architecture))
            raise OptionError(f"expected architecture to be one of {expected}; got {self.architecture!r}")
        if self.precision not in ("auto", "float32", "bfloat16"):
            raise OptionError(f"expected precision auto, float32 or bfloat16; got {self.precision!r}")
        if not re.fullmatch(r"auto|(cpu|cuda|mps)(:\d+)?", self.device):
            raise OptionError(f"expected device to be auto, cpu, cuda or mps; got {self.device!r}")
        for name, least, most in (("batch", 1, 64), ("size", 64, 512), ("most_photos", 1, 10**6)):
            if not least <= getattr(self, name) <= most:
                raise OptionError(f"expected {name} from {least} to {most}; got {getattr(self, name)}")
        if self.size % 16:
            raise OptionError(f"expected size to be a multiple of 16; got {self.size}")
        if self.steps is not None and self.steps < 1:
            raise OptionError(f"expected 1 step or more; got {self.steps}")
        if self.minutes is not None and not 0.1 <= self.minutes <= 10_000:
            raise OptionError(f"expected 0.1 to 10000 minutes; got {self.minutes:g}")
        if self.steps is not None and self.minutes is not None:
            raise OptionError("steps and minutes both say how long to train; expected only one of them")
        if not 0 < self.style_weight <= 100:
            raise OptionError(f"expected a style weight above 0, 100 at most; got {self.style_weight:g}")

    @property
    def seconds(self) -> float:
        """The time available for training, if steps are not given."""
        return 60 * (KINDS[self.architecture].minutes if self.minutes is None else self.minutes)

    @property
    def title(self) -> str:
        """The title, made from the painting's name: "the_scream.jpg" becomes The scream."""
        words = Path(self.painting).stem.replace("_", " ").replace("-", " ").strip()
        return words[:1].upper() + words[1:]
