from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from impasto import imaging
from impasto.plugins import client, installation
from impasto.plugins.client import (
    ChosenStyle,
    FilmRequest,
    PaintingCancelled,
    PaintingError,
    PaintingRequest,
    ProgramClient,
)
from impasto.types import Picture
from tests.conftest import blobs
from tests.plugins.conftest import StandIn
from tests.waiting import until

SOURCE = Path(client.__file__)
GLUE = sorted((SOURCE.parent / "data").rglob("*.py"))


def ignore(*_: Any) -> None:
    pass


def never() -> bool:
    return False


@pytest.fixture
def request_(tmp_path: Path, photo_file: Path) -> PaintingRequest:
    return PaintingRequest(str(photo_file), (ChosenStyle("starry-night"),), str(tmp_path / "out.png"))


def test_the_client_needs_the_standard_library_only() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(SOURCE.parent)!r}); before = set(sys.modules); import client; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names) - {'client'}))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", [SOURCE, *GLUE], ids=lambda path: path.name)
def test_plug_ins_are_written_in_the_python_of_old_hosts(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_progress_is_reported_and_the_picture_is_written(program: StandIn, request_: PaintingRequest) -> None:
    seen: list[tuple[float | None, str]] = []
    ProgramClient(program.settings()).paint(request_, lambda *event: seen.append(event), never)
    assert seen == [
        (None, ""),
        (0.25, "strokes, 3 s left"),
        (0.5, "strokes, 2 s left"),
        (0.75, "strokes, 1 s left"),
        (1.0, "strokes, 0 s left"),
    ]
    assert Path(request_.output).read_bytes() == Path(request_.photo).read_bytes()


def test_the_fast_engine_gets_its_options(program: StandIn, request_: PaintingRequest) -> None:
    styles = (ChosenStyle("great-wave", 2), ChosenStyle("/a/painting.jpg", 1))
    asked = replace(request_, styles=styles, size=300, strength=0.5, stroke_size=2, keep_color=True)
    ProgramClient(program.settings()).paint(asked, ignore, never)
    assert program.arguments == [
        *("fast", asked.photo, "great-wave:2", "/a/painting.jpg:1", "-o", asked.output, "--strength", "0.5"),
        *("--stroke-size", "2", "--keep-color", "--size", "300", "--json"),
    ]


def test_half_the_strength_is_a_quarter_of_the_style_weight(
    program: StandIn, request_: PaintingRequest
) -> None:
    asked = replace(request_, engine="stylize", strength=0.5, preset="draft", seed=3)
    ProgramClient(program.settings()).paint(asked, ignore, never)
    words = program.arguments
    assert words[: words.index("-o")] == ["stylize", asked.photo, "starry-night"]
    assert words[words.index("--style-weight") + 1] == "2"  # of 8
    assert words[words.index("--preset") + 1] == "draft"
    assert words[words.index("--seed") + 1] == "3"


def test_masks_are_given_in_the_order_of_the_styles_and_replace_shares(
    program: StandIn, request_: PaintingRequest
) -> None:
    styles = (ChosenStyle("great-wave", 2, "sea.png"), ChosenStyle("starry-night", 1, "sky.png"))
    asked = replace(request_, styles=styles, protect="face.png")
    ProgramClient(program.settings()).paint(asked, ignore, never)
    masks = ["--content-mask", "sea.png", "--content-mask", "sky.png", "--protect", "face.png", "--json"]
    assert program.arguments[-7:] == masks
    assert program.arguments[2:4] == ["great-wave", "starry-night"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"styles": ()}, "expected a style; got none"),
        ({"engine": "slow"}, "expected engine to be one of fast, stylize; got 'slow'"),
        ({"engine": "stylize", "preset": "odd"}, "unknown preset 'odd'"),
        ({"styles": (ChosenStyle("a", 1, "m.png"), ChosenStyle("b"))}, "a mask for every style or for none"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_before_the_program_starts(
    change: dict[str, Any], words: str, program: StandIn, request_: PaintingRequest
) -> None:
    with pytest.raises(PaintingError, match=words):
        ProgramClient(program.settings()).paint(replace(request_, **change), ignore, never)
    assert program.records == []


def test_the_program_s_own_words_are_the_error(program: StandIn, request_: PaintingRequest) -> None:
    program.behave(refuse="unknown style 'starry-nigth'; did you mean 'starry-night'?")
    with pytest.raises(PaintingError) as refused:
        ProgramClient(program.settings()).paint(request_, ignore, never)
    assert str(refused.value) == "unknown style 'starry-nigth'; did you mean 'starry-night'?"


def test_a_program_that_writes_nothing_is_an_error(program: StandIn, request_: PaintingRequest) -> None:
    program.behave(forgetful=True)
    with pytest.raises(PaintingError, match="ended without writing"):
        ProgramClient(program.settings()).paint(request_, ignore, never)


def test_a_program_that_is_gone_is_an_error_that_says_what_to_do(
    program: StandIn, request_: PaintingRequest, tmp_path: Path
) -> None:
    gone = replace(program.settings(), command=(str(tmp_path / "gone"),))
    with pytest.raises(PaintingError, match="impasto plugin install"):
        ProgramClient(gone).paint(request_, ignore, never)


def test_cancelling_ends_the_program(program: StandIn, request_: PaintingRequest) -> None:
    program.behave(for_ever=True)
    reports: list[Any] = []
    with pytest.raises(PaintingCancelled):
        ProgramClient(program.settings()).paint(
            request_, lambda *event: reports.append(event), lambda: len(reports) > 5
        )
    assert not psutil.pid_exists(program.records[-1]["pid"])
    assert not Path(request_.output).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes in another way")
def test_a_host_that_is_killed_takes_the_program_with_it(
    program: StandIn, request_: PaintingRequest, tmp_path: Path
) -> None:
    program.behave(for_ever=True)
    (tmp_path / client.SETTINGS).write_text(
        json.dumps(installation.settings() | {"command": program.command})
    )
    code = (
        "import sys; from impasto.plugins.client import *\n"
        "settings = ClientSettings.read(sys.argv[1])\n"
        "request = PaintingRequest(sys.argv[2], (ChosenStyle('starry-night'),), sys.argv[3])\n"
        "make_client(settings).paint(request, lambda *_: None, lambda: False)"
    )
    command = [sys.executable, "-c", code, str(tmp_path), request_.photo, request_.output]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as host:
        until(lambda: bool(program.records))
        os.kill(host.pid, signal.SIGKILL)
    until(lambda: not psutil.pid_exists(program.records[-1]["pid"]))


def test_what_is_meant_for_the_host_s_python_is_kept_from_the_program(
    program: StandIn, request_: PaintingRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"PYTHONHOME": "/app", "LD_LIBRARY_PATH": "/app/lib", "LD_LIBRARY_PATH_ORIG": "/mine"}
    assert client.environment({**given, "HOME": "/home/me"}) == {
        "HOME": "/home/me",
        "LD_LIBRARY_PATH": "/mine",
        "LD_LIBRARY_PATH_ORIG": "/mine",
        "PYTHONIOENCODING": "utf-8",
    }
    monkeypatch.setenv("PYTHONSTARTUP", "/app/start.py")
    ProgramClient(program.settings()).paint(request_, ignore, never)
    assert "PYTHONSTARTUP" not in program.records[-1]["environment"]


def test_films_and_style_files_get_their_options(program: StandIn, tmp_path: Path, photo_file: Path) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    (frames / "0.png").write_bytes(photo_file.read_bytes())
    film = FilmRequest(str(frames), (ChosenStyle("great-wave"),), str(tmp_path / "a"), steadiness=0.5)
    painter = ProgramClient(program.settings())
    painter.film(film, ignore, never)
    words = ["video", str(frames), "--style", "great-wave", "-o", str(tmp_path / "a"), "--strength", "1.0"]
    assert program.arguments == [*words, "--stroke-size", "1.0", "--keep", "0.5", "--json"]
    painter.film(replace(film, optimize=True, output=str(tmp_path / "b")), ignore, never)
    assert "--optimize" in program.arguments
    assert "--keep" not in program.arguments
    style = str(tmp_path / "mine.style")
    painter.measure_style([str(photo_file)], style, "Mine", ignore, never)
    assert program.arguments == ["style", str(photo_file), "-o", style, "--title", "Mine"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"command": 3}', '{"command": [], "styles": []}'])
def test_settings_that_cannot_be_read_are_refused_with_what_to_do(text: str, tmp_path: Path) -> None:
    (tmp_path / client.SETTINGS).write_text(text)
    with pytest.raises(PaintingError, match="impasto plugin install"):
        client.ClientSettings.read(tmp_path)


def test_the_installed_program_paints(tmp_path: Path, request_: PaintingRequest) -> None:
    (tmp_path / client.SETTINGS).write_text(json.dumps(installation.settings()))
    painter = client.make_client(client.ClientSettings.read(tmp_path))
    painter.paint(replace(request_, size=48), ignore, never)
    assert imaging.read(request_.output).width == 48
    with pytest.raises(PaintingError, match="starry-nigth"):
        painter.paint(replace(request_, styles=(ChosenStyle("starry-nigth"),)), ignore, never)


@pytest.mark.slow
def test_the_installed_program_optimises_paints_films_and_measures_styles(
    tmp_path: Path, request_: PaintingRequest
) -> None:
    (tmp_path / client.SETTINGS).write_text(json.dumps(installation.settings()))
    painter = client.make_client(client.ClientSettings.read(tmp_path))
    shares: list[float | None] = []
    style = str(tmp_path / "mine.style")
    painter.measure_style([request_.photo], style, "Mine", ignore, never)
    styles = (ChosenStyle("great-wave", 2), ChosenStyle(style, 1))
    asked = replace(request_, engine="stylize", size=64, styles=styles, keep_color=True)
    painter.paint(asked, lambda done, _: shares.append(done), never)
    assert imaging.read(request_.output).width == 64
    assert shares[0] is None
    assert shares[-1] == 1.0
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in range(3):
        imaging.write(Picture(blobs(64, 48, seed=number)), frames / f"{number:06}.png")
    painter.film(FilmRequest(str(frames), styles, str(tmp_path / "painted"), size=64), ignore, never)
    assert len(list((tmp_path / "painted").glob("*.png"))) == 3
