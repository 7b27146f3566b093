"""Animations and videos of the intermediate pictures of a painting."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image

from impasto import files
from impasto.clips.libav import load_av
from impasto.errors import InputError, OptionError
from impasto.imaging import check_writable, read, resize
from impasto.imaging.formats import ANIMATIONS
from impasto.imaging.samples import to_bytes
from impasto.inspection.logs import LossLog, numbered_pictures
from impasto.types import Pixels

VIDEOS = {".mp4": "libx264", ".webm": "libvpx-vp9"}
"""The suffixes of videos, and FFmpeg's encoders for them."""
LAST = 2.0
"""The seconds for which the last picture of an animation is shown."""


def frames_of(log: LossLog, output: str | Path | None = None) -> list[tuple[int, Pixels]]:
    """Return the intermediate pictures that a run saved: (iteration, pixels (H, W, 3)), in order.

    They are those that ``log`` names, or, with the run's ``output``, those of ``--save-every`` beside it and
    the result itself; pictures beyond the run's last iteration belong to another run. Raises InputError if
    there are none, PictureError for missing files.
    """
    paths = dict(log.pictures) if output is None else numbered_pictures(output)
    if not paths:
        raise InputError(
            "the log names no intermediate pictures: expected --pictures OUTPUT of a run with --save-every N"
        )
    last = int(log.iteration[-1])
    paths = {count: path for count, path in paths.items() if count <= last}
    if output is not None and Path(output).is_file():
        paths.setdefault(last, Path(output))
    if not paths:
        raise InputError(f"the intermediate pictures are of another run: the log ends at iteration {last}")
    return [(count, read(path).pixels) for count, path in sorted(paths.items())]


def even(frames: Sequence[Pixels], *, size: tuple[int, int] | None = None) -> list[Pixels]:
    """Return all ``frames`` at one (width, height): that of the last, or ``size``.

    Raises InputError if there are none.
    """
    if not frames:
        raise InputError("expected at least one picture; got none")
    height, width = frames[-1].shape[:2]
    width, height = size or (width, height)
    return [f if f.shape[:2] == (height, width) else resize(f, width, height) for f in frames]


def thinned(count: int, most: int) -> list[int]:
    """Return at most ``most`` of the indices 0 to ``count`` - 1, evenly spaced, with the first and the
    last."""
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)}) if most > 1 else [count - 1]


def animation(frames: Sequence[Pixels], kind: str = "gif", seconds: float = 0.15) -> bytes:
    """Return an endless animation of ``frames``, each shown for ``seconds``, the last for LAST.

    ``kind``: "gif" (256 colours) or "webp". Raises InputError, and OptionError for another kind.
    """
    if f".{kind}" not in ANIMATIONS:
        raise OptionError(f"expected an animation to be a gif or a webp; got {kind!r}")
    images = [Image.fromarray(to_bytes(f)) for f in even(frames)]
    durations = [round(1000 * seconds)] * (len(images) - 1) + [round(1000 * LAST)]
    if kind == "gif":
        images = [i.quantize(255, dither=Image.Dither.FLOYDSTEINBERG) for i in images]
    more: dict[str, Any] = {"quality": 82, "method": 4} if kind == "webp" else {"disposal": 1}
    stream = io.BytesIO()
    images[0].save(
        stream, kind.upper(), save_all=True, append_images=images[1:], duration=durations, loop=0, **more
    )
    return stream.getvalue()


def write_gif(path: str | Path, frames: Sequence[Pixels], *, seconds: float = 0.15) -> None:
    """Write an endless animation to ``path``, a .gif or .webp. Raises OutputError."""
    place = Path(path)
    check_writable(place, suffixes=ANIMATIONS)
    files.replace(place, animation(frames, place.suffix.lower()[1:], seconds))


def write_video(path: str | Path, frames: Sequence[Pixels], *, seconds: float = 0.15) -> None:
    """Write ``frames`` to ``path``, an .mp4 (H.264) or .webm (VP9), each shown for ``seconds``.

    Odd sides lose a row or column, as these formats require. Raises OutputError, and MissingExtraError
    without the extra ``video``.
    """
    place = Path(path)
    av = load_av()
    check_writable(place, suffixes=tuple(VIDEOS))
    codec = VIDEOS[place.suffix.lower()]
    shown = even(frames)
    height, width = (side - side % 2 for side in shown[0].shape[:2])
    rate = Fraction(30)
    stream = io.BytesIO()
    with av.open(stream, "w", format=place.suffix.lower()[1:]) as container:
        video = container.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.options = {"crf": "18"}
        for number, pixels in enumerate(shown):
            picture = av.VideoFrame.from_ndarray(to_bytes(pixels[:height, :width]), format="rgb24")
            stays = LAST if number == len(shown) - 1 else seconds
            for _ in range(max(1, round(stays * rate))):
                picture.pts = None
                container.mux(video.encode(picture))
        container.mux(video.encode(None))
    files.replace(place, stream.getvalue())
