"""Progress as users see it: on a terminal, in a pipe, with --quiet and with --json."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from impasto.cli import json_lines
from impasto.cli.display import Display, describe, describe_left, line
from impasto.progress import Progress

PAINTING = Progress(
    done=0.42,
    elapsed=4.0,
    left=5.6,
    step=12,
    steps=30,
    unit="iteration",
    level=3,
    levels=5,
    width=512,
    height=384,
    losses={"total": 2.51, "content relu4_2": 0.61, "style relu1_1": 1.4, "style relu2_1": 0.5},
)
FILM = Progress(done=0.25, left=120.0, step=12, steps=48, unit="frame", parts=(PAINTING,))
BATCH = Progress(done=0.5, left=600.0, step=20, steps=40, unit="picture", failed=1)
DOWNLOAD = Progress(stage="vgg19", done=0.5, step=40_000_000, steps=80_000_000, unit="byte")


class Terminal(io.StringIO):
    """A stream that is a terminal, and what is seen on it."""

    def isatty(self) -> bool:
        return True

    def screens(self) -> list[list[str]]:
        """What is to be seen before each time that the cursor goes up, and in the end."""
        lines, row, found = [""], 0, []
        for code, text in re.findall(r"\x1b\[([?\d;]*[A-Za-z])|(\r|\n|[^\x1b\r\n]+)", self.getvalue()):
            if code.endswith("A"):
                if not found or found[-1] != lines:
                    found.append(list(lines))
                row -= int(code[:-1] or 1)
            elif code == "2K":
                lines[row] = ""
            elif text == "\n":
                row += 1
                lines += [""] * (row == len(lines))
            elif text != "\r":  # a code for a colour has no text
                lines[row] += text
        return [[one.rstrip() for one in screen if one.strip()] for screen in [*found, lines]]


@pytest.fixture(autouse=True)
def terminal_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "130")
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (PAINTING, "42%, iteration 12 of 30, level 3 of 5, 512x384, content 0.61  style 1.9, 6 s left"),
        (FILM, "25%, frame 12 of 48, 18 a minute, 2 min left"),
        (BATCH, "50%, picture 20 of 40, 1 failed, 2 a minute, 10 min left"),
        (DOWNLOAD, "50%, vgg19, 40.0 of 80.0 MB"),
        (Progress(step=7, unit="frame"), "frame 7"),
        (Progress(step=3_000_000, unit="byte"), "3.0 MB"),
        (Progress(stage="painting from noise", done=0.1), "10%, painting from noise"),
        (Progress(stage="strokes", step=1, steps=9, recoveries=2), "0%, strokes, step 1 of 9, 2 recoveries"),
    ],
)
def test_an_event_is_one_line(event: Progress, expected: str) -> None:
    assert line(event) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (None, ""),
        (0.2, "0 s left"),
        (99.0, "99 s left"),
        (600.0, "10 min left"),
        (9000.0, "2 h 30 min left"),
    ],
)
def test_time_left_is_said_as_people_say_it(left: float | None, expected: str) -> None:
    assert describe_left(Progress(left=left)) == expected


def test_a_terminal_shows_a_bar_with_a_row_for_each_part_and_nothing_in_the_end() -> None:
    terminal = Terminal()
    with Display("bar", terminal) as display:
        display(FILM)
        (first,) = terminal.screens()
        display.say("frames 3 to 9 again: killed")
        display(Progress(done=0.5, step=24, steps=48, unit="frame"))
    film, part = first
    assert re.fullmatch(r"frame 12 of 48, 18 a minute +[━╸╺]+ +25% 2 min left", film)
    assert re.fullmatch(
        r"iteration 12 of 30, level 3 of 5, 512x384 +[━╸╺]+ +42% 6 s left +content 0.61  style 1.9", part
    )
    *_, last, end = terminal.screens()
    assert last[0] == "impasto: frames 3 to 9 again: killed"
    assert re.fullmatch(r"frame 24 of 48 +[━╸╺]+ +50%", last[1])
    assert end == ["impasto: frames 3 to 9 again: killed"]


def test_a_narrow_terminal_shows_no_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    terminal = Terminal()
    with Display("bar", terminal) as display:
        display(PAINTING)
        ((row,),) = terminal.screens()
    assert re.fullmatch(r"iteration 12 of 30, level 3 of 5, 512x384 +[━╸╺]+ +42% 6 s left", row)
    assert len(row) <= 80


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_a_pipe_gets_a_line_now_and_then(stream: type[io.StringIO], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")  # of which no bar is expected either
    clock, pipe = Clock(), stream()
    with Display("bar", pipe, clock) as display:
        for second in range(36):
            clock.now = float(second)
            display(Progress(done=second / 36, step=second, steps=36))
        display.say("a note")
    steps = ["28%, step 10 of 36", "56%, step 20 of 36", "83%, step 30 of 36", "a note"]
    assert pipe.getvalue() == "".join(f"impasto: {words}\n" for words in steps)


def test_lines_are_rarer_in_long_work() -> None:
    clock, pipe = Clock(), io.StringIO()
    display = Display("bar", pipe, clock)
    for second in range(0, 36_000, 5):
        clock.now = float(second)
        display(Progress(step=second))
    assert 50 < len(pipe.getvalue().splitlines()) < 200


def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for stream in (io.StringIO(), Terminal()):
        with Display("nothing", stream, Clock()) as display:
            display(FILM)
            display.say("a note")
        display.finish("painted: out.png", output="out.png")
        assert stream.getvalue() == ""
    assert capsys.readouterr() == ("", "")


def test_json_is_every_event_as_a_line_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    stream = Terminal()
    json_lines.begin("video", asked=True)
    with Display("json", stream) as display:
        display(FILM)
        display.say("again: out.png", state="retrying", output="out.png")
        display.say("a note")
    display.finish("painted: out.png", output="out.png")
    film, *others = map(json.loads, capsys.readouterr().out.splitlines())
    assert film.pop("event") == "progress"
    assert Progress.from_dict(film) == FILM
    assert others == [
        {"event": "note", "state": "retrying", "output": "out.png"},
        {"event": "note", "note": "a note"},
        {"event": "result", "command": "video", "output": "out.png"},
    ]
    assert stream.getvalue() == ""


def test_the_result_is_on_standard_output_and_progress_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    with Display("bar", clock=clock) as display:
        display(Progress())
        clock.now = 11.0
        display(BATCH)
    display.finish("done: out", state="finished")
    assert capsys.readouterr() == ("done: out\n", f"impasto: {line(BATCH)}\n")


def test_no_thread_outlives_the_bar() -> None:
    """One that held a tensor as Python ended would abort the process after its work."""
    ours, theirs = pty.openpty()
    before = set(threading.enumerate())
    with os.fdopen(theirs, "w") as terminal:
        display = Display("bar", stream=terminal)
        display(Progress())
        assert set(threading.enumerate()) > before
        display.close()
        assert set(threading.enumerate()) == before
    os.close(ours)


def test_a_command_on_a_terminal_and_in_a_pipe(photo_file: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "impasto", "stylize", str(photo_file), "starry-night", "-o", "out.png"]
    command += ["--size", "48", "--iterations", "3", "--save-every", "2"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        terminal = Terminal()
        while True:
            try:
                terminal.write(os.read(ours, 4096).decode())
            except OSError:  # the other end is closed
                break
        assert process.stdout is not None
        printed = process.stdout.read()
    os.close(ours)
    assert process.returncode == 0
    assert re.fullmatch(r"painted: out.png \(48x\d+, [\d.]+ s\)\n", printed)
    *_, bar, end = terminal.screens()
    assert end == bar[:1] == ["impasto: saved out_0002.png"]
    assert re.match(r"iteration 3 of 3, 48x\d+ +[━╸╺]+ 100%", bar[1])
    piped = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = [line for line in piped.stderr.splitlines() if "%" not in line]  # which a slow machine may have
    assert lines == ["impasto: saved out_0002.png"]
    assert describe(PAINTING) not in piped.stdout
