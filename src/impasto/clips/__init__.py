"""Videos: reading, writing, optical flow, steadiness. What paints a frame is passed in."""

from __future__ import annotations

from impasto.clips.blended import Blended
from impasto.clips.clip import Clip, ClipInfo, Damage, Frame, Request, parse_time
from impasto.clips.coherence import Coherence, FramePainter, Guide, PaintedFrame, ShotPainter, State
from impasto.clips.guided import Guided
from impasto.clips.sources import open_clip

__all__ = [
    "Blended",
    "Clip",
    "ClipInfo",
    "Coherence",
    "Damage",
    "Frame",
    "FramePainter",
    "Guide",
    "Guided",
    "PaintedFrame",
    "Request",
    "ShotPainter",
    "State",
    "open_clip",
    "parse_time",
]
