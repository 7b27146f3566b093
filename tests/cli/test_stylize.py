from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from typer.testing import Result

from impasto import imaging, weights
from impasto.types import PhotoMetadata, Picture
from tests.cli.running import refused, run
from tests.conftest import blobs
from tests.waiting import rest_of

FAST = ["--size", "48", "--iterations", "2"]


def test_paints_and_says_where(photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jpg"
    result = run("stylize", photo_file, "starry-night", "-o", out, *FAST)
    assert result.exit_code == 0, result.output
    assert str(out) in result.stdout
    assert imaging.read(out).width == 48


def test_quiet_prints_nothing(photo_file: Path, tmp_path: Path) -> None:
    result = run("stylize", photo_file, "starry-night", "-o", tmp_path / "out.png", "--quiet", *FAST)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_json_prints_one_event_a_line_and_the_result_last(photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    result = run("stylize", photo_file, "starry-night", "-o", out, "--json", *FAST)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == 3
    assert (lines[0]["step"], lines[0]["unit"]) == (1, "iteration")
    assert lines[0]["losses"]["total"] > 0
    assert lines[-1]["output"] == str(out)


def test_from_repeats_a_picture_exactly(photo_file: Path, tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("a.png", "b.png", "c.png"))
    recipe = tmp_path / "a.json"
    made = run(
        "stylize",
        photo_file,
        "starry-night:3",
        "great-wave",
        "--style-weight",
        4,
        "--seed",
        5,
        "--init",
        "noise",
        "-o",
        first,
        "--parameters",
        recipe,
        *FAST,
    )
    assert made.exit_code == 0, made.output
    assert run("stylize", "--from", first, "-o", second).exit_code == 0
    assert run("stylize", "--from", recipe, "-o", third).exit_code == 0
    pixels = imaging.read(first).pixels
    assert np.array_equal(imaging.read(second).pixels, pixels)
    assert np.array_equal(imaging.read(third).pixels, pixels)


def test_from_with_an_option_changes_that_option_only(photo_file: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    run("stylize", photo_file, "starry-night", "--style-weight", 4, "-o", first, *FAST)
    run("stylize", "--from", first, "--size", 80, "-o", second)
    stored = [imaging.read_parameters(path) for path in (first, second)]
    assert stored[0] is not None
    assert stored[1] is not None
    assert stored[0]["options"] | {"size": 80} == stored[1]["options"]  # type: ignore[operator]


def test_save_every_numbers_pictures_by_iteration(photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    run("stylize", photo_file, "starry-night", "-o", out, "--size", 48, "--iterations", 5, "--save-every", 2)
    assert sorted(p.name for p in tmp_path.glob("out*")) == ["out.png", "out_0002.png", "out_0004.png"]


def test_log_holds_every_iterations_losses(photo_file: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    run("stylize", photo_file, "starry-night", "-o", tmp_path / "o.png", "--log", log, *FAST)
    rows = list(csv.DictReader(log.read_text().splitlines()))
    assert [row["iteration"] for row in rows] == ["1", "2"]
    assert float(rows[1]["total"]) < float(rows[0]["total"])


def test_layers_take_names_weights_and_keras_names(photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    result = run(
        "stylize",
        photo_file,
        tmp_path / "photo.png",
        "-o",
        out,
        *FAST,
        "--content-layers",
        "block3_conv2:2",
        "--style-layers",
        "relu1_1:0.5,block2_conv1",
    )
    assert result.exit_code == 0, result.output
    stored = imaging.read_parameters(out)
    assert stored is not None
    options = stored["options"]
    assert options["content_layers"] == {"relu3_2": 2.0}  # type: ignore[index]
    assert options["style_layers"] == {"relu1_1": 0.5, "relu2_1": 1.0}  # type: ignore[index]


def test_bad_input_is_refused_in_one_line_before_work(photo_file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("hello, this is not a picture")
    (tmp_path / "cut.png").write_bytes(photo_file.read_bytes()[:200])
    out = tmp_path / "out.png"

    def tried(content: object, style: object = "starry-night", *more: object) -> Result:
        return run("stylize", content, style, "-o", out, *FAST, *more)

    refused(tried(tmp_path / "missing.jpg"), "missing.jpg")
    refused(tried(tmp_path / "empty.jpg"), "empty")
    refused(tried(tmp_path / "text.jpg"), "text.jpg")
    refused(tried(tmp_path / "cut.png"), "cut.png")
    refused(tried(tmp_path), str(tmp_path))
    refused(tried(photo_file, "no-such-style"), "starry-night")
    refused(tried(photo_file, tmp_path / "missing.style"), "missing.style")
    refused(tried(photo_file, "starry-night", "--style-layers", "relu7_1"), "relu7_1")
    refused(tried(photo_file, "starry-night", "--preset", "monet"), "default, draft, best")
    refused(tried(photo_file, "starry-night", "--size", "big"), "'big'")
    refused(tried(photo_file, "starry-night", "--max-pixels", "1000"), "1,000")
    refused(tried(photo_file, "starry-night:1"), "expected another style besides starry-night:1")
    refused(tried(photo_file, "starry-night", "--device", "tpu"), "auto, cpu, cuda or mps")
    refused(tried(photo_file, "starry-night", "--from", tmp_path / "cut.png"), "cut.png")
    assert not out.exists()


def test_outputs_that_cannot_be_written_are_refused_before_work(photo_file: Path, tmp_path: Path) -> None:
    def tried(out: object, *more: object) -> Result:
        return run("stylize", photo_file, "starry-night", "-o", out, *FAST, *more)

    refused(tried(tmp_path / "out.xyz"), ".png")
    refused(tried(tmp_path / "missing" / "out.png"), "missing")
    refused(tried(tmp_path), str(tmp_path))
    refused(tried(photo_file), "also an input")
    refused(tried(tmp_path / "out.png", "--log", tmp_path / "missing" / "log.csv"), "log.csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photo.png"]


def test_a_picture_too_small_for_the_network_is_refused(tmp_path: Path) -> None:
    dot = tmp_path / "dot.png"
    imaging.write(Picture(np.full((1, 1, 3), 0.5, np.float32)), dot)
    wide = tmp_path / "wide.png"
    imaging.write(Picture(blobs(600, 2, seed=1)), wide)
    out = tmp_path / "out.png"
    refused(run("stylize", wide, "starry-night", "-o", out, *FAST), "48x1")
    refused(run("stylize", wide, dot, "-o", out, *FAST))


def test_a_network_given_as_a_style_is_sent_to_who_paints_with_it(photo_file: Path, tmp_path: Path) -> None:
    mine, out = tmp_path / "mine.onnx", tmp_path / "out.png"
    mine.write_bytes(b"whatever is in it")
    words = f"impasto fast PHOTO --model {mine} -o OUT"
    refused(run("stylize", photo_file, mine, "-o", out, *FAST), words)


def test_a_full_disk_is_refused_before_work(
    photo_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    real = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real(path)._replace(free=12_345))
    out = tmp_path / "out.png"
    words = f"expected 0.033 MB of free space for {out}; got 0.012 MB"
    refused(run("stylize", photo_file, "starry-night", "-o", out, *FAST, "--size", "64"), words)


def test_interrupting_keeps_the_picture_so_far(photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    command = [
        sys.executable,
        "-m",
        "impasto",
        "stylize",
        str(photo_file),
        "starry-night",
        "-o",
        str(out),
        "--size",
        "64",
        "--iterations",
        "100000",
        "--json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGINT)
        rest, errors = rest_of(process)
    assert process.returncode == 130, errors
    assert json.loads(rest.splitlines()[-1])["cancelled"] is True
    assert imaging.read(out).width == 64
    assert "Traceback" not in errors


def test_styles_lists_names_and_painters() -> None:
    result = run("styles", "--json")
    rows = json.loads(result.stdout)["styles"]
    assert rows["starry-night"]["artist"] == "Vincent van Gogh"
    assert "starry-night" in run("styles").stdout


def test_style_measures_a_painting_for_later(painting_file: Path, photo_file: Path, tmp_path: Path) -> None:
    style = tmp_path / "mine.style"
    made = run("style", painting_file, "-o", style, "--title", "Stripes", "--artist", "Me")
    assert made.exit_code == 0, made.output
    out = [tmp_path / "a.png", tmp_path / "b.png"]
    run("stylize", photo_file, style, "-o", out[0], *FAST)
    run("stylize", photo_file, painting_file, "-o", out[1], *FAST)
    assert np.array_equal(imaging.read(out[0]).pixels, imaging.read(out[1]).pixels)


def test_a_style_file_needs_its_suffix(painting_file: Path, tmp_path: Path) -> None:
    refused(run("style", painting_file, "-o", tmp_path / "mine.png"), ".style")


def test_help_teaches_by_example() -> None:
    text = run("stylize", "--help").stdout
    assert "impasto stylize photo.jpg starry-night -o out.png" in text
    assert "--style-weight" in text


def test_version_is_printed() -> None:
    assert run("--version").stdout.startswith("impasto 0.")


def test_usage_errors_are_one_line() -> None:
    words = ["stylize", "photo.png", "starry-night"]
    refused(run(*words, "--iterations", "abc"), "'--iterations'", "valid integer", "stylize --help")
    refused(run(*words, "--itarations", "5"), "No such option", "--iterations", "stylize --help")
    refused(run("stylise"), "stylise", "stylize", "--help")
    refused(run("--loud"), "--loud", "--help")
    refused(run(*words, "--seed", "9" * 23), "expected seed to be a whole number", "less than 2**64")


def test_a_command_without_words_shows_the_help() -> None:
    result = run()
    assert "Paint a photograph in the style of a painting" in result.stdout + result.stderr


def test_a_name_too_long_for_a_file_is_refused_in_one_line(photo_file: Path, tmp_path: Path) -> None:
    refused(run("stylize", photo_file, "x" * 300, "-o", tmp_path / "out.png", *FAST), "too long")


def test_numbered_pictures_never_replace_an_input(photo_file: Path, tmp_path: Path) -> None:
    style = tmp_path / "ov_0002.png"
    imaging.write(Picture(blobs(60, 60, seed=5)), style)
    before = style.read_bytes()
    command = ["stylize", photo_file, style, "-o", tmp_path / "ov.png", *FAST]
    refused(run(*command, "--save-every", 2), "would overwrite")
    assert style.read_bytes() == before
    assert not (tmp_path / "ov.png").exists()
    assert run(*command, "--save-every", 3).exit_code == 0


@pytest.mark.parametrize("option", ["--parameters", "--log", "--preview", "--checkpoint"])
def test_two_outputs_are_never_one_file(option: str, photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    result = run("stylize", photo_file, "starry-night", "-o", out, *FAST, option, tmp_path / "." / "out.png")
    refused(result, "expected two files", "the result", option.removeprefix("--"))
    assert not out.exists()


@pytest.mark.parametrize("options", [5, [], {"color_strength": "x"}, {"size": {}}, {"content_layers": 5}])
def test_a_recipe_with_values_of_a_wrong_kind_is_refused(
    options: object, photo_file: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({"content": str(photo_file), "styles": ["starry-night"], "options": options}))
    refused(run("stylize", "--from", bad, "-o", tmp_path / "out.png"), "bad.json")


def test_from_finds_files_beside_the_picture(
    photo_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    imaging.write(Picture(blobs(60, 60, seed=5)), "art.png")
    assert run("stylize", photo_file.name, "art.png", "-o", "f1.png", *FAST).exit_code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    result = run("stylize", "--from", "../f1.png", "-o", "again.png")
    assert result.exit_code == 0, result.output
    assert np.array_equal(imaging.read("again.png").pixels, imaging.read("../f1.png").pixels)


def test_pictures_on_the_way_have_the_transparency_and_precision_of_the_result(tmp_path: Path) -> None:
    alpha = np.zeros((64, 96), np.float32)
    alpha[:, :48] = 1
    photo, out, preview = (tmp_path / name for name in ("clear.png", "out.png", "preview.png"))
    imaging.write(Picture(blobs(96, 64, seed=1), alpha, bits=16), photo)
    command = ["stylize", photo, "starry-night", "-o", out, *FAST]
    assert run(*command, "--save-every", 1, "--preview", preview).exit_code == 0
    result = imaging.read(out)
    assert result.alpha is not None
    for path in (tmp_path / "out_0001.png", preview):
        found = imaging.read(path)
        assert found.bits == result.bits == 16
        assert found.alpha is not None
        assert np.array_equal(found.alpha, result.alpha)


def test_a_preset_of_another_network_says_that_a_named_style_does_not_fit(
    photo_file: Path, tmp_path: Path
) -> None:
    result = run("stylize", photo_file, "starry-night", "-o", tmp_path / "out.png", "--preset", "gatys2016")
    refused(result, "starry-night.style", "network tiny", "the painting itself")


def test_a_limit_of_no_pixels_is_refused(photo_file: Path, tmp_path: Path) -> None:
    result = run("stylize", photo_file, "starry-night", "-o", tmp_path / "out.png", "--max-pixels", 0)
    assert result.exit_code == 2
    assert "max_pixels" in result.stderr


def test_metadata_and_recipe_are_kept_unless_asked_otherwise(tmp_path: Path) -> None:
    about = PhotoMetadata(author="Ann", location={1: "N", 2: (1.0, 2.0, 3.0)})
    photo = tmp_path / "photo.jpg"
    imaging.write(Picture(blobs(48, 48, 1), metadata=about), photo, location=True)

    def painted(command: str, *options: str) -> tuple[PhotoMetadata | None, object]:
        out = tmp_path / "out.jpg"
        more = FAST if command == "stylize" else []
        result = run(command, photo, "starry-night", "-o", out, *more, *options)
        assert result.exit_code == 0, result.output
        assert str(tmp_path).encode() not in out.read_bytes() or "--no-recipe" not in options
        return imaging.read(out).metadata, imaging.read_parameters(out)

    for command in ("stylize", "fast"):
        kept, recipe = painted(command)
        assert kept == PhotoMetadata(author="Ann")
        assert recipe is not None
        kept, recipe = painted(command, "--strip-metadata", "--no-recipe")
        assert (kept, recipe) == (None, None)
        kept, _ = painted(command, "--keep-location")
        assert kept is not None
        assert kept.location
    refused(
        run("fast", photo, "starry-night", "-o", "x.jpg", "--strip-metadata", "--keep-location"), "not both"
    )


def test_a_network_s_file_that_does_not_say_its_convention_is_given_one(
    photo_file: Path, painting_file: Path, tmp_path: Path
) -> None:
    arrays = load_file(weights.locate("tiny"))
    save_file(arrays, tmp_path / "mine.safetensors")
    command = ["stylize", photo_file, painting_file, "-o", tmp_path / "o.png", *FAST]
    command += ["--encoder", tmp_path / "mine.safetensors"]
    refused(run(*command), "does not say which input", "--convention")
    result = run(*command, "--convention", "centred")
    assert result.exit_code == 0, result.output


def test_a_start_other_than_the_one_asked_for_is_said(
    photo_file: Path, painting_file: Path, tmp_path: Path
) -> None:
    words = ["stylize", photo_file, f"{painting_file}:2", "starry-night:-1", *FAST]
    result = run(*words, "-o", tmp_path / "o.png")
    assert result.exit_code == 0, result.output
    assert "; the start is the photograph, since the fast network cannot move away" in result.stdout
    told = run(*words, "-o", tmp_path / "o.png", "--json")
    assert len(json.loads(told.stdout.splitlines()[-1])["notes"]) == 1
