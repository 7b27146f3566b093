"""The user's own defaults, new files, names of results, and help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from impasto import __version__, imaging
from impasto.cli.commands import COMMANDS, load
from impasto.cli.common_options import EVERYDAY
from impasto.types import Picture
from tests.cli.running import refused, run
from tests.conftest import blobs


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMPASTO_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.delenv("IMPASTO_FORCE", raising=False)
    (tmp_path / "config.toml").write_text("", encoding="utf-8")
    imaging.write(Picture(blobs(48, 40, seed=1)), tmp_path / "photo.jpg")
    imaging.write(Picture(blobs(48, 40, seed=2)), tmp_path / "art.png")


def config(text: str) -> None:
    Path("config.toml").write_text(text, encoding="utf-8")


def set_options(command: str = "") -> dict[str, tuple[object, str]]:
    found = json.loads(run("config", *([command] if command else []), "--json").stdout)
    return {f"{row['command']} {row['option']}": (row["value"], row["source"]) for row in found["options"]}


def test_a_default_of_the_file_is_as_if_typed() -> None:
    config("[fast]\nsize = 32\n")
    assert run("fast", "photo.jpg", "art.png", "-o", "out.png").exit_code == 0
    assert imaging.read_size("out.png") == (32, 27)
    assert run("fast", "photo.jpg", "art.png", "-o", "larger.png", "--size", "40").exit_code == 0
    assert imaging.read_size("larger.png") == (40, 33)


def test_styles_of_the_file_are_blended_as_if_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    def plan() -> list[dict[str, object]]:
        told = run("batch", "photo.jpg", "-o", "out", "--dry-run", "--json").stdout
        return [json.loads(line) for line in told.splitlines()][:-1]

    config('[batch]\nstyle = ["great-wave:3", "the-kiss:1"]')
    (only,) = plan()
    assert only["style"] == "great-wave:3 the-kiss:1"
    assert only["output"] == str(Path("out/photo-great-wave75-the-kiss25.png"))
    monkeypatch.setenv("IMPASTO_BATCH_STYLE", "great-wave starry-night:2 the-kiss:1")
    assert [event["style"] for event in plan()] == ["great-wave", "starry-night:2 the-kiss:1"]


def test_variables_come_before_the_file_and_those_of_a_command_before_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config("quality = 50\n[stylize]\nquality = 60\nsize = 300\n")
    found = set_options()
    assert found["stylize quality"] == (60, f"{Path('config.toml').absolute()} [stylize]")
    assert found["fast quality"] == (50, str(Path("config.toml").absolute()))
    monkeypatch.setenv("IMPASTO_QUALITY", "70")
    monkeypatch.setenv("IMPASTO_FAST_QUALITY", "80")
    found = set_options()
    assert found["stylize quality"] == ("70", "IMPASTO_QUALITY")
    assert found["fast quality"] == ("80", "IMPASTO_FAST_QUALITY")
    assert set_options("stylize")["stylize size"][0] == 300
    assert set_options("stylize")["stylize style-weight"] == (None, "default")


def test_an_earlier_result_comes_before_the_users_defaults() -> None:
    run(
        "stylize",
        "photo.jpg",
        "art.png",
        "-o",
        "a.png",
        "--size",
        "48",
        "--iterations",
        "1",
        "--init",
        "content",
    )
    config("[stylize]\nsize = 64\niterations = 2\n")
    assert run("stylize", "--from", "a.png", "-o", "b.png").exit_code == 0
    assert imaging.read_parameters("b.png")["options"]["size"] == 48


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("size = ", "is not TOML"),
        ("a = " + 20_000 * "[" + 20_000 * "]", "nested too deeply"),
        (
            "[stylise]\nsize = 3\n",
            "unknown table [stylise]; expected the name of a command; did you mean 'stylize'?",
        ),
        ("[fast]\nsise = 3\n", "unknown option 'sise' in [fast]; did you mean 'size'?"),
        ("qualty = 90\n", "config.toml: unknown option 'qualty'; did you mean 'quality'?"),
        ("style-wieght = 3\n", "config.toml: unknown option 'style-wieght'; did you mean 'style-weight'?"),
        ("dry-run = true\n", "config.toml: 'dry-run' can only be given on the command line"),
        (
            "[fast]\nversion = true\n",
            "config.toml: 'version' in [fast] can only be given on the command line",
        ),
        ("[fast]\nsize = 'large'\n", "config.toml [fast])"),
        ("[fast]\nsize = true\n", "config.toml [fast]: expected size to be a whole number; got True"),
        ("quality = 90.5\n", "config.toml: expected quality to be a whole number; got 90.5"),
        ("[fast]\nstrength = [1, 2]\n", "[fast]: expected strength to be a number; got [1, 2]"),
        ("[fast]\nkeep-color = 1\n", "[fast]: expected keep_color to be true or false; got 1"),
        ("[fast]\ndevice = false\n", "[fast]: expected device to be a text; got False"),
        ("[fast]\noutput = ''\n", "[fast]: expected output to be a text; got ''"),
        ("[fast]\nprotect = ['a', 'b']\n", "[fast]: expected protect to be a text; got ['a', 'b']"),
        ("[fast]\nstyles = [3, true]\n", "expected styles to be a text, or a list of them; got True"),
        ("[studio]\nport = 3\n", "unknown table [studio]"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(text: str, words: str) -> None:
    config(text)
    refused(run("fast", "photo.jpg", "art.png", "-o", "out.png"), words)


def test_an_option_of_another_command_is_no_mistake() -> None:
    config("style-weight = 6\nsteps = 30\n")
    assert run("styles").exit_code == 0
    config("[inspect]\ncolumns = 3\n")  # of some of its commands only
    assert run("inspect", "style", "--help").exit_code == 0
    config("[inspect]\ncolums = 3\n")
    refused(
        run("inspect", "style", "--help"), "unknown option 'colums' in [inspect]; did you mean 'columns'?"
    )


def test_the_file_may_have_one_style_without_a_list() -> None:
    config('[batch]\nstyle = "great-wave"')
    assert "1 to paint" in run("batch", "photo.jpg", "-o", "out", "--dry-run").stdout


@pytest.mark.filterwarnings("always::UserWarning")
def test_a_variable_that_is_nearly_an_option_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_SERVICE_HOST", "of somebody else")
    monkeypatch.setenv("IMPASTO_STYLE_WEIGHT", "of another command")
    assert run("styles").stderr == ""
    monkeypatch.setenv("IMPASTO_QUALTY", "90")
    monkeypatch.setenv("IMPASTO_STYLIZE_SISE", "90")
    assert run("styles").stderr.splitlines() == [
        "impasto: warning: IMPASTO_QUALTY is no option of a command and is ignored; "
        "did you mean 'IMPASTO_QUALITY'?",
        "impasto: warning: IMPASTO_STYLIZE_SISE is no option of impasto stylize and is ignored; "
        "did you mean 'IMPASTO_STYLIZE_SIZE'?",
    ]


def test_a_variable_without_a_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_FAST_OUTPUT", "")
    refused(run("fast", "photo.jpg", "art.png"), "IMPASTO_FAST_OUTPUT is empty; give it a value")


def test_a_variable_with_an_open_quotation_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_STYLIZE_STYLE", "it's")
    refused(run("stylize", "photo.jpg"), "IMPASTO_STYLIZE_STYLE: expected words as in a shell", '"it\'s"')


def test_a_file_that_is_not_utf8_is_refused_wherever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IMPASTO_CONFIG", raising=False)
    monkeypatch.setattr("impasto.cli.defaults.config_file", lambda: tmp_path / "own.toml")
    (tmp_path / "own.toml").write_bytes(b"# \xff")
    refused(run("styles"), "own.toml is not TOML")


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be removed there")
def test_a_current_folder_that_is_gone_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.delenv("IMPASTO_CONFIG", raising=False)
    refused(run("fast", tmp_path / "photo.jpg", "starry-night", "-o", "x.png"))


def test_a_file_that_is_named_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_CONFIG", "nowhere.toml")
    refused(run("styles"), "IMPASTO_CONFIG names nowhere.toml, which does not exist")


def test_nothing_is_overwritten_without_force() -> None:
    assert run("fast", "photo.jpg", "art.png", "-o", "out.png").exit_code == 0
    before = Path("out.png").read_bytes()
    refused(run("fast", "photo.jpg", "photo.jpg", "-o", "out.png"), "out.png exists; --force overwrites")
    assert Path("out.png").read_bytes() == before
    assert run("fast", "photo.jpg", "photo.jpg", "-o", "out.png", "--force").exit_code == 0
    assert Path("out.png").read_bytes() != before


@pytest.mark.parametrize(
    "line",
    [
        ("stylize", "photo.jpg", "art.png", "-o", "there.png"),
        ("texture", "art.png", "-o", "there.png"),
        ("style", "art.png", "-o", "there.style"),
        ("export", "-o", "there.onnx"),
        ("explain", "photo.jpg", "art.png", "-o", "there.html"),
        ("inspect", "features", "photo.jpg", "-o", "there.png"),
        ("train", "art.png", "-o", "there.style"),
        ("video", "photo.jpg", "--style", "art.png", "-o", "there.mp4"),
    ],
)
def test_every_command_that_writes_keeps_what_is_there(line: tuple[str, ...]) -> None:
    Path(line[-1]).write_text("mine", encoding="utf-8")
    refused(run(*line), f"{line[-1]} exists; --force overwrites")
    assert Path(line[-1]).read_text(encoding="utf-8") == "mine"


def test_a_result_without_a_name_lies_beside_its_photograph() -> None:
    Path("in").mkdir()
    Path("photo.jpg").rename("in/photo.jpg")
    assert run("fast", "in/photo.jpg", "art.png").exit_code == 0
    assert [p.name for p in sorted(Path("in").iterdir())] == ["photo.impasto.jpg", "photo.jpg"]
    refused(run("fast", "in/photo.jpg", "art.png"), "photo.impasto.jpg exists; --force overwrites")
    steps = ("--size", "48", "--iterations", "1", "--init", "content")
    assert run("stylize", "in/photo.jpg", "art.png", *steps).exit_code == 0
    assert Path("in/photo.impasto.png").exists()


def test_names_follow_a_template() -> None:
    template = "{name}-in-{style}-{size}.webp"
    assert run("fast", "photo.jpg", "art.png", "--size", "32", "--output-template", template).exit_code == 0
    assert Path("photo-in-art-32.webp").exists()
    named = ("--fast", "-o", "out", "--output-template", "{style}_{name}", "--size", "32")
    assert run("batch", "photo.jpg", "--style", "art.png", *named).exit_code == 0
    assert Path("out/art_photo.png").exists()


@pytest.mark.parametrize("template", ["{nam}.png", "{name", "{name!r}.png", "{size:4}.png"])
def test_a_template_that_cannot_be_filled_in_is_refused(template: str) -> None:
    refused(
        run("fast", "photo.jpg", "art.png", "--output-template", template), "expected --output-template with"
    )


def test_a_dry_run_of_a_batch_says_what_it_would_paint_and_writes_nothing() -> None:
    line = ("batch", "photo.jpg", "--style", "art.png", "starry-night", "-o", "out", "--fast", "--size", "32")
    done = run(*line, "--dry-run")
    assert done.exit_code == 0
    assert "2 to paint, 0 already done" in done.stdout
    assert not Path("out").exists()
    assert run(*line).exit_code == 0
    Path("out/photo-art.png").unlink()
    plan = [json.loads(one) for one in run(*line, "--dry-run", "--json").stdout.splitlines()]
    assert [(one["event"], one.get("why", "")) for one in plan] == [
        ("plan", "its result does not exist"),
        ("plan", ""),
        ("result", ""),
    ]
    assert plan[-1]["to_paint"] == 1
    assert not Path("out/photo-art.png").exists()


def test_a_dry_run_of_a_film_says_its_size_and_writes_nothing() -> None:
    Path("in").mkdir()
    for number in range(3):
        imaging.write(Picture(blobs(48, 40, seed=number)), f"in/{number}.png")
    line = ("video", "in", "--rate", "12", "--style", "art.png", "-o", "film.mp4", "--dry-run")
    done = run(*line)
    assert (done.exit_code, done.stdout) == (0, "would paint: film.mp4 (48x40, 3 frames, fast)\n")
    assert sorted(p.name for p in Path().iterdir()) == ["art.png", "config.toml", "in", "photo.jpg"]


def test_a_dry_run_of_a_training_says_what_it_would_learn() -> None:
    done = run("train", "art.png", "--content-dir", ".", "-o", "mine.style", "--steps", "3", "--dry-run")
    assert (done.exit_code, done.stdout) == (
        0,
        "would train: mine.style (any-painting on art.png, 2 photographs, 3 steps)\n",
    )
    assert not Path("mine.style").exists()


def test_help_shows_the_options_of_every_day_and_all_when_asked() -> None:
    short, whole = run("stylize", "--help").stdout, run("stylize", "--help-all").stdout
    assert "--history" not in short
    assert "more options: impasto stylize --help-all" in short
    assert "--history" in whole
    assert run("help", "stylize").stdout == short


@pytest.mark.parametrize("name", EVERYDAY)
def test_the_options_of_every_day_exist(name: str) -> None:
    assert set(EVERYDAY[name]) <= {option.name for option in load(name).params}


@pytest.mark.parametrize(
    "name", [name for name in COMMANDS if not COMMANDS[name].group.startswith("Command")]
)
def test_every_command_tells_its_version_and_can_be_quiet(name: str) -> None:
    loaded = load(name)
    for one in getattr(loaded, "commands", {name: loaded}).values():
        flags = {flag for option in one.params for flag in option.opts}
        assert {"-q", "-v", "-V"} <= flags, one.name
    if not hasattr(loaded, "commands"):
        assert run(name, "-V").stdout == f"impasto {__version__}\n"


def test_a_quiet_command_prints_nothing() -> None:
    done = run("style", "art.png", "-o", "art.style", "-q")
    assert (done.exit_code, done.output) == (0, "")


def test_errors_are_events_too() -> None:
    done = run("stylize", "nowhere.jpg", "art.png", "-o", "out.png", "--json")
    event = json.loads(done.stdout.splitlines()[-1])
    assert (done.exit_code, event["event"], event["code"]) == (2, "error", 2)
    assert "nowhere.jpg" in event["error"]


def test_every_line_of_json_has_an_event() -> None:
    steps = ("--size", "48", "--iterations", "1", "--init", "content")
    done = run("stylize", "photo.jpg", "art.png", "-o", "out.png", "--json", *steps)
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()][-1] == "result"
    assert {json.loads(line)["event"] for line in done.stdout.splitlines()} == {"progress", "result"}


def test_the_doctor_says_what_is_installed_and_paints() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "impasto", "doctor", "--json"], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found["ok"] is True
    assert found["impasto"] == __version__
    assert found["packages"]["numpy"] == np.__version__
    assert found["fast painting"].startswith("ok")
    assert found["optimised painting"].startswith("ok")


def test_the_doctor_names_what_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from impasto.cli import doctor

    def fails() -> str:
        raise OSError("no such thing")

    monkeypatch.setattr(doctor, "_providers", fails)
    done = run("doctor", "--no-test")
    assert done.exit_code == 1
    assert "onnx runtime: failed: OSError: no such thing" in done.stdout


def test_a_command_s_name_at_the_top_of_the_file_is_an_option_s_or_refused() -> None:
    config("fast = true\n")
    assert run("fast", "photo.jpg", "art.png", "-o", "out.png", "--size", "32").exit_code == 0
    config("texture = 3\n")
    refused(run("texture", "art.png", "-o", "t.png"), "unknown option 'texture'")


def test_a_file_with_a_byte_order_mark_is_read() -> None:
    Path("config.toml").write_bytes(b"\xef\xbb\xbf[fast]\nsize = 32\n")
    assert set_options("fast")["fast size"][0] == 32


def test_a_folder_in_the_place_of_the_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_CONFIG", ".")
    result = run("config")
    refused(result, "cannot read .: ")
    assert "Errno" not in result.stderr


def test_a_value_that_is_no_number_is_named() -> None:
    refused(run("fast", "photo.jpg", "art.png", "--size", "64x"), "--size", "; got '64x'; see ")
    refused(run("fast", "photo.jpg", "art.png", "--threads", "0"), "; got '0'")


def test_an_empty_template_and_a_share_of_no_style_are_refused() -> None:
    refused(run("fast", "photo.jpg", "art.png", "--output-template", ""), "a name for --output-template")
    refused(run("fast", "photo.jpg", ":1", "-o", "out.png"), "expected a style", "got :1")


def test_a_watch_that_ends_with_failures_says_so_by_its_exit_code() -> None:
    Path("in").mkdir()
    Path("in/broken.jpg").write_text("no picture", encoding="utf-8")
    watching = ("watch", "in", "out", "--style", "starry-night", "--once", "--settled", "0", "--json")
    done = run(*watching)
    assert done.exit_code == 1
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["painted"], result["failed"]) == (0, 1)
