from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from impasto.catalogue.measured import PictureStyle
from impasto.encoders import FeatureExtractor
from impasto.encoders.network import CENTRED, TINY, Encoder
from impasto.errors import DivergedError, OptionError, PictureError
from impasto.imaging import resize
from impasto.objectives import StyleStatistics
from impasto.optimize.engine import PyramidDescent, paint
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.regions import Place, StyleUse, everywhere
from impasto.progress import Progress
from impasto.types import Picture
from tests.conftest import blobs, stripes

FAST = OptimizeOptions(
    size=48,
    min_size=24,
    iterations=4,
    content_layers={"relu2_2": 1.0},
    precision="float32",
    style_layers={"relu1_1": 1.0, "relu2_1": 1.0},
    coarse_iterations=None,
)
STYLES = [PictureStyle(Picture(stripes(80, 80)))]
PLACES = everywhere(STYLES, FAST)
PHOTO = Picture(blobs(96, 64, seed=1))


def test_the_result_has_the_asked_size_and_the_photographs_shape(encoder: Encoder) -> None:
    pixels = paint(PHOTO, PLACES, encoder, FAST).pixels
    assert pixels.shape == (32, 48, 3)
    assert pixels.dtype == np.float32
    assert 0 <= pixels.min() <= pixels.max() <= 1


@pytest.mark.parametrize("init", ["content", "noise", "statistics"])
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_the_same_seed_gives_the_same_picture(encoder: Encoder, init: str, optimizer: str) -> None:
    options = FAST.replace(init=init, optimizer=optimizer, learning_rate=0.05, seed=7)
    first, second = (paint(PHOTO, PLACES, encoder, options).pixels for _ in range(2))
    assert np.array_equal(first, second)


def test_another_seed_gives_another_picture_from_noise(encoder: Encoder) -> None:
    first, second = (paint(PHOTO, PLACES, encoder, FAST.replace(init="noise", seed=s)).pixels for s in (0, 1))
    assert not np.allclose(first, second, atol=1e-2)


def test_painting_brings_the_style_closer(encoder: Encoder) -> None:
    seen: list[Progress] = []
    paint(PHOTO, PLACES, encoder, FAST.replace(iterations=20, min_size=0), on_progress=seen.append)

    def style(event: Progress) -> float:
        return sum(v for n, v in event.losses.items() if n.startswith("style"))

    assert style(seen[-1]) < 0.5 * style(seen[0])


def test_without_style_the_photograph_stays_as_it_is(encoder: Encoder) -> None:
    options = FAST.replace(style_layers={}, size=96, min_size=0)
    pixels = paint(PHOTO, PLACES, encoder, options).pixels
    np.testing.assert_allclose(pixels, PHOTO.pixels, atol=1e-6)


def test_two_styles_give_something_between(encoder: Encoder) -> None:
    other = PictureStyle(Picture(blobs(80, 80, seed=9, coarse=20)))
    options = FAST.replace(iterations=15)

    def painted(*shares: float) -> np.ndarray:
        places = everywhere([STYLES[0], other], options.replace(style_weights=shares))
        return paint(PHOTO, places, encoder, options).pixels

    alone = paint(PHOTO, PLACES, encoder, options).pixels
    assert np.array_equal(painted(1.0, 0.0), alone)
    assert not np.allclose(painted(1.0, 1.0), alone, atol=1e-2)


def test_progress_tells_the_whole_story(encoder: Encoder) -> None:
    seen: list[Progress] = []
    previews = []

    def watch(event: Progress) -> None:
        seen.append(event)
        assert event.preview is not None
        previews.append(event.preview().shape)

    paint(PHOTO, PLACES, encoder, FAST, on_progress=watch)
    assert [e.level for e in seen] == [1] * 4 + [2] * 4 + [3] * 4
    assert [e.step for e in seen] == [1, 2, 3, 4] * 3
    assert [e.done for e in seen] == sorted(e.done for e in seen)
    assert seen[-1].done == pytest.approx(1)
    assert seen[-1].left == pytest.approx(0)
    assert previews[0] == (16, 24, 3)
    assert previews[-1] == (32, 48, 3)
    assert {"total", "content relu2_2", "style relu1_1"} <= set(seen[0].losses)


def test_cancelling_returns_the_picture_so_far_at_full_size(encoder: Encoder) -> None:
    seen: list[Progress] = []
    painting = paint(PHOTO, PLACES, encoder, FAST, on_progress=seen.append, cancel=lambda: len(seen) == 2)
    assert painting.cancelled
    assert painting.iterations == 2
    assert painting.pixels.shape == (32, 48, 3)


