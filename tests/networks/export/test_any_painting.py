"""The network for any painting as ONNX files: what Impasto paints, and nothing else is needed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from impasto.errors import OptionError, WeightsError
from impasto.inference import any_painting_whole
from impasto.inference.any_painting import AnyPaintingPainter
from impasto.inference.any_painting_numbers import BUNDLED
from impasto.inference.any_painting_weights import networks_between, read_weights
from impasto.inference.any_painting_whole import NUMBERS, measuring_graph, painting_graph, read_row, style_row
from impasto.inference.onnx_runtime import onnxruntime
from impasto.inference.options import FastOptions
from impasto.inference.styles import FastStyle
from impasto.inference.transport import mixture
from impasto.jobs import Job, Reference
from impasto.networks.export import any_painting, export_encoder, export_painting
from impasto.networks.export.any_painting import Measured
from impasto.painters.fast import FastPainter
from impasto.painters.painter import Materials
from impasto.pipelines.export import export
from impasto.types import Pixels
from tests.conftest import blobs, stripes
from tests.inference.networks import changed

FLAT = np.full((40, 56, 3), 0.3, np.float32)
GREY = np.repeat(blobs(57, 43, seed=3)[:, :, :1], 3, axis=2)
NOISY = np.random.default_rng(0).random((60, 90, 3), dtype=np.float32)
STYLES = {"stripes": stripes(140, 100), "noisy": NOISY, "grey": GREY, "flat": FLAT}


@pytest.fixture(scope="module")
def painter() -> AnyPaintingPainter:
    return AnyPaintingPainter(threads=1, device="cpu")


@pytest.fixture(scope="module")
def sessions() -> tuple[onnxruntime.InferenceSession, ...]:
    graphs = painting_graph(read_weights()), measuring_graph(read_weights())
    return tuple(onnxruntime.InferenceSession(g, providers=["CPUExecutionProvider"]) for g in graphs)


def planes(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))[None]


def measured(painter: AnyPaintingPainter, style: Pixels) -> Measured:
    return painter.measure(style), painter.measure(style[::2, ::2])


@pytest.mark.parametrize("strength", [1.0, 0.5, 1.5])
@pytest.mark.parametrize("photo", [blobs(32, 32, 1), blobs(41, 64, 2), FLAT, GREY])
@pytest.mark.parametrize("style", STYLES)
def test_one_graph_measures_and_paints_what_the_stages_do(
    painter: AnyPaintingPainter,
    sessions: tuple[onnxruntime.InferenceSession, ...],
    photo: Pixels,
    style: str,
    strength: float,
) -> None:
    whole, measure = sessions
    rows = [measure.run(["style"], {"image": planes(STYLES[style][::k, ::k])})[0] for k in (1, 2)]
    feed = {"image": planes(photo), "style": np.stack(rows), "strength": np.array([strength], np.float32)}
    painted = whole.run(["painting"], feed)[0][0].transpose(1, 2, 0).clip(0, 1)
    fine, coarse = measured(painter, STYLES[style])
    wanted, _ = painter.paint(photo, fine, coarse, strength=strength)
    assert painted.shape == photo.shape
    assert np.abs(painted - wanted).max() < 2 / 255


def test_a_row_holds_a_style_s_statistics(painter: AnyPaintingPainter) -> None:
    found = painter.measure(blobs(77, 51, 5))
    row = style_row(found)
    assert row.shape == (NUMBERS,)
    for layer, moments in read_row(row).items():
        assert np.array_equal(moments.mean, found[layer].mean)
        assert np.array_equal(moments.covariance, found[layer].covariance)


def test_a_file_is_valid_onnx_and_says_what_it_takes(tmp_path: Path) -> None:
    done = export_painting(tmp_path / "p.onnx")
    model = onnx.load(tmp_path / "p.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert {node.domain for node in model.graph.node} == {""}
    assert [value.name for value in model.graph.input] == ["image", "strength", "style"]
    assert [value.name for value in model.graph.output] == ["painting"]
    sides = [d.dim_param for d in model.graph.input[0].type.tensor_type.shape.dim]
    assert sides == ["", "", "height", "width"]
    about = json.loads({p.key: p.value for p in model.metadata_props}["impasto"])
    assert about == {"kind": "any-painting", "styles": [], "licence": "MIT", "precision": "fp32"}
    assert done.difference.largest < 1e-3
    assert done.size == (tmp_path / "p.onnx").stat().st_size


def test_styles_are_put_in_the_file_and_blended_by_their_shares(
    painter: AnyPaintingPainter, tmp_path: Path
) -> None:
    named = {FastStyle(name, name.title()): measured(painter, STYLES[name]) for name in ("stripes", "noisy")}
    export_painting(tmp_path / "p.onnx", named)
    session = onnxruntime.InferenceSession(str(tmp_path / "p.onnx"))
    assert [value.name for value in session.get_inputs()] == ["image", "strength", "weights"]
    about = json.loads(session.get_modelmeta().custom_metadata_map["impasto"])
    assert [style["name"] for style in about["styles"]] == ["stripes", "noisy"]
    photo = blobs(48, 40, seed=3)
    feed = {"image": planes(photo), "strength": np.ones(1, np.float32), "weights": np.float32([3, 1])}
    painted = session.run(["painting"], feed)[0][0].transpose(1, 2, 0).clip(0, 1)
    fine, coarse = (
        {layer: mixture([one[layer] for one in some], [3, 1]) for layer in some[0]}
        for some in zip(*named.values(), strict=True)
    )
    assert np.abs(painted - painter.paint(photo, fine, coarse)[0]).max() < 1e-3


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("several", [True, False])
def test_a_file_has_the_networks_of_its_styles_and_paints_with_them_by_share_and_strength(
    painter: AnyPaintingPainter, tmp_path: Path, precision: str, several: bool
) -> None:
    own = changed(tmp_path / "own.style")
    names, files = (("stripes", "noisy"), [own, BUNDLED]) if several else (("stripes",), [own])
    named = {FastStyle(name, name.title()): measured(painter, STYLES[name]) for name in names}
    export_painting(tmp_path / "p.onnx", named, decoders=files, precision=precision)
    session = onnxruntime.InferenceSession(str(tmp_path / "p.onnx"))
    photo = blobs(48, 40, seed=3)
    mixtures: list[tuple[list[int], float]] = [([1, 0], 1.0), ([0, 2], 1.0), ([3, 1], 0.7)]
    for shares, strength in mixtures if several else [([1], 1.0), ([1], 0.4), ([1], 0.0), ([1], 1.5)]:
        feed = {"image": planes(photo), "strength": np.float32([strength])}
        feed |= {"weights": np.float32(shares)} if several else {}
        painted = session.run(["painting"], feed)[0][0].transpose(1, 2, 0).clip(0, 1)
        fine, coarse = (
            {layer: mixture([one[layer] for one in some], shares) for layer in some[0]}
            for some in zip(*named.values(), strict=True)
        )
        networks = networks_between(files, shares, strength)
        assert (own in networks) == bool(shares[0] * strength)
        wanted = AnyPaintingPainter(networks, device="cpu").paint(photo, fine, coarse, strength=strength)[0]
        assert np.abs(painted - wanted).max() < (1e-3 if precision == "fp32" else 2e-2)


def test_a_file_of_one_style_takes_the_photograph_and_the_strength(
    painter: AnyPaintingPainter, tmp_path: Path
) -> None:
    done = export_painting(tmp_path / "p.onnx", {FastStyle("grey", "Grey"): measured(painter, GREY)})
    session = onnxruntime.InferenceSession(str(tmp_path / "p.onnx"))
    assert [value.name for value in session.get_inputs()] == ["image", "strength"]
    assert done.styles == (FastStyle("grey", "Grey"),)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("count", [1, 2])
def test_a_file_holds_no_numbers_that_nothing_uses(
    painter: AnyPaintingPainter, tmp_path: Path, count: int, own: bool
) -> None:
    files = [changed(tmp_path / "own.style") if own else BUNDLED, BUNDLED][:count]
    named = {FastStyle(name, name): measured(painter, STYLES[name]) for name in ("grey", "noisy")[:count]}
    export_painting(tmp_path / "p.onnx", named, decoders=files)

    def used(graph: onnx.GraphProto) -> set[str]:
        inner = [a.g for node in graph.node for a in node.attribute if a.type == onnx.AttributeProto.GRAPH]
        names = {name for node in graph.node for name in node.input} | {one.name for one in graph.output}
        return names.union(*map(used, inner))

    graph = onnx.load(tmp_path / "p.onnx").graph
    assert {one.name for one in graph.initializer} <= used(graph)


def test_half_precision_is_half_the_file(tmp_path: Path) -> None:
    for write in (export_painting, export_encoder):
        sizes = [write(tmp_path / f"{p}.onnx", precision=p).size for p in ("fp32", "fp16")]
        assert sizes[1] < 0.55 * sizes[0]


def test_a_file_that_paints_something_else_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*given, **named):  # type: ignore[no-untyped-def]
        weights, *more = given
        return painting_graph(dict(weights) | {"colours.bias": weights["colours.bias"] + 0.1}, *more, **named)

    monkeypatch.setattr(any_painting, "painting_graph", wrong)
    with pytest.raises(WeightsError, match=r"within 0\.001 of the network"):
        export_painting(tmp_path / "p.onnx")
    assert list(tmp_path.iterdir()) == []


def test_eight_bits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="fp32 or fp16"):
        export_painting(tmp_path / "p.onnx", precision="int8")
    with pytest.raises(OptionError, match="fp32 or fp16"):
        export_encoder(tmp_path / "e.onnx", precision="int8")


@pytest.mark.parametrize("passes", [1, 2, 3])
def test_pictures_are_large_enough_from_the_side_that_is_said(passes: int) -> None:
    side = any_painting_whole.LEAST_SIDE << (passes - 1)
    feed = {
        "image": planes(blobs(side, side, 1)),
        "style": np.zeros((passes, NUMBERS), np.float32),
        "strength": np.ones(1, np.float32),
    }
    session = onnxruntime.InferenceSession(painting_graph(read_weights(), passes=passes))
    assert session.run(["painting"], feed)[0].shape == (1, 3, side, side)


@pytest.mark.parametrize("stroke_size", [0.5, 1.5, 2.0, 4.0])
def test_strokes_of_other_sizes_are_in_the_file(tmp_path: Path, stroke_size: float) -> None:
    options = FastOptions(stroke_size=stroke_size, device="cpu")
    style = blobs(150, 120, 6)
    export(output=tmp_path / "p.onnx", styles=[style], stroke_size=stroke_size)
    session = onnxruntime.InferenceSession(str(tmp_path / "p.onnx"))
    photo = blobs(140, 129, seed=3)
    painted = session.run(["painting"], {"image": planes(photo), "strength": np.ones(1, np.float32)})[0]
    wanted = FastPainter(Job(Reference(), (), options=options), Materials([style])).paint_pixels(photo)[0]
    assert np.abs(painted[0].transpose(1, 2, 0).clip(0, 1) - wanted).max() < 1e-3
