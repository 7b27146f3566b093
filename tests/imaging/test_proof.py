from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from impasto import imaging
from impasto.errors import InputError
from impasto.types import Picture
from tests.imaging.pictures import P3_TO_XYZ, noise, picture, profile


def lookup(inputs: int, outputs: int, corners: np.ndarray) -> bytes:
    """An ICC lookup table (mft1) of two grid points a channel: its ``corners`` in 0..255."""
    ramp = bytes(range(256))
    identity = np.rint(np.eye(3) * 65536).astype(">i4").tobytes()
    head = b"mft1" + bytes(4) + bytes([inputs, outputs, 2, 0]) + identity
    data = head + ramp * inputs + corners.astype(np.uint8).tobytes() + ramp * outputs
    return data + bytes(-len(data) % 4)


def press_profile(both_ways: bool = True) -> bytes:
    """A press with black ink alone: the ink is 1 - L, and L is 1 - the ink; colours become grey."""
    lab = np.indices((2, 2, 2)).reshape(3, -1).T
    to_inks = np.zeros((8, 4))
    to_inks[:, 3] = 255 * (1 - lab[:, 0])
    inks = np.indices((2, 2, 2, 2)).reshape(4, -1).T
    to_lab = np.full((16, 3), 128)
    to_lab[:, 0] = 255 * (1 - inks[:, 3])
    tags = {b"A2B0": lookup(4, 3, to_lab)}
    if both_ways:
        tags[b"B2A0"] = lookup(3, 4, to_inks)
    head = bytearray(profile(P3_TO_XYZ)[:128])
    head[8:12] = (0x02400000).to_bytes(4, "big")
    head[12:24] = b"prtrCMYKLab "
    at, table, body = 132 + 12 * len(tags), len(tags).to_bytes(4, "big"), b""
    for name, data in tags.items():
        table += name + (at + len(body)).to_bytes(4, "big") + len(data).to_bytes(4, "big")
        body += data
    whole = bytes(head) + table + body
    return len(whole).to_bytes(4, "big") + whole[4:]


def put(folder: Path, data: bytes) -> Path:
    path = folder / "press.icc"
    path.write_bytes(data)
    return path


def test_a_press_with_black_ink_alone_shows_greys_of_the_same_lightness(tmp_path: Path) -> None:
    shown = imaging.soft_proof(picture(16, 24), imaging.read_press_profile(put(tmp_path, press_profile())))
    assert np.ptp(shown.pixels, axis=2).max() < 0.02
    lightness = [imaging.rgb_to_lab(p)[..., 0] for p in (picture(16, 24).pixels, shown.pixels)]
    np.testing.assert_allclose(lightness[1], lightness[0], atol=2.5)


def test_alpha_stays(tmp_path: Path) -> None:
    given = picture(8, 8, alpha=True, bits=16)
    shown = imaging.soft_proof(given, imaging.read_press_profile(put(tmp_path, press_profile())))
    assert shown.alpha is given.alpha
    assert shown.bits == 8


def test_black_and_white_stay_as_they_are(tmp_path: Path) -> None:
    ends = Picture(np.stack([np.zeros((4, 3)), np.ones((4, 3))]).astype(np.float32))
    shown = imaging.soft_proof(ends, imaging.read_press_profile(put(tmp_path, press_profile())))
    np.testing.assert_allclose(shown.pixels, ends.pixels, atol=0.02)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is not an ICC profile"),
        (noise(20, 20, 1).tobytes(), "it is not an ICC profile"),
        (profile(P3_TO_XYZ), "it is for RGB colours"),
        (profile(None), "it is for GRAY colours"),
        (press_profile(both_ways=False), "it cannot be used"),
        (press_profile()[:200], "it cannot be used"),
    ],
    ids=["empty", "noise", "display", "grey", "one way", "cut short"],
)
def test_what_is_no_profile_of_a_press_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = put(tmp_path, data)
    with pytest.raises(InputError, match="expected an ICC profile of a CMYK press") as caught:
        imaging.read_press_profile(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_profile_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.icc", tmp_path):
        with pytest.raises(InputError, match="it cannot be read"):
            imaging.read_press_profile(path)
