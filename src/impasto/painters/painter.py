"""What every painter has in common, whichever engine it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from impasto.imaging.inputs import MaskLike
from impasto.jobs import Job, PaintOptions
from impasto.progress import Cancel, ProgressCallback
from impasto.types import Painting, Picture

if TYPE_CHECKING:
    from impasto.catalogue.loader import StyleLike
    from impasto.encoders import FeatureExtractor
    from impasto.optimize.engine import Keeper
    from impasto.painters.sources import Loaded


@dataclass(frozen=True)
class Materials:
    """What a painter works with besides the photograph: paths, or what is in memory.

    ``encoder``: a network of the caller's own, in place of the one that the options name. ``extra_losses``:
    as in ``impasto.stylize``.
    """

    styles: Sequence[StyleLike]
    content_masks: Sequence[MaskLike] = ()
    style_masks: Sequence[MaskLike] = ()
    protect: MaskLike | None = None
    strokes: StyleLike | None = None
    encoder: FeatureExtractor | Loaded | None = None
    extra_losses: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, job: Job) -> Materials:
        """Return the files that ``job`` names."""
        return cls(
            styles=[style.place for style in job.styles],
            content_masks=[mask.place for mask in job.content_masks],
            style_masks=[mask.place for mask in job.style_masks],
            protect=None if job.protect is None else job.protect.place,
            strokes=None if job.strokes is None else job.strokes.place,
        )


class Painter(Protocol):
    """A picture in, a painting out.

    ``options``: as they are used, with the network's own names of layers. ``network``: the SHA-256 of its
    weights. ``device``: where it paints; "auto" where that is chosen for each painting.
    """

    @property
    def options(self) -> PaintOptions: ...

    @property
    def network(self) -> str: ...

    @property
    def device(self) -> str: ...

    def check_style(self, style: str) -> None:
        """Raise StyleError where it could not paint the style of that name or file."""

    def memory(self) -> float:
        """Return how many bytes a painting of the size asked for takes, or may take."""

    def paint(
        self,
        photo: Picture,
        *,
        keeper: Keeper | None = None,
        on_progress: ProgressCallback | None = None,
        cancel: Cancel | None = None,
    ) -> Painting:
        """Paint ``photo``, keeping its transparency and its precision.

        ``keeper``: keeps the state of what takes long. ``on_progress`` is called after every step;
        ``cancel`` is asked as often, and once it returns True the picture so far is the painting. Raises
        InputError and its kin for what cannot be painted.
        """
