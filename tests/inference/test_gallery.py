from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from impasto.errors import CorruptWeightsError, OptionError, PictureError, StyleError, WeightsMissingError
from impasto.imaging import rgb_to_lab
from impasto.inference import Gallery, load_gallery
from impasto.inference import gallery as module
from impasto.inference.graphs import whole
from impasto.inference.onnx_files import Graph
from impasto.inference.styles import KEY, ONE_STYLE, FastStyle, describe
from tests.conftest import blobs
from tests.inference.networks import STYLES, make_file, make_network


@pytest.mark.parametrize(("width", "height"), [(16, 16), (19, 17), (96, 64), (77, 101), (130, 131)])
def test_paints_as_torch_does_at_any_size(tmp_path: Path, width: int, height: int) -> None:
    found = load_gallery(make_file(tmp_path / "full.safetensors", half=False), threads=1)
    pixels = blobs(width, height, seed=3)
    row = torch.tensor([[0.1, 0.2, 0.3, 0.15, 0.25]])
    image = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None]
    with torch.inference_mode():
        wanted = make_network()(image, row)[0].clamp(0, 1).permute(1, 2, 0).numpy()
    assert np.abs(found._pass(pixels, row.numpy()) - wanted).max() < 1e-4


def test_without_strength_the_photograph_comes_back_exactly(gallery: Gallery) -> None:
    pixels = blobs(50, 33, seed=1)
    assert np.array_equal(gallery.paint(pixels, "red-dots", strength=0), pixels)


def test_strength_leads_from_the_photograph_to_the_style(gallery: Gallery) -> None:
    pixels = blobs(64, 64, seed=1)
    apart = [
        float(np.abs(gallery.paint(pixels, "red-dots", strength=s) - pixels).mean()) for s in (0, 0.3, 1)
    ]
    assert apart[0] < apart[1] < apart[2]


def test_the_rows_are_those_the_network_was_taught(gallery: Gallery) -> None:
    assert gallery.row("blue-lines").tolist() == [[0, 0, 0, 0, 1]]
    assert gallery.row("blue-lines", stroke_size=0.5).tolist() == [[0, 0, 0, 1, 0]]
    half = gallery.row("red-dots", stroke_size=2**-0.5, strength=0.5)[0]
    assert half.tolist() == pytest.approx([0.5, 0.25, 0.25, 0, 0])


def test_shares_are_of_their_sum(gallery: Gallery) -> None:
    pixels = blobs(32, 32, seed=2)
    one = gallery.paint(pixels, {"red-dots": 3, "blue-lines": 1})
    assert np.array_equal(one, gallery.paint(pixels, {"red-dots": 0.75, "blue-lines": 0.25}))
    assert not np.allclose(one, gallery.paint(pixels, "red-dots"), atol=1e-2)


def test_kept_colours_are_the_photographs(gallery: Gallery) -> None:
    pixels = 0.3 + 0.4 * blobs(48, 48, seed=2)

    def colour_difference(painted: np.ndarray) -> float:
        return float(np.abs(rgb_to_lab(painted)[..., 1:] - rgb_to_lab(pixels)[..., 1:]).mean())

    kept = gallery.paint(pixels, "red-dots", keep_color=True)
    assert colour_difference(kept) < 0.5 * colour_difference(gallery.paint(pixels, "red-dots"))
    assert kept.min() >= 0
    assert kept.max() <= 1


@pytest.mark.parametrize(
    ("styles", "more", "error", "words"),
    [
        ("green", {}, StyleError, "red-dots, blue-lines"),
        ("Red_Dot", {}, StyleError, "did you mean red-dots"),
        ({"blue-line": 1.0}, {}, StyleError, "did you mean blue-lines"),
        ({}, {}, OptionError, "at least one"),
        ({"red-dots": 0.0}, {}, OptionError, "above 0"),
        ({"red-dots": -1.0}, {}, OptionError, "share of red-dots"),
        ({"red-dots": float("nan")}, {}, OptionError, "share of red-dots"),
        ("red-dots", {"stroke_size": float("nan")}, OptionError, "stroke_size"),
    ],
)
def test_what_cannot_be_is_refused(
    gallery: Gallery, styles: object, more: dict[str, float], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        gallery.paint(blobs(32, 32, seed=1), styles, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.zeros((15, 40, 3), np.float32), "16 x 16"),
        (np.zeros((40, 40), np.float32), "H, W, 3"),
        (np.zeros((40, 40, 3), np.uint8), "float32"),
        (np.full((40, 40, 3), 255, np.float32), "from 0 to 1; got 255"),
        (np.full((40, 40, 3), np.nan, np.float32), "from 0 to 1; got nan"),
    ],
)
def test_pixels_of_another_kind_are_refused(gallery: Gallery, pixels: np.ndarray, words: str) -> None:
    with pytest.raises(PictureError, match=words):
        gallery.paint(pixels, "red-dots")


