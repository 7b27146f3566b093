"""Optimisations that start from one pass of the network for any painting."""

from __future__ import annotations

import numpy as np

import impasto
from impasto import imaging
from impasto.catalogue.files import read_style
from impasto.catalogue.lookup import named_styles
from impasto.catalogue.measured import PictureStyle
from impasto.encoders.network import Encoder
from impasto.inference.any_painting import AnyPaintingPainter
from impasto.optimize.engine import PyramidDescent, paint
from impasto.optimize.one_pass import one_pass
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.regions import Place, StyleUse, everywhere, style_uses
from impasto.tensors import to_pixels, to_tensor
from impasto.types import Picture, Pixels
from tests.conftest import blobs, stripes

OPTIONS = OptimizeOptions(
    size=96,
    min_size=48,
    iterations=1,
    coarse_iterations=None,
    content_layers={"relu2_2": 1.0},
    style_layers={"relu1_1": 1.0, "relu2_1": 1.0},
    precision="float32",
)
PHOTO = Picture(blobs(120, 96, seed=1))
STYLES = [PictureStyle(Picture(stripes(96, 96)))]


def start(places: list[Place], encoder: Encoder, options: OptimizeOptions = OPTIONS) -> tuple[Pixels, Pixels]:
    """The picture that an optimisation starts from, and the photograph at its size."""
    painting = PyramidDescent(PHOTO, places, encoder, options)
    return to_pixels(painting.descent(0).image), imaging.resize(PHOTO.pixels, *painting.sizes[0])


def test_a_painting_starts_by_default_with_the_fast_networks_at_the_first_size(encoder: Encoder) -> None:
    assert OptimizeOptions().init == "fast"
    found, photo = start(everywhere(STYLES, OPTIONS), encoder)
    fast = AnyPaintingPainter(device="cpu")
    styles = [fast.measure(STYLES[0].sized(side, 16)) for side in (48, 24)]
    expected, _ = fast.paint(photo, *styles)
    assert np.abs(found - photo).mean() > 0.05
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_where_no_style_is_to_go_the_start_is_the_photograph(encoder: Encoder) -> None:
    mask = np.zeros((96, 120), np.float32)
    mask[:, :60] = 1
    found, photo = start([Place(everywhere(STYLES, OPTIONS)[0].styles, mask)], encoder)
    np.testing.assert_allclose(found[:, 32:], photo[:, 32:], atol=1e-6)
    assert np.abs(found[:, :28] - photo[:, :28]).mean() > 0.05


def test_without_a_style_weight_the_start_is_the_photograph(encoder: Encoder) -> None:
    options = OPTIONS.replace(style_weight=0)
    found, photo = start(everywhere(STYLES, options), encoder, options)
    np.testing.assert_allclose(found, photo, atol=1e-6)


def test_a_style_to_move_away_from_is_said_to_leave_the_photograph_as_the_start(encoder: Encoder) -> None:
    options = OPTIONS.replace(style_weights=(2.0, -1.0))
    places = everywhere([*STYLES, PictureStyle(Picture(blobs(64, 64, seed=3)))], options)
    found, photo = start(places, encoder, options)
    np.testing.assert_allclose(found, photo, atol=1e-6)
    (note,) = paint(PHOTO, places, encoder, options).notes
    assert note == "the start is the photograph, since the fast network cannot move away from a style"


def test_a_picture_too_small_for_the_fast_network_is_said_to_start_as_the_photograph(
    encoder: Encoder,
) -> None:
    options = OPTIONS.replace(size=24, min_size=0)
    small = Picture(blobs(48, 24, seed=1))
    assert (
        "needs 16 pixels on each side, not 24x12"
        in paint(small, everywhere(STYLES, options), encoder, options).notes[0]
    )


def test_a_blend_starts_as_a_blend(encoder: Encoder) -> None:
    other = PictureStyle(Picture(blobs(96, 96, seed=9)))
    uses = style_uses([*STYLES, other], OPTIONS.replace(style_weights=(1.0, 3.0)))
    blend, _ = start([Place(tuple(uses))], encoder)
    alone, _ = start([Place((uses[0],))], encoder)
    assert np.abs(blend - alone).mean() > 0.01


def test_a_style_with_a_network_of_its_own_starts_as_impasto_fast_paints_it() -> None:
    names = ("starry-night", "great-wave")  # the second has none
    places = [Place(tuple(StyleUse(read_style(named_styles()[name])) for name in names[:k])) for k in (1, 2)]
    for place, style in zip(places, (names[:1], names), strict=True):
        found = to_pixels(one_pass(to_tensor(PHOTO.pixels), [place], 512))
        expected = impasto.fast(PHOTO, list(style)).picture.pixels
        np.testing.assert_allclose(found, expected, atol=0.01)
    bundled = AnyPaintingPainter(device="cpu")
    plain = to_pixels(one_pass(to_tensor(PHOTO.pixels), places[:1], 512, painter=bundled))
    own = to_pixels(one_pass(to_tensor(PHOTO.pixels), places[:1], 512))
    assert np.abs(own - plain).mean() > 0.02