def test_starting_from_a_picture_starts_there(encoder: Encoder) -> None:
    start = Picture(np.full((10, 10, 3), 0.25, np.float32))
    first: list[np.ndarray] = []
    options = FAST.replace(init="somewhere.png", optimizer="sgd", learning_rate=1e-9, min_size=0)
    paint(
        PHOTO,
        PLACES,
        encoder,
        options,
        start=start,
        on_progress=lambda e: first.append(e.preview()),  # type: ignore[misc]
    )
    np.testing.assert_allclose(first[0], 0.25, atol=1e-4)


def test_statistics_start_has_the_styles_colours(encoder: Encoder) -> None:
    first: list[np.ndarray] = []
    options = FAST.replace(init="statistics", optimizer="sgd", learning_rate=1e-9, min_size=0)
    red = PictureStyle(Picture(np.tile(np.float32([0.8, 0.2, 0.2]), (64, 64, 1))))
    paint(
        PHOTO, everywhere([red], options), encoder, options, on_progress=lambda e: first.append(e.preview())
    )  # type: ignore[misc]
    np.testing.assert_allclose(first[0].mean((0, 1)), [0.8, 0.2, 0.2], atol=0.02)


def test_layers_too_deep_for_the_size_are_refused_before_work(encoder: Encoder) -> None:
    options = FAST.replace(size=(48, 16), style_layers={"relu5_1": 1.0})
    with pytest.raises(PictureError, match="painted at 48x16"):
        paint(PHOTO, PLACES, encoder, options)


def test_a_panorama_skips_the_levels_that_are_too_flat(encoder: Encoder) -> None:
    seen: set[tuple[int, int]] = set()
    options = FAST.replace(size=(128, 20), min_size=16, style_layers={"relu4_1": 1.0}, iterations=1)
    paint(PHOTO, PLACES, encoder, options, on_progress=lambda e: seen.add((e.width, e.height)))
    assert min(height for _, height in seen) >= encoder.minimum_side(["relu4_1"])
    assert (128, 20) in seen


def test_a_weight_missing_for_a_style_is_refused() -> None:
    with pytest.raises(OptionError, match=r"one style weight per style \(1\); got 2"):
        everywhere(STYLES, FAST.replace(style_weights=(1.0, 2.0)))


def test_a_step_in_bfloat16_is_nearly_that_in_float32(encoder: Encoder) -> None:
    options = FAST.replace(optimizer="sgd", learning_rate=1.0, min_size=0, iterations=1)
    exact = paint(PHOTO, PLACES, encoder, options).pixels
    rough = paint(PHOTO, PLACES, encoder, options.replace(precision="bfloat16")).pixels
    unpainted = paint(PHOTO, PLACES, encoder, options.replace(learning_rate=1e-9)).pixels
    assert np.linalg.norm(exact - rough) < 0.2 * np.linalg.norm(exact - unpainted)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam", "sgd"])
def test_a_network_that_pads_with_zeros_paints_with_every_optimizer(optimizer: str) -> None:
    torch.manual_seed(0)
    network = Encoder(TINY, CENTRED, padding="zeros").eval().requires_grad_(False)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    options = FAST.replace(optimizer=optimizer, learning_rate=0.01)
    assert np.isfinite(paint(PHOTO, PLACES, network, options).pixels).all()


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_what_adam_knows_is_carried_up_the_pyramid_and_nothing_else(encoder: Encoder, optimizer: str) -> None:
    options = FAST.replace(optimizer=optimizer, learning_rate=0.02, min_size=30, carry_optimizer=True)
    carried, fresh = (
        paint(PHOTO, PLACES, encoder, options.replace(carry_optimizer=c)).pixels for c in (True, False)
    )
    assert np.array_equal(carried, fresh) == (optimizer == "lbfgs")


@pytest.mark.parametrize("loss", ["wasserstein", "wasserstein-newton-schulz"])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_loss_that_is_no_number_is_stepped_back_from_and_at_last_said(
    encoder: Encoder, loss: str, optimizer: str
) -> None:
    options = FAST.replace(
        min_size=0, style_loss=loss, optimizer=optimizer, learning_rate=1e25, recoveries=90, iterations=6
    )
    seen: list[Progress] = []
    painting = paint(PHOTO, PLACES, encoder, options, on_progress=seen.append)
    assert seen[-1].recoveries > 0
    assert np.isfinite(painting.pixels).all()
    assert np.isfinite(painting.losses["total"])
    with pytest.raises(DivergedError, match="the loss became nan"):
        paint(PHOTO, PLACES, encoder, options.replace(recoveries=2))


