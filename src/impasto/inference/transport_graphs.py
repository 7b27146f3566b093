"""Optimal transport between Gaussians as nodes of ONNX graphs, which have no eigendecompositions.

The graphs compute ``transport.transport``. With covariances S and S', the map is S' (S S')^(-1/2). The
Newton-Schulz iteration for the sign of the matrix (0, S'; S, 0) needs only matrix products to compute it
(Higham, "Functions of Matrices", SIAM 2008, 5.3 and 6.3). Its steps are scaled by a lower bound of the
eigenvalues (Chen and Chow, "A Stable Scaling of Newton-Schulz for Improving the Sign Function Computation of
a Hermitian Matrix", 2014), which follows from ``SHRINKAGE``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.inference.onnx_files import Graph
from impasto.inference.transport import GAIN, SHRINKAGE

_FLOAT, _DOUBLE = 1, 11
_TINY = 1e-9
"""Added to all variances for the sake of flat pictures, as in ``transport``."""
_NEAR = 1e-6
"""The smallest distance of an eigenvalue from ``GAIN`` that is resolved, as a share of the largest."""
_DONE = 1e-10


@dataclass(frozen=True)
class MomentNames:
    """Names of values: the ``mean`` (C,) and ``covariance`` (C, C) of features with C ``channels``,
    float64."""

    mean: str
    covariance: str
    channels: int


def add_transport(graph: Graph, content: MomentNames, style: MomentNames) -> str:
    """Return the matrix (C, C), float32, that maps ``content`` to ``style``."""
    ours, theirs = _shrunk(graph, content), _shrunk(graph, style)
    sizes = [_norm(graph, matrix) for matrix in (theirs, ours)]
    both = [graph.add("Div", matrix, size) for matrix, size in zip((theirs, ours), sizes, strict=True)]
    identity = graph.add("EyeLike", ours)
    # A covariance's norm is at most its trace, C times the mean variance.
    least = SHRINKAGE / (1 + SHRINKAGE) / content.channels
    steps = newton_schulz_steps(0.99 * least).astype(np.float64)

    def step(inner: Graph, first: str, second: str, matrices: Sequence[str]) -> list[str]:
        y, z = matrices
        factor = _factor(inner, identity, inner.add("MatMul", z, y), first, second)
        return [inner.add("MatMul", y, factor), inner.add("MatMul", factor, z)]

    found = _repeat(graph, steps, both, step, content.channels)[0]
    found = graph.add("Mul", found, graph.add("Sqrt", graph.add("Div", *sizes)))
    found = _symmetric(graph, found, np.float64)
    return _limited(graph, graph.add("Cast", found, to=_FLOAT), content.channels)


def add_between(graph: Graph, content: MomentNames, style: MomentNames, strength: str) -> MomentNames:
    """Return the moments ``strength`` of the way from ``content`` to ``style``; above 1 lies beyond the
    style."""
    whole = graph.add("Cast", add_transport(graph, content, style), to=_DOUBLE)
    identity = graph.add("EyeLike", whole)

    def part(start: str, end: str) -> str:
        return graph.add("Add", start, graph.add("Mul", strength, graph.add("Sub", end, start)))

    matrix = part(identity, whole)
    covariance = graph.add("MatMul", graph.add("MatMul", matrix, content.covariance), matrix)
    return MomentNames(part(content.mean, style.mean), covariance, content.channels)


def newton_schulz_steps(least: float) -> NDArray[np.floating]:
    """Return rows (a, b) of steps x -> a x - b x^3 that take all singular values in [``least``, 1] to 1,
    within 1e-10."""
    steps = []
    while 1 - least > _DONE:
        scale = np.sqrt(3 / (1 + least + least**2))
        steps.append((1.5 * scale, 0.5 * scale**3))
        least = 1.5 * scale * least - 0.5 * (scale * least) ** 3
    return np.array(steps)


def _limited(graph: Graph, matrix: str, channels: int) -> str:
    """Return a symmetric ``matrix`` with eigenvalues limited to ``GAIN``: the mean of x + GAIN and -|x -
    GAIN|, the latter from the matrix sign. float32 is precise enough here."""
    identity = graph.add("EyeLike", matrix)
    most = graph.add("Mul", identity, _number(graph, np.float32(GAIN), "gain"))
    apart = graph.add("Sub", matrix, most)
    start = graph.add("Div", apart, _norm(graph, apart, np.float32))
    steps = newton_schulz_steps(_NEAR).astype(np.float32)

    def step(inner: Graph, first: str, second: str, matrices: Sequence[str]) -> list[str]:
        (x,) = matrices
        factor = _factor(inner, identity, inner.add("MatMul", x, x), first, second)
        return [inner.add("MatMul", x, factor)]

    (sign,) = _repeat(graph, steps, [start], step, channels)
    size = _symmetric(graph, graph.add("MatMul", apart, sign), np.float32)
    both = graph.add("Sub", graph.add("Add", matrix, most), size)
    return graph.add("Mul", both, _number(graph, np.float32(0.5), "half_float32"))


def _repeat(
    graph: Graph,
    steps: NDArray[np.floating],
    matrices: Sequence[str],
    step: Callable[[Graph, str, str, Sequence[str]], list[str]],
    channels: int,
) -> list[str]:
    """Return ``matrices`` (C, C) after a ``step`` for each row of ``steps``."""
    kind = steps.dtype.name
    rows = graph.constant(steps, f"steps_{kind}_{channels}")
    inner = graph.inner("step")
    number, on = inner.input("number", [], "int64"), inner.input("on", [], "bool")
    shape = [channels, channels]
    given = [inner.input(f"matrix_{k}", shape, kind) for k in range(len(matrices))]
    inner.output(inner.add("Identity", on), [], "bool")
    row = inner.add("Gather", rows, number)
    first, second = inner.add_many("Split", row, inner.integers(1, 1), outputs=2)
    for made in step(inner, first, second, given):
        inner.output(made, shape, kind)
    count = graph.constant(np.array(len(steps), np.int64), f"count_{len(steps)}")
    return graph.add_many("Loop", count, "", *matrices, outputs=len(matrices), body=inner)


def _factor(graph: Graph, identity: str, product: str, first: str, second: str) -> str:
    return graph.add("Sub", graph.add("Mul", identity, first), graph.add("Mul", product, second))


def _shrunk(graph: Graph, moments: MomentNames) -> str:
    identity = graph.add("EyeLike", moments.covariance)
    diagonal = graph.add("Mul", moments.covariance, identity)
    trace = graph.add("ReduceSum", diagonal, graph.integers(0, 1), keepdims=0)
    share = _number(graph, np.float64(SHRINKAGE / moments.channels), f"shrinkage_{moments.channels}")
    ridge = graph.add("Add", graph.add("Mul", trace, share), _number(graph, np.float64(_TINY), "tiny"))
    return graph.add("Add", moments.covariance, graph.add("Mul", identity, ridge))


def _norm(graph: Graph, matrix: str, kind: type[np.floating] = np.float64) -> str:
    """Return the Frobenius norm, an upper bound of the eigenvalues; a tiny number for a zero matrix."""
    squares = graph.add("ReduceSumSquare", matrix, graph.integers(0, 1), keepdims=0)
    least = _number(graph, kind(1e-30), f"least_{np.dtype(kind).name}")
    return graph.add("Sqrt", graph.add("Add", squares, least))


def _symmetric(graph: Graph, matrix: str, kind: type[np.floating]) -> str:
    """Return the mean of ``matrix`` and its transpose, which differ by rounding."""
    both = graph.add("Add", matrix, graph.add("Transpose", matrix, perm=[1, 0]))
    return graph.add("Mul", both, _number(graph, kind(0.5), f"half_{np.dtype(kind).name}"))


def _number(graph: Graph, number: np.floating, name: str) -> str:
    return graph.constant(np.array(number), name)
