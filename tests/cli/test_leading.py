"""Options of every command may stand before it; others there are answered with where they belong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from impasto import threads
from impasto.cli.commands import COMMANDS, load, of_other_program
from impasto.weights import is_offline
from tests.cli.running import refused, run


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMPASTO_OFFLINE", "0")  # undone afterwards, with what the commands set
    monkeypatch.delenv("IMPASTO_FORCE", raising=False)
    monkeypatch.setenv("IMPASTO_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").touch()


@pytest.mark.parametrize("words", ["-q styles", "--quiet models list", "models -q list", "models list -q"])
def test_quiet_is_quiet_wherever_it_stands(words: str) -> None:
    done = run(*words.split())
    assert (done.exit_code, done.output) == (0, "")


@pytest.mark.parametrize("options", ["--json", "-q --json", "--json -v"])
@pytest.mark.parametrize("command", ["styles", "models list"])
def test_json_before_a_command_is_that_of_the_command(options: str, command: str) -> None:
    done = run(*options.split(), *command.split())
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["command"] == command
    assert ("of memory at most" in done.stderr) is ("-v" in options)


def test_errors_are_events_behind_any_number_of_options() -> None:
    done = run("--json", "--threads", "2", "-q", "fast", "none.png", "starry-night")
    (event,) = map(json.loads, done.stdout.splitlines())
    assert (event["command"], event["code"]) == ("fast", 2)


def test_threads_before_a_command_are_checked_and_those_after_it_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(threads, "limit", asked.append)
    run("--threads", "3", "inspect", "losses", "none.csv")
    run("--threads=3", "inspect", "--threads", "4", "losses", "none.csv")
    run("--threads", "3", "inspect", "losses", "none.csv", "--threads", "5")
    assert asked == [3, 4, 5]
    refused(run("--threads", "0", "fast", "a.png", "b.png"), "--threads", "; got '0'")
    refused(run("fast", "a.png", "b.png", "--threads", "9" * 400), "--threads", "less than or equal to 1024")
    refused(run("--threads", "2", "styles"), "No such option: --threads; see root styles --help")


@pytest.mark.parametrize(
    ("said", "count"),
    [("3", 3), ("1024", 1024), ("9" * 40, 1024), ("9" * 5000, None), ("0", None), ("", None)],
)
def test_more_threads_than_there_can_be_are_the_most(said: str, count: int | None) -> None:
    assert threads.allowed({"OMP_NUM_THREADS": said}) == count


@pytest.mark.parametrize("words", ["--offline styles", "styles --offline", "models --offline list"])
def test_offline_is_taken_before_a_command_and_after_it(words: str) -> None:
    assert not is_offline()
    assert run(*words.split()).exit_code == 0
    assert is_offline()


@pytest.mark.parametrize(("variable", "expected"), [("", True), ("0", False)])
def test_offline_may_be_a_default_of_ones_own_which_the_variable_overrules(
    variable: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("config.toml").write_text("offline = true\n", encoding="utf-8")
    monkeypatch.setenv("IMPASTO_OFFLINE", variable)
    assert run("styles").exit_code == 0
    assert is_offline() is expected


def test_force_before_a_command_overwrites() -> None:
    rows = "iteration,level,width,height,seconds,total\n1,1,16,16,0.5,3\n2,1,16,16,0.9,2\n"
    Path("log.csv").write_text(rows, encoding="utf-8")
    Path("out.png").write_text("mine", encoding="utf-8")
    refused(run("inspect", "losses", "log.csv", "-o", "out.png"), "out.png exists")
    assert run("--force", "inspect", "losses", "log.csv", "-o", "out.png").exit_code == 0
    assert Path("out.png").stat().st_size > 100


@pytest.mark.parametrize(
    "name", [name for name in COMMANDS if not of_other_program(name) and not hasattr(load(name), "commands")]
)
def test_every_command_takes_what_stood_before_it(name: str) -> None:
    assert run("-q", "-v", "--json", "--offline", name, "--help").exit_code == 0


def test_options_before_a_group_alone_leave_its_help() -> None:
    assert "Usage: root models [OPTIONS] COMMAND" in run("-q", "models").output
    refused(run("-q"), "Missing command")
    assert run("-q", "help", "styles").exit_code == 0


@pytest.mark.parametrize("option", ["-q", "--json", "--threads=2"])
def test_the_command_lines_of_other_programs_stay_theirs(option: str) -> None:
    done = run(option, "neural-style", "-content_image", "a.png")
    words = "expected impasto neural-style with only the options of that program; got"
    assert (done.exit_code, words in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--size 512 fast a.png b.png", "; it goes after the command: impasto fast --size;"),
        ("-o x.png stylize a.png b.png", "; it goes after the command: impasto stylize -o;"),
        ("--size 512 a.png b.png", "; it goes after the command: impasto stylize --size;"),
        ("--columns 3 inspect style", "; it goes after the command: impasto inspect layers --columns;"),
        ("--nonsense fast a.png b.png", "No such option: --nonsense; see root --help"),
        ("a.png starry-night", "; to paint a photograph: impasto stylize a.png STYLE;"),
        ("-q config.toml", "; to paint a photograph: impasto stylize config.toml STYLE;"),
        ("fst", "No such command 'fst'. Did you mean 'fast'?; see root --help"),
    ],
)
def test_what_stands_in_the_wrong_place_is_answered_with_what_to_type(words: str, said: str) -> None:
    refused(run(*words.split()), said)
