"""An unfinished film and the one before it, with other options."""

from __future__ import annotations

from pathlib import Path

import pytest

from impasto.inference.options import FastOptions
from impasto.jobs import Job, Reference
from impasto.pipelines.video.folder import FilmFolder
from impasto.pipelines.video.options import FilmOptions
from impasto.pipelines.video.plan import FilmPlan
from impasto.pipelines.video.segments import LINES

FIRST, SECOND = {"engine": "first"}, {"engine": "second"}


class Killed(BaseException):
    """The end of the process."""


def begin(folder: FilmFolder, described: dict[str, str]) -> str:
    """Begin or continue a film, and finish a segment of it; return what its segments hold."""
    plan, _ = folder.begin(described, keep=True)
    if plan is None:
        job = Job(Reference("clip.mp4"), (Reference("starry-night"),), "out.mp4", FastOptions())
        folder.plan.write_bytes(FilmPlan(job, FilmOptions(), described).to_json())
        (folder.path / "00000").mkdir()
        (folder.path / "00000" / LINES).write_text(described["engine"])
    return (folder.path / "00000" / LINES).read_text()


@pytest.mark.parametrize("survived", range(7))
def test_a_kill_while_films_change_places_loses_neither(
    survived: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = FilmFolder(tmp_path)
    assert [begin(folder, described) for described in (FIRST, SECOND)] == ["first", "second"]
    left, rename = [survived], Path.rename

    def renamed(path: Path, target: Path) -> Path:
        if not left[0]:
            raise Killed
        left[0] -= 1
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", renamed)
        if survived < 6:  # both films have two entries; then they change places
            with pytest.raises(Killed):
                begin(folder, FIRST)
        else:
            begin(folder, FIRST)
    assert [begin(folder, described) for described in (SECOND, FIRST)] == ["second", "first"]
