"""Films some of whose packets state a time that is damaged."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from impasto.clips import Request, open_clip
from impasto.clips.index import video_index
from impasto.clips.stamps import find_strays
from tests.clips.clips import write_flashes

Change = Callable[[int, float], float]


def retimed(path: Path, kind: int, change: Change) -> None:
    """Change the times, in seconds, of an FLV's pictures (``kind`` 9) or sound (8) by their numbers."""
    data = bytearray(path.read_bytes())
    place, number = struct.unpack_from(">I", data, 5)[0] + 4, 0
    while place + 15 < len(data):
        if data[place] == kind and data[place + 12] == 1:  # no header of the codec
            time = int.from_bytes(data[place + 4 : place + 7], "big") | data[place + 7] << 24
            found = round(change(number, time / 1000) * 1000) % (1 << 32)
            data[place + 4 : place + 7] = (found & 0xFFFFFF).to_bytes(3, "big")
            data[place + 7] = found >> 24
            number += 1
        place += 15 + int.from_bytes(data[place + 1 : place + 4], "big")
    path.write_bytes(data)


DAMAGE: dict[str, Change] = {
    "an hour later": lambda number, time: time + 3600 * (number == 20),
    "a little later": lambda number, time: time + 5 * (number == 20),
    "three later": lambda number, time: time + 5 * (20 <= number < 23),
    "earlier": lambda number, time: time - 0.5 * (number == 20),
    "at the beginning": lambda number, time: time * (number != 20),
    "before the beginning": lambda number, time: time - 3600 * (number == 20),
    "twice": lambda number, time: time + 60 * (number in (15, 35)),
}


@pytest.mark.parametrize("reordered", ["0", "2"])
@pytest.mark.parametrize("damage", list(DAMAGE))
def test_a_damaged_time_is_put_between_its_neighbours_and_told(
    tmp_path: Path, damage: str, reordered: str
) -> None:
    path = write_flashes(
        tmp_path / "a.flv", 50, flashes=(12, 30), options={"g": "10", "crf": "10", "bf": reordered}
    )
    retimed(path, 9, DAMAGE[damage])
    clip = open_clip(path, Request(damage="refuse"))
    frames = list(clip.frames())
    assert [float(f.ticks * clip.info.time_base) for f in frames] == pytest.approx(
        [n / 25 for n in range(50)], abs=0.002
    )
    assert [f.number for f in frames if f.pixels.mean() > 0.6] == [12, 30]
    assert clip.info.rate == 25
    (words,) = clip.info.remarks
    count = {"three later": 3, "twice": 2}.get(damage, 1)
    what = "the time of 1 frame was" if count == 1 else f"the times of {count} frames were"
    assert words.startswith(f"{what} damaged: ")
    seconds = float(words.split(" shown at ")[1].split()[0])
    assert seconds == pytest.approx(0.6 if damage == "twice" else 0.8, abs=0.13)
    assert len(list(open_clip(path, Request(start=Fraction(1))).frames())) == 25
    assert open_clip(path, Request(start=Fraction(8, 5))).info.remarks == ()


def test_sound_with_a_damaged_time_is_heard_between_its_neighbours(tmp_path: Path) -> None:
    path = write_flashes(tmp_path / "a.flv", 50)
    with av.open(str(path)) as container:
        whole = [packet.pts for packet in container.demux(audio=0) if packet.size]
        stream, unit = container.streams.audio[0].index, container.streams.audio[0].time_base
    retimed(path, 8, lambda number, time: time + 600 * (number == 20))
    index = video_index(path, 0)
    with av.open(str(path)) as container:
        read = [packet.pts for packet in container.demux(audio=0) if packet.size]
    found = [pts + round(index.shift(stream, number) / unit) for number, pts in enumerate(read)]
    assert max(read) * unit > 600
    assert found == pytest.approx(whole, abs=2)
    assert open_clip(path).info.remarks == ()


def test_a_film_all_of_whose_frames_state_the_same_time_has_the_rate_it_states(tmp_path: Path) -> None:
    path = write_flashes(tmp_path / "a.flv", 50, flashes=(12, 30), options={"g": "10", "bf": "2"})
    retimed(path, 9, lambda *_: 0)
    clip = open_clip(path)
    frames = list(clip.frames())
    assert [frame.ticks * clip.info.time_base for frame in frames] == [Fraction(n, 25) for n in range(50)]
    assert [frame.number for frame in frames if frame.pixels.mean() > 0.6] == [12, 30]


def test_a_clock_that_jumps_and_a_picture_that_is_held_are_not_damaged() -> None:
    steady = list(range(0, 1200, 40))
    assert find_strays([*steady, *steady], 0) == set()
    assert find_strays([*steady, *(time + 9000 for time in steady)], 0) == set()
    assert find_strays([*steady, 9000, 17000, *(time + 25000 for time in steady)], 0) == set()
    assert find_strays([*steady, 9000, *(time + 1240 for time in steady)], 0) == {30}
