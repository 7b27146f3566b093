"""What the studio names in English has a name in each language of its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from impasto.optimize.presets import PRESETS
from impasto.studio.web.problems import KINDS
from impasto.studio.web.requests import painted_styles

LANGUAGES = Path(__file__).parents[2] / "studio-page" / "src" / "languages"
TRANSLATIONS = sorted(path for path in LANGUAGES.glob("*.ts") if path.stem != "en")


def named(path: Path, kind: str) -> set[str]:
    """Return the names of a kind, such as "problems", that a translation has words for."""
    return set(re.findall(rf'^  "/{kind}/([^"]+)":', path.read_text(encoding="utf-8"), re.MULTILINE))


def test_there_are_four_translations() -> None:
    assert [path.stem for path in TRANSLATIONS] == ["de", "es", "fr", "ja"]


@pytest.mark.parametrize("path", TRANSLATIONS, ids=lambda path: path.stem)
def test_each_problem_painting_and_preset_is_named_and_no_other(path: Path) -> None:
    # "painting" is the problem of a job that failed.
    assert named(path, "problems") == {*KINDS, "painting"}
    assert named(path, "styles") == set(painted_styles())
    assert named(path, "presets") == {words for name in PRESETS for words in (name, f"{name}/summary")}
    artists = {style.artist for style in painted_styles().values()}
    assert named(path, "artists") <= artists
    # Names of artists are those of the catalogue where the script is the same.
    assert path.stem != "ja" or named(path, "artists") == artists
