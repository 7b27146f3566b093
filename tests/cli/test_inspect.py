from __future__ import annotations

import json
import shlex
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto import imaging
from impasto.cli.commands import load
from impasto.cli.inspect_runs import parse_axis
from impasto.errors import OptionError
from impasto.inspection import read_log
from tests.cli.running import refused, run

pytest.importorskip("matplotlib")

FAST = ["--size", "48", "--iterations", "2"]


def is_figure(path: Path) -> bool:
    with Image.open(path) as image:
        return min(image.size) > 100


def test_features_draws_a_figure_and_prints_the_statistics(photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "f.png"
    done = run("inspect", "features", photo_file, "--layers", "relu1_1,block2_conv1", "--top", 1, "-o", out)
    assert done.exit_code == 0, done.output
    assert "relu2_1" in done.stdout
    assert is_figure(out)
    done = run(
        "inspect", "features", photo_file, "--layers", "relu3_1", "--channels", "4,1", "--json", "-o", out
    )
    assert json.loads(done.stdout)["layers"][0]["shown"] == [4, 1]
    assert json.loads(done.stdout)["layers"][0]["receptive_field"] == 24


def test_reconstruct_draws_figure_one_and_keeps_its_pictures(
    photo_file: Path, painting_file: Path, tmp_path: Path
) -> None:
    out, keep = tmp_path / "r.png", tmp_path / "kept"
    layers = ["--content-layers", "relu1_1", "--style-layers", "relu1_1,relu2_1"]
    command = ["inspect", "reconstruct", photo_file, "--style", painting_file, *layers, *FAST, "-o", out]
    done = run(*command, "--keep", keep)
    assert done.exit_code == 0, done.output
    assert is_figure(out)
    names = {"content-relu1_1.png", "style-relu1_1.png", "style-relu1_1+relu2_1.png"}
    assert {path.name for path in keep.iterdir()} == names


def test_texture_has_the_size_asked_for(painting_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.png"
    done = run("texture", painting_file, "--size", "80x48", "--iterations", 1, "-o", out)
    assert done.exit_code == 0, done.output
    assert imaging.read(out).pixels.shape == (48, 80, 3)
    refused(run("texture", painting_file, "--size", "20x20", "-o", out), "relu5_1", "32x32")
    refused(run("texture", painting_file, "--content-layers", "relu1_1", "-o", out), "content")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_textures_log_is_read_like_any_runs(suffix: str, painting_file: Path, tmp_path: Path) -> None:
    log, out = tmp_path / f"t{suffix}", tmp_path / "t.png"
    done = run("texture", painting_file, "--size", 48, "--iterations", 2, "-o", out, "--log", log)
    assert done.exit_code == 0, done.output
    done = run("inspect", "losses", log, "-o", tmp_path / "l.png", "--json")
    (level,) = json.loads(done.stdout)["levels"]
    assert level["iterations"] == 2
    assert level["style_first"] > 0
    assert "content_first" not in level


def test_a_texture_is_saved_on_the_way_and_its_log_says_where(painting_file: Path, tmp_path: Path) -> None:
    out, log = tmp_path / "t.png", tmp_path / "t.jsonl"
    more = ["--size", "48", "--iterations", 4, "--save-every", 2, "-q"]
    done = run("texture", painting_file, "-o", out, "--log", log, *more)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "t_0002.png").is_file()
    assert read_log(log).kinds().keys() == {"style"}  # its total is the same
    named = [json.loads(line).get("saved") for line in log.read_text().splitlines()]
    assert named[:2] == [None, str(tmp_path / "t_0002.png")]
    done = run("inspect", "losses", log, "-o", tmp_path / "l.png", "--strip", tmp_path / "s.png")
    assert done.exit_code == 0, done.output
    refused(run("texture", painting_file, "-o", out, "--content-weight", 3), "--content-weight")
    refused(run("texture", painting_file, "-o", out, "--max-pixels", 100), "at most 100 pixels")


def test_the_pages_command_paints_with_the_same_options() -> None:
    from impasto.cli.choices import Choices, ReadChoices
    from impasto.cli.explain import painting_command

    typed = Choices(preset="gatys2016", style_layers="relu1_1:2,relu2_1", clip=False, style_weight=3.0)
    options, read = typed.options().replace(size=448), ReadChoices(max_pixels=9000)
    words = shlex.split(painting_command("a photo.jpg", "b.jpg", typed, options, read))
    assert words[:4] == ["impasto", "stylize", "a photo.jpg", "b.jpg"]
    parsed = load("stylize").make_context("stylize", words[2:]).params
    again = Choices(**{f.name: parsed[f.name] for f in fields(Choices)})
    assert again.options() == options
    assert ReadChoices(max_pixels=parsed["max_pixels"]) == read


def test_layers_paints_a_grid_and_goes_on_in_its_folder(
    photo_file: Path, painting_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "g.png"
    axes = ["--rows", "style_layers=relu1_1/relu1_1,relu2_1", "--columns", "style-weight=1/8"]
    command = ["inspect", "layers", photo_file, painting_file, *axes, *FAST, "-o", out]
    done = run(*command, "--folder", tmp_path / "grid")
    assert done.exit_code == 0, done.output
    assert "4 paintings)" in done.stdout
    assert is_figure(out)
    assert "4 of them made before" in run(*command, "--folder", tmp_path / "grid").stdout


@pytest.mark.parametrize("command", ["layers", "encoders"])
def test_networks_and_losses_are_compared_from_the_photograph_not_from_another_networks_painting(
    command: str, photo_file: Path, painting_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network for any painting had a part")

    monkeypatch.setattr("impasto.optimize.engine.one_pass", refuse)
    words = ["--size", "64", "--iterations", "1", "-o", tmp_path / "f.png"]
    grid = ["--rows", "style-weight=1/8", "--columns", "seed=0"]
    axes = {"layers": grid, "encoders": ["--networks", "tiny"]}
    done = run("inspect", command, photo_file, painting_file, *axes[command], *words)
    assert done.exit_code == 0, done.output
    monkeypatch.setenv("COLUMNS", "200")
    helped = run("inspect", command, "--help").stdout
    assert "[default: from-photo]" in helped
    assert "[default: content]" in helped
    assert "[default: fast]" in run("stylize", "--help-all").stdout


def test_axes_are_parsed_as_options_are() -> None:
    assert parse_axis("ratio=1e-4/0.5").values == (1e-4, 0.5)
    assert parse_axis("content_layer=relu2_2/relu4_2").values == ("relu2_2", "relu4_2")
    assert parse_axis("style-layers=block1_conv1:2/relu2_1").values == ({"relu1_1": 2.0}, {"relu2_1": 1.0})
    assert parse_axis("clip=true/false").values == (True, False)
    assert parse_axis("size=64x48/96").values == ((64, 48), 96)
    for text in ("ratio", "ratio=", "ratio=/", "colour=1"):
        with pytest.raises(OptionError):
            parse_axis(text)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_runs_log_becomes_curves_a_strip_and_an_animation(
    suffix: str, photo_file: Path, painting_file: Path, tmp_path: Path
) -> None:
    log, out = tmp_path / f"run{suffix}", tmp_path / "out.png"
    more = ["--log", log, "--save-every", 1, "-q"]
    Image.new("RGB", (9, 9)).save(tmp_path / "out_0009.png")  # a longer run's: not shown
    assert run("stylize", photo_file, painting_file, "-o", out, *FAST, *more).exit_code == 0
    made = {"--strip": tmp_path / "s.png", "--gif": tmp_path / "w.gif", "-o": tmp_path / "l.png"}
    pictures = ["--pictures", out] if suffix == ".csv" else []
    options = [word for pair in made.items() for word in pair]
    done = run("inspect", "losses", log, *pictures, *options, "--json")
    assert done.exit_code == 0, done.output
    table = json.loads(done.stdout)
    assert table["levels"][0]["iterations"] == 2
    assert [row["iteration"] for row in table["pictures"]] == [1, 2]
    assert table["pictures"][1]["total"] == pytest.approx(table["levels"][0]["total_last"])
    assert is_figure(made["-o"])
    with Image.open(made["--gif"]) as walk:
        assert walk.size == (48, 32)
    assert "style" in run("inspect", "losses", log, "-o", made["-o"]).stdout


def test_a_log_in_json_lines_says_what_the_csv_says(
    photo_file: Path, painting_file: Path, tmp_path: Path
) -> None:
    logs = []
    for name in ("a.csv", "a.jsonl"):
        run("stylize", photo_file, painting_file, "-o", tmp_path / "o.png", "--log", tmp_path / name, *FAST)
        logs.append(read_log(tmp_path / name))
    assert logs[0].losses.keys() == logs[1].losses.keys()
    for name, values in logs[0].losses.items():
        assert np.allclose(values, logs[1].losses[name], rtol=1e-4)


def test_encoders_are_drawn_side_by_side(photo_file: Path, painting_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "e.png"
    command = ["inspect", "encoders", photo_file, painting_file, *FAST, "-o", out]
    done = run(*command, "--networks", "tiny,untrained", "--json")
    assert done.exit_code == 0, done.output
    assert [row["name"] for row in json.loads(done.stdout.splitlines()[-1])["networks"]] == [
        "tiny",
        "untrained",
    ]
    assert is_figure(out)
    refused(run(*command, "--encoder", "tiny"), "--networks")


def test_style_says_which_are_nearest(painting_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "s.png"
    command = ["inspect", "style", "starry-night", "great-wave", painting_file, "--size", 128, "-o", out]
    assert "great-wave: nearest" in run(*command).stdout
    assert len(json.loads(run(*command, "--json").stdout)["total"]) == 3
    assert is_figure(out)


def test_bad_input_is_refused_in_one_line(
    photo_file: Path, painting_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = ["-o", tmp_path / "x.png"]
    refused(run("inspect", "features", photo_file, "--layers", "relu9_1", *out), "relu9_1")
    refused(run("inspect", "features", photo_file, "--size", 20, *out), "relu5_1", "--size")
    refused(run("inspect", "features", photo_file, "--channels", "a", *out), "--channels")
    refused(run("inspect", "features", photo_file, "--show", "all", *out), "--show")
    refused(run("inspect", "features", photo_file, "-o", tmp_path / "x.jpg"), ".png, .svg, .pdf")
    refused(run("inspect", "reconstruct", photo_file, "--paper", "2014", *out), "2015 or 2016")
    refused(run("inspect", "layers", photo_file, painting_file, "--figure", "9", *out), "2015-3")
    alone = ["--rows", "style_weight=2/8", *out]
    refused(run("inspect", "layers", photo_file, painting_file, *alone), "--columns")
    refused(run("inspect", "reconstruct", photo_file, "--style", "starry-night", *out), "picture file")
    refused(run("inspect", "losses", tmp_path / "no.csv", *out), "no.csv")
    refused(run("inspect", "style", "starry-night", *out), "two styles")
    refused(run("inspect", "encoders", photo_file, painting_file, "--networks", "vgg99", *out), "vgg99")
    monkeypatch.setenv("IMPASTO_WEIGHTS_DIR", str(tmp_path / "none"))
    missing = ["--networks", "vgg16", *out]
    refused(run("inspect", "encoders", photo_file, painting_file, *missing), "--networks tiny")
    page = ["explain", photo_file, painting_file, "-o", tmp_path / "x.html"]
    refused(run(*page, "--style-layers", ""), "--style-layers")
    refused(run(*page, "--content-weight", 0), "content weight")
    refused(run("explain", photo_file, painting_file, "-o", tmp_path / "x.pdf"), ".html")
    assert not (tmp_path / "x.png").exists()
