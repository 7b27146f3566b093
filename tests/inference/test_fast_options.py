"""What a fast network is asked for, and the passes that strokes of a size take."""

from __future__ import annotations

import math

import pytest

from impasto.inference.options import FastOptions


@pytest.mark.parametrize(
    ("stroke_size", "sizes", "boldness"),
    [
        (0.25, (128,), 1),
        (0.5, (256,), 1),
        (1.0, (512, 256), 1),
        (2.0, (1024, 512, 256), 1),
        (4.0, (2048, 1024, 512, 256), 1),
        (math.sqrt(0.5), (512 * math.sqrt(0.5), 256 * math.sqrt(0.5)), 0.5),
        (math.sqrt(2), (512 * math.sqrt(2), 256 * math.sqrt(2), 128 * math.sqrt(2)), 0.5),
    ],
)
def test_larger_strokes_take_more_passes_the_coarsest_of_them_by_degrees(
    stroke_size: float, sizes: tuple[float, ...], boldness: float
) -> None:
    options = FastOptions(stroke_size=stroke_size)
    assert options.style_sizes == pytest.approx(sizes)
    assert options.boldness == pytest.approx(boldness)
