"""Frames painted by optimisation: their starts, and how they are held to earlier ones."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import torch

import impasto
from impasto.clips import Aim, Guide
from impasto.metrics.steadiness import hardness
from impasto.painters.frames import optimised
from impasto.painters.frames.softness import softened
from impasto.progress import Progress, ProgressCallback
from impasto.tensors import to_tensor
from impasto.types import Painting, Picture, Pixels
from tests.conftest import blobs

OPTIONS = impasto.OptimizeOptions(size=64, min_size=0)
PHOTO = blobs(64, 48, seed=3)


def painter(**changes: Any) -> optimised.OptimisedFramePainter:
    options = OPTIONS.replace(**changes)
    return optimised.OptimisedFramePainter(
        ["starry-night"], options, PHOTO, temporal_weight=300.0, next_iterations=1
    )


def guide(start: Pixels, bare: float) -> Guide:
    return Guide(start, (), np.full(start.shape[:2], bare, np.float32), Aim(0.0, 9.0))


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[Picture]:
    """The pictures that guided paintings start from, none of which is painted."""
    found: list[Picture] = []

    def paint(
        photo: Picture, *_: Any, start: Picture, on_progress: ProgressCallback | None = None, **__: Any
    ) -> Painting:
        if on_progress is not None:  # else only the loss of a start is asked for
            found.append(start)
            on_progress(Progress(losses={"total": 1.0, "temporal": 0.0}))
        return Painting(photo, {"total": 1.0}, 0, 0.0, False)

    monkeypatch.setattr(optimised, "paint", paint)
    return found


def test_new_ground_starts_from_one_pass_and_known_ground_from_the_guide(starts: list[Picture]) -> None:
    one_pass = impasto.fast(PHOTO, "starry-night", size=64).picture.pixels
    before = np.clip(1 - PHOTO, 0, 1)
    frames = painter()
    frames.paint(PHOTO, guide(PHOTO, 1.0))
    frames.paint(PHOTO, guide(before, 0.0))
    frames.paint(PHOTO, guide(np.asarray(PHOTO * 0.5 + before * 0.5, np.float32), 0.5))
    new, known, both = (start.pixels for start in starts)
    assert np.abs(new - PHOTO).mean() > 0.05, "it is painted"
    assert np.abs(new - one_pass).mean() < 0.5 * np.abs(PHOTO - one_pass).mean(), "as impasto fast paints"
    assert np.array_equal(known, before)
    assert np.allclose(both, 0.5 * new + 0.5 * before, atol=1e-5)


def test_with_init_content_new_ground_is_the_photograph(starts: list[Picture]) -> None:
    painter(init="content").paint(PHOTO, guide(PHOTO, 1.0))
    assert np.array_equal(starts[0].pixels, PHOTO)


def test_the_finest_detail_of_the_difference_to_earlier_paintings_counts_a_quarter() -> None:
    everywhere = np.ones((64, 64), np.float32)
    flat = np.full((64, 64, 3), 0.5, np.float32)
    checks = np.indices((64, 64)).sum(0)[..., None] % 2 * np.float32(0.2) - np.float32(0.1)
    loss = painter()._temporal(Guide(flat, ((flat, everywhere),), everywhere, Aim(0.0, 9.0)))
    even = float(loss(to_tensor(flat + np.float32(0.1))))
    fine = float(loss(to_tensor(flat + checks)))
    assert even == pytest.approx(300 * 0.01, rel=1e-5)
    assert fine == pytest.approx(even / 4, rel=0.05)


def test_only_what_is_trusted_is_held_to_earlier_paintings() -> None:
    left = np.zeros((64, 64), np.float32)
    left[:, :32] = 1
    flat = np.full((64, 64, 3), 0.5, np.float32)
    loss = painter()._temporal(Guide(flat, ((flat, left),), 1 - left, Aim(0.0, 9.0)))
    image = to_tensor(flat + cv2.merge([left, left, left]) * np.float32(0.1)).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(image), image)
    assert gradient[..., :30].abs().min() > 0
    assert not gradient[..., 34:].any()


def test_a_guided_frame_is_painted_as_far_as_its_aim() -> None:
    frames = optimised.OptimisedFramePainter(
        ["starry-night"], OPTIONS, PHOTO, temporal_weight=300.0, next_iterations=20
    )
    first = frames.paint(PHOTO, None)
    nowhere = np.zeros(PHOTO.shape[:2], np.float32)
    free = ((first.pixels, nowhere),)
    again = frames.paint(PHOTO, Guide(first.pixels, free, nowhere, first.reached))
    further = frames.paint(PHOTO, Guide(first.pixels, free, nowhere, Aim(0.0, 9.0)))
    assert again.reached.loss <= first.reached.loss < 1, "of the loss of its start"
    assert np.abs(again.pixels - first.pixels).max() < 1e-5, "it is as good as the first already"
    held = ((np.clip(first.pixels + np.float32(0.2), 0, 1), nowhere + 1),)
    kept = frames.paint(PHOTO, Guide(first.pixels, held, nowhere, first.reached))
    assert np.array_equal(kept.pixels, again.pixels), "how far it is from earlier frames has no part in that"
    assert further.reached.loss < 0.96 * first.reached.loss, "without an aim it goes on"
    assert np.abs(again.pixels - first.pixels).mean() < 0.5 * np.abs(further.pixels - first.pixels).mean()


def test_an_aim_is_a_share_of_the_loss_of_the_frames_own_start() -> None:
    frames = painter()
    for photo in (PHOTO, np.asarray(0.5 + 0.1 * (PHOTO - 0.5), np.float32)):
        alone = frames.paint(photo, None)
        nowhere = np.zeros(photo.shape[:2], np.float32)
        held = ((alone.pixels, nowhere),)
        kept = frames.paint(photo, Guide(alone.pixels, held, nowhere, Aim(alone.reached.loss, 9.0)))
        assert np.array_equal(kept.pixels, alone.pixels)


def test_a_guided_frame_is_no_harder_than_its_scenes_first() -> None:
    frames = painter()
    first = frames.paint(PHOTO, None)
    drawn_over = cv2.addWeighted(first.pixels, 2.0, cv2.GaussianBlur(first.pixels, (0, 0), 1.0), -1.0, 0.0)
    nowhere = np.zeros(PHOTO.shape[:2], np.float32)
    aim = Aim(9.0, first.reached.hardness)
    drawn_over = np.asarray(drawn_over, np.float32)
    found = frames.paint(PHOTO, Guide(drawn_over, ((drawn_over, nowhere),), nowhere, aim))
    assert hardness(drawn_over) > 2 * hardness(first.pixels)
    assert hardness(found.pixels) == pytest.approx(hardness(first.pixels), rel=0.1)
    assert np.abs(found.pixels - drawn_over).mean() < 0.03, "nothing but the finest detail has changed"


def test_softening_leaves_pictures_that_are_not_too_hard() -> None:
    assert softened(PHOTO, hardness(PHOTO)) is PHOTO
    checks = np.indices((48, 64)).sum(0)[..., None] % 2 * np.ones(3, np.float32)
    half = softened(np.asarray(checks, np.float32), hardness(np.asarray(checks, np.float32)) / 4)
    assert half.min() == pytest.approx(0.25, abs=1e-3), "a checkerboard is half as strong for a quarter"
    assert half.max() == pytest.approx(0.75, abs=1e-3)
