from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from impasto import extras
from impasto.errors import MissingExtraError

ROOT = Path(__file__).parents[1]


def installed(monkeypatch: pytest.MonkeyPatch, origin: dict[str, Any] | None) -> None:
    class Distribution:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return None if origin is None else json.dumps(origin)

    monkeypatch.setattr(metadata, "distribution", lambda _: Distribution())


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, "pip install 'impasto[video]'"),
        ({"url": "file:///home/me/my%20code", "dir_info": {}}, "pip install '/home/me/my code[video]'"),
        (
            {"url": "file:///home/me/code", "dir_info": {"editable": True}},
            "pip install -e '/home/me/code[video]'",
        ),
        (
            {"url": "https://example.org/i.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "pip install 'impasto[video] @ git+https://example.org/i.git@abc'",
        ),
        (
            {"url": "file:///tmp/impasto.whl", "archive_info": {}},
            "pip install 'impasto[video] @ file:///tmp/impasto.whl'",
        ),
    ],
)
@pytest.mark.skipif("os.name == 'nt'", reason="paths of POSIX")
def test_an_extra_is_installed_from_where_the_package_was(
    origin: dict[str, Any] | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, origin)
    assert extras.command("video") == expected


def test_an_extra_of_the_package_without_torch_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class Distribution:
        def read_text(self, _: str) -> None:
            return None

    def found(name: str) -> Distribution:
        if name != "impasto-fast":
            raise metadata.PackageNotFoundError
        return Distribution()

    monkeypatch.setattr(metadata, "distribution", found)
    assert extras.command("video") == "pip install 'impasto-fast[video]'"


def test_an_extra_of_sources_that_were_never_installed_is_installed_from_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(_: str) -> None:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "distribution", none)
    assert extras.command("heic") == f"pip install '{ROOT}[heic]'"


def test_a_missing_module_says_what_needs_it_and_how_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, None)
    with pytest.raises(MissingExtraError) as caught:
        extras.load("not_a_module_of_anyone", "films need PyAV", "video")
    assert str(caught.value) == "films need PyAV, which is not installed: pip install 'impasto[video]'"


def test_no_message_names_an_extra_but_through_its_command() -> None:
    found = [path.name for path in (ROOT / "src").rglob("*.py") if "'impasto[" in path.read_text("utf-8")]
    assert found == []
