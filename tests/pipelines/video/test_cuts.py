"""The search for cuts: section by section it finds what it finds from beginning to end."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.errors import InputError
from impasto.pipelines.video import cuts
from impasto.pipelines.video.cuts import find_cuts
from impasto.pipelines.video.options import FilmOptions
from impasto.types import Pixels
from tests.clips.clips import moving, write_clip

TICKS = [0, 4, 8, 9, 14, 20, 24, 28, 33, 36, 40, 44, 52, 56, 60, 64, 68, 72, 76, 80, 84]
CUTS = [7, 12]


def frames() -> list[Pixels]:
    other = [np.ascontiguousarray(1 - moving(n)[::-1]) for n in range(5)]
    return [*(moving(n) for n in range(7)), *other, *(moving(40 - n)[:, ::-1] for n in range(9))]


@pytest.fixture(params=["mp4", "mkv", "ts"])
def clip(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Three shots at an uneven rate, with B-frames and few places at which decoding can begin."""
    path = tmp_path / f"clip.{request.param}"
    return write_clip(path, frames(), ticks=TICKS, options={"crf": "10", "g": "9", "bf": "2"})


def search(clip: Path, section: int = cuts.SECTION, **film: Any) -> tuple[list[int], list[int]]:
    found = find_cuts(clip, FilmOptions(**film), lambda: False, section)
    assert found is not None
    return found.ticks, found.cuts


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of frames of each search there was."""
    made: list[int] = []
    scan = cuts._scan

    def counted(*given: object) -> object:
        found = scan(*given)  # type: ignore[arg-type]
        made.append(len(found.ticks) if found else 0)
        return found

    monkeypatch.setattr(cuts, "_scan", counted)
    return made


@pytest.mark.parametrize("section", [3, 7, 12, 15])
def test_sections_find_the_times_and_cuts_of_the_whole(clip: Path, section: int, scans: list[int]) -> None:
    whole = search(clip)
    assert whole[1] == CUTS
    assert scans == [21]
    scans.clear()
    assert search(clip, section) == whole
    # Every section begins with some frames of the one before.
    assert sum(scans) == 21 + sum(min(number * section, cuts._LEAD) for number in range(len(scans)))
    assert len(scans) > 1 or section == 15


def test_a_span_of_the_clip_is_searched_alone(clip: Path, scans: list[int]) -> None:
    span: dict[str, Any] = {"start": Fraction(9, 100), "end": Fraction(7, 10)}
    ticks, found = search(clip, 4, **span)
    assert (len(ticks), found) == (14, [4, 9])
    assert len(scans) > 1
    assert search(clip, **span) == (ticks, found)


def test_a_damaged_film_is_searched_from_beginning_to_end(tmp_path: Path, scans: list[int]) -> None:
    path = write_clip(tmp_path / "clip.mkv", frames(), options={"crf": "10", "g": "3", "bf": "0"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 600] = b"\x55" * 600
    path.write_bytes(data)
    whole = search(path)
    scans.clear()
    assert search(path, 4) == whole
    assert scans[-1] == len(whole[0]), "the last search was of the whole film"
    with pytest.raises(InputError, match="the file has a hole"):
        find_cuts(path, FilmOptions(damage="refuse"), lambda: False, 4)


def test_it_stops_when_asked_to(clip: Path) -> None:
    asked = iter([False] * 5)
    assert find_cuts(clip, FilmOptions(), lambda: next(asked, True), 4) is None


@pytest.mark.parametrize("length", [1, 3])
@pytest.mark.parametrize("speed", [0, 3])
def test_a_flash_is_no_cut(tmp_path: Path, length: int, speed: int) -> None:
    pictures = [moving(n, speed=speed) for n in range(16)]
    for number in range(8, 8 + length):
        pictures[number] = np.full_like(pictures[0], 0.98)
    found = find_cuts(write_clip(tmp_path / "clip.mp4", pictures), FilmOptions(), lambda: False)
    assert found is not None
    assert (found.cuts, found.flashes) == ([], [(8, 8 + length)])


@pytest.mark.parametrize("length", [1, 3])
@pytest.mark.parametrize("section", [7, 8, 9, 10, 11, 12])
def test_a_flash_is_no_cut_wherever_sections_end(tmp_path: Path, length: int, section: int) -> None:
    pictures = [moving(n) for n in range(20)]
    for number in range(9, 9 + length):
        pictures[number] = np.full_like(pictures[0], 0.98)
    clip = write_clip(tmp_path / "clip.mp4", pictures, options={"crf": "10", "g": "9", "bf": "2"})
    found = find_cuts(clip, FilmOptions(), lambda: False, section)
    assert found is not None
    assert (len(found.ticks), found.cuts, found.flashes) == (20, [], [(9, 9 + length)])


@pytest.mark.parametrize("section", [7, 8, 9, 10, 11])
def test_a_cut_is_one_wherever_sections_end(tmp_path: Path, section: int) -> None:
    pictures = [moving(n) for n in range(20)]
    pictures[9:] = [np.ascontiguousarray(1 - moving(n)[::-1]) for n in range(11)]
    clip = write_clip(tmp_path / "clip.mp4", pictures, options={"crf": "10", "g": "9", "bf": "2"})
    assert search(clip, section)[1] == [9]


def test_a_short_shot_between_others_begins_and_ends_with_cuts(tmp_path: Path) -> None:
    pictures = [moving(n) for n in range(16)]
    pictures[8:] = [np.ascontiguousarray(1 - moving(n)[::-1]) for n in range(8)]
    pictures[8:10] = [np.full_like(pictures[0], 0.98)] * 2
    assert search(write_clip(tmp_path / "clip.mp4", pictures))[1] == [8, 10]


def test_what_lasts_longer_than_a_flash_begins_and_ends_with_cuts(tmp_path: Path) -> None:
    pictures = [moving(n) for n in range(16)]
    pictures[6:10] = [np.full_like(pictures[0], 0.98)] * 4
    assert search(write_clip(tmp_path / "clip.mp4", pictures))[1] == [6, 10]


def scenes(seed: int, count: int = 40) -> list[Pixels]:
    """Shots that move, strobe, flash, fade and shake, of one to twenty-four frames each."""
    numbers = np.random.default_rng(seed)
    shots = [np.ascontiguousarray, lambda p: np.ascontiguousarray(1 - p[::-1]), lambda p: p[:, ::-1].copy()]
    white = np.full_like(moving(0), 0.98)
    found: list[Pixels] = []
    while len(found) < count:
        shot = shots[numbers.integers(3)]
        kind, length = numbers.integers(5), int(numbers.integers(1, 25))
        for number in range(length):
            picture = shot(moving(len(found)))
            if kind == 1 and number % 2:
                picture = 1 - picture  # a strobe
            elif kind == 2 and number % int(numbers.integers(2, 5)) == 1:
                picture = white
            elif kind == 3:
                picture = picture + (white - picture) * np.float32(number / length)
            elif kind == 4:
                picture = shots[numbers.integers(3)](picture)
            found.append(np.asarray(picture, np.float32))
    return found[:count]


@pytest.mark.parametrize("seed", range(4))
def test_strobes_flashes_and_fades_are_found_alike_in_any_sections(tmp_path: Path, seed: int) -> None:
    clip = write_clip(tmp_path / "clip.mp4", scenes(seed), options={"crf": "10", "g": "8", "bf": "2"})
    whole = find_cuts(clip, FilmOptions(), lambda: False)
    assert whole is not None
    assert len(whole.ticks) == 40
    assert whole.cuts or whole.flashes
    for section in (4, 9, 14, 17):
        assert find_cuts(clip, FilmOptions(), lambda: False, section) == whole, section


def test_a_strobe_longer_than_a_section_is_found_as_in_the_whole(tmp_path: Path) -> None:
    pictures = [moving(n) for n in range(36)]
    pictures[5:31:2] = [np.ascontiguousarray(1 - picture) for picture in pictures[5:31:2]]
    clip = write_clip(tmp_path / "clip.mp4", pictures, options={"crf": "10", "g": "8", "bf": "2"})
    flashes = [(number, number + 1) for number in range(5, 31, 2)]
    for section in (36, 18, 7):
        found = find_cuts(clip, FilmOptions(), lambda: False, section)
        assert found is not None
        assert (found.cuts, found.flashes) == ([], flashes)
