"""The commands are loaded when asked for, and look as if they had been there from the start."""

from __future__ import annotations

import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from typer.testing import CliRunner

from impasto.cli import app
from impasto.cli.commands import COMMANDS, load
from tests.cli.running import refused, run

HEAVY = ("numpy", "PIL", "torch", "onnxruntime", "importlib.metadata", "urllib.request")


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
        "impasto.cli.common_options",
        "impasto.cli.exit_codes",
        "impasto.cli.standard_streams",
        "impasto.cli.defaults",
        "impasto.cli.json_lines",
        "impasto.cli.new_files",
        "impasto.cli.streams",
    }
    assert not loaded & set(HEAVY)


def test_a_command_is_loaded_without_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMPASTO_FORCE")  # a default of other commands
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
    assert completed("impasto sty") == ["stylize", "style", "styles", "style-transfer"]
    assert completed("impasto batch --ret") == ["--retries"]
    assert completed("impasto inspect fe") == ["features"]
    assert completed("impasto inspect features --ch") == ["--channels"]


def test_the_shell_completes_names_and_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "star.jpg").touch()
    assert completed("impasto stylize photo.jpg star") == ["starry-night", "star.jpg"]
    assert completed("impasto stylize photo.jpg star --preset dr") == ["draft"]
    assert completed("impasto stylize photo.jpg star --encoder vgg16-") == ["vgg16-caffe"]
    layers = completed("impasto stylize photo.jpg star --style-layers relu1_1,relu2")
    assert layers == ["relu1_1,relu2_1", "relu1_1,relu2_2"]


def test_an_unknown_command_is_refused_with_the_nearest() -> None:
    done = CliRunner().invoke(app, ["fst"], prog_name="impasto")
    assert done.exit_code == 2
    assert done.stderr == "impasto: No such command 'fst'. Did you mean 'fast'?; see impasto --help\n"


def commands_that_compute() -> list[tuple[str, ...]]:
    return [
        (name, *sub)
        for name, listed in COMMANDS.items()
        if listed.computes
        for sub in ([(one,) for one in getattr(load(name), "commands", ())] or [()])
    ]


@pytest.mark.parametrize("words", commands_that_compute(), ids=" ".join)
def test_every_command_that_computes_takes_a_number_of_threads(words: tuple[str, ...]) -> None:
    command = load(words[0])
    for sub in words[1:]:
        command = command.commands[sub]
    assert sum("--threads" in option.opts for option in command.params) == 1


@pytest.mark.parametrize("given", [{}, {"GOMP_SPINCOUNT": "7"}, {"OMP_WAIT_POLICY": "ACTIVE"}])
def test_threads_are_limited_and_sleep_while_they_wait_unless_told_otherwise(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code = (
        "import os, sys\nsys.argv = ['impasto', 'inspect', 'layers', '--threads', '3', 'tiny']\n"
        "from impasto.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*(os.environ.get(n) for n in ('OMP_NUM_THREADS', 'OMP_WAIT_POLICY', 'GOMP_SPINCOUNT')))"
    )
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    subprocess.run([sys.executable, "-c", code], check=True)
    last = capfd.readouterr().out.splitlines()[-1].split()
    expected = given or {"OMP_WAIT_POLICY": "PASSIVE"}
    assert last == ["3", *(expected.get(n, "None") for n in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"))]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["fast", "", "starry-night", "-o", "out.png"], "an argument"),
        (["fast", "photo.png", "", "-o", "out.png"], "an argument"),
        (["fast", "photo.png", "starry-night", "-o", ""], "-o"),
        (["fast", "photo.png", "starry-night", "--output="], "--output"),
        (["stylize", "photo.png", "starry-night", "-o", "out.png", "--protect", ""], "--protect"),
        (["batch", "", "--style", "starry-night", "-o", "out"], "an argument"),
        (["batch", ".", "--style", "", "-o", "out"], "--style"),
    ],
)
def test_an_empty_name_is_not_the_current_folder(words: list[str], what: str) -> None:
    refused(run(*words), f"expected a name for {what}; got an empty one")


def test_an_interrupt_that_a_library_took_for_a_failed_import_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def list_styles() -> None:
        raise ImportError("initialization failed") from KeyboardInterrupt()

    monkeypatch.setattr("impasto.cli.style.list_styles", list_styles)
    done = run("styles")
    assert (done.exit_code, done.stderr) == (130, "impasto: interrupted\n")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried"
        ),
        ValueError(
            "array is too big; `arr.size * arr.dtype.itemsize` is larger than the maximum possible size."
        ),
        RuntimeError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Failed to allocate memory for requested"),
    ],
)
def test_too_little_memory_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def list_styles() -> None:
        raise error

    monkeypatch.setattr("impasto.cli.style.list_styles", list_styles)
    refused(run("styles"), "not enough memory (")


def test_a_warning_that_two_parts_of_a_command_give_is_printed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def list_styles() -> None:
        for words in ("one", "one", "two"):
            warnings.warn(words, stacklevel=1)

    monkeypatch.setattr("impasto.cli.style.list_styles", list_styles)
    monkeypatch.setattr(warnings, "filters", [("always", None, Warning, None, 0)])
    assert run("styles").stderr == "impasto: warning: one\nimpasto: warning: two\n"


def test_a_command_ends_at_once() -> None:
    # Handlers run in the opposite order: the one that tells is the last of all.
    code = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 10_000))\n"
        "from impasto.cli import main\nsys.argv = ['impasto', '--version']\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True", "all objects are searched for garbage before it ends"


@pytest.mark.parametrize("module", ["impasto.cli", "typer", "impasto.cli.commands"])
def test_ctrl_c_while_the_command_is_loaded_ends_it_in_one_line(module: str) -> None:
    code = (
        "import sys\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}:\n"
        "            raise KeyboardInterrupt\n"
        "from impasto.__main__ import main\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "main()\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (130, "impasto: interrupted\n")


def test_ctrl_c_while_a_command_is_parsed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("typer.core.TyperGroup.make_context", interrupted)
    found = run("styles", "--json")
    assert (found.exit_code, found.stderr) == (130, "impasto: interrupted\n")
    assert '"error": "interrupted"' in found.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="signals end a process differently there")
def test_ctrl_c_while_python_ends_prints_nothing() -> None:
    code = (
        "import atexit, os, signal, sys\n"
        "atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))\n"
        "from impasto.__main__ import main\n"
        "sys.argv = ['impasto', '--version']\n"
        "main()\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (-signal.SIGINT, "")
    assert found.stdout.startswith("impasto ")
