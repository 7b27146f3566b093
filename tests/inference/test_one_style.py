"""Networks of one style in ONNX files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from impasto.errors import CorruptWeightsError, PictureError, WeightsMissingError
from impasto.inference import one_style
from impasto.inference.one_style import OneStylePainter
from impasto.inference.onnx_files import Graph
from impasto.inference.styles import KEY, ONE_STYLE
from tests.conftest import blobs
from tests.inference.networks import negative


def test_a_network_of_one_style_paints_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = OneStylePainter(negative(tmp_path / "n.onnx"), threads=1, device="cpu")
    pixels = blobs(33, 20, seed=1)
    assert (found.style.name, found.device) == ("negative", "cpu")
    assert np.allclose(found.paint(pixels), 1 - pixels, atol=1e-6)
    monkeypatch.setattr(one_style, "MOST_PIXELS", 100)
    with pytest.raises(PictureError, match=r"at most 100 pixels .* got 33 x 20"):
        found.paint(pixels)


def test_what_is_no_such_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "n.onnx"
    with pytest.raises(WeightsMissingError, match=r"n\.onnx; there is no such file"):
        OneStylePainter(path)
    path.write_bytes(b"not a network")
    with pytest.raises(CorruptWeightsError, match="something else"):
        OneStylePainter(path)
    path.write_bytes(Graph("empty").to_bytes())
    with pytest.raises(CorruptWeightsError, match="something else"):
        OneStylePainter(path)
    for about, words in (({"kind": "mine"}, "of the kind 'mine'"), ({"kind": ONE_STYLE}, "format")):
        path.write_bytes(Graph("empty").to_bytes({KEY: json.dumps(about)}))
        with pytest.raises(CorruptWeightsError, match=words):
            OneStylePainter(path)


def test_a_graph_that_cannot_be_run_is_refused(tmp_path: Path) -> None:
    path = negative(tmp_path / "n.onnx")
    path.write_bytes(path.read_bytes().replace(b"Sub", b"Bus"))
    with pytest.raises(CorruptWeightsError, match="ONNX Runtime cannot use it"):
        OneStylePainter(path, device="cpu")
