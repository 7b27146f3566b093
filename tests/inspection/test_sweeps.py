from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from impasto import OptimizeOptions
from impasto.errors import (
    InputError,
    LayerError,
    MissingExtraError,
    OptionError,
    OutputError,
    PictureError,
    StyleError,
)
from impasto.inspection import Axis, Sweep, cells
from impasto.optimize.presets import GATYS_BALANCE, preset
from impasto.pipelines import inspect as inspections
from impasto.progress import Cancel
from impasto.types import Picture
from tests.encoders.test_timm_models import Timm

FAST = OptimizeOptions(size=48, iterations=1, coarse_iterations=None)
ROWS = Axis("style_layers", (["relu1_1"], ["relu1_1", "relu2_1"]))
COLUMNS = Axis("ratio", (0.1, 1.0))


def test_growing_sets_are_labelled_by_what_is_added() -> None:
    assert ROWS.labels == ("relu1_1", "+ relu2_1")
    assert COLUMNS.labels == ("0.1", "1")
    assert Axis("style_layers", ({"relu1_1": 2.0}, {"relu3_1": 1.0})).labels == ("relu1_1:2", "relu3_1")


def test_a_ratio_is_alpha_over_beta() -> None:
    grid = cells(OptimizeOptions(), ROWS, COLUMNS)
    assert grid[0][0].content_weight / grid[0][0].style_weight == pytest.approx(0.1)
    assert dict(grid[1][0].style_layers) == {"relu1_1": 1.0, "relu2_1": 1.0}


def test_any_two_options_can_be_axes_and_impossible_ones_are_told() -> None:
    grid = cells(
        OptimizeOptions(), Axis("style_scale", (0.5, 1.0, 2.0)), Axis("optimizer", ("adam", "lbfgs"))
    )
    assert (grid[2][0].style_scale, grid[2][0].optimizer) == (2.0, "adam")
    with pytest.raises(OptionError, match="no parameter 'colour'"):
        Axis("colour", (1,))
    with pytest.raises(OptionError, match="expected optimizer to be one of"):
        cells(OptimizeOptions(), Axis("optimizer", ("newton",)), COLUMNS)
    with pytest.raises(OptionError, match="both set style_weight"):
        cells(OptimizeOptions(), Axis("style_weight", (1.0,)), COLUMNS)
    with pytest.raises(OptionError, match="above 0"):
        Axis("ratio", (0,))
    with pytest.raises(OptionError, match="at least one value"):
        Axis("seed", ())


def test_a_sweep_paints_every_pair(photo: Picture, painting: Picture) -> None:
    found = inspections.sweep(photo, painting, ROWS, COLUMNS, options=FAST)
    pictures = [cell.pixels for row in found.paintings for cell in row]
    assert len(pictures) == 4
    assert all(p is not None and p.shape == (32, 48, 3) for p in pictures)
    assert not np.array_equal(pictures[0], pictures[1])  # type: ignore[arg-type]
    assert found.paintings[1][0].losses["style relu2_1"] > 0


def test_a_sweep_in_a_folder_goes_on_where_it_stopped(
    photo: Picture, painting: Picture, tmp_path: Path
) -> None:
    stop: list[bool] = []

    def begin() -> Sweep:
        return inspections.sweep(
            photo,
            painting,
            ROWS,
            COLUMNS,
            options=FAST,
            folder=tmp_path / "grid",
            on_progress=lambda stage: stop.append(stage.done > 0.6),
            cancel=lambda: len(stop) > 0 and stop[-1],
        )

    first = begin()
    assert len(list((tmp_path / "grid" / ".impasto").glob("*.checkpoint"))) == 1
    assert [cell.pixels is None for row in first.paintings for cell in row] == [False, False, True, True]
    whole = inspections.sweep(photo, painting, ROWS, COLUMNS, options=FAST, folder=tmp_path / "grid")
    assert whole.skipped == 2
    assert all(cell.pixels is not None for row in whole.paintings for cell in row)
    other = inspections.sweep(
        photo, painting, ROWS, COLUMNS, options=FAST.replace(seed=1), folder=tmp_path / "grid"
    )
    assert other.skipped == 0
    assert not (tmp_path / "grid" / ".impasto").exists()


