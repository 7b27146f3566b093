from __future__ import annotations

import numpy as np
import pytest

from impasto.catalogue.cards import StyleCard
from impasto.catalogue.files import FileStyle
from impasto.catalogue.measured import PictureStyle, Style
from impasto.encoders import Encoder
from impasto.errors import StyleError
from impasto.imaging import rgb_to_lab
from impasto.optimize.colours import finish, prepare
from impasto.optimize.mixture import mix_scales, shallow
from impasto.optimize.options import OptimizeOptions
from impasto.types import Picture
from tests.conftest import blobs

PHOTO = Picture(0.3 + 0.3 * blobs(40, 32, seed=1))
STYLE = PictureStyle(Picture(0.2 + 0.5 * blobs(50, 50, seed=2)))
PAINTED = 0.25 + 0.4 * blobs(40, 32, seed=3)


@pytest.mark.parametrize("color", ["style", "luminance", "match-result"])
def test_colours_kept_afterwards_leave_the_inputs_alone(color: str) -> None:
    photo, styles = prepare(PHOTO, [STYLE], OptimizeOptions(color=color))  # type: ignore[arg-type]
    assert photo is PHOTO
    assert styles == [STYLE]


@pytest.mark.parametrize("method", ["cholesky", "pca", "symmetric"])
def test_the_style_is_given_the_photographs_colours_before(method: str) -> None:
    options = OptimizeOptions(color="match-style", color_method=method)  # type: ignore[arg-type]
    _, (style,) = prepare(PHOTO, [STYLE], options)
    assert isinstance(style, PictureStyle)
    pixels = style.picture.pixels.reshape(-1, 3)
    np.testing.assert_allclose(pixels.mean(0), PHOTO.pixels.mean((0, 1)), atol=5e-3)
    wanted = np.cov(PHOTO.pixels.reshape(-1, 3).T)
    np.testing.assert_allclose(np.cov(pixels.T), wanted, atol=0.05 * np.abs(wanted).max())


def test_grey_from_the_start_means_grey_inputs_and_the_photographs_chroma_in_the_end() -> None:
    options = OptimizeOptions(color="luminance-first")
    photo, (style,) = prepare(PHOTO, [STYLE], options)
    assert isinstance(style, PictureStyle)
    for pixels in (photo.pixels, style.picture.pixels):
        assert np.ptp(pixels, axis=2).max() < 1e-3
    np.testing.assert_allclose(style.picture.pixels.mean(), photo.pixels.mean(), atol=0.01)
    result = rgb_to_lab(finish(PAINTED, PHOTO.pixels, options))
    np.testing.assert_allclose(result[..., 1:], rgb_to_lab(PHOTO.pixels)[..., 1:], atol=0.5)


def test_luminance_only_has_the_paintings_light_and_the_photographs_colours() -> None:
    result = rgb_to_lab(finish(PAINTED, PHOTO.pixels, OptimizeOptions(color="luminance")))
    np.testing.assert_allclose(result[..., 0], rgb_to_lab(PAINTED)[..., 0], atol=0.5)
    np.testing.assert_allclose(result[..., 1:], rgb_to_lab(PHOTO.pixels)[..., 1:], atol=0.5)


def test_strength_slides_between_the_two() -> None:
    whole = finish(PAINTED, PHOTO.pixels, OptimizeOptions(color="luminance"))
    none = finish(PAINTED, PHOTO.pixels, OptimizeOptions(color="luminance", color_strength=0.0))
    half = finish(PAINTED, PHOTO.pixels, OptimizeOptions(color="luminance", color_strength=0.5))
    np.testing.assert_array_equal(none, PAINTED)
    np.testing.assert_allclose(half, (whole + PAINTED) / 2, atol=1e-6)


@pytest.mark.parametrize("color", ["luminance-first", "match-style"])
def test_a_style_file_has_no_picture_to_recolour(color: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = FileStyle(tmp_path / "x.style", StyleCard("x"), {})
    with pytest.raises(StyleError, match="match-result"):
        prepare(PHOTO, [file], OptimizeOptions(color=color))  # type: ignore[arg-type]


def test_strokes_lie_in_the_first_two_blocks_or_the_first_half_of_other_networks() -> None:
    ones = dict.fromkeys(["conv1_1", "relu2_2", "pool1", "relu3_1", "conv5_1"], 1.0)
    assert list(shallow(ones)) == ["conv1_1", "relu2_2", "pool1"]
    modules = dict.fromkeys(["stem", "blocks1", "layer2", "layer10"], 1.0)
    order = ["layer2", "stem", "layer10", "blocks1"]
    assert list(shallow(modules, order)) == ["layer2", "stem"]
    assert list(shallow({"0": 1.0})) == ["0"]


def test_mixed_scales_keep_how_the_layout_is_sized(encoder: Encoder) -> None:
    layout = PictureStyle(Picture(blobs(40, 32, seed=4)), "exact", "bicubic", "half-even")
    options = OptimizeOptions(size=32, iterations=1, coarse_iterations=None, min_size=0)
    mixed = mix_scales(layout, STYLE, encoder, options)
    assert (mixed.sizing, mixed.resampling, mixed.rounding) == ("exact", "bicubic", "half-even")


class Recorded:
    """A style that remembers at which sizes it was measured."""

    def __init__(self, style: Style) -> None:
        self.style, self.sizes = style, []  # type: ignore[var-annotated]

    def statistics(self, encoder: Encoder, layers: list[str], long_side: float, **more: object) -> object:
        self.sizes.append(long_side)
        return self.style.statistics(encoder, layers, long_side, **more)  # type: ignore[arg-type]

    def samples(self, *_: object, **__: object) -> object:
        raise AssertionError


def test_strokes_are_measured_at_the_size_that_the_layout_is_painted_at(encoder: Encoder) -> None:
    strokes = Recorded(STYLE)
    options = OptimizeOptions(size=128, style_scale=0.5, iterations=1, coarse_iterations=None, min_size=0)
    stages = []
    layout = PictureStyle(Picture(blobs(96, 96, seed=4)))
    mix_scales(layout, strokes, encoder, options, on_progress=lambda e: stages.append(e.stage))  # type: ignore[arg-type]
    assert strokes.sizes == [64]
    assert stages == ["strokes"]
