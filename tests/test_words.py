"""The source's words: docstrings that state, names that are unique, modules that are nouns."""

from __future__ import annotations

import ast
import functools
import re

import pytest
from benchmarks.house import SOURCE, read, repeated_classes

PACKAGE = "impasto."
ROOMS = sorted(
    path.stem
    for path in (SOURCE / "impasto").iterdir()
    if path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").exists())
)

QUESTIONS = {"What", "Where", "Who", "Whose", "Which", "How", "Whether", "When", "Why"}
NOUN_PHRASES = {"The", "A", "An", "All", "Each", "Every", "Those", "Everything"}
VERBS = {
    *("convert", "decode", "encode", "load", "minimize", "normalise", "quantise", "read", "reconstruct"),
    *("resize", "substitute", "verify", "write"),
}
NOUNS = ("imaging", "painting", "training")
SHAPELESS = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}
Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function


@functools.cache
def trees() -> dict[str, ast.Module]:
    return read()


@functools.cache
def nodes() -> list[tuple[str, ast.AST]]:
    """Return each node of every module, with the module's name."""
    return [(module, node) for module, tree in trees().items() for node in ast.walk(tree)]


def first_words(kind: type | object) -> dict[str, str]:
    """Return the first word of each docstring, by where it is."""
    found = {}
    for module, node in nodes():
        if isinstance(node, kind) and (text := ast.get_docstring(node)):  # type: ignore[arg-type]
            found[f"{module}:{node.body[0].lineno}"] = text.split()[0].rstrip(",:;.")  # type: ignore[attr-defined]
    return found


def is_property(node: Function) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in node.decorator_list)


def test_no_docstring_answers_a_question() -> None:
    assert {place: word for place, word in first_words(Documented).items() if word in QUESTIONS} == {}


def test_the_docstrings_of_functions_begin_with_a_verb() -> None:
    properties = {
        f"{module}:{node.body[0].lineno}"
        for module, node in nodes()
        if isinstance(node, Function) and is_property(node)
    }
    words = first_words(Function)
    assert {p: word for p, word in words.items() if word in NOUN_PHRASES and p not in properties} == {}


def test_a_class_name_occurs_once() -> None:
    assert repeated_classes(trees()) == {}


@pytest.mark.parametrize("room", ROOMS)
def test_modules_are_nouns(room: str) -> None:
    modules = [name for name in trees() if name.removeprefix(PACKAGE).split(".")[0] == room and "." in name]
    names = {name.removeprefix(PACKAGE): name.rpartition(".")[2] for name in modules}
    wrong = {
        place
        for place, name in names.items()
        if name in VERBS or (name.endswith("ing") and not name.endswith(NOUNS))
    }
    assert wrong == set()


def test_no_module_is_called_by_a_word_that_says_nothing() -> None:
    assert [name for name in trees() if name.rpartition(".")[2] in SHAPELESS] == []


def test_no_text_says_a_word_twice() -> None:
    doubled = re.compile(r"\b([A-Za-z]{2,}:?) \1(?= )")
    texts = {
        f"{module}:{node.lineno}": node.value
        for module, node in nodes()
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {place: found[0] for place, text in texts.items() if (found := doubled.search(text))} == {}
