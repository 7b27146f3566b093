from __future__ import annotations

import numpy as np
import pytest

from impasto.catalogue.measured import PictureStyle
from impasto.encoders import Encoder
from impasto.errors import InputError
from impasto.inspection import map_styles, style_distances
from impasto.inspection.styles import in_order
from impasto.pipelines import inspect as inspections
from impasto.types import Picture
from tests.conftest import blobs, stripes


def test_a_style_is_no_way_from_itself_and_as_far_there_as_back(encoder: Encoder) -> None:
    pictures = {"a": stripes(64, 64), "b": blobs(64, 64, seed=1), "same as a": stripes(64, 64)}
    styles = {name: PictureStyle(Picture(pixels)) for name, pixels in pictures.items()}
    found = style_distances(encoder, styles, "relu1_1,relu3_1", long_side=64)
    for matrix in (found.total, *found.by_layer.values()):
        assert np.allclose(matrix, matrix.T)
        assert np.allclose(np.diag(matrix), 0)
        assert matrix[0, 2] == pytest.approx(0, abs=1e-6)
        assert 0 < matrix[0, 1] <= 1
    assert found.nearest(0) == [2, 1]
    assert np.allclose(found.total, (found.by_layer["relu1_1"] + found.by_layer["relu3_1"]) / 2)


def test_places_on_a_line_are_mapped_as_they_lie() -> None:
    line = np.array([0.0, 1.0, 3.0])
    found = map_styles(np.abs(line[:, None] - line[None]))
    apart = np.linalg.norm(found.places[:, None] - found.places[None], axis=2)
    assert np.allclose(apart, np.abs(line[:, None] - line[None]), atol=1e-9)
    assert found.kept == pytest.approx(1)
    assert list(in_order(np.abs(line[:, None] - line[None]))) in ([0, 1, 2], [2, 1, 0])


def test_two_styles_have_a_map_too() -> None:
    assert np.ptp(map_styles(np.array([[0, 0.5], [0.5, 0]])).places[:, 0]) == pytest.approx(0.5)


def test_fewer_than_two_styles_are_refused(encoder: Encoder) -> None:
    with pytest.raises(InputError, match="two styles"):
        style_distances(encoder, {"a": PictureStyle(Picture(stripes(64, 64)))}, "relu1_1")


def test_named_styles_and_pictures_are_compared_by_name() -> None:
    found, pictures = inspections.compare_styles(
        ["starry-night", "great-wave", stripes(64, 64)], layers="relu1_1,relu2_1", size=128
    )
    assert found.names == ("starry-night", "great-wave", "picture 3")
    assert list(pictures) == ["picture 3"]
