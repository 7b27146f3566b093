from __future__ import annotations

import numpy as np
import pytest
import torch

from impasto.catalogue.measured import CollectionStyle, PictureStyle, at_once
from impasto.encoders.network import Encoder
from impasto.errors import OptionError, PictureError, StyleError
from impasto.optimize.engine import PyramidDescent, paint
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.regions import (
    Place,
    StyleUse,
    blended,
    by_colour,
    everywhere,
    regions,
    style_uses,
    under_masks,
)
from impasto.types import Picture
from tests.conftest import blobs, stripes

FAST = OptimizeOptions(
    size=64,
    min_size=0,
    iterations=25,
    content_layers={"relu2_2": 0.3},
    precision="float32",
    style_layers={"relu1_1": 1.0, "relu2_1": 1.0},
    coarse_iterations=None,
)
PHOTO = Picture(np.full((48, 64, 3), 0.5, np.float32) + 0.1 * (blobs(64, 48, seed=1) - 0.5))
RED = PictureStyle(Picture(np.tile(np.float32([0.9, 0.1, 0.1]), (64, 64, 1))))
BLUE = PictureStyle(Picture(np.tile(np.float32([0.1, 0.1, 0.9]), (64, 64, 1))))
LEFT = np.zeros((48, 64), np.float32)
LEFT[:, :32] = 1


