"""Every command line of ours that is written anywhere is one that the command line takes."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from impasto.catalogue.lookup import named_styles
from impasto.cli.commands import COMMANDS, load
from impasto.cli.compat import neural_style_options, style_transfer_options
from impasto.errors import OptionError

ROOT = Path(__file__).parents[1]
WHERE = [
    "*.md",
    "Makefile",
    "Dockerfile",
    "compose.yaml",
    "docs/**/*.md",
    "examples/*",
    "recipes/**/*.md",
    "recipes/**/*.py",
    "benchmarks/**/*.md",
    "benchmarks/**/*.py",
    "src/**/*.py",
    "studio-page/*.html",
    "studio-page/src/*.ts",
]
FILES = sorted({path for pattern in WHERE for path in ROOT.glob(pattern) if path.is_file()})
LEADING = re.compile(r"^(?:\$ |# +|made by: |torchrun .*-m |python -m |.*\bmade by: )?impasto (?=[a-z-])")
USAGE_ERROR: Any = typer.BadParameter.__base__


class Line(NamedTuple):
    """A command line. ``whole``: it is to be typed as it is, and not a mention with placeholders."""

    where: str
    words: list[str]
    whole: bool


def lines_of(path: Path) -> Iterator[Line]:
    """Yield the command lines in ``path``: those on a line of their own, and those between backticks."""
    text = path.read_text(encoding="utf-8")
    where = path.relative_to(ROOT).as_posix()
    joined = re.sub(r" *\\{1,2}\n\s*", " ", text)
    for line in joined.splitlines():
        found = LEADING.match(line.strip())
        if found and "`" not in line:
            rest = re.split(r"\s(?:#|>|\|)\s", line.strip()[found.end() :])[0]
            yield Line(where, shlex.split(rest.replace("*.jpg", "a.jpg b.jpg")), True)
    if path.suffix == ".py" and not where.startswith("src/"):
        yield from (Line(where, words, False) for words in argument_lists(text))
    for _, mention in re.findall(r"(`{1,2})impasto ([^`{}]+)\1", text):
        if mention[0].islower() or mention[0] == "-":
            yield Line(where, mention.replace("\n", " ").replace("...", "").split(), False)


def argument_lists(text: str) -> Iterator[list[str]]:
    """Yield the lists in Python code that begin with a command, or have one after "impasto"."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.List):
            words = [str(getattr(part, "value", "ARGUMENT")) for part in node.elts]
            words = words[words.index("impasto") + 1 :] if "impasto" in words else words
            if words and words[0] in COMMANDS:
                yield words


LINES = [line for path in FILES for line in lines_of(path)]


def command_of(words: list[str]) -> tuple[Any, str, list[str]]:
    """Return the command that ``words`` run, its name, and the words for it."""
    words = words[1:] if words[0] == "help" and len(words) > 1 else words
    assert words[0] in COMMANDS, f"there is no command {words[0]}"
    command, name, rest = load(words[0]), words[0], words[1:]
    if commands := getattr(command, "commands", None):
        if not rest:
            return command, name, rest
        assert rest[0] in commands, f"there is no command {name} {rest[0]}"
        return commands[rest[0]], f"{name} {rest[0]}", rest[1:]
    return command, name, rest


def parse(line: Line) -> None:
    """Raise an error of usage where ``line`` cannot be typed."""
    command, name, words = command_of(line.words)
    if line.words[0] == "help":
        return
    if name in ("neural-style", "style-transfer"):
        if line.whole and name == "style-transfer":
            style_transfer_options.parse(words)
        elif line.whole:
            lua = words[:2] == ["--dialect", "lua"]
            neural_style_options.parse(words[2 * lua :], "lua" if lua else "pt")
    elif line.whole:
        command.make_context(name, words)
    else:
        options = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
        unknown = {word for word in words if re.match(r"--?[a-z]", word)} - options - {"--help", "-h"}
        assert not unknown, f"{name} has no {', '.join(sorted(unknown))}"


def test_the_lines_are_found() -> None:
    found = {line.where for line in LINES if line.whole}
    places = (
        "README.md",
        "docs/moving.md",
        "docs/scale.md",
        "src/impasto/cli/video.py",
        "examples/onnx_web.html",
    )
    assert found.issuperset(places)
    assert {line.words[0] for line in LINES} >= set(COMMANDS)


@pytest.mark.parametrize("where", sorted({line.where for line in LINES}))
def test_every_command_line_can_be_typed(where: str) -> None:
    refused = []
    for line in LINES:
        if line.where == where and not line.words[0].startswith("-"):
            try:
                parse(line)
            except (USAGE_ERROR, OptionError, AssertionError) as problem:
                words = problem.format_message() if isinstance(problem, USAGE_ERROR) else str(problem)
                refused.append(f"impasto {' '.join(line.words)}: {words}")
    assert not refused, "\n".join(refused)


def test_named_styles_in_the_readme_exist() -> None:
    words = [word for line in LINES if line.where == "README.md" for word in line.words[1:]]
    names = {word for word in words if re.fullmatch(r"[a-z]+(-[a-z]+)+", word)}
    assert names
    assert names <= set(named_styles())


def test_styles_given_with_weights_in_examples_and_help_exist() -> None:
    words = [word for line in LINES for word in line.words[1:]]
    words += re.findall(r"[\w.-]+:[\d.]+", (ROOT / "docs" / "options.md").read_text(encoding="utf-8"))
    names = {found[1] for word in words if (found := re.fullmatch(r"([a-z]+(?:-[a-z]+)*):[\d.]+", word))}
    assert "great-wave" in names
    assert names - {"prob", "cuda", "tabby"} <= set(named_styles())  # a layer, a device and a class
