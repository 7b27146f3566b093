from __future__ import annotations

import gc
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from impasto.clips import Aim, Blended, Frame, Guide, Guided, GuidedPainting
from impasto.clips.flow import consistency, motion, warp
from impasto.clips.prefetch import ahead
from impasto.clips.scenes import is_cut
from impasto.errors import InputError, OptionError, PictureError
from impasto.metrics.steadiness import (
    farneback,
    hardness,
    read_flow,
    sharpness,
    steadiness,
    textured,
    visible,
    warping_error,
)
from impasto.types import Pixels
from tests.clips.clips import moving
from tests.conftest import blobs

SIZE = 128, 96


def frames(numbers: Sequence[int]) -> list[Frame]:
    return [Frame(place, place, moving(number, *SIZE, speed=3)) for place, number in enumerate(numbers)]


def strokes_on(pixels: Pixels, seed: int) -> Pixels:
    """A painting: the negative with strokes of its own."""
    strokes = np.random.default_rng(seed).standard_normal(pixels.shape[:2]).astype(np.float32)
    strokes = cv2.GaussianBlur(strokes, (0, 0), 1.0) * 0.3
    return np.clip(1 - pixels + strokes[..., None], 0, 1).astype(np.float32)


class Flickering:
    """Paints with other strokes each time; a guide is followed, mixed with fresh strokes."""

    def __init__(self) -> None:
        self.guides: list[Guide | None] = []

    def paint(self, frame: Pixels, guide: Guide | None) -> GuidedPainting:
        self.guides.append(guide)
        return GuidedPainting(self.pixels(frame, guide), Aim(float(len(self.guides)), 0.5))

    def pixels(self, frame: Pixels, guide: Guide | None) -> Pixels:
        fresh = strokes_on(frame, len(self.guides))
        if guide is None:
            return fresh
        total = np.clip(sum(weight for _, weight in guide.wanted), 0, 1)[..., None]
        held = sum(pixels * weight[..., None] for pixels, weight in guide.wanted)
        return np.asarray(0.9 * held + (1 - 0.9 * total) * fresh, np.float32)


class EachAlone:
    """A painter without a guide."""

    def __init__(self, painter: Flickering) -> None:
        self.painter = painter

    def paint(self, frame: Pixels) -> Pixels:
        return self.painter.paint(frame, None).pixels

    def finish(self, pixels: Pixels, _: Pixels) -> Pixels:
        return pixels

    def describe(self) -> str:
        return "flickering"


def test_flow_of_a_picture_that_moves_three_pixels_is_three_pixels() -> None:
    first, second = (moving(number, *SIZE, speed=3) for number in (0, 1))
    middle = np.s_[16:-16, 16:-16]
    assert np.allclose(farneback(first, second)[middle].reshape(-1, 2).mean(0), [-3, 0], atol=0.2)
    found = motion(second, first)
    assert np.allclose(found.flow[middle].reshape(-1, 2).mean(0), [3, 0], atol=0.2)
    assert found.trust[middle].mean() > 0.95
    assert np.abs(warp(first, found.flow)[middle] - second[middle]).mean() < 0.01


def test_what_leads_out_of_the_picture_or_does_not_come_back_is_not_trusted() -> None:
    back = np.zeros((20, 30, 2), np.float32)
    back[..., 0] = 5
    trusted = consistency(back, -back)
    assert trusted[:, :21].all()
    assert not trusted[:, 25:].any()
    assert not consistency(back, back).any()


def test_what_stands_beside_the_border_is_not_carried_inwards() -> None:
    still = np.zeros((20, 30, 2), np.float32)
    assert consistency(still, still).all(), "where nothing moves, the border is as good as the rest"
    back = np.zeros((20, 30, 2), np.float32)
    back[..., 0] = -1  # the camera pans: what stood one column further left
    trusted = consistency(back, -back)
    assert not trusted[5:-5, 1:5].any(), "matches in columns 0 to 3, for places further inside"
    assert trusted[:, 5:26].all()
    assert trusted[5:-5, 27:].all(), "from inside to the border"


def test_the_error_of_a_painting_that_moves_with_the_film_is_nothing() -> None:
    flow = np.zeros((20, 30, 2), np.float32)
    flow[..., 0] = 2
    first = blobs(30, 20, seed=1)
    second = np.roll(first, 2, axis=1)
    counted = visible(first, second, flow, -flow)
    assert counted[:, :28].all()
    assert not counted[:, 28:].any()
    assert warping_error(first, second, flow, counted) < 1e-10


def test_the_error_of_a_painting_a_tenth_brighter_is_a_hundredth() -> None:
    flow = np.zeros((20, 30, 2), np.float32)
    first = np.full((20, 30, 3), 0.4, np.float32)
    error = warping_error(first, first + np.float32(0.1), flow, np.ones((20, 30), np.float32))
    assert error == pytest.approx(0.01, rel=1e-4)


