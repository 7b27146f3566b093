"""Options that a command does not have are answered with those that were meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from impasto.cli.commands import COMMANDS, load, of_other_program
from impasto.cli.usage import MEANT
from tests.cli.running import refused, run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("stylize a.jpg --style b.jpg", "write it without an option: root stylize CONTENT STYLE...;"),
        ("fast a.jpg -s starry-night", "write it without an option: root fast PHOTO STYLE...;"),
        ("texture --style-image b.jpg", "write it without an option: root texture STYLE;"),
        ("batch photos --styles starry-night", "did you mean '--style'?"),
        ("stylize a.jpg b.jpg --iters 3", "did you mean '--iterations'?"),
        ("stylize a.jpg b.jpg --style_weight 3", "did you mean '--style-weight'?"),
        ("stylize a.jpg b.jpg --alpha 3", "did you mean '--style-weight'?"),
        ("fast a.jpg b.jpg --alpha 3", "did you mean '--strength'?"),
        ("fast a.jpg b.jpg --strenght 3", "did you mean '--strength'?"),
        ("fast a.jpg b.jpg --gpu 0", "did you mean '--device'?"),
        ("video a.mp4 starry-night", "(starry-night); give styles with --style;"),
    ],
)
def test_an_option_of_another_program_is_answered_with_ours(words: str, said: str) -> None:
    refused(run(*words.split()), said)


def test_what_is_like_no_option_has_no_suggestion() -> None:
    refused(run("fast", "a", "b", "--qqq"), "impasto: No such option: --qqq; see ")


def test_every_suggestion_is_an_option_of_some_command() -> None:
    options = set[str]()
    for name in COMMANDS:
        if not of_other_program(name):
            loaded = load(name)
            for one in getattr(loaded, "commands", {name: loaded}).values():
                options |= {word for param in one.params for word in param.opts}
    assert set(MEANT) - {"--content"} <= options


@pytest.mark.parametrize("command", ["stylize", "fast"])
def test_a_result_that_is_written_like_a_style_is_explained(tmp_path: Path, command: str) -> None:
    photo = tmp_path / "photo.png"
    Image.new("RGB", (32, 32)).save(photo)
    result = run(command, photo, "starry-night", tmp_path / "out.jpg")
    refused(result, "there is no file", "out.jpg; expected a painting or a named style, or a result after -o")
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]
