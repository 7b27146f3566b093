from __future__ import annotations

import numpy as np
import pytest

from impasto.encoders import Encoder
from impasto.errors import InputError, PictureError
from impasto.inspection import reconstruct_content, reconstruct_style, synthesise
from impasto.inspection.reconstruction import NOISE, TEXTURE
from impasto.pipelines.inspect import reconstruct
from impasto.pipelines.texture import texture
from impasto.types import Picture
from tests.conftest import blobs, stripes

FEW = NOISE.replace(size=48, iterations=30)


def test_the_first_layer_gives_the_photograph_back(encoder: Encoder, photo: Picture) -> None:
    made = reconstruct_content(encoder, photo, "conv1_1", options=FEW)
    from impasto.imaging import resize

    assert made.pixels.shape == (32, 48, 3)
    assert np.abs(made.pixels - resize(photo.pixels, 48, 32)).mean() < 0.05
    assert made.loss < 0.01


def test_a_style_alone_has_the_colours_and_not_the_places(encoder: Encoder, painting: Picture) -> None:
    made = reconstruct_style(encoder, painting, ["relu1_1", "relu2_1"], options=FEW)
    assert made.layers == ("relu1_1", "relu2_1")
    assert np.abs(made.pixels.mean(axis=(0, 1)) - painting.pixels.mean(axis=(0, 1))).max() < 0.12
    assert made.loss < 0.3


def test_reconstructions_do_not_depend_on_anything_but_their_seed(encoder: Encoder, photo: Picture) -> None:
    one, again = (reconstruct_content(encoder, photo, "relu2_1", options=FEW) for _ in range(2))
    other = reconstruct_content(encoder, photo, "relu2_1", options=FEW.replace(seed=1))
    assert np.array_equal(one.pixels, again.pixels)
    assert not np.array_equal(one.pixels, other.pixels)


def test_a_texture_has_the_size_asked_for_whatever_the_paintings(encoder: Encoder, painting: Picture) -> None:
    few = TEXTURE.replace(iterations=3, coarse_iterations=3, min_size=0)
    made = synthesise(encoder, painting, (112, 40), options=few)
    assert made.pixels.shape == (40, 112, 3)
    with pytest.raises(PictureError, match=r"the texture has 20x20.*relu5_1"):
        synthesise(encoder, painting, (20, 20), options=few)


def test_a_named_style_makes_a_texture_offline() -> None:
    few = TEXTURE.replace(iterations=2, coarse_iterations=2)
    assert texture("starry-night", 64, options=few).pixels.shape == (64, 64, 3)


def test_figure_one_has_a_row_of_content_and_one_of_growing_style(encoder: Encoder) -> None:
    stages: list[float] = []
    found = reconstruct(
        blobs(64, 48, seed=1),
        stripes(40, 48),
        encoder=encoder,
        size=48,
        iterations=1,
        on_progress=lambda stage: stages.append(stage.done),
    )
    assert [r.layers for r in found.content] == [(f"conv{block}_1",) for block in range(1, 6)]
    assert [len(r.layers) for r in found.style] == [1, 2, 3, 4, 5]
    assert found.content[0].pixels.shape == (36, 48, 3)
    assert found.style[0].pixels.shape == (48, 40, 3)
    assert stages == sorted(stages)
    assert stages[-1] == pytest.approx(1)


def test_layers_can_be_chosen_and_kinds_left_out(encoder: Encoder, photo: Picture) -> None:
    found = reconstruct(
        photo, content_layers="relu2_2", style_layers=(), encoder=encoder, size=48, iterations=1
    )
    assert [r.layers for r in found.content] == [("relu2_2",)]
    assert found.style == ()
    with pytest.raises(InputError, match="got none"):
        reconstruct(photo, content_layers=(), style_layers=(), encoder=encoder)


def test_too_small_a_photograph_is_refused_before_work(encoder: Encoder) -> None:
    with pytest.raises(PictureError, match="the photograph has 24x24"):
        reconstruct(blobs(24, 24, seed=1), encoder=encoder, iterations=10**6)
