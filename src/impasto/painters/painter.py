"""The protocol of all painters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from impasto.imaging.inputs import MaskLike
from impasto.jobs import Job, PaintOptions
from impasto.jobs.inputs import Inputs, converted
from impasto.progress import Cancel, ProgressCallback
from impasto.types import Painting, Picture

if TYPE_CHECKING:
    from impasto.catalogue.loader import StyleLike
    from impasto.encoders import FeatureExtractor
    from impasto.optimize.engine import Checkpointer
    from impasto.painters.sources import LoadedEncoder


@dataclass(frozen=True)
class Materials(Inputs["StyleLike", MaskLike]):
    """A painter's inputs besides the photograph: paths, or objects in memory. See ``Inputs``.

    ``encoder``: the caller's network, in place of the one that the options name. ``extra_losses``: as in
    ``impasto.stylize``.
    """

    styles: Sequence[StyleLike]
    encoder: FeatureExtractor | LoadedEncoder | None = None
    extra_losses: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, job: Job) -> Materials:
        """Return the files that ``job`` names."""
        places = converted(job, lambda reference, _: reference.place)
        return cls([style.place for style in job.styles], **places)


class Painter(Protocol):
    """An engine that turns a picture into a painting.

    ``options``: as used, with the network's own layer names. ``network``: the SHA-256 of its weights.
    ``device``: the device it paints on; "auto" if that is chosen for each painting.
    """

    @property
    def options(self) -> PaintOptions: ...

    @property
    def network(self) -> str: ...

    @property
    def device(self) -> str: ...

    def check_style(self, style: str) -> None:
        """Raise StyleError if the painter cannot paint the style of that name or file."""

    def memory(self) -> float:
        """Return the maximum memory, in bytes, that a painting of the requested size needs."""

    def paint(
        self,
        photo: Picture,
        *,
        checkpointer: Checkpointer | None = None,
        on_progress: ProgressCallback | None = None,
        cancel: Cancel | None = None,
    ) -> Painting:
        """Paint ``photo``, keeping its transparency and bit depth.

        ``checkpointer``: saves the state of a long painting. ``on_progress`` and ``cancel`` are called after
        every step; once ``cancel`` returns True, the picture so far is returned. Raises InputError and its
        subclasses for a photograph that cannot be painted.
        """


class FrameCancelled(Exception):  # noqa: N818 - not an error
    """Raised when painting is cancelled in the middle of a frame."""
