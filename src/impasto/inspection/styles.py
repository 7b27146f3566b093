"""Similarity of paintings as seen by a network: distances between their styles, and a map of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.catalogue.measured import Style
from impasto.encoders import FeatureExtractor
from impasto.errors import InputError
from impasto.inspection.layers import known_layers


@dataclass(frozen=True)
class StyleDistances:
    """The distances of N styles from each other.

    ``by_layer``: layer to (N, N) distances in [0, 1], 0 on the diagonal. ``total``: (N, N), their mean.
    """

    names: tuple[str, ...]
    by_layer: Mapping[str, NDArray[np.float64]]
    total: NDArray[np.float64]

    def nearest(self, number: int) -> list[int]:
        """Return the other styles, those nearest to style ``number`` first."""
        return [int(i) for i in np.argsort(self.total[number], kind="stable") if i != number]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "names": list(self.names),
            "total": self.total.tolist(),
            "layers": {name: d.tolist() for name, d in self.by_layer.items()},
        }


def style_distances(
    encoder: FeatureExtractor,
    styles: Mapping[str, Style],
    layers: str | Iterable[str],
    *,
    long_side: int = 512,
) -> StyleDistances:
    """Return the distances between the Gram matrices A and B of all pairs of ``styles``, at each layer.

    A distance is ||A - B|| / (||A|| + ||B||), with Frobenius norms: 0 for equal styles, 1 for the largest
    difference. All styles are measured at a long side of about ``long_side`` pixels. This measure is our own:
    it does not depend on the size of activations, so layers can be compared and averaged. Raises InputError
    for fewer than two styles, LayerError and StyleError.
    """
    if len(styles) < 2:
        raise InputError(f"expected two styles or more to compare; got {len(styles)}")
    names = known_layers(encoder, layers)
    rows = [style.statistics(encoder, names, long_side) for style in styles.values()]
    by_layer = {}
    for name in names:
        grams = [row[name].gram.detach().cpu().double().numpy() for row in rows]
        by_layer[name] = np.array([[_distance(a, b) for b in grams] for a in grams])
    return StyleDistances(tuple(styles), by_layer, np.mean(list(by_layer.values()), axis=0))


def _distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    size = np.linalg.norm(one) + np.linalg.norm(other)
    return float(np.linalg.norm(one - other) / size) if size else 0.0


@dataclass(frozen=True)
class StyleMap:
    """A map of styles. ``places``: (N, 2), with distances as close to those of the styles as two dimensions
    allow. ``kept``: the share, in [0, 1], of the squared distances that they represent."""

    places: NDArray[np.float64]
    kept: float


def map_styles(distances: NDArray[Any]) -> StyleMap:
    """Map (N, N) ``distances`` to the plane by classical multidimensional scaling (Torgerson 1952).

    Raises InputError unless ``distances`` is a square matrix of at least two.
    """
    found = np.asarray(distances, np.float64)
    if found.ndim != 2 or found.shape[0] != found.shape[1] or len(found) < 2:
        raise InputError(f"expected distances (N, N) of two styles or more; got shape {found.shape}")
    centring = np.eye(len(found)) - 1 / len(found)
    values, vectors = np.linalg.eigh(-0.5 * centring @ found**2 @ centring)
    values, vectors = values[::-1], vectors[:, ::-1]
    positive = np.maximum(values, 0)
    places = np.zeros((len(found), 2))
    for axis in range(min(2, len(found) - 1)):
        direction = vectors[:, axis] * np.sign(vectors[np.argmax(np.abs(vectors[:, axis])), axis])
        places[:, axis] = direction * np.sqrt(positive[axis])
    whole = positive.sum()
    return StyleMap(places, float(positive[:2].sum() / whole) if whole else 1.0)


def in_order(distances: NDArray[np.float64]) -> Sequence[int]:
    """Return an order of the styles that puts similar ones side by side: along the map's first axis."""
    return [int(i) for i in np.argsort(map_styles(distances).places[:, 0], kind="stable")]
