"""PyAV, which comes with the extra ``video``: imported when a video is at hand, and its errors in words."""

from __future__ import annotations

from typing import Any

from impasto import files
from impasto.errors import MissingExtraError


def load_av() -> Any:
    """Return the module ``av``. Raises MissingExtraError where it is not installed."""
    try:
        import av
    except ImportError as error:
        raise MissingExtraError(
            "videos need PyAV, which is not installed; get it with: pip install 'impasto[video]'"
        ) from error
    return av


class VideoDraft(files.Draft):
    """A draft whose writer is libav: its errors, too, say that the file cannot be written."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        super().__exit__(kind, error, trace)
        if error is not None and isinstance(error, load_av().FFmpegError):
            raise files.cannot_write(self.path, error) from error
