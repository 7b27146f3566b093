"""The site: every page is in its navigation, every link leads somewhere, nothing comes from others."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from impasto.catalogue.lookup import styles

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SETTINGS = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_build", ROOT / "recipes" / "site" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def listed(entries: Any) -> Iterator[str]:
    """The pages of the navigation, in order."""
    for entry in entries:
        for target in entry.values():
            if isinstance(target, str):
                yield target
            else:
                yield from listed(target)


def test_every_page_is_in_the_navigation_once() -> None:
    assert sorted(listed(SETTINGS["nav"])) == PAGES


def test_the_site_has_a_part_for_each_need_of_a_reader() -> None:
    parts = [next(iter(entry)) for entry in SETTINGS["nav"]]
    assert parts == ["Impasto", "Tutorials", "How to", "Reference", "Explanation", "Gallery"]


def test_the_site_fetches_nothing_from_others() -> None:
    assert SETTINGS["theme"]["font"] is False
    assert not {"extra_javascript", "extra_css", "extra"} & set(SETTINGS)


@pytest.mark.parametrize("name", PAGES)
def test_a_link_of_a_page_leads_to_a_file_and_a_heading(name: str) -> None:
    page = DOCS / name
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for place, _, heading in re.findall(r"\]\((?![a-z]+:)([^)#\s]*)(#([^)\s]*))?\)", text):
        target = page if not place else (page.parent / place).resolve()
        assert target.exists(), place
        if heading:
            words = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", word).strip().lower().replace(" ", "-") for word in words}
            assert heading in slugs, f"{place}#{heading}"


def test_what_pages_link_to_outside_is_copied_into_the_site(tmp_path: Path) -> None:
    docs, staged = tmp_path / "docs", tmp_path / "staged"
    (docs / "adr").mkdir(parents=True)
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "a b.py").write_text("pass")
    (tmp_path / "README.md").write_text("# Read")
    (docs / "other.md").write_text("# Other")
    (docs / "adr" / "one.md").write_text(
        "[in](../other.md#x) [code](../../examples/a%20b.py) [read](../../README.md#read) [far](https://a.example/b)"
    )
    builder().stage(docs, staged)
    assert (staged / "adr" / "one.md").read_text() == (
        "[in](../other.md#x) [code](../files/examples/a b.py) [read](../files/README.txt#read) "
        "[far](https://a.example/b)"
    )
    assert (staged / "files" / "examples" / "a b.py").read_text() == "pass"
    assert (staged / "files" / "README.txt").exists()


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_text('<h1 id="here">1</h1><a href="two.html#there">2</a><img src="no.png">')
    (tmp_path / "two.html").write_text('<a href="one.html#here">1</a> <a href="#top">2</a>')
    found = builder().broken(tmp_path)
    assert found == ["one.html: no.png", "one.html: two.html#there", "two.html: #top"]


def test_the_gallery_shows_every_style_by_its_name() -> None:
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[([^\]]+)\]\(\.\./src/impasto/studio/samples/([\w-]+)\.webp\) `([\w-]+)`", text)
    assert [name for _, name, _ in shown] == [name for _, _, name in shown] == list(styles())
    assert {title for title, _, _ in shown} == {f"{c.title}, {c.artist}" for c in styles().values()}
