"""Messages for invalid command lines, with suggestions for what was meant.

``MEANT`` has the names that other programs use for the same options.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from impasto.cli.commands import COMMANDS, load
from impasto.errors import StyleError
from impasto.files import places
from impasto.parameters import shown

MEANT = {
    "--style": (
        "-s",
        "--styles",
        "--style-image",
        "--style-img",
        "--style-path",
        "--style-file",
        "--painting",
    ),
    "--content": (
        *("-i", "-c", "--input", "--in", "--image", "--photo", "--content-image", "--content-img"),
        *("--content-path", "--source", "--src"),
    ),
    "--output": ("--out", "--output-image", "--output-path", "--output-dir", "--out-dir", "--save", "--dest"),
    "--size": (
        *("--image-size", "--img-size", "--max-size", "--width", "--height", "--resolution", "--resize"),
    ),
    "--iterations": ("-n", "--iters", "--iter", "--steps", "--num-iterations", "--num-steps", "--max-iter"),
    "--device": ("--gpu", "--cuda", "--cpu"),
    "--strength": ("--alpha", "--amount", "--opacity"),
    "--style-weight": ("--alpha", "--beta", "--style-strength", "--strength"),
    "--color": ("--original-colors", "--original-colours", "--preserve-color", "--keep-colors", "--colour"),
    "--force": ("-f", "--overwrite", "--yes"),
    "--workers": ("-j", "--jobs", "--num-workers", "--processes"),
    "--threads": ("--num-threads", "--cores"),
    "--learning-rate": ("--lr",),
    "--style-mask": ("--mask", "--region"),
}
"""Options, and what other programs, or people, call them; ``--style`` and ``--content`` stand for the
arguments of commands that have no such option. The command's own options take precedence."""
_RESULTS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
_ARGUMENTS = {"--style": ("style", "styles"), "--content": ("content", "contents", "photo", "source", "clip")}
"""The names of arguments that are given without an option."""


def words_of(error: Any, typed: Sequence[str] = ()) -> str:
    """Return the message for a usage error, in one line, without a full stop.

    ``typed``: all words, where the error is before the command.
    """
    option = getattr(error, "option_name", "")
    if option and error.ctx is not None:
        return f"{error.message}{_misplaced(option, typed) or hint(option, error.ctx)}"
    words = " ".join(error.format_message().split()).rstrip(".")
    if words.startswith("Got unexpected extra argument") and "--style" in _options(error.ctx.command.params):
        return f"{words}; give styles with --style"
    return words + _given(error)


def _misplaced(option: str, typed: Sequence[str]) -> str:
    """Return how to write an ``option`` given before the command; "" if the command does not have it."""
    command = next((word for word in typed if word in COMMANDS), "stylize")
    loaded = load(command)
    every = getattr(loaded, "commands", {"": loaded})
    inside = next((name for name, one in every.items() if option in _options(one.params)), None)
    if inside is None or not typed:
        return ""
    words = " ".join(word for word in ("impasto", command, inside, option) if word)
    return f"; it goes after the command: {words}"


def without_command(words: Sequence[str]) -> str:
    """Return how to paint a picture, if ``words`` begin with one instead of a command; else ""."""
    is_picture = words[0].lower().endswith(_RESULTS) or places.is_there(Path(words[0]))
    return f"; to paint a photograph: impasto stylize {words[0]} STYLE" if is_picture else ""


def refuse_result(styles: Sequence[str]) -> None:
    """Raise StyleError if the last of several styles must be meant as the result: a picture file that does
    not exist. For commands without ``--output``."""
    last = Path(styles[-1]) if len(styles) > 1 else Path()
    if last.suffix.lower() in _RESULTS and not places.is_there(last):
        raise StyleError(
            f"there is no file {last}; expected a painting or a named style, or a result after -o"
        )


def _given(error: Any) -> str:
    """Return the value that a usage error is about, for Typer errors from Pydantic, which leave it out."""
    errors = getattr(error.__cause__, "errors", None)
    return f"; got {shown(errors()[0]['input'])}" if callable(errors) else ""


def hint(option: str, context: Any) -> str:
    """Return "; did you mean ...?", or how to write it without an option, for an ``option`` that the command
    of a click ``context`` does not have; "" if there is nothing similar."""
    params = context.command.params
    own = _options(params)
    arguments = [param for param in params if param.param_type_name == "argument"]
    called = option.replace("_", "-")
    if called in own:
        return f"; did you mean '{called}'?"
    for meant, others in MEANT.items():
        if called != meant and called not in others:
            continue
        if meant in own:
            return f"; did you mean '{meant}'?"
        if any(param.name in _ARGUMENTS.get(meant, ()) for param in arguments):
            written = [context.command_path, *map(_shown, arguments)]
            return f"; write it without an option: {' '.join(written)}"
    by_name = {word.lstrip("-"): word for word in own if word.startswith("--")}
    near = get_close_matches(called.lstrip("-"), by_name, 3)
    return f"; did you mean {' or '.join(repr(by_name[name]) for name in near)}?" if near else ""


def _options(params: Iterable[Any]) -> list[str]:
    return [word for param in params for word in (*param.opts, *param.secondary_opts) if word.startswith("-")]


def _shown(argument: Any) -> str:
    name = argument.name.upper()
    return f"{name.removesuffix('S')}..." if argument.nargs == -1 else name