def test_an_onnx_file_paints_like_the_network_it_was_made_of(network_file: Path, tmp_path: Path) -> None:
    weights = {n: t.numpy().astype(np.float16) for n, t in make_network().state_dict().items()}
    text = json.dumps({"kind": "gallery", "format": 1, "styles": [vars(s) for s in STYLES]})
    path = tmp_path / "g.onnx"
    path.write_bytes(whole(weights, 5, {KEY: text}))
    found = load_gallery(path, threads=1)
    assert found.styles == STYLES
    pixels = blobs(40, 40, seed=5)
    wanted = load_gallery(network_file, threads=1).paint(pixels, "blue-lines")
    assert np.abs(found.paint(pixels, "blue-lines") - wanted).max() < 1e-6


def test_the_shipped_gallery_has_a_dozen_styles_of_known_works() -> None:
    found = load_gallery(threads=1)
    assert len(found.styles) >= 12
    for style in found.styles:
        assert style.name == style.name.lower().replace(" ", "-")
        assert all((style.title, style.artist, style.year, style.licence))
    assert found.paint(blobs(32, 32, seed=1), found.styles[0].name).shape == (32, 32, 3)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="no such file"):
        load_gallery(tmp_path / "none.onnx")


@pytest.mark.parametrize("name", ["a.onnx", "a.safetensors"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x89PNG not a network at all" * 9)
    with pytest.raises(CorruptWeightsError, match=name):
        load_gallery(path)


def test_an_onnx_file_of_another_network_is_refused(tmp_path: Path) -> None:
    graph = Graph("other")
    graph.add("Relu", graph.input("image", [1]), name="painting")
    graph.output("painting", [1])
    path = tmp_path / "other.onnx"
    path.write_bytes(graph.to_bytes())
    with pytest.raises(CorruptWeightsError, match="gallery network"):
        load_gallery(path)
    path.write_bytes(graph.to_bytes({KEY: json.dumps({"kind": "mine", "format": 1})}))
    with pytest.raises(CorruptWeightsError, match="of the kind 'mine'"):
        load_gallery(path)


def negative(path: Path) -> Path:
    """A network of one style, which has no rows: the photograph's negative."""
    graph = Graph("negative")
    image = graph.input("image", [1, 3, "height", "width"])
    graph.add("Sub", graph.constant(np.ones(1, np.float32)), image, name="painting")
    graph.output("painting", [1, 3, "height", "width"])
    path.write_bytes(graph.to_bytes({KEY: describe([FastStyle("negative", "Negative")], kind=ONE_STYLE)}))
    return path


def test_a_network_of_one_style_paints_in_it_and_cannot_be_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = load_gallery(negative(tmp_path / "n.onnx"), threads=1)
    pixels = blobs(33, 20, seed=1)
    assert [style.name for style in found.styles] == ["negative"]
    assert np.allclose(found.paint(pixels, "negative"), 1 - pixels, atol=1e-6)
    for more in ({"strength": 0.5}, {"stroke_size": 0.5}):
        with pytest.raises(OptionError, match="of one style has no"):
            found.paint(pixels, "negative", **more)
    monkeypatch.setattr(module, "WHOLE_PIXELS", 100)
    with pytest.raises(PictureError, match="of one style"):
        found.paint(pixels, "negative")


def test_a_checkpoint_of_johnson_is_to_be_exported_first(tmp_path: Path) -> None:
    path = tmp_path / "mosaic.safetensors"
    save_file({"conv1.conv2d.weight": np.zeros(1, np.float32)}, path)
    with pytest.raises(CorruptWeightsError, match="impasto export"):
        load_gallery(path)


def test_a_table_that_does_not_fit_the_styles_is_refused(tmp_path: Path) -> None:
    weights = {n: t.numpy() for n, t in make_network().state_dict().items()}
    text = json.dumps({"kind": "gallery", "format": 1, "styles": [vars(STYLES[0])]})
    path = tmp_path / "g.onnx"
    path.write_bytes(whole(weights, 5, {KEY: text}))
    with pytest.raises(CorruptWeightsError, match="3 x "):
        load_gallery(path)


def test_the_runtime_works_where_torch_cannot_be_imported(network_file: Path) -> None:
    code = (
        "import sys\nsys.modules['torch'] = None\nimport numpy\n"
        "from impasto.inference import load_gallery\n"
        f"g = load_gallery({str(network_file)!r}, threads=1)\n"
        "print(g.paint(numpy.zeros((20, 20, 3), numpy.float32), 'red-dots', keep_color=True).shape)\n"
        "print([m for m in ('cv2', 'scipy', 'rich', 'typer', 'onnx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["(20, 20, 3)", "[]"]


def test_a_painting_given_as_a_style_is_told_where_to_go(gallery: Gallery, tmp_path: Path) -> None:
    painting = tmp_path / "scream.jpg"
    painting.touch()
    with pytest.raises(StyleError, match="impasto train teaches it"):
        gallery.row(str(painting))
