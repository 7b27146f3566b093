"""Gallery networks out of files: what ``impasto train`` and ``impasto export`` make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from impasto.errors import CorruptWeightsError, WeightsMissingError
from impasto.files import reason_of
from impasto.files.tensors import not_finite, read_arrays
from impasto.inference.graphs import GRAIN, TABLE, Weights, layer_names, whole
from impasto.inference.onnx_files import read_constants
from impasto.inference.styles import KEY, KIND, ONE_STYLE, FastStyle, describe, kind_of, rows_of, understand


def read_network(source: Path) -> tuple[bytes, tuple[FastStyle, ...], Weights | None]:
    """Return the ONNX file of the network in ``source``, its styles, and its tensors; None for those of a
    network that is quantised or of one style.

    Raises WeightsMissingError when there is no such file, CorruptWeightsError when it is something else.
    """
    if not source.is_file():
        raise WeightsMissingError(f"expected a gallery network in {source}; there is no such file")
    weights: Weights | None
    if source.suffix.lower() == ".safetensors":
        weights, text = _read_safetensors(source)
        styles, _ = understand(text, str(source))
        _check(weights, styles, source)
        try:
            made = whole(weights, rows_of(styles), {KEY: describe(styles)})
        except (ValueError, IndexError, KeyError, TypeError) as problem:
            raise CorruptWeightsError(
                f"expected a gallery network in {source}; its tensors do not fit together ({problem})"
            ) from problem
        return made, styles, weights
    data = source.read_bytes()
    constants, metadata = _read_onnx(data, source)
    text = metadata.get(KEY)
    kind = ONE_STYLE if kind_of(text) == ONE_STYLE else KIND
    styles, about = understand(text, str(source), kind)
    _check_finite(constants, source)
    weights = None if about.get("precision") == "int8" or kind == ONE_STYLE else constants
    if weights is not None:
        _check(weights, styles, source)
    return data, styles, weights


def _read_onnx(data: bytes, source: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    try:
        return read_constants(data)
    except ValueError as problem:
        raise CorruptWeightsError(
            f"expected a gallery network, .onnx or .safetensors; {source} is neither ({problem})"
        ) from problem


def _read_safetensors(source: Path) -> tuple[dict[str, NDArray[Any]], str | None]:
    try:
        weights, metadata = read_arrays(source)
    except (OSError, ValueError) as problem:
        raise CorruptWeightsError(
            f"expected a gallery network; {source} is no safetensors file ({reason_of(problem)})"
        ) from problem
    if "conv1.conv2d.weight" in weights:
        raise CorruptWeightsError(
            f"expected a gallery network; {source} is one of Johnson et al., which runs as ONNX: "
            f"impasto export {source} -o {source.with_suffix('.onnx').name}"
        )
    return weights, metadata.get(KEY)


def _check(weights: Weights, styles: tuple[FastStyle, ...], source: Path) -> None:
    """Refuse tensors that are not this network's."""
    _check_finite(weights, source)
    layers = layer_names(weights)
    wanted = [*(f"{n}.weight" for n in [*layers, "up4", "up2", "up1", "strokes"]), GRAIN, TABLE]
    missing = [name for name in wanted if name not in weights]
    if missing:
        raise CorruptWeightsError(f"expected a gallery network in {source}; it has no tensor {missing[0]}")
    flat = [name for name in wanted[:-2] if weights[name].ndim != 4]
    odd = [name for name in wanted if weights[name].dtype.name not in ("float16", "float32")]
    for name in (*flat, *odd):
        came = f"{weights[name].dtype}, {weights[name].shape}"
        raise CorruptWeightsError(
            f"expected filters of a gallery network called {name} in {source}; got {came}"
        )
    numbers = 12 + 2 * sum(weights[f"{name}.weight"].shape[0] for name in layers)
    if weights[TABLE].shape != (rows_of(styles), numbers):
        raise CorruptWeightsError(
            f"expected a table of {rows_of(styles)} x {numbers} numbers in {source}; "
            f"it is {weights[TABLE].shape}"
        )


def _check_finite(weights: Weights, source: Path) -> None:
    """Refuse numbers that are none, which would be in every pixel."""
    name = not_finite(weights.items())
    if name is not None:
        raise CorruptWeightsError(f"expected finite numbers in {source}; some of {name} are not")
