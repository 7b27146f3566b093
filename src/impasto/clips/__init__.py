"""Videos: reading, writing, optical flow, steadiness. The painter of frames is passed in.

Names are resolved when first used, so options and help texts can use the table of codecs without OpenCV.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.clips.blended import Blended
    from impasto.clips.clip import Clip, ClipInfo, Damage, Frame, Request, parse_time
    from impasto.clips.coherence import (
        Aim,
        Coherence,
        FramePainter,
        Guide,
        GuidedPainting,
        PaintedFrame,
        State,
        UnguidedPainter,
    )
    from impasto.clips.guided import Guided
    from impasto.clips.sources import open_clip

_HOMES = {
    "Aim": "impasto.clips.coherence",
    "Blended": "impasto.clips.blended",
    "Clip": "impasto.clips.clip",
    "ClipInfo": "impasto.clips.clip",
    "Damage": "impasto.clips.clip",
    "Frame": "impasto.clips.clip",
    "Request": "impasto.clips.clip",
    "parse_time": "impasto.clips.clip",
    "Coherence": "impasto.clips.coherence",
    "FramePainter": "impasto.clips.coherence",
    "GuidedPainting": "impasto.clips.coherence",
    "Guide": "impasto.clips.coherence",
    "PaintedFrame": "impasto.clips.coherence",
    "State": "impasto.clips.coherence",
    "UnguidedPainter": "impasto.clips.coherence",
    "Guided": "impasto.clips.guided",
    "open_clip": "impasto.clips.sources",
}

__all__ = [
    "Aim",
    "Blended",
    "Clip",
    "ClipInfo",
    "Coherence",
    "Damage",
    "Frame",
    "FramePainter",
    "Guide",
    "Guided",
    "GuidedPainting",
    "PaintedFrame",
    "Request",
    "State",
    "UnguidedPainter",
    "open_clip",
    "parse_time",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'impasto.clips' has no attribute {name!r}")
