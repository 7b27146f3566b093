from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from impasto.encoders import Encoder
from impasto.errors import InputError, MissingExtraError, OptionError, OutputError
from impasto.inspection import (
    Axis,
    NetworkResult,
    Reconstruction,
    StyleDistances,
    Sweep,
    SweepCell,
    feature_maps,
    read_log,
)
from impasto.types import Picture
from tests.conftest import blobs
from tests.inspection.test_logs import CSV

pytest.importorskip("matplotlib")

from impasto.inspection import figures
from impasto.inspection.figures.features import with_field
from impasto.inspection.figures.styles import Box, _free


def shown(figure: object) -> str:
    """Every word of a figure."""
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))  # type: ignore[attr-defined]


def test_features_are_drawn_with_their_statistics(encoder: Encoder, photo: Picture) -> None:
    views = feature_maps(encoder, photo, "relu1_1,relu3_1", top=2)
    words = shown(figures.draw_features(views, photo))
    assert "relu3_1\n24×16, 64 ch." in words
    assert "sees 24×24 px" in words
    assert f"channel {views[1].shown[0]}" in words
    assert "silent" in words


def test_many_channels_go_on_in_the_next_row(encoder: Encoder, photo: Picture) -> None:
    few, many = (
        figures.draw_features(feature_maps(encoder, photo, "relu3_1", top=top), photo, show="maps")
        for top in (12, 24)
    )
    assert many.get_figwidth() == few.get_figwidth()
    assert many.get_figheight() > few.get_figheight()
    assert len(many.axes) == 2 + 24


def test_a_long_title_and_note_fit_into_a_narrow_grid() -> None:
    title, note = "A photograph with a long name after a painting with another", "one line\n" + "w" * 60
    drawn = figures.draw_grid([[figures.Cell(np.zeros((8, 8, 3), np.float32))]], title=title, note=note)
    renderer = drawn.canvas.get_renderer()  # type: ignore[attr-defined]
    assert all(t.get_window_extent(renderer).x1 <= drawn.bbox.x1 for t in drawn.texts)


def test_the_receptive_field_is_drawn_at_its_true_size(encoder: Encoder, photo: Picture) -> None:
    (view,) = feature_maps(encoder, photo, "relu3_1", top=1)
    drawn = with_field(photo.pixels, view)
    assert (drawn == photo.pixels).all(axis=2).sum() == 24 * 24


def test_reconstructions_say_their_layers_and_losses(photo: Picture) -> None:
    made = Reconstruction("content", ("conv1_1",), photo.pixels, 0.25, 10, 1.0)
    style = [Reconstruction("style", ("a", "b"), photo.pixels, 0.5, 10, 1.0)]
    words = shown(figures.draw_reconstructions(photo, photo, [made], style))
    assert "conv1_1\nloss 0.25" in words
    assert "+ b\nloss 0.5" in words


def test_a_sweep_is_labelled_and_says_what_failed(photo: Picture) -> None:
    line = (SweepCell(photo.pixels, {"total": 2.0}, 5, 1.5), SweepCell(None, {}, 0, 0.0, "not painted"))
    sweep = Sweep(Axis("seed", (1,)), Axis("ratio", (0.1, 1.0)), (line,))
    words = shown(figures.draw_sweep(sweep, title="a title"))
    for word in ("a title", "seed", "0.1", "α/β", "1.5 s, loss 2", "not painted"):
        assert word in words


def test_losses_are_curves_on_logarithmic_axes(tmp_path: Path) -> None:
    (tmp_path / "run.csv").write_text(CSV)
    log = read_log(tmp_path / "run.csv")
    total, content, style = figures.draw_losses(log).axes
    assert [line.get_label() for line in total.lines][:3] == ["total", "content", "style"]
    assert list(content.lines[0].get_ydata()) == [4, 3, 3]
    assert style.get_yscale() == "log"
    assert list(figures.draw_losses(log, against="seconds").axes[0].lines[0].get_xdata()) == [0.5, 1, 3]
    words = shown(figures.draw_losses(log, width=4.0, look="dark"))
    assert "Style, by layer" in words


def test_a_trainings_losses_are_one_panel(tmp_path: Path) -> None:
    head = "iteration,level,width,height,seconds,content,style"
    (tmp_path / "net.csv").write_text(f"{head}\n1,1,64,64,0.5,0.2,4\n2,1,64,64,1,0.4,2\n")
    (only,) = figures.draw_losses(read_log(tmp_path / "net.csv")).axes
    assert [line.get_label() for line in only.lines] == ["content", "style"]


def test_names_on_the_map_of_styles_do_not_cover_each_other() -> None:
    taken = [Box(-1, 1, -1, 1)]
    for _ in range(3):
        box = _free(taken, 0.0, 0.9, "a name", 1.0)
        assert all(box.top <= other.bottom or box.bottom >= other.top for other in taken)
        taken.append(box)
    aside = _free(taken, 50.0, 0.9, "a name", 1.0)
    assert aside.top == 0.9


def test_networks_strips_and_styles_are_drawn(photo: Picture) -> None:
    result = NetworkResult("tiny", ("relu4_2",), ("relu1_1",), photo.pixels, 2.0, 20, 0.1)
    assert "tiny: 2.0 s, 100 ms an iteration" in shown(figures.draw_networks([result], photo, None))
    assert "iteration 5" in shown(figures.draw_strip([(5, photo.pixels)]))
    apart = np.array([[0, 0.4], [0.4, 0]])
    distances = StyleDistances(("one", "other"), {"relu1_1": apart}, apart)
    words = shown(figures.draw_style_distances(distances, {"one": photo}))
    assert "0.40" in words
    assert "relu1_1" in words


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_figure_is_written_and_the_same_every_time(suffix: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}{suffix}" for n in range(2)]
    for path in paths:
        figures.save_figure(figures.draw_grid([[figures.Cell(blobs(8, 8, seed=1), "one")]], title="t"), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len(paths[0].read_bytes()) > 1000


def test_figures_need_a_fitting_suffix_a_picture_and_a_look(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.png, \.svg, \.pdf"):
        figures.check_figure(tmp_path / "figure.jpg")
    with pytest.raises(InputError, match="at least one picture"):
        figures.draw_grid([[figures.Cell(None)]])
    with pytest.raises(OptionError, match="light or dark"):
        figures.draw_grid([[figures.Cell(blobs(8, 8, seed=1))]], look="blue")  # type: ignore[arg-type]


def test_drawing_leaves_the_users_own_settings_alone() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    figures.draw_grid([[figures.Cell(blobs(8, 8, seed=1))]], look="dark")
    assert dict(matplotlib.rcParams) == before


def test_without_matplotlib_the_install_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install .*\[inspect\]'"):
        figures.require_matplotlib()


def test_drawing_needs_no_display_and_data_no_matplotlib() -> None:
    code = (
        "import sys, numpy as np, impasto.inspection as i\n"
        "i.heat(np.zeros((2, 2))); i.Axis; i.feature_maps\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from impasto.inspection import figures\n"
        "figures.draw_grid([[figures.Cell(np.zeros((4, 4, 3), 'float32'))]])\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
