"""A keyframe's paint carried through a shot: moved, over uncovered ground, and between two keyframes."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from impasto.clips.carried import Carried, Carrier, Keyframe
from impasto.clips.correspondence import extended, follow, own_places, seams, stretch
from impasto.clips.patch_search import Bytes, Exemplar, fill
from impasto.clips.transition import change_times, mix_levels, transition
from impasto.imaging.samples import to_bytes, unpacked
from impasto.types import Pixels
from tests.conftest import blobs

WIDTH, HEIGHT, SIDE, SPEED = 288, 176, 80, 5
TOP, LEFT = 48, 30


@cache
def ground() -> Pixels:
    """Ground that nothing moves on: greenish blobs."""
    return np.asarray(blobs(WIDTH, HEIGHT, seed=1, coarse=16) * [0.3, 0.6, 0.3], np.float32)


@cache
def square() -> Pixels:
    """What moves: reddish blobs."""
    return np.asarray(0.4 + blobs(SIDE, SIDE, seed=2, coarse=8) * [0.6, 0.2, 0.2], np.float32)


@cache
def strokes() -> Pixels:
    """Paint that the photograph knows nothing of."""
    return np.asarray(blobs(WIDTH, HEIGHT, seed=3, coarse=40) * 0.4 - 0.2, np.float32)


def photo(number: int) -> Bytes:
    pixels = ground().copy()
    left = LEFT + SPEED * number
    pixels[TOP : TOP + SIDE, left : left + SIDE] = square()
    return to_bytes(pixels)


def keyframe() -> Keyframe:
    """A painting in other colours, in strokes: blue ground, a yellow square."""
    first = unpacked(photo(0))
    return Keyframe(photo(0), np.clip(first[..., ::-1] + strokes(), 0, 1).astype(np.float32))


def carried(frames: int, key: Keyframe | None = None) -> Carried:
    carrier = Carrier(key or keyframe())
    for number in range(1, frames):
        found = carrier.carry(photo(number))
    return found


def test_paint_moves_with_what_it_is_on() -> None:
    frames = 9
    key, found = keyframe(), carried(frames)
    left = LEFT + SPEED * (frames - 1)
    inner = np.s_[TOP + 5 : TOP + SIDE - 5, left + 5 : left + SIDE - 5]
    before = np.s_[TOP + 5 : TOP + SIDE - 5, LEFT + 5 : LEFT + SIDE - 5]
    assert np.abs(found.pixels[inner] - key.paint[before]).mean() < 0.02
    assert found.kept[inner].mean() > 0.99
    still = np.s_[: TOP - 8]
    assert np.abs(found.pixels[still] - key.paint[still]).mean() < 0.01


def test_uncovered_ground_has_the_ground_s_paint_without_a_seam() -> None:
    frames = 9
    key, found = keyframe(), carried(frames)
    uncovered = np.s_[TOP + 2 : TOP + SIDE - 2, LEFT + 1 : LEFT + SPEED * (frames - 1) - 3]
    around = key.paint[: TOP - 8]
    wanted = np.clip(ground()[..., ::-1] + strokes(), 0, 1)[uncovered]
    assert np.abs(found.pixels[uncovered].mean((0, 1)) - wanted.mean((0, 1))).max() < 0.06
    square_s = key.paint[TOP : TOP + SIDE, LEFT : LEFT + SIDE]
    assert np.abs(found.pixels[uncovered].mean((0, 1)) - square_s.mean((0, 1))).max() > 0.2
    assert found.kept[uncovered].mean() < 0.4
    # Steps between neighbours, at the edge of the filled ground as elsewhere on the ground.
    edge = found.pixels[TOP - 3 : TOP + 4, LEFT + 2 : LEFT + SPEED * (frames - 1) - 3]
    steps, usual = (np.abs(np.diff(part, axis=0)).mean() for part in (edge, around))
    assert steps < 2 * usual
    # As strong as the ground's own strokes: neither a blur nor a smear.
    assert detail(found.pixels[uncovered]) == pytest.approx(detail(around), rel=0.35)


def detail(pixels: Pixels) -> float:
    return float(np.std(pixels - cv2.GaussianBlur(pixels, (0, 0), 2.0)))


def test_a_frame_that_stands_still_keeps_every_pixel() -> None:
    carrier = Carrier(keyframe())
    first = carrier.carry(photo(1))
    again = carrier.carry(photo(1))
    assert np.array_equal(first.pixels, again.pixels)


def test_the_keyframe_itself_is_as_it_was_painted() -> None:
    key = keyframe()
    assert np.abs(Carrier(key).show().pixels - key.paint).max() < 1e-3


def test_going_on_from_a_stored_state_gives_the_same_frames() -> None:
    whole, half = Carrier(keyframe()), Carrier(keyframe())
    for number in range(1, 4):
        whole.carry(photo(number))
        half.carry(photo(number))
    later = Carrier(keyframe(), {name: value.copy() for name, value in half.state.items()})
    for number in range(4, 7):
        assert np.array_equal(whole.carry(photo(number)).pixels, later.carry(photo(number)).pixels)


def test_a_transparent_keyframe_shows_the_frame_itself() -> None:
    alpha = np.ones((HEIGHT, WIDTH), np.float32)
    alpha[TOP - 8 : TOP + SIDE + 8, : LEFT + SIDE + 8] = 0
    key = keyframe()
    found = carried(3, Keyframe(key.photo, key.paint, alpha))
    left = LEFT + 2 * SPEED
    inner = np.s_[TOP + 4 : TOP + SIDE - 4, left + 4 : left + SIDE - 4]
    assert np.abs(found.pixels[inner] - unpacked(photo(2))[inner]).max() < 1e-6
    assert np.abs(found.pixels[: TOP - 16] - key.paint[: TOP - 16]).mean() < 0.01


def test_places_across_a_seam_are_not_interpolated() -> None:
    places = own_places(20, 40)
    places[:, 20:, 0] += 100
    moved = follow(places, np.full((20, 40, 2), 0.5, np.float32))
    offsets = moved - own_places(20, 40)
    assert set(np.round(offsets[..., 0].ravel(), 3)) == {0.5, 100.5}
    assert seams(places)[:, 19:21].all()
    assert not seams(places)[:, :18].any()


def test_holes_go_on_unstretched_from_what_is_beside_them() -> None:
    places = own_places(20, 40) + np.float32(7)
    hole = np.zeros((20, 40), bool)
    hole[:, 30:] = True
    broken = places.copy()
    broken[hole] = 0
    assert np.array_equal(extended(broken, hole), places)
    assert np.array_equal(extended(places, ~np.zeros_like(hole)), places)  # nothing to go on from


@pytest.mark.parametrize(("across", "down", "expected"), [(1, 1, 1), (2, 1, 2), (1, 0.5, 2), (-1, 1, 10)])
def test_stretch_is_that_of_the_direction_where_it_is_most(
    across: float, down: float, expected: float
) -> None:
    places = own_places(20, 40) * np.array([across, down], np.float32)
    assert stretch(places)[5:-5, 5:-5] == pytest.approx(expected, rel=1e-3)


def test_patches_are_found_where_the_photograph_is_alike() -> None:
    """A picture of two halves: a hole in the left one is filled from there."""
    pixels = blobs(120, 96, seed=5, coarse=20).astype(np.float32) * 0.3
    pixels[:, 60:] += 0.6
    paint = np.ascontiguousarray(1 - pixels)
    hole = np.zeros((96, 120), bool)
    hole[36:60, 20:44] = True
    places = own_places(96, 120)
    found = fill(
        Exemplar(to_bytes(paint), to_bytes(pixels)), to_bytes(pixels), to_bytes(paint), places, hole, ~hole, 1
    )
    assert np.array_equal(found[~hole], places[~hole])
    assert (found[hole][:, 0] < 60).mean() > 0.95
    assert found[hole].min() >= 0
    assert (found[hole].max(0) < [120, 96]).all()
    again = fill(
        Exemplar(to_bytes(paint), to_bytes(pixels)), to_bytes(pixels), to_bytes(paint), places, hole, ~hole, 1
    )
    assert np.array_equal(found, again)


def test_a_transition_begins_with_one_painting_and_ends_with_the_other_and_never_blurs() -> None:
    one, other = (blobs(WIDTH, HEIGHT, seed=seed, coarse=40).astype(np.float32) for seed in (7, 8))
    earlier = Carried(one, own_places(HEIGHT, WIDTH), np.ones((HEIGHT, WIDTH), np.float32))
    times = change_times(HEIGHT, WIDTH)
    mixed = [transition(earlier, other, earlier.kept, time, times) for time in (0.0, 0.5, 1.0)]
    assert np.abs(mixed[0] - one).max() < 1e-5
    assert np.abs(mixed[2] - other).max() < 1e-5
    plain = (one + other) / 2
    assert detail(mixed[1]) > 0.85 * detail(one) > 1.15 * detail(plain)


def test_a_transition_prefers_the_painting_that_shows_the_place() -> None:
    one, other = np.zeros((HEIGHT, WIDTH, 3), np.float32), np.ones((HEIGHT, WIDTH, 3), np.float32)
    one[::2], other[::2] = 0.2, 0.8  # strokes
    new = np.zeros((HEIGHT, WIDTH), np.float32)
    earlier = Carried(one, own_places(HEIGHT, WIDTH), new)
    times = change_times(HEIGHT, WIDTH)
    of_other = transition(earlier, other, new + 1, 0.4, times)
    of_one = transition(earlier, other, new, 0.4, times)
    assert detail(of_other - other) < detail(of_one - other)


def test_levels_are_mixed_by_share_and_colours_by_the_whole() -> None:
    one, other = np.full((64, 64, 3), 0.2, np.float32), np.full((64, 64, 3), 0.8, np.float32)
    mixed = mix_levels(one, other, np.ones((64, 64), np.float32), 0.25)
    assert mixed == pytest.approx(0.35, abs=1e-5)
