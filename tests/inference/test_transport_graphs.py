"""Maps out of products of matrices: those that eigendecompositions give."""

from __future__ import annotations

import numpy as np
import pytest

from impasto.inference.onnx_files import Graph
from impasto.inference.onnx_runtime import onnxruntime
from impasto.inference.transport import GAIN, LayerMoments, between, transport
from impasto.inference.transport_graphs import (
    MomentNames,
    add_between,
    add_transport,
    newton_schulz_steps,
)

CHANNELS = 16


def moments(seed: int, least: float, scale: float = 1.0) -> LayerMoments:
    """Moments whose covariance has eigenvalues from ``least`` to 1, times ``scale``."""
    random = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(random.standard_normal((CHANNELS, CHANNELS)))
    values = np.geomspace(least, 1, CHANNELS) * scale
    return LayerMoments(random.standard_normal(CHANNELS), (turn * values) @ turn.T)


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    graph = Graph("maps")
    given = [
        MomentNames(
            graph.input(f"{name}/mean", [CHANNELS], "float64"),
            graph.input(f"{name}/covariance", [CHANNELS, CHANNELS], "float64"),
            CHANNELS,
        )
        for name in ("content", "style")
    ]
    graph.add("Identity", add_transport(graph, *given), name="map")
    found = add_between(graph, *given, graph.input("strength", [1], "float64"))
    graph.add("Identity", found.mean, name="mean")
    graph.add("Identity", found.covariance, name="covariance")
    graph.output("map", [CHANNELS, CHANNELS])
    graph.output("mean", [CHANNELS], "float64")
    graph.output("covariance", [CHANNELS, CHANNELS], "float64")
    return onnxruntime.InferenceSession(graph.to_bytes(), providers=["CPUExecutionProvider"])


def feed(content: LayerMoments, style: LayerMoments, strength: float) -> dict[str, np.ndarray]:
    return {
        "content/mean": content.mean,
        "content/covariance": content.covariance,
        "style/mean": style.mean,
        "style/covariance": style.covariance,
        "strength": np.array([strength]),
    }


@pytest.mark.parametrize("least", [1e-8, 1e-3, 0.5])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e3])
def test_maps_are_those_of_eigendecompositions(
    session: onnxruntime.InferenceSession, least: float, scale: float
) -> None:
    content, style = moments(1, least), moments(2, least, scale)
    found, mean, covariance = session.run(None, feed(content, style, 0.6))
    wanted, part = transport(content, style), between(content, style, 0.6)
    assert np.linalg.eigvalsh(wanted).max() <= GAIN + 1e-9
    assert np.abs(found - wanted).max() < 1e-4 * max(1, np.abs(wanted).max())
    assert np.allclose(mean, part.mean)
    assert np.abs(covariance - part.covariance).max() < 1e-4 * np.abs(part.covariance).max()


def test_what_has_no_variance_is_carried_too(session: onnxruntime.InferenceSession) -> None:
    flat = LayerMoments(np.ones(CHANNELS), np.zeros((CHANNELS, CHANNELS)))
    other = moments(3, 0.1)
    for content, style in ((flat, other), (other, flat), (flat, flat)):
        found = session.run(["map"], feed(content, style, 1.0))[0]
        assert np.abs(found - transport(content, style)).max() < 0.02


@pytest.mark.parametrize("least", [1e-6, 2e-4, 0.3])
def test_steps_bring_every_number_to_one(least: float) -> None:
    x = np.geomspace(least, 1, 50)
    for a, b in newton_schulz_steps(least):
        x = a * x - b * x**3
    assert np.abs(x - 1).max() < 1e-8
