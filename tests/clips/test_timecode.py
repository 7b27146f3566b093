"""Timecode: labels count frames, with and without dropped labels."""

from __future__ import annotations

from fractions import Fraction

import pytest

from impasto.clips.timecode import Timecode

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("text", "rate", "frames", "later"),
    [
        ("01:02:03:04", Fraction(25), 0, "01:02:03:04"),
        ("00:00:59:24", Fraction(25), 1, "00:01:00:00"),
        ("23:59:59:23", Fraction(24000, 1001), 1, "00:00:00:00"),
        ("00:00:59;29", NTSC, 1, "00:01:00;02"),
        ("00:09:59;29", NTSC, 1, "00:10:00;00"),
        ("00:01:00;02", NTSC, 1798, "00:02:00;02"),
        ("00:00:00;00", NTSC, 107892, "01:00:00;00"),  # an hour of drop-frame labels
        ("00:00:59;59", Fraction(60000, 1001), 1, "00:01:00;04"),
        ("23:59:59;29", NTSC, 1, "00:00:00;00"),
        ("00:00:00:10", Fraction(25), -11, "23:59:59:24"),
    ],
)
def test_labels_count_frames(text: str, rate: Fraction, frames: int, later: str) -> None:
    first = Timecode.parse(text, rate)
    assert first is not None
    assert str(first) == text
    assert str(first.after(frames)) == later


def test_every_label_of_a_day_is_its_own() -> None:
    first = Timecode.parse("00:00:00;00", NTSC)
    assert first is not None
    labels = [str(first.after(n)) for n in range(0, 2589408, 97)]
    assert len(set(labels)) == len(labels)
    for number, label in list(enumerate(labels))[::251]:
        found = Timecode.parse(label, NTSC)
        assert found is not None
        assert found.number == 97 * number


def test_openexr_has_the_digits_in_their_places() -> None:
    found = Timecode.parse("01:02:03:04", Fraction(24))
    assert found is not None
    assert found.to_word() == 0x01020304
    dropped = Timecode.parse("10:20:30;29", NTSC)
    assert dropped is not None
    assert dropped.to_word() == 0x10203069  # 29 and the flag of bit 6
    assert Timecode.from_word(dropped.to_word(), NTSC) == dropped


@pytest.mark.parametrize("text", ["", "1:2:3:4", "00:60:00:00", "00:00:00:25", "abc"])
def test_what_is_no_timecode_is_none(text: str) -> None:
    assert Timecode.parse(text, Fraction(25)) is None
