"""docs/moving.md: every row is tried, and its tables name every option of the programs."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import impasto
from impasto import imaging
from impasto.cli import app
from impasto.cli.compat import neural_style_options as neural_style
from impasto.cli.compat import style_transfer_options as style_transfer
from impasto.types import Picture
from tests.conftest import blobs, stripes
from tests.imaging.test_proof import press_profile

PAGE = (Path(__file__).parents[1] / "docs" / "moving.md").read_text(encoding="utf-8")
NOTHING, ALWAYS = "none", "always"
# How many options the programs have that are not here as well.
OPTIONS = {"neural-style-tf": 47, "neural-doodle": 21, "STROTSS": 7, "NNST": 9}

# Rows are tried with these numbers in the place of their own; VGGs are stood in for by the small network.
SMALL = {"--size": "48", "--iterations": "2", "--min-size": "24", "--save-every": "1"}
SMALL |= {"--next-iterations": "1", "--first-iterations": "2"}
QUICK = ["--size", "48", "--iterations", "1", "--min-size", "0", "--encoder", "tiny", "--quiet"]
QUICK_FILM = ["--size", "48", "--iterations", "1", "--next-iterations", "1", "--encoder", "tiny", "--quiet"]
QUICK_TRANSFER = ["--devices", "cpu", "--model", "tiny", "-ms", "40", "-s", "48", "-i", "1", "-ii", "1"]
QUICK_PYTHON = {
    "size": 48,
    "iterations": 1,
    "coarse_iterations": None,
    "first_iterations": None,
    "min_size": 0,
}

# OptimizeOptions of the command line that have another name among ``OptimizeOptions``.
RENAMED = {"--stroke-size": "style_scale"}


class Row(NamedTuple):
    tool: str
    base: str
    theirs: str
    ours: str
    difference: str


def spans(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def rows() -> Iterator[Row]:
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        tool = section.splitlines()[0]
        block = re.search(r"```\n(.*?)```", section, re.DOTALL)
        assert block is not None, tool
        base = block[1].replace("\\\n", " ")
        table = [line for line in section.splitlines() if line.startswith("|")]
        for line in table[2:]:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert len(cells) == 3, line
            yield Row(tool, base, *cells)


ROWS = list(rows())
TOOLS = list(dict.fromkeys(row.tool for row in ROWS))


def fragments() -> dict[str, tuple[str, str]]:
    """What is to be tried, once each: the command of its table, and what to put to it."""
    found = {("", row.base): row.tool for row in ROWS}
    for row in ROWS:
        for fragment in spans(row.ours):
            name = f"{row.tool} {spans(row.theirs)[0].split()[0]} {len(found)}"
            found.setdefault((row.base, fragment), name)
    return {name: pair for pair, name in found.items()}


FRAGMENTS = fragments()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file that the page names."""
    folder = tmp_path_factory.mktemp("moving")
    photo, painting, regions = blobs(60, 40, seed=1), stripes(60, 40), np.zeros((40, 60, 3), np.float32)
    regions[:, :30, 0] = regions[:, 30:, 2] = 1
    left = np.zeros_like(regions)
    left[:, :30] = 1
    pictures = {
        "photo.jpg": photo,
        "image_input/photo.jpg": photo,
        "video_input/frame_1.png": photo,
        "video_input/frame_2.png": photo[:, ::-1],
        "start.png": blobs(60, 40, seed=2),
        "painting.jpg": painting,
        "paintings/painting.jpg": painting,
        "paintings/another.jpg": painting[::-1],
        "other.jpg": blobs(60, 40, seed=3),
        "left.png": left,
        "right.png": 1 - left,
        "painting-mask.png": 1 - left,
        "other-mask.png": left,
        "regions.png": regions,
        "painting-regions.png": regions[:, ::-1],
    }
    for name, pixels in pictures.items():
        (folder / name).parent.mkdir(exist_ok=True)
        imaging.write(Picture(np.ascontiguousarray(pixels)), folder / name)
    (folder / "image_output").mkdir()
    (folder / "press.icc").write_bytes(press_profile())
    torch.save(narrow_vgg19(), folder / "vgg19-d01eb7cb.pth")
    return folder


