"""``--json`` of every command: lines with an event, the last one the result with the command's name."""

from __future__ import annotations

import json
import os
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from impasto import imaging
from impasto.cli import app
from impasto.cli.commands import COMMANDS, load, of_other_program
from impasto.cli.json_lines import print_event
from impasto.types import Picture
from tests.cli.running import run
from tests.conftest import blobs

QUICK = "--size 48 --iterations 1 --min-size 0"
STUDY = f"{QUICK} --init content -o figure.png"
LINES = {
    "stylize": f"photo.png art.png -o out.png {QUICK}",
    "fast": "photo.png starry-night -o out.png",
    "batch": f"photo.png --style art.png -o out {QUICK}",
    "video": "frames --style starry-night -o painted.mkv --codec ffv1",
    "texture": f"art.png -o out.png {QUICK}",
    "resume": "it.state",
    "watch": "frames out --style starry-night --once --settled 0",
    "studio": "--new-account anna",
    "style": "art.png -o art.style",
    "styles": "",
    "train": "art.png -o mine.style --dry-run",
    "export": "--style starry-night -o network.onnx",
    "models list": "",
    "models fetch": "tiny",
    "models import": "network.safetensors --name mine",
    "models verify": "tiny",
    "models path": "",
    "plugin install": "krita --folder krita",
    "plugin list": "",
    "plugin remove": "krita --folder krita",
    "plugin path": "krita --folder krita",
    "inspect layers": f"photo.png art.png --rows style_scale=1 --columns style_weight=1 {STUDY}",
    "inspect losses": "log.csv -o figure.png",
    "inspect encoders": f"photo.png art.png --networks tiny {STUDY}",
    "inspect features": "photo.png --size 48 --layers relu1_1 -o figure.png",
    "inspect reconstruct": "photo.png --size 48 --iterations 1 --content-layers relu1_1 --style-layers ''",
    "inspect style": "art.png starry-night --size 48 -o figure.png",
    "explain": f"photo.png art.png -o page.html {QUICK}",
    "measure": "art.png photo.png art.png",
    "doctor": "--no-test",
    "config": "stylize",
}


def labels() -> Iterator[str]:
    for name in COMMANDS:
        if not of_other_program(name):
            parts = getattr(load(name), "commands", None)
            yield from [name] if parts is None else (f"{name} {part}" for part in parts)


def events(*words: str) -> list[dict[str, Any]]:
    result = run(*words, "--json")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(isinstance(event.get("event"), str) for event in found), result.output
    return found


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMPASTO_WEIGHTS_DIR", str(tmp_path / "weights"))
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    for name, seed in (("photo.png", 1), ("art.png", 2)):
        imaging.write(Picture(blobs(48, 48, seed=seed)), tmp_path / name)


def prepare(label: str) -> None:
    if label in ("video", "watch"):
        Path("frames").mkdir()
        imaging.write(Picture(blobs(48, 32, seed=1)), "frames/00001.png")
    elif label == "inspect losses":
        run(*shlex.split(f"stylize photo.png art.png -o out.png {QUICK} --log log.csv"))
    elif label.startswith("plugin"):
        Path("krita").mkdir()
        if label == "plugin remove":
            run("plugin", "install", "krita", "--folder", "krita")
    elif label == "models import":
        from tests.cli.test_measure import save_judge

        Path(save_judge(Path(), 8)).rename("network.safetensors")
    elif label == "resume":
        from tests.cli.test_resume import begin

        begin()


def test_the_lines_here_are_of_every_command() -> None:
    assert set(labels()) == set(LINES)


@pytest.mark.parametrize("label", LINES)
def test_every_command_prints_lines_of_json_and_its_result_last(
    label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(label)
    if label == "explain":
        from tests.inspection.test_page import make_small

        make_small(monkeypatch)
    found = events(*label.split(), *shlex.split(LINES[label]))
    assert (found[-1]["event"], found[-1]["command"]) == ("result", label), found[-1]
    assert all(event["event"] != "result" for event in found[:-1])


@pytest.mark.parametrize("label", LINES)
def test_what_cannot_be_run_is_an_event_too(label: str) -> None:
    (error,) = events(*label.split(), "--no-such-option")
    assert error == {"event": "error", "command": label, "error": error["error"], "code": 2}
    assert "--no-such-option" in error["error"]


@pytest.mark.parametrize(("command", "words"), [("", "fst --json"), ("inspect", "inspect nope --json")])
def test_an_unknown_command_is_an_event_too(command: str, words: str) -> None:
    (error,) = map(json.loads, run(*words.split()).stdout.splitlines())
    assert (error["event"], error["command"], error["code"]) == ("error", command, 2)
    assert "No such command" in error["error"]


def test_an_error_at_work_is_an_event_with_its_command() -> None:
    (error,) = events("measure", "none.png", "photo.png", "art.png")
    assert (error["event"], error["command"]) == ("error", "measure")
    assert "none.png" in error["error"]


def test_several_pictures_are_an_event_each() -> None:
    Path("many").mkdir()
    imaging.write(Picture(blobs(48, 32, seed=1)), "many/a.png")
    Path("many/b.png").write_text("no picture")
    painted, failed, result = events("fast", "many", "starry-night", "-o", "out")
    assert (painted["event"], painted["output"]) == ("painted", str(Path("out/a-starry-night.png")))
    assert (failed["event"], failed["content"]) == ("failed", str(Path("many/b.png")))
    assert (result["painted"], result["failed"]) == (1, 1)


def test_a_command_without_json_prints_none_after_one_with_it() -> None:
    """In one process, as programs that embed the command and tests do."""
    assert events("fast", "missing.png", "starry-night", "-o", "out.png")[-1]["event"] == "error"
    assert run("neural-style", "-content_image", "missing.png").stdout == ""
    assert run("--nonsense").stdout == ""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_line_is_ascii_whatever_the_name(capsys: pytest.CaptureFixture[str]) -> None:
    print_event("note", note=os.fsdecode("é".encode() + b"\xff"), losses={"total": float("nan")})
    line = capsys.readouterr().out
    assert line.isascii()
    assert json.loads(line) == {"event": "note", "note": "é\udcff", "losses": {"total": None}}


@pytest.mark.skipif(os.name != "posix", reason="pipes have names there only")
def test_a_pipe_of_any_name_is_named_in_a_line() -> None:
    os.mkfifo('a"b')
    writer = threading.Thread(target=lambda: Path('a"b').write_bytes(Path("photo.png").read_bytes()))
    writer.start()
    painted, _ = events("fast", 'a"b', "starry-night", "-o", "out.png")
    writer.join()
    assert painted["content"] == 'a"b'


@pytest.mark.parametrize(
    "words", ["- no-such", "- starry-night --bogus", "photo.png starry-night -o - --bogus"]
)
def test_an_error_is_never_printed_among_the_bytes_of_a_picture(words: str) -> None:
    data = Path("photo.png").read_bytes()
    result = CliRunner().invoke(app, ["fast", *words.split(), "--json"], input=data)
    assert (result.exit_code, result.stdout) == (2, "")
    assert json.loads(result.stderr.splitlines()[-1])["event"] == "error"


def test_an_error_is_an_event_where_a_variable_asks_for_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_JSON", "1")
    (error,) = map(json.loads, run("fast", "photo.png", "--bogus").stdout.splitlines())
    assert (error["event"], error["command"]) == ("error", "fast")
