"""How a film is shared out."""

from __future__ import annotations

import random

import pytest

from impasto.errors import OptionError
from impasto.pipelines.video.plan import Part, split


def test_shots_are_parts_and_long_ones_are_divided_with_an_overlap() -> None:
    assert split(50, [10], longest=20, lead=6, fade=4) == [
        Part(0, 0, 10, 0, 10, 0),
        Part(1, 10, 30, 10, 34, 0),
        Part(2, 30, 50, 24, 50, 4),
    ]


@pytest.mark.parametrize("seed", range(30))
def test_every_frame_is_in_one_part_and_no_part_crosses_a_cut(seed: int) -> None:
    chance = random.Random(seed)
    frames, fade, lead = chance.randint(1, 400), chance.randint(0, 8), chance.randint(0, 30)
    cuts = sorted(chance.sample(range(frames), min(frames, chance.randint(0, 12))))
    parts = split(frames, cuts, longest=chance.randint(2 * fade + 2, 100), lead=lead, fade=fade)
    assert [n for part in parts for n in range(part.first, part.last)] == list(range(frames))
    assert [part.number for part in parts] == list(range(len(parts)))
    for part in parts:
        assert part.first <= part.first + part.head < part.last, "something is left between the seams"
        assert not [cut for cut in cuts if part.begin < cut < part.end], "a cut runs through it"
        following = parts[part.number + 1 :][:1]
        shared = following[0].head if following else 0
        assert part.end == part.last + shared, "what the next part has as its head, this one has as its tail"
        assert (part.begin < part.first) <= bool(lead and part.first not in cuts)


@pytest.mark.parametrize(("longest", "fade"), [(9, 4), (1, 0), (20, 10)])
def test_parts_too_short_for_their_seams_are_refused(longest: int, fade: int) -> None:
    with pytest.raises(OptionError, match="expected parts of at least"):
        split(100, [], longest=longest, lead=0, fade=fade)
