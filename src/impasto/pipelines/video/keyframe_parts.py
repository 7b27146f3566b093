"""Painting of a part of a film from keyframes: forwards from the one before, backwards from the one after."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from impasto import files
from impasto.clips import Clip, Frame, PaintedFrame, State
from impasto.clips.carried import Carried, Carrier, Keyframe
from impasto.clips.patch_search import Bytes
from impasto.clips.prefetch import ahead
from impasto.clips.transition import change_times, transition
from impasto.imaging.samples import to_bytes, to_uint16
from impasto.painters.painter import FrameCancelled
from impasto.pipelines.video.frames import frames_between
from impasto.pipelines.video.keyframes import read_keyframe
from impasto.pipelines.video.plan import FilmPlan, Part
from impasto.pipelines.video.seams import read_samples, write_samples
from impasto.progress import Cancel
from impasto.types import Pixels, Plane

_CHUNK = 12
"""Frames to read at a time when going backwards; the state is stored after each such chunk."""


class Ends(NamedTuple):
    """The keyframes at the ends of a part, if any: ``before``, its first frame, and ``after``, the frame that
    follows it."""

    before: int | None
    after: int | None


def ends_of(plan: FilmPlan, part: Part) -> Ends:
    """Return the keyframes at the ends of ``part``; paint is not carried across cuts."""
    before = part.first if part.first in plan.keyframes else None
    after = part.last if part.last in plan.keyframes and part.last not in plan.cuts else None
    return Ends(before, after)


class KeyframePart:
    """A part of a film that is painted from the keyframes at its ends.

    ``folder``: the film's. ``tell`` is called with the number of frames painted backwards and the last of
    them. Raises InputError, OutputError; FrameCancelled once ``cancel`` returns True on the way back.
    """

    def __init__(
        self,
        plan: FilmPlan,
        clip: Clip,
        part: Part,
        folder: Path,
        tell: Callable[[int, Pixels], None],
        cancel: Cancel,
    ) -> None:
        self.plan, self.clip, self.part = plan, clip, part
        self.ends = ends_of(plan, part)
        self.folder = folder
        self._stored = folder / f"{part.name}.back"
        self._tell, self._cancel = tell, cancel

    def paint(self, frames: Iterable[Frame], state: State | None = None) -> Generator[PaintedFrame]:
        """Yield the paintings of ``frames``; see ``clips.Coherence``."""
        with closing(ahead(frames)) as read:
            yield from ahead(self._painted(read, state))  # decoding and encoding have their own threads

    def _painted(self, frames: Iterable[Frame], state: State | None) -> Iterator[PaintedFrame]:
        if self.ends.after is not None:
            self._paint_backwards(self.ends.after)
        if self.ends.before is None:
            for frame in frames:
                yield PaintedFrame(frame, self._stored_frame(frame.number)[0], False, {})
            return
        key = self._keyframe(self.ends.before)
        times = None if self.ends.after is None else change_times(*key.photo.shape[:2])
        carrier = Carrier(key, state)
        for frame in frames:
            at_key = frame.number == self.ends.before
            carried = carrier.show() if at_key else carrier.carry(to_bytes(frame.pixels))
            pixels = carried.pixels if at_key else self._mixed(carried, frame.number, times)
            yield PaintedFrame(frame, pixels, False, carrier.state)

    def _mixed(self, carried: Carried, number: int, times: Plane | None) -> Pixels:
        if times is None:
            return carried.pixels
        pixels, kept = self._stored_frame(number)
        time = (number - self.part.first) / (self.part.last - self.part.first)
        return transition(carried, pixels, kept, time, times)

    def _keyframe(self, number: int) -> Keyframe:
        return read_keyframe(self.folder, number, next(self._photos(number, number + 1)))

    def _photos(self, first: int, last: int) -> Iterator[Bytes]:
        return (to_bytes(frame.pixels) for frame in frames_between(self.plan, self.clip, first, last))

    def _path(self, number: int) -> Path:
        return self._stored / f"{number:06d}.npy"

    def _stored_frame(self, number: int) -> tuple[Pixels, Plane]:
        """Return a frame that was painted backwards, and a mask of where it shows what the keyframe shows."""
        found = read_samples(self._path(number))
        return np.ascontiguousarray(found[..., :3]), np.ascontiguousarray(found[..., 3])

    def _paint_backwards(self, after: int) -> None:
        """Paint the missing frames backwards from the keyframe ``after`` them, and store them."""
        last = self.part.first + (self.ends.before is not None)
        number, state = self._resumed(after)
        if number == last:
            return
        carrier = Carrier(self._keyframe(after), state)
        while number > last:
            first = max(last, number - _CHUNK)
            for photo in reversed(list(self._photos(first, number))):
                if self._cancel():
                    raise FrameCancelled
                number -= 1
                carried = carrier.carry(photo)
                write_samples(self._path(number), to_uint16(np.dstack([carried.pixels, carried.kept])))
                self._tell(after - number, carried.pixels)
            with files.Draft(self._stored / f"{number:06d}.npz") as stream:
                arrays: dict[str, Any] = dict(carrier.state)
                np.savez(stream, **arrays)
            for older in self._states()[1:]:
                older.unlink(missing_ok=True)

    def _states(self) -> list[Path]:
        return sorted(self._stored.glob("*.npz"))

    def _resumed(self, after: int) -> tuple[int, State | None]:
        """Return the earliest frame that an earlier run painted backwards without gaps, and the state after
        it."""
        for path in self._states():
            try:
                with np.load(path, allow_pickle=False) as file:
                    return int(path.stem), {name: file[name] for name in file.files}
            except (OSError, ValueError, EOFError, KeyError):
                continue
        return after, None
