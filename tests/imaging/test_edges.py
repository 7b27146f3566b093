from __future__ import annotations

import numpy as np
import pytest

from impasto.imaging import continued, joined
from impasto.imaging.edges import MARGIN
from tests.conftest import blobs


@pytest.mark.parametrize("seamless", ["", "x", "y", "xy"])
def test_a_picture_that_was_not_changed_comes_back(seamless: str) -> None:
    pixels = blobs(50, 40, seed=1)
    np.testing.assert_allclose(joined(continued(pixels, seamless), seamless), pixels, atol=1e-6)


def test_edges_meet_whatever_was_painted() -> None:
    ramp = np.broadcast_to(np.linspace(0, 1, 300 + 2 * MARGIN, dtype=np.float32)[None, :, None], (8, 556, 3))
    found = joined(ramp, "x")
    assert found.shape == (8, 300, 3)
    steps = np.abs(np.diff(found[0, :, 0], append=found[0, :1, 0]))
    assert steps.max() < 0.01  # a ramp that is cut has a step of 0.54