def halves(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean colours of the left and the right part, away from the seam."""
    return picture[:, :24].mean((0, 1)), picture[:, 40:].mean((0, 1))


@pytest.mark.parametrize("guidance", ["gram", "sum"])
def test_each_style_stays_in_its_own_region(encoder: Encoder, guidance: str) -> None:
    options = FAST.replace(guidance=guidance, style_weight=50.0)
    places = under_masks(style_uses([RED, BLUE], options), [LEFT, 1 - LEFT], [])
    left, right = halves(paint(PHOTO, places, encoder, options).pixels)
    assert left[0] > left[2] + 0.1
    assert right[2] > right[0] + 0.1


@pytest.mark.parametrize("propagation", ["simple", "inside", "all"])
def test_every_propagation_keeps_the_regions_apart(encoder: Encoder, propagation: str) -> None:
    options = FAST.replace(guidance_propagation=propagation, style_weight=50.0)
    places = under_masks(style_uses([RED, BLUE], options), [LEFT, 1 - LEFT], [])
    left, right = halves(paint(PHOTO, places, encoder, options).pixels)
    assert left[0] - left[2] > right[0] - right[2] + 0.2


def test_outside_the_only_mask_the_photograph_stays(encoder: Encoder) -> None:
    places = under_masks(style_uses([RED], FAST), [LEFT], [])
    painted = paint(PHOTO, places, encoder, FAST.replace(style_weight=50.0)).pixels
    before, after = halves(PHOTO.pixels), halves(painted)
    assert np.abs(after[0] - before[0]).max() > 0.15
    assert np.abs(after[1] - before[1]).max() < 0.03


def test_what_is_protected_does_not_change_at_all(encoder: Encoder) -> None:
    painted = paint(PHOTO, everywhere([RED], FAST), encoder, FAST, protect=1 - LEFT).pixels
    np.testing.assert_allclose(painted[:, 33:], PHOTO.pixels[:, 33:], atol=2e-6)
    assert np.abs(painted[:, :24] - PHOTO.pixels[:, :24]).mean() > 0.05


def test_regions_of_one_colour_find_their_partners_in_the_style(encoder: Encoder) -> None:
    both = np.concatenate([RED.picture.pixels, BLUE.picture.pixels], 1)
    style = PictureStyle(Picture(both))
    inner = np.zeros((64, 128), np.float32)
    inner[:, :64] = 1
    options = FAST.replace(style_weight=50.0)
    places = by_colour(
        style_uses([style], options),
        {"#00ff00": LEFT, "#ffff00": 1 - LEFT},
        [{"#ffff00": inner, "#00ff00": 1 - inner}],
    )
    left, right = halves(paint(PHOTO, places, encoder, options).pixels)
    assert left[2] > left[0] + 0.1
    assert right[0] > right[2] + 0.1


def test_a_colour_no_style_has_is_named() -> None:
    uses = style_uses([RED, BLUE], FAST)
    with pytest.raises(PictureError, match="#0000ff"):
        by_colour(uses, {"#0000ff": LEFT}, [{"#ff0000": LEFT}, {"#00ff00": LEFT}])
    with pytest.raises(PictureError, match="#0000ff"):
        by_colour(uses[:1], {"#0000ff": LEFT}, [{"#ff0000": LEFT}])


def test_the_number_of_masks_must_be_that_of_the_styles() -> None:
    uses = style_uses([RED, BLUE], FAST)
    with pytest.raises(OptionError, match=r"one grey mask per style \(2\)"):
        under_masks(uses, [LEFT], [])
    with pytest.raises(OptionError, match=r"one style mask per style \(2\)"):
        under_masks(uses, [LEFT, LEFT], [LEFT])
    with pytest.raises(OptionError, match=r"one style mask per style \(2\), in the colours of the phot"):
        by_colour(uses, {"#ff0000": LEFT}, [])


def test_an_empty_mask_is_refused_before_work(encoder: Encoder) -> None:
    places = under_masks(style_uses([RED], FAST), [np.zeros_like(LEFT)], [])
    with pytest.raises(StyleError, match="leaves nothing"):
        paint(PHOTO, places, encoder, FAST)


def test_layers_can_come_from_different_styles(encoder: Encoder) -> None:
    options = FAST.replace(blend_layers=({"relu1_1": 1.0}, {"relu2_1": 1.0}))
    other = PictureStyle(Picture(stripes(64, 64)))
    place = everywhere([RED, other], options)[0]
    layers = ["relu1_1", "relu2_1"]
    found = blended(encoder, place, layers, 64, at_once)
    for layer, style in zip(layers, (RED, other), strict=True):
        own = style.statistics(encoder, [layer], 64)
        torch.testing.assert_close(found[layer].gram, own[layer].gram)


def test_a_layer_without_any_style_is_refused(encoder: Encoder) -> None:
    place = Place((StyleUse(RED, layers={"relu1_1": 1.0}),))
    with pytest.raises(StyleError, match="no style uses the style layer relu2_1"):
        blended(encoder, place, ["relu1_1", "relu2_1"], 64, at_once)


def test_a_negative_weight_leads_away_from_a_style(encoder: Encoder) -> None:
    purple = PictureStyle(Picture(np.tile(np.float32([0.6, 0.1, 0.6]), (64, 64, 1))))
    options = FAST.replace(style_weights=(1.0, -0.5), style_loss="gram")
    place = everywhere([purple, BLUE], options)[0]
    found = blended(encoder, place, ["relu1_1"], 64, at_once)["relu1_1"]
    a, b = (s.statistics(encoder, ["relu1_1"], 64)["relu1_1"] for s in (purple, BLUE))
    torch.testing.assert_close(found.gram, (a.gram - 0.5 * b.gram) / 1.5)


def test_every_style_can_have_a_scale_of_its_own(encoder: Encoder) -> None:
    style = PictureStyle(Picture(blobs(128, 128, seed=4, coarse=32)))
    place = everywhere([style], FAST.replace(style_scales=(0.5,)))[0]
    found = blended(encoder, place, ["relu1_1"], 256, at_once)["relu1_1"]
    small = style.statistics(encoder, ["relu1_1"], 128)["relu1_1"]
    torch.testing.assert_close(found.gram, small.gram)


def test_a_collection_is_the_mean_of_its_pictures(encoder: Encoder) -> None:
    both = CollectionStyle((RED, BLUE)).statistics(encoder, ["relu1_1"], 64)["relu1_1"]
    a, b = (s.statistics(encoder, ["relu1_1"], 64)["relu1_1"] for s in (RED, BLUE))
    torch.testing.assert_close(both.gram, (a.gram + b.gram) / 2)
    with pytest.raises(StyleError, match="cannot have a mask"):
        CollectionStyle((RED, BLUE)).statistics(encoder, ["relu1_1"], 64, mask=LEFT)


def test_exact_sizes_are_taken_as_asked_for_and_never_enlarged() -> None:
    style = PictureStyle(Picture(stripes(100, 60)), sizing="exact")
    assert style.measured_at(71, 8) == (71, 43)
    assert style.measured_at(500, 8) == (100, 60)
    assert PictureStyle(Picture(stripes(100, 60)), sizing="as-is").measured_at(500, 8) == (100, 60)
    with pytest.raises(StyleError, match="at least 128x128"):
        style.measured_at(71, 128)


def test_guided_sums_of_samples_are_refused_before_work(encoder: Encoder) -> None:
    options = FAST.replace(guidance="sum", style_loss="sort-matching")
    places = under_masks(style_uses([RED, BLUE], options), [LEFT, 1 - LEFT], [])
    with pytest.raises(
        OptionError, match=r"'sum' needs a style loss that compares moments .*'sort-matching'"
    ):
        PyramidDescent(PHOTO, places, encoder, options)
    for loss in ("sort-matching", "gram"):
        PyramidDescent(PHOTO, everywhere([RED], options), encoder, options.replace(style_loss=loss))
    with pytest.raises(OptionError, match="a mask for every style"):
        PyramidDescent(PHOTO, [places[0], *everywhere([BLUE], FAST)], encoder, FAST.replace(guidance="sum"))


@pytest.mark.parametrize("protected", [False, True])
def test_guided_sums_of_one_mask_guide_that_one_and_leave_the_rest(encoder: Encoder, protected: bool) -> None:
    options = FAST.replace(guidance="sum", style_weight=50.0)
    places = under_masks(style_uses([RED], options), [LEFT], [])
    top = np.zeros_like(LEFT)
    top[:24] = 1
    protect = top if protected else None
    layers = list(options.style_layers)
    measured = [blended(encoder, place, layers, 64, at_once) for place in places]
    (region,) = regions(encoder, places, (64, 48), options, measured, at_once, protect)
    assert region.guides is not None
    assert region.weights is not None
    for name in layers:
        assert region.guides[name].shape[0] == 1
        # At the target itself: what the guide adds to the mean is its mean over the region.
        weighted = float((region.guides[name][0] * region.weights[name]).sum())
        assert float(region.style[name].mean[-1]) == pytest.approx(weighted, rel=1e-4)  # type: ignore[union-attr]
    painted = paint(PHOTO, places, encoder, options, protect=protect).pixels
    before, after = halves(PHOTO.pixels[24:]), halves(painted[24:])
    assert np.abs(after[0] - before[0]).max() > 0.15
    assert np.abs(after[1] - before[1]).max() < 0.03
    if protected:
        np.testing.assert_allclose(painted[:23], PHOTO.pixels[:23], atol=2e-6)


def test_layers_no_neuron_of_which_keeps_inside_are_left_out_at_that_level(encoder: Encoder) -> None:
    options = FAST.replace(guidance_propagation="inside", style_layers={"relu1_1": 1.0, "relu5_1": 1.0})
    places = under_masks(style_uses([RED, BLUE], options), [LEFT, 1 - LEFT], [])
    last: list[set[str]] = []
    paint(PHOTO, places, encoder, options, on_progress=lambda event: last.append(set(event.losses)))
    assert last[-1] == {"total", "content relu2_2", "style relu1_1"}
    alone = options.replace(style_layers={"relu5_1": 1.0})
    with pytest.raises(StyleError, match="leaves nothing of the picture at relu5_1"):
        paint(PHOTO, places, encoder, alone)
