"""The commands are loaded when asked for, and look as if they had been there from the start."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from impasto.cli import app
from impasto.cli.commands import COMMANDS, load

HEAVY = ("numpy", "PIL", "torch", "onnxruntime")


def loaded_by(*words: str) -> set[str]:
    """The modules in memory after ``impasto WORDS``."""
    code = (
        "import sys\nfrom impasto.cli import app\n"
        "try:\n    app(sys.argv[1:])\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def completed(words: str) -> list[str]:
    """What the shell offers for the last of ``words``."""
    asked = {
        "_IMPASTO_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    return CliRunner().invoke(app, [], prog_name="impasto", env=asked).stdout.split()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_s_line_is_the_first_paragraph_of_its_help(name: str) -> None:
    first = load(name).help.partition("\n\n")[0]
    assert COMMANDS[name].line == " ".join(first.split())


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_the_list_of_commands_loads_none_of_them(words: tuple[str, ...]) -> None:
    loaded = loaded_by(*words)
    assert {name for name in loaded if name.startswith("impasto.cli")} == {
        "impasto.cli",
        "impasto.cli.commands",
    }
    assert not loaded & set(HEAVY)


def test_a_command_is_loaded_without_the_others() -> None:
    loaded = loaded_by("styles", "--help")
    homes = {f"impasto.cli.{listed.home.partition(':')[0]}" for listed in COMMANDS.values()}
    assert loaded & homes == {"impasto.cli.style"}


def test_the_list_has_every_command_and_its_line() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
    for name, listed in COMMANDS.items():
        assert f" {name} " in shown
        assert listed.line in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_s_help_is_its_own(name: str) -> None:
    done = CliRunner().invoke(app, [name, "-h"], prog_name="impasto")
    assert done.exit_code == 0, done.output
    assert f"impasto {name}" in done.stdout
    assert "--install-completion" not in done.stdout


def test_the_shell_completes_commands_and_their_options() -> None:
    assert completed("impasto sty") == ["stylize", "style-transfer", "style", "styles"]
    assert completed("impasto batch --ret") == ["--retries"]
    assert completed("impasto inspect fe") == ["features"]
    assert completed("impasto inspect features --ch") == ["--channels"]


def test_an_unknown_command_is_refused_with_the_nearest() -> None:
    done = CliRunner().invoke(app, ["fst"], prog_name="impasto")
    assert done.exit_code == 2
    assert done.stderr == "impasto: No such command 'fst'. Did you mean 'fast'?; see impasto --help\n"
