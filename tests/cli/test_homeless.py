"""A user without a home folder, or with an unusable one, gets one line."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from impasto.errors import OutputError
from impasto.studio.settings import Settings, default_data_dir
from impasto.studio.web.app import Studio
from tests.cli.running import refused, run


@pytest.fixture
def _homeless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unknown(_: int) -> None:
        raise KeyError("uid not found")

    for name in list(os.environ):
        if name == "HOME" or name.startswith(("XDG_", "IMPASTO_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_homeless")
def test_networks_need_a_folder_and_paintings_do_not(photo_file: Path, tmp_path: Path) -> None:
    refused(run("models", "path"), "this user has no home folder", "IMPASTO_WEIGHTS_DIR")
    result = run("stylize", photo_file, "starry-night", "-o", "out.png", "--size", "48", "--iterations", "1")
    assert result.exit_code == 0, result.output
    assert run("measure", "out.png", photo_file, photo_file).exit_code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.png", "photo.png"]  # and no folder called ~


@pytest.mark.usefixtures("_homeless")
def test_the_studio_needs_a_folder() -> None:
    with pytest.raises(OutputError, match="IMPASTO_STUDIO_DATA_DIR"):
        default_data_dir()


def test_the_studio_s_folder_may_not_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(OutputError, match=r"a folder for pictures and jobs: --data-dir DIR"):
            Studio(Settings(data_dir=folder))
