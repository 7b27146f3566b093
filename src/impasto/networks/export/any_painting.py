"""Export of the network for any painting to ONNX: one file paints, another measures paintings for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.errors import OptionError
from impasto.files import replace
from impasto.inference.any_painting import AnyPaintingPainter
from impasto.inference.any_painting_graphs import Weights
from impasto.inference.any_painting_numbers import BUNDLED, LAYERS
from impasto.inference.any_painting_weights import networks_between, read_weights
from impasto.inference.any_painting_whole import (
    LEAST_SIDE,
    measuring_graph,
    painting_graph,
    read_row,
    style_row,
)
from impasto.inference.onnx_files import count_nodes
from impasto.inference.onnx_runtime import onnxruntime
from impasto.inference.styles import KEY, FastStyle
from impasto.inference.transport import Statistics, mixture
from impasto.networks.export.parity import (
    Export,
    Tensor4,
    check_difference,
    check_precision,
    compare,
    comparison_pictures,
)
from impasto.networks.scenes import dead_leaves
from impasto.types import Pixels

KIND = "any-painting"
STRENGTHS = 1.0, 0.6

Measured = tuple[Statistics, ...]
"""A style at its own size, at half of it and so on, one for each pass."""


def export_painting(
    target: str | PathLike[str],
    styles: Mapping[FastStyle, Measured] | None = None,
    *,
    boldness: float = 1.0,
    decoders: Sequence[Path] = (),
    precision: str = "fp32",
) -> Export:
    """Write the network for any painting as the ONNX file ``target``, which ``painting_graph`` describes.

    ``styles``: the styles stored in the file; None for a file that takes the style as an input, at its own
    size and at half of it. ``boldness``: as in ``painting_graph``. ``decoders``: the file of each style's
    network, by default the bundled one; for a mixture their weights are interpolated, and below a strength of
    1 also with the bundled network's. ``precision``: "fp32", or "fp16", which stores weights in half
    precision and computes in float32.

    Before it is written, the file is compared with ``AnyPaintingPainter`` in every style and at two
    strengths, on pictures of even and odd sizes. Raises WeightsError if they differ by more than 1e-3,
    OptionError for another precision, and what ``read_weights`` raises.
    """
    _check(precision)
    known = {} if styles is None else dict(styles)
    table = np.array([[style_row(size) for size in measured] for measured in known.values()])
    if precision == "fp16":
        # Compare with the numbers as rounded in the file, and paint with them.
        table = table.astype(np.float16)
        known = dict(zip(known, map(_read, table), strict=True))
    metadata = _describe(known, precision)
    files = list(decoders) or [BUNDLED] * max(1, len(known))
    weights = _stored(read_weights(), precision)
    changes = _changes(files) if set(files) != {BUNDLED} else ()
    data = painting_graph(weights, table if known else None, metadata, boldness=boldness, changes=changes)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    asked = _feeds(known)
    pictures = _large_enough(comparison_pictures(precision, ()), max(len(one.style) for one in asked))
    painters: dict[tuple[tuple[Path, float], ...], AnyPaintingPainter] = {}
    found = []
    for strength in STRENGTHS:
        for one in asked:
            networks = tuple(networks_between(files, one.shares, strength).items())
            if networks not in painters:
                painters[networks] = AnyPaintingPainter(dict(networks), device="cpu")
            painter = painters[networks]
            given = {**one.inputs, "strength": np.array([strength], np.float32)}

            def ours(image: Tensor4, given: Mapping[str, NDArray[np.float32]] = given) -> Tensor4:
                painted: Tensor4 = session.run(["painting"], {"image": image, **given})[0]
                return painted

            def reference(
                image: Tensor4,
                one: _Asked = one,
                by: float = strength,
                painter: AnyPaintingPainter = painter,
            ) -> Tensor4:
                pixels = image[0].transpose(1, 2, 0)
                painted, _ = painter.paint(pixels, *one.style, boldness=boldness, strength=by)
                return painted.transpose(2, 0, 1)[None]

            found.append(compare(ours, reference, pictures))
    worst = check_difference(found, precision)
    replace(Path(target), data)
    return Export(Path(target), KIND, precision, len(data), count_nodes(data), worst, tuple(known))


def export_encoder(target: str | PathLike[str], *, precision: str = "fp32") -> Export:
    """Write the network that measures paintings as the ONNX file ``target``; see ``measuring_graph``.

    It is checked by painting in the styles that it measures; see ``export_painting``.
    """
    _check(precision)
    data = measuring_graph(_stored(read_weights(), precision), _describe({}, precision))
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    painter = AnyPaintingPainter(device="cpu")
    photo = dead_leaves(96, 64, 7)

    def ours(image: Tensor4) -> Tensor4:
        (row,) = session.run(["style"], {"image": image})
        return painter.paint(photo, read_row(row))[0][None]

    def reference(image: Tensor4) -> Tensor4:
        return painter.paint(photo, painter.measure(image[0].transpose(1, 2, 0)))[0][None]

    found = compare(ours, reference, comparison_pictures(precision, ()))
    worst = check_difference([found], precision)
    replace(Path(target), data)
    return Export(Path(target), f"{KIND}-encoder", precision, len(data), count_nodes(data), worst, ())


def _large_enough(pictures: Sequence[Tensor4], passes: int) -> list[Tensor4]:
    """Return ``pictures``, repeated side by side until they are large enough for ``passes``."""
    least = LEAST_SIDE << (passes - 1)
    times = max(-(-least // min(picture.shape[2:])) for picture in pictures)
    return [np.tile(picture, (1, 1, times, times)) for picture in pictures]


def _check(precision: str) -> None:
    check_precision(precision)
    if precision == "int8":
        raise OptionError(
            "expected precision fp32 or fp16 for the network for any painting, whose maps need more than "
            "eight bits; got 'int8'"
        )


def _stored(weights: Weights, precision: str) -> Weights:
    kind = np.float16 if precision == "fp16" else np.float32
    return {name: array.astype(kind) for name, array in weights.items()}


def _read(rows: NDArray[np.floating]) -> Measured:
    return tuple(read_row(row.astype(np.float32)) for row in rows)


def _describe(styles: Mapping[FastStyle, Measured], precision: str) -> dict[str, str]:
    about = {"kind": KIND, "styles": [asdict(style) for style in styles]}
    about |= {"licence": "MIT", "precision": precision}
    return {KEY: json.dumps(about, ensure_ascii=False)}


@dataclass(frozen=True)
class _Asked:
    """Inputs of a file for a style or a mixture, the statistics they correspond to, and the share of each
    style."""

    inputs: dict[str, NDArray[np.float32]]
    style: Measured
    shares: Sequence[float] = (1.0,)


def _feeds(styles: Mapping[FastStyle, Measured]) -> list[_Asked]:
    """Return the inputs with which a file is checked: each style, and a mixture of all."""
    if not styles:
        painter = AnyPaintingPainter(device="cpu")
        made: Sequence[Pixels] = [dead_leaves(side, side * 3 // 4, 5) for side in (128, 64)]
        style, coarse = (painter.measure(picture) for picture in made)
        return [_Asked({"style": np.stack([style_row(style), style_row(coarse)])}, (style, coarse))]
    every = list(styles.values())
    if len(every) == 1:
        return [_Asked({}, every[0])]
    asked = [*np.eye(len(every), dtype=np.float32), np.arange(1, len(every) + 1, dtype=np.float32)]
    return [_Asked({"weights": shares}, _blended(every, shares), shares.tolist()) for shares in asked]


def _changes(decoders: Sequence[Path]) -> list[Weights]:
    """Return each style's difference from the bundled network, for all tensors that any of them changes."""
    base = read_weights()
    all_of = [read_weights(path) for path in decoders]
    differ = [name for name in base if any(not np.array_equal(one[name], base[name]) for one in all_of)]
    return [{n: one[n].astype(np.float32) - base[n].astype(np.float32) for n in differ} for one in all_of]


def _blended(every: Sequence[Measured], shares: NDArray[np.float32]) -> Measured:
    return tuple(
        {layer: mixture([one[layer] for one in some], shares.tolist()) for layer in LAYERS}
        for some in zip(*every, strict=True)
    )
