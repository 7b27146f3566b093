"""Every command makes what it made when it was recorded; see the package for how to record it again."""

from __future__ import annotations

import pytest

pytest.importorskip("av")
pytest.importorskip("matplotlib")

from tests.golden.commands import COMMANDS, Place
from tests.golden.outcome import REFERENCES, compare

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place.make(tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_makes_what_it_made(name: str, place: Place) -> None:
    command = COMMANDS[name]
    found = compare(name, command.run(place))
    bad = [each.words for each in found if not each.fits(command.mean, command.largest)]
    assert not bad, "\n".join(bad)


def test_every_record_has_its_command() -> None:
    assert {path.stem for path in REFERENCES.iterdir()} == set(COMMANDS)
