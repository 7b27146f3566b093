"""Frames in memory, to a film: the film of a file with the same frames."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import impasto
from impasto.clips import Request, open_clip
from impasto.errors import ImpastoError, InputError, OptionError, OutputError, PictureError
from impasto.jobs.run import HIDDEN
from impasto.pipelines.video.film import Film
from impasto.pipelines.video.folder import discard
from impasto.progress import Progress
from impasto.types import Pixels
from tests.clips.clips import Negative, moving, write_clip


def shots(count: int = 6) -> NDArray[np.uint8]:
    """Frames (N, 48, 64, 3)."""
    return np.stack([np.rint(255 * (0.2 + 0.6 * moving(n))).astype(np.uint8) for n in range(count)])


def paint(frames: Any, output: Path, **more: Any) -> Film:
    more = {"fps": 25, "painter": Negative(0.05)} | more
    return impasto.video(frames, "negative", output, **more)


def pictures(path: Path) -> list[NDArray[np.float32]]:
    return [frame.pixels for frame in open_clip(path, Request(even=False)).frames()]


@pytest.mark.parametrize("kind", [np.asarray, list, iter, lambda frames: map(Image.fromarray, frames)])
def test_a_film_is_that_of_a_file_with_the_same_frames(tmp_path: Path, kind: Callable[..., Any]) -> None:
    frames = shots()
    clip = write_clip(
        tmp_path / "in.mkv",
        [frame / np.float32(255) for frame in frames],
        codec="ffv1",
        pixel_format="bgr0",
        options={"level": "3"},
    )
    film = paint(kind(frames), tmp_path / "out.mkv", codec="ffv1")
    paint(str(clip), tmp_path / "wanted.mkv", codec="ffv1", fps=None)
    assert (film.frames, film.width, film.height) == (6, 64, 48)
    found, wanted = pictures(tmp_path / "out.mkv"), pictures(tmp_path / "wanted.mkv")
    assert len(found) == 6
    assert all(np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))
    assert not (tmp_path / HIDDEN).exists()


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        (24, 24),
        (29.97, Fraction(2997, 100)),
        ("30000/1001", Fraction(30000, 1001)),
        (24000 / 1001, Fraction(24000, 1001)),
        (Fraction(25, 2), 12.5),
        (1000, 1000),
        ("1/3600", Fraction(1, 3600)),
    ],
)
def test_a_film_has_the_rate_asked_for(tmp_path: Path, fps: Any, rate: float) -> None:
    paint(shots(3), tmp_path / "out.mp4", fps=fps)
    frames = [*open_clip(tmp_path / "out.mp4").frames()]
    info = open_clip(tmp_path / "out.mp4").info
    assert len(frames) == 3
    assert float(frames[2].ticks * info.time_base) == pytest.approx(2 / rate, abs=1e-4)


@pytest.mark.parametrize(
    "rate", [1001, 1_000_000, "1/100000", 1e-5, -25, "1e9999999999", "25 ", float("inf"), True, "25/0"]
)
@pytest.mark.parametrize("name", ["out.mp4", "out.gif", "out.y4m", "out"])
def test_a_rate_no_film_has_is_refused_and_leaves_nothing(tmp_path: Path, rate: Any, name: str) -> None:
    with pytest.raises(OptionError, match="expected fps to be frames per second, from 1/3600 to 1000"):
        paint(shots(2), tmp_path / name, fps=rate)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(1, 1), (40, 1), (1, 40), (15, 16), (7, 300)])
@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.webm", "out.mov", "out.gif", "out.y4m", "out"])
def test_frames_too_small_to_be_painted_are_refused_and_leave_nothing(
    tmp_path: Path, size: tuple[int, int], name: str
) -> None:
    with pytest.raises(InputError, match="expected at least 16 x 16 pixels; got "):
        paint(np.zeros((2, *size, 3), np.uint8), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_frames_too_small_for_the_layers_are_refused_before_any_work(tmp_path: Path) -> None:
    frames, options = np.zeros((2, 16, 16, 3), np.uint8), impasto.OptimizeOptions(iterations=1)
    with pytest.raises(PictureError, match="painted at 16x16; the layers asked for need at least 32"):
        impasto.video(frames, "starry-night", tmp_path / "a.mp4", fps=25, options=options)
    assert list(tmp_path.iterdir()) == []


class Failing(Negative):
    """A painter that fails after so many frames."""

    def paint_pixels(self, pixels: Pixels, _: Any = None) -> tuple[Pixels, dict[str, Any]]:
        if self.painted == 3:
            raise InputError("no more")
        return super().paint_pixels(pixels)


@pytest.mark.parametrize(("segment", "kept"), [(2, True), (24, False)])
def test_what_fails_before_a_segment_is_finished_leaves_nothing(
    tmp_path: Path, segment: int, kept: bool
) -> None:
    clip = write_clip(tmp_path / "in.mkv", [moving(n) for n in range(8)])
    with pytest.raises(InputError, match="no more"):
        paint(str(clip), tmp_path / "out.mkv", painter=Failing(), fps=None, segment=segment)
    assert (tmp_path / HIDDEN).exists() == kept


def test_frames_of_16_bits_and_of_floats_keep_their_precision(tmp_path: Path) -> None:
    ramp = np.linspace(0.2, 0.8, 3 * 16 * 2000).reshape(3, 16, 2000, 1).repeat(3, 3)
    deep = np.rint(ramp * 65535).astype(np.uint16)
    wanted = [*impasto.paint_frames(deep, "negative", painter=Negative(0.05))]  # type: ignore[arg-type]
    for frames in (deep, deep / 65535):
        paint(frames, tmp_path / "out.mkv", codec="ffv1")
        for one, other in zip(pictures(tmp_path / "out.mkv"), wanted, strict=True):
            assert np.abs(np.rint(one * 65535) - other).max() <= 1


def test_frames_keep_their_alpha(tmp_path: Path) -> None:
    matte = np.zeros((48, 64, 1), np.uint8)
    matte[:, 32:] = 255
    frames = [np.concatenate([frame, matte], axis=2) for frame in shots(3)]
    frames[0][..., 3] = 255  # all of one shape, as who writes them expects
    for given in (frames, [Image.fromarray(frame) for frame in frames]):
        paint(given, tmp_path / "out.mov")
        found = [frame.alpha for frame in open_clip(tmp_path / "out.mov", Request(alpha=True)).frames()]
        assert found[0] is None or found[0].min() > 0.99
        assert found[2] is not None
        assert found[2][:, :30].max() < 0.01
        assert found[2][:, 34:].min() > 0.99


def test_the_same_frames_continue_a_film_and_others_begin_anew(tmp_path: Path) -> None:
    seen: list[int] = []

    def note(event: Progress) -> None:
        seen.append(event.step)

    out = tmp_path / "out.mkv"
    more: dict[str, Any] = {"segment": 2, "codec": "ffv1"}
    first = paint(shots(7), out, on_progress=note, cancel=lambda: len(seen) >= 5, **more)
    assert first.cancelled
    assert not out.exists()
    assert [path.name for path in (tmp_path / HIDDEN).iterdir()] == ["out.mkv.film"], "frames are not kept"
    again = paint(iter(shots(7)), out, **more)
    assert (again.frames, again.resumed, again.cancelled) == (7, 4, False)
    paint(shots(7), tmp_path / "whole.mkv", **more)
    for one, other in zip(pictures(out), pictures(tmp_path / "whole.mkv"), strict=True):
        assert np.array_equal(one, other)

    seen.clear()
    paint(shots(7), out, on_progress=note, cancel=lambda: len(seen) >= 5, **more)
    changed = paint(shots(7)[::-1], out, **more)
    assert changed.resumed == 0
    assert any(note.startswith("started over: its clip was") for note in changed.notes)


def test_reading_frames_without_end_is_cancelled_and_leaves_an_unfinished_film(tmp_path: Path) -> None:
    seen: list[int] = []
    fetched = 0

    def camera() -> Iterator[NDArray[np.uint8]]:
        nonlocal fetched
        for fetched, frame in enumerate(itertools.cycle(shots(4)), 1):  # noqa: B007
            yield frame

    out = tmp_path / "out.mkv"
    paint(
        shots(5),
        out,
        segment=2,
        on_progress=lambda event: seen.append(event.step),
        cancel=lambda: len(seen) > 2,
    )
    film = paint(camera(), out, segment=2, cancel=lambda: fetched > 9)
    assert (film.cancelled, film.frames) == (True, 0)
    assert paint(shots(5), out, segment=2).resumed == 2


def test_what_a_killed_process_left_is_discarded(tmp_path: Path) -> None:
    left = tmp_path / HIDDEN / "out.mp4.frames"
    left.mkdir(parents=True)
    (left / "frames.avi").write_bytes(b"RIFF")
    assert discard(tmp_path / "out.mp4")
    assert not (tmp_path / HIDDEN).exists()
    assert not discard(tmp_path / "out.mp4")


@pytest.mark.parametrize(
    ("frames", "more", "error", "words"),
    [
        (shots(2), {"fps": None}, OptionError, "missing option: fps"),
        (shots(2), {"fps": 0}, OptionError, "expected fps to be frames per second"),
        (shots(2), {"fps": float("nan")}, OptionError, "expected fps to be frames per second"),
        (shots(2), {"fps": "1/0"}, OptionError, "got '?1/0'?"),
        (shots(2), {"rate": 30}, OptionError, "expected fps for frames in memory"),
        ([], {}, InputError, "expected frames; got none"),
        (np.zeros((48, 64, 3), np.uint8), {}, InputError, r"shape \(N, H, W, 3\); got an array of shape"),
        (b"GIF89a", {}, InputError, "got an object of type bytes"),
        (7, {}, InputError, "got an object of type int"),
        ([*shots(2), shots(1)[0][:, :60]], {}, InputError, "frame 2: expected 64 x 48 pixels, as the first"),
        ([shots(1)[0], shots(1)[0] * 2.0], {}, PictureError, r"frame 1: expected floats in \[0, 1\]"),
        (
            [shots(1)[0], shots(1)[0].astype(np.uint16) * 257],
            {},
            InputError,
            "frame 1: expected 8 bits a channel",
        ),
        (
            [shots(1)[0], np.zeros((48, 64, 4), np.uint8)],
            {},
            InputError,
            "frame 1: expected no transparency, as the first",
        ),
    ],
)
def test_what_makes_no_film_is_refused_and_leaves_nothing(
    tmp_path: Path, frames: Any, more: dict[str, Any], error: type[ImpastoError], words: str
) -> None:
    with pytest.raises(error, match=words):
        paint(frames, tmp_path / "out.mp4", **more)
    assert not [*tmp_path.iterdir()]


def test_what_is_wrong_besides_is_said_before_a_frame_is_fetched(tmp_path: Path) -> None:
    def frames() -> Iterator[NDArray[np.uint8]]:
        raise AssertionError("fetched")
        yield

    with pytest.raises(OutputError, match="it ends in"):
        paint(frames(), tmp_path / "out.xyz")
    with pytest.raises(OutputError, match="there is no"):
        paint(frames(), tmp_path / "nowhere" / "out.mp4")
    with pytest.raises(OptionError, match="expected parts of at least"):
        paint(frames(), tmp_path / "out.mp4", longest=3)
    with pytest.raises(OptionError, match="fps is for frames in memory"):
        paint(tmp_path / "clip.mp4", tmp_path / "out.mp4", fps=25)


def test_a_rate_in_floating_point_is_the_decimal_one() -> None:
    assert impasto.FilmOptions(rate=29.97).rate == Fraction(2997, 100)  # type: ignore[arg-type]
