"""Videos: reading, writing, optical flow, steadiness. What paints a frame is passed in."""

from __future__ import annotations

from impasto.video.blended import Blended
from impasto.video.clip import Clip, ClipInfo, Damage, Frame, Request, open_clip, parse_time
from impasto.video.coherence import Coherence, Guide, Painted, Painter, State
from impasto.video.guided import Guided

__all__ = [
    "Blended",
    "Clip",
    "ClipInfo",
    "Coherence",
    "Damage",
    "Frame",
    "Guide",
    "Guided",
    "Painted",
    "Painter",
    "Request",
    "State",
    "open_clip",
    "parse_time",
]