def test_a_sweep_cut_short_and_begun_with_other_options_makes_its_paintings_anew(
    photo: Picture, painting: Picture, tmp_path: Path
) -> None:
    said: list[str] = []

    def sweep(seed: int, cancel: Cancel | None = None) -> Sweep:
        return inspections.sweep(
            *(photo, painting, ROWS, COLUMNS),
            options=FAST.replace(seed=seed, iterations=3),
            folder=tmp_path,
            on_progress=lambda event: said.append(event.stage),
            cancel=cancel,
        )

    sweep(0, cancel=lambda: bool(said))
    (left,) = (tmp_path / ".impasto").glob("*.checkpoint")
    said.clear()
    other = sweep(1)
    assert said[0].endswith("(α/β) 0.1 (started over: its seed was 0, is 1)")
    assert sum("started over" in title for title in dict.fromkeys(said)) == 1
    alone = inspections.sweep(photo, painting, ROWS, COLUMNS, options=FAST.replace(seed=1, iterations=3))
    pixels, expected = other.paintings[0][0].pixels, alone.paintings[0][0].pixels
    assert pixels is not None
    assert expected is not None
    assert np.abs(pixels - expected).max() < 1 / 255
    assert not left.exists()


def test_a_sweep_does_not_take_another_photographs_paintings(
    photo: Picture, painting: Picture, tmp_path: Path
) -> None:
    inspections.sweep(photo, painting, ROWS, COLUMNS, options=FAST, folder=tmp_path)
    assert inspections.sweep(painting, photo, ROWS, COLUMNS, options=FAST, folder=tmp_path).skipped == 0


