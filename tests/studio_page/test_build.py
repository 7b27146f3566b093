"""When the page is built, and what is said when it is not."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from impasto.studio.web.routes.page import FOLDER

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hooks() -> ModuleType:
    pytest.importorskip("hatchling", reason="needs the extra 'dev'")
    found = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with just enough of the page's sources."""
    for name in ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"):
        (tmp_path / "studio-page").mkdir(exist_ok=True)
        (tmp_path / "studio-page" / name).write_text(name)
    (tmp_path / "studio-page" / "src").mkdir()
    (tmp_path / "studio-page" / "src" / "main.ts").write_text("one")
    return tmp_path


class Run:
    """The hook, run as hatchling runs it; what it built and what it said."""

    def __init__(self, hooks: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.built, self.said = 0, []
        monkeypatch.setattr(hooks, "build_page", self._build)
        self.hook = hooks.PageHook(str(root), {}, None, None, "", "wheel", self)

    def display_warning(self, words: str) -> None:
        self.said.append(words)

    def _build(self, *_: Any) -> None:
        self.built += 1


@pytest.mark.parametrize(
    ("switch", "version", "node", "built", "said"),
    [
        ("", "standard", True, 1, ""),
        ("", "standard", False, 0, "left out: no node"),
        ("", "editable", True, 1, ""),
        ("", "editable", False, 0, "make studio"),
        ("1", "editable", True, 1, ""),
        ("0", "standard", True, 0, ""),
        ("0", "editable", True, 0, ""),
    ],
)
def test_the_page_is_built_where_it_should_be_and_never_holds_up_a_checkout(
    hooks: ModuleType,
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    switch: str,
    version: str,
    node: bool,
    built: int,
    said: str,
) -> None:
    monkeypatch.setenv("IMPASTO_BUILD_PAGE", switch)
    monkeypatch.setattr(hooks, "missing_node", lambda: None if node else "no node")
    run = Run(hooks, checkout, monkeypatch)
    run.hook.initialize(version, {})
    assert run.built == built
    assert (said in run.said[0]) if said else run.said == []


def test_an_editable_install_goes_on_where_the_build_fails_and_a_wheel_does_not(
    hooks: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("npm cannot reach its registry")

    monkeypatch.delenv("IMPASTO_BUILD_PAGE", raising=False)
    monkeypatch.setattr(hooks, "missing_node", lambda: None)
    run = Run(hooks, checkout, monkeypatch)
    monkeypatch.setattr(hooks, "build_page", fail)
    run.hook.initialize("editable", {})
    assert run.said == ["the studio's page is left out: npm cannot reach its registry"]
    with pytest.raises(RuntimeError, match="registry"):
        run.hook.initialize("standard", {})


def test_asked_for_without_node_it_fails_and_says_what_is_missing(
    hooks: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("IMPASTO_BUILD_PAGE", "1")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(RuntimeError, match=r"Node 20\.19 or newer, with npm, is needed"):
        Run(hooks, checkout, monkeypatch).hook.initialize("editable", {})


def test_a_switch_that_is_neither_is_refused(
    hooks: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_BUILD_PAGE", "yes")
    with pytest.raises(ValueError, match="IMPASTO_BUILD_PAGE must be 1"):
        Run(hooks, checkout, monkeypatch).hook.initialize("standard", {})


def test_a_page_built_from_these_sources_is_not_built_again(
    hooks: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, page = checkout / "studio-page", checkout / "src" / "impasto" / "studio" / "page"
    monkeypatch.setattr(hooks, "_npm", lambda *_: page.mkdir(parents=True, exist_ok=True))
    hooks.build_page(source, page)
    assert hooks.is_fresh(source, page)
    (source / "src" / "main.ts").write_text("two")
    assert not hooks.is_fresh(source, page)


def test_every_package_of_the_page_has_one_exact_version() -> None:
    about = json.loads((ROOT / "studio-page" / "package.json").read_text())
    lock = json.loads((ROOT / "studio-page" / "package-lock.json").read_text())["packages"]
    wanted = about["dependencies"] | about["devDependencies"]
    assert all(version[0].isdigit() for version in wanted.values())
    assert {name: lock[f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_the_types_of_the_page_are_those_of_the_api() -> None:
    page = ROOT / "studio-page"
    schemas = subprocess.run(
        [sys.executable, page / "openapi.py"], capture_output=True, text=True, check=True
    )
    npm = shutil.which("npm")
    if npm is None or not (page / "node_modules" / "openapi-typescript").is_dir():
        pytest.skip("the page's packages are not installed: make test-page")
    command = [npm, "run", "--silent", "types"]
    done = subprocess.run(command, cwd=page, input=schemas.stdout, capture_output=True, text=True, check=True)
    assert done.stdout == (page / "src" / "api.d.ts").read_text(), "the API has changed: make types"


@pytest.mark.skipif(not (FOLDER / "index.html").is_file(), reason="the page is not built: make studio")
def test_the_built_page_names_no_other_address() -> None:
    for path in FOLDER.rglob("*"):
        if (
            path.suffix in (".html", ".css", ".webmanifest")
            or path.name in ("sw.js",)
            or "page-" in path.name
        ):
            text = path.read_text(encoding="utf-8")
            links = [
                part.split('"')[0][:60] for part in text.split("http")[1:] if part.startswith(("://", "s://"))
            ]
            assert all(link.startswith("://www.w3.org/") for link in links), (path.name, links)