def test_a_true_flow_is_read_and_its_unknown_places_do_not_count(tmp_path: Path) -> None:
    flow = np.zeros((4, 6, 2), "<f4")
    flow[0, 0] = 2e9
    flow[1, 2] = (1.5, -2)
    head = np.array([202021.25], "<f4").tobytes() + np.array([6, 4], "<i4").tobytes()
    (tmp_path / "a.flo").write_bytes(head + flow.tobytes())
    found = read_flow(tmp_path / "a.flo")
    assert np.isnan(found[0, 0]).all()
    assert found[1, 2].tolist() == [1.5, -2]
    still = np.zeros((4, 6, 3), np.float32)
    assert visible(still, still, found)[0].tolist() == [0, 1, 1, 1, 1, 1]
    for data in (b"", head, b"x" * 300):
        (tmp_path / "b.flo").write_bytes(data)
        with pytest.raises(InputError, match="Middlebury"):
            read_flow(tmp_path / "b.flo")


def test_flat_places_and_straight_edges_have_no_texture() -> None:
    picture = np.full((64, 96, 3), 0.5, np.float32)
    picture[:, 32:48] = 0.9  # edges, along which nothing can be told
    noise = np.random.default_rng(0).random((64, 32, 1), dtype=np.float32)
    picture[:, 64:] = noise
    found = textured(picture)
    assert not found[:, :54].any()
    assert found[:, 68:].all()


def test_steadiness_needs_two_frames_and_pixels_that_count() -> None:
    with pytest.raises(PictureError, match="two frames or more"):
        steadiness([blobs(32, 32, 1)], [blobs(32, 32, 1)])
    flow = np.zeros((4, 4, 2), np.float32)
    still = np.zeros((4, 4, 3), np.float32)
    with pytest.raises(PictureError, match="got none"):
        warping_error(still, still, flow, np.zeros((4, 4), np.float32))


def test_hardness_is_the_variance_of_the_laplacian_and_sees_strokes_drawn_over_again_first() -> None:
    checks = np.indices((16, 16)).sum(0) % 2
    board = np.repeat(checks[..., None], 3, 2).astype(np.float32)
    assert hardness(board) == pytest.approx(16, rel=1e-3), "4 and -4, in equal parts"
    assert hardness(np.full((16, 16, 3), 0.3, np.float32)) < 1e-9
    photo = blobs(64, 64, seed=2)
    fine = np.random.default_rng(0).standard_normal((64, 64, 1)).astype(np.float32) * np.float32(0.003)
    harder, sharper = hardness(photo + fine) / hardness(photo), sharpness(photo + fine) / sharpness(photo)
    assert harder > 1.1 > sharper


def test_a_blur_lowers_sharpness() -> None:
    picture = strokes_on(blobs(64, 64, 1), 0)
    assert sharpness(np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.0))) < 0.6 * sharpness(picture)


@pytest.mark.parametrize("way", ["blended", "guided"])
def test_paintings_are_at_most_half_as_unsteady_and_as_sharp(way: str) -> None:
    clip = frames(range(8))
    photos = [frame.pixels for frame in clip]
    naive = [Flickering().paint(p, None) for p in photos]
    naive = [strokes_on(p, seed) for seed, p in enumerate(photos)]
    painter = Flickering()
    engine = Blended(EachAlone(painter), keep=0.99) if way == "blended" else Guided(painter, long_term=(1, 8))
    ours = [painted.pixels for painted in engine.paint(clip)]
    assert steadiness(photos, ours).squared < 0.5 * steadiness(photos, naive).squared
    ratio = np.mean([sharpness(p) for p in ours]) / np.mean([sharpness(p) for p in naive])
    assert 0.9 < ratio < 1.1


def test_a_blended_painting_still_shows_its_own_frame() -> None:
    clip = frames(range(8))
    ours = [painted.pixels for painted in Blended(EachAlone(Flickering()), keep=0.99).paint(clip)]
    for frame, painting in zip(clip, ours, strict=True):
        coarse = cv2.GaussianBlur(painting, (0, 0), 6.0) - cv2.GaussianBlur(1 - frame.pixels, (0, 0), 6.0)
        assert np.abs(coarse).mean() < 0.05


@pytest.mark.parametrize("way", ["blended", "guided"])
def test_a_cut_begins_anew(way: str) -> None:
    clip = frames([0, 1, 2])
    other = [Frame(3 + n, 3 + n, np.ascontiguousarray(1 - moving(n, *SIZE)[::-1])) for n in range(3)]
    painter = Flickering()
    engine = Blended(EachAlone(painter), keep=0.99) if way == "blended" else Guided(painter, long_term=(1, 8))
    done = list(engine.paint([*clip, *other]))
    assert [painted.cut for painted in done] == [True, False, False, True, False, False]
    assert np.allclose(done[3].pixels, strokes_on(other[0].pixels, 4), atol=1e-4)
    if way == "guided":
        assert [guide is None for guide in painter.guides] == [True, False, False] * 2


def test_motion_a_flash_and_a_fade_are_no_cuts() -> None:
    first, second = (moving(number, *SIZE, speed=6) for number in (0, 1))
    for now in (second, np.clip(first * 1.15, 0, 1), first * np.float32(0.85)):
        found = motion(now, first)
        assert not is_cut(now, warp(first, found.flow), found)


