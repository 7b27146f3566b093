"""How far a figure is, on the terminal."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from impasto.cli.painting import columns, make_bar

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from impasto.inspection.stages import Stage
    from impasto.progress import Progress


class StageBar:
    """Shows stages, and single paintings, as ``show`` says: "bar" (on standard error), "json", "nothing"."""

    def __init__(self, show: str = "bar") -> None:
        self.show = show
        self._bar: Bar | None = None

    def __enter__(self) -> StageBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, stage: Stage) -> None:
        if self.show == "json":
            print(json.dumps(stage.to_dict()), file=sys.stderr, flush=True)
        elif self.show == "bar":
            left = "" if stage.left is None else f"{stage.left:.0f} s left"
            self._update(description=stage.title[:52], completed=stage.done, left=left, losses="")

    def painting(self, event: Progress) -> None:
        """The event of a single painting."""
        if self.show == "json":
            print(json.dumps(event.to_dict()), file=sys.stderr, flush=True)
        elif self.show == "bar":
            self._update(**columns(event))

    def _update(self, **shown: object) -> None:
        if self._bar is None:
            self._bar = make_bar()
            self._bar.start()
            self._bar.add_task("", total=1.0, losses="", left="")
        self._bar.update(self._bar.task_ids[0], **shown)  # type: ignore[arg-type]