def narrow_vgg19() -> dict[str, torch.Tensor]:
    """A VGG-19 of four channels with random weights, in torchvision's layout."""
    generator = torch.Generator().manual_seed(0)
    state, place, width = {}, 0, 3
    for depth in (2, 2, 4, 4, 4):
        for _ in range(depth):
            weight = torch.randn((4, width, 3, 3), generator=generator) * (2 / (9 * width)) ** 0.5
            state[f"features.{place}.weight"], state[f"features.{place}.bias"] = weight, torch.zeros(4)
            place, width = place + 2, 4
        place += 1
    return state


@pytest.fixture
def _folder(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of the page in the current folder."""
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


def small(fragment: str) -> list[str]:
    """The words of a command line, made quick."""
    words = shlex.split(fragment)
    for place, option in enumerate(words[:-1]):
        value = words[place + 1]
        if option in SMALL:
            words[place + 1] = "x".join([SMALL[option]] * (1 + value.count("x")))
        if option == "--encoder" and not Path(value).exists():
            words[place + 1] = "tiny"
    return words


def tried(base: str, fragment: str) -> list[str]:
    """The whole command line for ``fragment``, without ``impasto``."""
    words, begun = small(fragment), small(base)[1:]
    if words[0] == "impasto":
        quick = {"style-transfer": QUICK_TRANSFER, "video": QUICK_FILM}.get(words[1], QUICK)
        return [words[1], *quick, *words[2:]]
    options = next(place for place, word in enumerate(begun) if word.startswith("-"))
    given = next((place for place, word in enumerate(words) if word.startswith("-")), len(words))
    files = words[:given] or begun[1:options]
    return [begun[0], *files, *begun[options:], *QUICK, *words[given:]]


def is_a_picture(path: Path) -> bool:
    return max(imaging.read(path).pixels.shape[:2]) == 48


@pytest.mark.usefixtures("_folder")
@pytest.mark.parametrize("name", FRAGMENTS)
def test_every_row_paints_a_picture(name: str) -> None:
    base, fragment = FRAGMENTS[name]
    if re.match(r"\w+=", fragment):
        paint_from_python(base, fragment)
    else:
        paint_from_the_command_line(base, fragment)


def paint_from_python(base: str, fragment: str) -> None:
    preset = re.search(r"--preset (\S+)", base)
    call = ast.parse(f"f({fragment})", mode="eval").body
    assert isinstance(call, ast.Call)
    asked = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
    given = QUICK_PYTHON | asked | {name: 1 for name in asked if name.endswith("iterations")}
    recipe = preset[1] if preset else "default"
    painted = impasto.stylize("photo.jpg", "painting.jpg", preset=recipe, encoder="tiny", **given)
    assert painted.picture.pixels.shape == (32, 48, 3)
    assert all(getattr(painted.options, name) == value for name, value in given.items())


def check_options(words: list[str], stored: dict[str, object]) -> None:
    """Whether what is stored in a picture is what its command line asked for, option by option."""
    asked: dict[str, str | None] = {}
    for word, after in pairwise([*words, ""]):
        if word.startswith("--"):
            asked[word] = None if after.startswith("--") or not after else after
    shares = [float(word.rpartition(":")[2]) for word in words if re.search(r"[a-z]:[\d.]+$", word)]
    assert shares == (stored["style_weights"] if shares else [])
    for option, text in asked.items():
        name = RENAMED.get(option, option[2:].replace("-", "_"))
        switch = name.removeprefix("no_")
        if isinstance(stored.get(switch), bool):
            assert stored[switch] is (name == switch), option
        elif name in stored:
            assert text is not None, option
            assert means(text, stored[name]), f"{option} {text}: the picture was painted with {stored[name]}"


def means(text: str, value: object) -> bool:
    """Whether an option's ``text`` stands for this ``value`` of the options."""
    if isinstance(value, dict):
        parts = (part.partition(":") for part in text.split(",") if part)
        return value == {name: float(weight or 1) for name, _, weight in parts}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return all(means(*pair) for pair in zip(text.split("/"), value, strict=True))
    if isinstance(value, list):
        return [float(part) for part in re.split("[x,]", text)] == value
    return float(text) == value if isinstance(value, (int, float)) else text == value


def test_an_option_that_was_ignored_is_noticed() -> None:
    check_options(["stylize", "--noise", "2", "--no-clip"], {"noise": 2.0, "clip": False})
    for ignored in ({"noise": 1.0, "clip": False}, {"noise": 2.0, "clip": True}, {"noise": None}):
        with pytest.raises(AssertionError):
            check_options(["stylize", "--noise", "2", "--no-clip"], dict(ignored))


def paint_from_the_command_line(base: str, fragment: str) -> None:
    words = tried(base, fragment)
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, f"impasto {' '.join(words)}: {result.stderr}"
    *_, output = [after for word, after in pairwise(words) if word == "-o"]
    if output.endswith(".mp4"):
        with av.open(output) as film:
            assert [frame.width for frame in film.decode(video=0)] == [48, 48]
        return
    folder = Path(output).parent if "%" in output else Path(output)
    paintings = list(folder.glob("*.png")) if words[0] in ("batch", "video") else [Path(output)]
    assert paintings
    assert all(map(is_a_picture, paintings))
    if words[0] in ("stylize", "batch"):
        for painting in paintings:
            stored = imaging.read_parameters(painting)
            assert stored is not None
            check_options(words, dict(stored["options"]))  # type: ignore[call-overload]
    for option in ("--log", "--preview"):
        assert option not in words or Path(words[words.index(option) + 1]).exists()
    assert "--save-every" not in shlex.split(fragment) or is_a_picture(Path("out_0001.png"))


def test_every_row_says_what_to_give_or_what_to_do_instead() -> None:
    for row in ROWS:
        if row.ours in (NOTHING, ALWAYS):
            assert row.difference, row
        else:
            assert re.fullmatch(r"`[^`]+`(, `[^`]+`)*", row.ours), row


def named(tool: str) -> set[str]:
    """The options in a table's first column, with their other names."""
    return {span.split()[0] for row in ROWS if row.tool == tool for span in spans(row.theirs)}


def defaults(tool: str) -> list[str]:
    """The first column of a table as one command line: the options that have a default, with it."""
    given = [spans(row.theirs)[0] for row in ROWS if row.tool == tool]
    return [word for span in given if span.startswith("-") and " " in span for word in shlex.split(span)]


@pytest.mark.parametrize(("tool", "dialect"), [("neural-style", "lua"), ("neural-style-pt", "pt")])
def test_options_and_defaults_of_neural_style_are_those_of_the_command(
    tool: str, dialect: neural_style.Dialect
) -> None:
    names = {f"-{row.name}" for row in neural_style._rows(dialect)}
    assert named(tool) == names
    words, bare = defaults(tool), neural_style.parse([], dialect)
    assert replace(neural_style.parse(words, dialect), given=frozenset()) == bare
    assert all(getattr(bare, name[1:]) in ("", False) for name in names - set(words))


def test_options_and_defaults_of_style_transfer_are_those_of_the_command() -> None:
    parser = style_transfer.make_parser()
    ours = {*style_transfer.OWN, "help"}
    actions = [action for action in parser._actions if action.dest not in ours]
    names = {name for action in actions for name in action.option_strings or [action.metavar or action.dest]}
    assert named("style-transfer-pytorch") == names
    files = ["photo.jpg", "painting.jpg"]
    words = defaults("style-transfer-pytorch")
    bare = style_transfer.parse(files)
    assert style_transfer.parse([*files, *words]) == bare
    silent = {a.dest for a in actions if a.option_strings and not {*a.option_strings} & {*words}}
    assert not any(getattr(bare, name) for name in silent)


@pytest.mark.parametrize("tool", TOOLS)
def test_every_option_has_one_row(tool: str) -> None:
    found = [spans(row.theirs)[0].split()[0] for row in ROWS if row.tool == tool]
    assert len(set(found)) == len(found)
    assert len(found) == OPTIONS.get(tool, len(found))