@pytest.mark.parametrize("way", ["blended", "guided"])
def test_a_frame_that_is_the_one_before_again_is_painted_once(way: str) -> None:
    painter = Flickering()
    engine = Blended(EachAlone(painter), keep=0.99) if way == "blended" else Guided(painter, long_term=(1, 8))
    done = list(engine.paint(frames([0, 0, 1])))
    assert np.array_equal(done[0].pixels, done[1].pixels)
    assert len(painter.guides) == 2


def test_older_paintings_count_where_newer_ones_are_hidden() -> None:
    painter = Flickering()
    list(Guided(painter, long_term=(1, 2)).paint(frames(range(4))))
    assert [0 if guide is None else len(guide.wanted) for guide in painter.guides] == [0, 1, 2, 2]
    guide = painter.guides[-1]
    assert guide is not None
    (_, newer), (_, older) = guide.wanted
    assert not (older * newer).any()
    assert guide.start.shape == (96, 128, 3)


def test_frames_are_painted_as_far_as_the_first_of_their_scene_also_after_a_restart() -> None:
    clip = frames(range(3))
    negative = [Frame(3 + n, 3 + n, 1 - moving(3 + n, *SIZE, speed=3)) for n in range(3)]
    painter = Flickering()
    done = list(Guided(painter, long_term=(1,)).paint([*clip, *negative]))
    assert [painted.cut for painted in done] == [True, False, False, True, False, False]
    aims = [None if guide is None else guide.aim for guide in painter.guides]
    assert aims == [None, Aim(1.0, 0.5), Aim(1.0, 0.5), None, Aim(4.0, 0.5), Aim(4.0, 0.5)], (
        "the painter's loss is the number of its painting"
    )
    again = Flickering()
    list(Guided(again, long_term=(1,)).paint(negative[2:], done[4].state))
    assert [None if guide is None else guide.aim for guide in again.guides] == [Aim(4.0, 0.5)]


def test_a_guide_says_where_it_starts_from_the_bare_photograph() -> None:
    painter = Flickering()
    clip = frames(range(2))
    list(Guided(painter, long_term=(1,)).paint(clip))
    guide = painter.guides[-1]
    assert guide is not None
    ((moved, _),) = guide.wanted
    alone = (guide.start - clip[1].pixels)[guide.bare == 1]
    assert len(alone), "the camera has uncovered something"
    assert np.abs(alone).max() < 0.5001 / 255, "kept in 8 bits"
    assert np.abs((guide.start - moved)[guide.bare == 0]).max() < 1e-6
    assert (guide.bare == 0).mean() > 0.5


def test_several_passes_paint_each_frame_so_often_to_and_fro_held_to_both_neighbours() -> None:
    clip = frames(range(6))
    photos = [frame.pixels for frame in clip]
    painter = Flickering()
    done = list(Guided(painter, long_term=(1, 8), passes=3, run=3).paint(clip))
    assert [painted.frame.number for painted in done] == list(range(6))
    held = [0 if guide is None else len(guide.wanted) for guide in painter.guides]
    # Two runs of three frames. Forwards; backwards from the third; forwards again. Only the film's first
    # frame and the last of a run, whose successor is not painted yet, have one neighbour.
    assert held == [0, 1, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 2, 2, 2, 1]
    naive = [strokes_on(p, seed) for seed, p in enumerate(photos)]
    ours = [painted.pixels for painted in done]
    assert steadiness(photos, ours).squared < 0.5 * steadiness(photos, naive).squared


def test_distances_that_make_no_sense_are_refused() -> None:
    for wrong in ((), (2,), (1, 1)):
        with pytest.raises(OptionError, match="growing numbers"):
            Guided(Flickering(), long_term=wrong)


def test_stages_keep_their_order_and_hand_errors_on() -> None:
    def failing() -> Iterator[int]:
        yield from (1, 2, 3)
        raise ZeroDivisionError

    found: list[int] = []
    with pytest.raises(ZeroDivisionError):
        found.extend(ahead(ahead(failing())))
    assert found == [1, 2, 3]


def test_a_stage_ends_when_nobody_takes_what_it_makes() -> None:
    made = []

    def endless() -> Iterator[int]:
        number = 0
        while True:
            made.append(number)
            yield number
            number += 1

    stage = ahead(endless())
    assert next(stage) == 0
    stage.close()
    assert len(made) <= 5


def test_no_thread_is_left_by_a_painting_that_fails_though_its_error_is_kept() -> None:
    class Failing:
        def paint(self, pixels: Pixels) -> Pixels:
            raise InputError(f"no paint for {pixels.shape}")

    before = set(threading.enumerate())
    gc.disable()
    try:
        with pytest.raises(InputError, match="no paint") as caught:
            list(Blended(Failing(), keep=0.99).paint(frames(range(8))))
        assert set(threading.enumerate()) <= before, caught.value
    finally:
        gc.enable()