def test_folders_that_do_not_do_are_refused(photo: Picture, painting: Picture, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        inspections.sweep(photo, painting, ROWS, COLUMNS, options=FAST, folder=tmp_path / "file")
    (tmp_path / "sweep.jsonl").write_text("[1]\n")
    with pytest.raises(InputError, match=r"sweep\.jsonl, line 1, is not a sweep's"):
        inspections.sweep(photo, painting, ROWS, COLUMNS, options=FAST, folder=tmp_path)


def test_a_layer_no_network_has_is_refused_before_painting(photo: Picture, painting: Picture) -> None:
    with pytest.raises(LayerError, match="relu9_9"):
        inspections.sweep(photo, painting, Axis("content_layer", ("relu9_9",)), COLUMNS, options=FAST)


def test_a_size_too_small_for_the_last_value_is_refused_before_the_first_is_painted(
    photo: Picture, painting: Picture, tmp_path: Path
) -> None:
    rows = Axis("style_layers", (["relu1_1"], ["relu1_1", "relu5_1"]))
    with pytest.raises(PictureError, match="relu5_1 of tiny needs 32x32"):
        inspections.sweep(
            photo, painting, rows, COLUMNS, options=FAST.replace(size=32), folder=tmp_path / "grid"
        )
    assert not (tmp_path / "grid").exists()


def test_a_style_file_that_does_not_fit_a_value_is_refused_before_the_first_is_painted(
    photo: Picture, tmp_path: Path
) -> None:
    rows = Axis("pooling", ("max", "average"))
    with pytest.raises(StyleError, match="pooling average"):
        inspections.sweep(photo, "starry-night", rows, COLUMNS, options=FAST, folder=tmp_path / "grid")
    assert not (tmp_path / "grid").exists()


def test_an_untrained_network_has_other_weights_for_another_seed(photo: Picture, painting: Picture) -> None:
    options = FAST.replace(encoder="untrained", init="content")
    found = inspections.sweep(
        photo, painting, Axis("seed", (1, 2)), Axis("style_weight", (8.0,)), options=options
    )
    (one,), (other,) = found.paintings
    assert one.losses["total"] != other.losses["total"]


def test_the_papers_grids_have_the_papers_values() -> None:
    rows, columns = inspections.paper_axes("2015-3", preset("gatys2015").options)
    assert rows.labels == ("relu1_1", "+ relu2_1", "+ relu3_1", "+ relu4_1", "+ relu5_1")
    assert columns.values == pytest.approx([r / GATYS_BALANCE for r in (1e-5, 1e-4, 1e-3, 1e-2)])
    of_the_preset = preset("gatys2015").options
    assert of_the_preset.content_weight / of_the_preset.style_weight == pytest.approx(columns.values[1])
    notebook = inspections.paper_axes("2016-4", preset("tensorflow-notebook").options)[1]
    assert notebook.values == (1e-4, 1e-3, 1e-2, 1e-1)
    assert columns.labels == ("1e-5", "1e-4", "1e-3", "1e-2")
    assert inspections.paper_axes("2015-3", OptimizeOptions())[1].labels == ("1/128", "1/32", "1/8", "1/2")
    assert inspections.paper_axes("2016-5", preset("gatys2016").options)[0].labels == ("relu2_2", "relu4_2")
    assert inspections.paper_axes("2016-6", OptimizeOptions())[1].values == ("content", "statistics", "noise")
    with pytest.raises(OptionError, match="2015-3"):
        inspections.paper_axes("7", OptimizeOptions())


def test_networks_are_compared_on_the_same_transfer(photo: Picture, painting: Picture) -> None:
    results, shown, original = inspections.compare_networks(
        photo, painting, ["tiny", "untrained", "untrained:tiny"], options=FAST
    )
    assert [result.name for result in results] == ["tiny", "untrained", "untrained:tiny"]
    assert all(result.pixels.shape == (32, 48, 3) and result.seconds > 0 for result in results)
    assert all(result.patch_distance and result.patch_distance > 0 for result in results)
    assert (shown.width, shown.height) == (48, 32)
    assert original is not None
    with pytest.raises(InputError, match="a painting to compare"):
        inspections.compare_networks(photo, "starry-night", ["tiny"], options=FAST)
    with pytest.raises(OptionError, match="untrained:NAME"):
        inspections.compare_networks(photo, painting, ["untrained:resnet"], options=FAST)


def test_networks_are_compared_set_up_as_a_preset_asks(photo: Picture, painting: Picture) -> None:
    options = FAST.replace(pooling="average", normalise_activations=True, init="noise", min_size=0)
    averaging, _, _ = inspections.compare_networks(photo, painting, ["untrained"], options=options)
    plain, _, _ = inspections.compare_networks(
        photo, painting, ["untrained"], options=options.replace(pooling="max")
    )
    assert not np.array_equal(averaging[0].pixels, plain[0].pixels)


def test_a_sweep_with_normalised_activations_paints(photo: Picture, painting: Picture) -> None:
    options = FAST.replace(encoder="untrained", normalise_activations=True)
    found = inspections.sweep(photo, painting, ROWS, COLUMNS, options=options)
    assert all(cell.pixels is not None for row in found.paintings for cell in row)


def test_a_network_of_timm_is_compared_where_timm_is_installed(
    photo: Picture, painting: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "timm", Timm())
    monkeypatch.delenv("IMPASTO_OFFLINE", raising=False)
    results, _, _ = inspections.compare_networks(photo, painting, ["tiny", "timm:conv4"], options=FAST)
    assert [result.name for result in results] == ["tiny", "timm:conv4"]
    assert results[1].style_layers == ("2",)  # it has no layers of VGG's names; this is its last
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtraError, match="pip install timm"):
        inspections.compare_networks(photo, painting, ["timm:conv4"], options=FAST)
