"""Every figure by a network of VGG-19's layout. Its filters are random: what comes of it does not matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from impasto import OptimizeOptions
from impasto.inspection import Axis
from impasto.optimize.presets import preset
from impasto.pipelines import inspect as inspections
from impasto.pipelines import story
from impasto.pipelines.explain import explain
from impasto.types import Picture
from tests.conftest import blobs, stripes

pytestmark = pytest.mark.slow

VGG = "untrained:vgg19"
FAST = OptimizeOptions(size=48, iterations=1, coarse_iterations=None, encoder=VGG, style_loss="gram")


def test_feature_maps_reach_the_deepest_layer(photo: Picture) -> None:
    found = inspections.features(photo, "conv1_1,relu5_4", encoder=VGG, size=64, top=2)
    assert [view.channels for view in found.views] == [64, 512]
    # 3 by the first convolution, and so on to 252: as in the published tables of VGG-19's fields.
    assert [view.field for view in found.views] == [3, 252]


@pytest.mark.parametrize(("paper", "number"), [("2015", 1), ("2016", 2)])
def test_figure_one_has_the_papers_own_layers(paper: str, number: int) -> None:
    found = inspections.reconstruct(
        blobs(48, 40, seed=1),
        stripes(48, 40),
        paper=paper,  # type: ignore[arg-type]
        encoder=VGG,
        size=48,
        iterations=1,
    )
    assert [r.layers for r in found.content] == [(f"conv{block}_{number}",) for block in range(1, 6)]
    assert found.style[-1].layers == tuple(f"conv{block}_1" for block in range(1, 6))


def test_figure_three_is_swept_with_the_papers_losses(photo: Picture, painting: Picture) -> None:
    options = preset("gatys2015").options.replace(encoder=VGG, size=48, iterations=1, line_search=False)
    rows, columns = inspections.paper_axes("2015-3", options)
    one = Axis("ratio", columns.values[:1])
    found = inspections.sweep(photo, painting, rows, one, options=options)
    assert found.rows.labels == ("relu1_1", "+ relu2_1", "+ relu3_1", "+ relu4_1", "+ relu5_1")
    assert all(cell.losses["total"] > 0 for row in found.paintings for cell in row)


def test_networks_and_styles_are_compared(photo: Picture, painting: Picture) -> None:
    results, _, _ = inspections.compare_networks(photo, painting, ["tiny", VGG], options=FAST)
    assert [result.style_layers for result in results] == [tuple(FAST.style_layers)] * 2
    distances, _ = inspections.compare_styles([photo, painting], encoder=VGG, size=64)
    assert 0 < distances.total[0, 1] <= 1


def test_the_page_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    for name in ("FEATURES_SIDE", "RECONSTRUCTION_SIDE", "GRID_SIDE"):
        monkeypatch.setattr(story, name, 48)
    monkeypatch.setattr(story, "STEPS", {"content": 1, "style": 1, "noise": 2, "what if": 1})
    explain(blobs(64, 48, seed=1), stripes(64, 48), tmp_path / "x.html", options=FAST)
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert "has learnt nothing" in text
    assert "silences what is below zero" in text
    assert "its 64 filters" in text