@pytest.mark.parametrize("init", ["noise", "statistics"])
def test_what_is_protected_is_the_photograph_from_the_first_preview_on(encoder: Encoder, init: str) -> None:
    kept = np.zeros((64, 96), np.float32)
    kept[:, 48:] = 1
    seen: list[Progress] = []

    def watch(event: Progress) -> None:
        assert event.preview is not None
        photo = resize(PHOTO.pixels, event.width, event.height)
        half = event.width // 2
        np.testing.assert_allclose(event.preview()[:, half + 1 :], photo[:, half + 1 :], atol=1e-5)
        assert np.abs(event.preview()[:, : half - 1] - photo[:, : half - 1]).mean() > 0.01
        seen.append(event)

    paint(PHOTO, PLACES, encoder, FAST.replace(init=init), protect=kept, on_progress=watch)
    assert seen[-1].level > 1


class Unmeasured(PictureStyle):
    """A style that counts how often its moments are asked for, and of which layers."""

    asked: ClassVar[list[tuple[str, ...]]] = []

    def statistics(
        self, encoder: FeatureExtractor, layers: Sequence[str], *args: Any, **more: Any
    ) -> StyleStatistics:
        self.asked.append(tuple(layers))
        return super().statistics(encoder, layers, *args, **more)


@pytest.mark.parametrize(("init", "asked"), [("content", []), ("statistics", [()])])
def test_a_loss_of_samples_measures_no_moments_but_those_of_the_colours_to_start_with(
    encoder: Encoder, init: str, asked: list[tuple[str, ...]]
) -> None:
    Unmeasured.asked.clear()
    options = FAST.replace(style_loss="sort-matching", init=init, iterations=1, normalise_weights=True)
    paint(PHOTO, everywhere([Unmeasured(STYLES[0].picture)], options), encoder, options)
    assert Unmeasured.asked == asked


def test_the_first_of_several_levels_may_have_a_style_loss_of_its_own(encoder: Encoder) -> None:
    def begun(**changes: Any) -> dict[int, float]:
        """The style's part of the first loss at each level."""
        found: dict[int, float] = {}

        def watch(event: Progress) -> None:
            found.setdefault(event.level, sum(v for k, v in event.losses.items() if k.startswith("style")))

        paint(PHOTO, PLACES, encoder, FAST.replace(iterations=1, **changes), on_progress=watch)
        return found

    plain, other, mixed = (
        begun(),
        begun(style_loss="nearest-neighbours"),
        begun(first_style_loss="nearest-neighbours"),
    )
    assert mixed[1] == other[1] != plain[1]
    start = {"start": Picture(PHOTO.pixels)}
    descent = PyramidDescent(PHOTO, PLACES, encoder, FAST.replace(first_style_loss="strotss"), **start)
    assert [descent.options_at(n).style_loss for n in range(3)] == ["strotss", "wasserstein", "wasserstein"]
    alone = FAST.replace(min_size=0)
    single = PyramidDescent(PHOTO, PLACES, encoder, alone.replace(first_style_loss="strotss"))
    assert single.options_at(0) == alone.replace(first_style_loss="strotss")


class Statistics(PictureStyle):
    """A style without its picture, as style files are."""

    has_samples = False


@pytest.mark.parametrize(
    ("places", "changes", "reason"),
    [
        (everywhere([Statistics(STYLES[0].picture)], FAST), {}, "style files"),
        (
            [Place((StyleUse(STYLES[0], layers={"relu1_1": 1.0, "relu2_1": 1.0}),))],
            {},
            "layer by layer",
        ),
        (
            [Place((StyleUse(STYLES[0]),), np.ones((64, 96), np.float32))],
            {"guidance": "sum"},
            "guided sums",
        ),
        (PLACES, {"seamless": "x"}, "opposite edges"),
    ],
)
def test_a_first_loss_that_cannot_be_is_left_out_and_told(
    encoder: Encoder, places: list[Place], changes: dict[str, Any], reason: str
) -> None:
    options = FAST.replace(iterations=1, init="content", **changes)
    plain = paint(PHOTO, places, encoder, options)
    told = paint(PHOTO, places, encoder, options.replace(first_style_loss="nearest-neighbours"))
    assert np.array_equal(plain.picture.pixels, told.picture.pixels)
    assert not plain.notes
    assert len(told.notes) == 1
    assert told.notes[0].startswith("the first level is painted by wasserstein, not nearest-neighbours: ")
    assert reason in told.notes[0]
