"""Frames in memory: paintings of the same kind, as steady as those of a film."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import impasto
from impasto.clips import Request, open_clip
from impasto.errors import InputError, OptionError, PictureError
from impasto.pipelines.video.film import video
from impasto.types import Picture
from tests.clips.clips import Negative, moving, write_clip


def shots(count: int = 6) -> NDArray[np.uint8]:
    """Frames (N, 48, 64, 3)."""
    return np.stack([np.rint(255 * (0.2 + 0.6 * moving(n))).astype(np.uint8) for n in range(count)])


def paint(frames: Any, **more: Any) -> Iterator[Any]:
    return impasto.paint_frames(frames, "negative", painter=Negative(0.05), **more)  # type: ignore[arg-type]


def test_paintings_are_those_of_a_film_of_the_same_frames(tmp_path: Path) -> None:
    frames = shots()
    clip = write_clip(
        tmp_path / "in.mkv",
        [frame / np.float32(255) for frame in frames],
        codec="ffv1",
        pixel_format="bgr0",
        options={"level": "3"},
    )
    found = list(paint(frames))
    film = {"codec": "ffv1", "workers": 1}
    video(clip, "negative", tmp_path / "out.mkv", painter=Negative(0.05), **film)  # type: ignore[arg-type]
    wanted = [frame.pixels for frame in open_clip(tmp_path / "out.mkv", Request(even=False)).frames()]
    assert len(found) == len(wanted) == len(frames)
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == np.uint8
        assert np.array_equal(one, np.rint(other * 255))


def test_paintings_are_of_the_kind_that_frames_are() -> None:
    frames = shots(4)
    floats, deep = frames / np.float32(255), frames.astype(np.uint16) * 257
    assert [one.dtype for one in paint(floats)] == [np.float32] * 4
    assert [one.dtype for one in paint(deep)] == [np.uint16] * 4
    assert [one.mode for one in paint([Image.fromarray(frame).convert("L") for frame in frames])] == ["L"] * 4
    mixed = [Picture(floats[0]), frames[1], Image.fromarray(frames[2])]
    assert [type(one) for one in paint(mixed)] == [Picture, np.ndarray, Image.Image]


def test_frames_keep_their_alpha_and_have_the_size_asked_for() -> None:
    matte = np.zeros((48, 64, 1), np.uint8)
    matte[:, 32:] = 255
    frames = [np.concatenate([frame, matte], axis=2) for frame in shots(3)]
    found = list(paint(frames, size=32))
    assert [one.shape for one in found] == [(24, 32, 4)] * 3
    for one in found:
        assert one[:, :14, 3].max() < 16
        assert one[:, 18:, 3].min() > 239
    frames[1][..., 3] = 255  # all of one shape, as who writes them expects
    assert [one.shape for one in paint(frames)] == [(48, 64, 4)] * 3


def test_frames_without_end_are_painted_as_they_come() -> None:
    fetched = 0

    def camera() -> Iterator[NDArray[np.uint8]]:
        nonlocal fetched
        for fetched, frame in enumerate(itertools.cycle(shots(8)), 1):  # noqa: B007
            yield frame

    paintings = paint(camera())
    assert fetched == 0
    assert len(list(itertools.islice(paintings, 5))) == 5
    paintings.close()  # type: ignore[attr-defined]
    assert fetched < 40


def test_no_frames_give_no_paintings() -> None:
    assert list(paint([])) == []


def test_painting_ends_when_it_is_cancelled() -> None:
    seen = 0

    def cancel() -> bool:
        return seen >= 2

    for _ in paint(shots(20), cancel=cancel):
        seen += 1
    assert seen == 2


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ("clip.mp4", "got a path, which impasto.video takes: clip.mp4"),
        (Path("clip.mp4"), "got a path"),
        (np.zeros((48, 64, 3), np.uint8), r"shape \(N, H, W, 3\); got an array of shape \(48, 64, 3\)"),
        (b"GIF89a", "got an object of type bytes"),
        (Image.new("RGB", (8, 8)), "got an object of type Image"),
        (7, "got an object of type int"),
    ],
)
def test_what_are_no_frames_is_refused_at_once(frames: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        paint(frames)


@pytest.mark.parametrize(
    "more", [{"start": 1}, {"codec": "vp9"}, {"rate": 30}, {"sound": False}, {"hdr": True}]
)
def test_options_of_files_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=f"{next(iter(more))} is an option of files"):
        paint(shots(2), **more)


def test_a_frame_that_cannot_be_used_is_named_when_its_turn_comes() -> None:
    frames = list(shots(3))
    other = paint([frames[0], frames[1], frames[2][:, :60]], keep=0)
    with pytest.raises(InputError, match="frame 2: expected 64 x 48 pixels, as the first; got 60 x 48"):
        list(other)
    with pytest.raises(PictureError, match=r"frame 1: expected floats in \[0, 1\]"):
        list(paint([frames[0], frames[1] * 2.0]))


def test_frames_are_painted_by_optimisation_too() -> None:
    frames = shots(3)[:, :32, :32]
    options = impasto.OptimizeOptions(iterations=2, size=32, init="content")
    found = list(impasto.paint_frames(frames, "starry-night", options=options, next_iterations=1))
    assert [one.shape for one in found] == [(32, 32, 3)] * 3
    assert all((one != frame).any() for one, frame in zip(found, frames, strict=True))
