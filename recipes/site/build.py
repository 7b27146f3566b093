"""Build the site into build/site and check its links: python recipes/site/build.py

Needs zensical (pip install -e '.[site]'). Links that lead out of docs/ work on a forge; here the files that
they name are copied into the site, under files/.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[2]
DOCS, STAGED, SITE = ROOT / "docs", ROOT / "build" / "site-docs", ROOT / "build" / "site"
LINK = re.compile(r"(\]\()(?![a-z]+:)([^)#\s]+)((?:#[^)\s]*)?\))")


def stage(docs: Path = DOCS, staged: Path = STAGED) -> None:
    """Copy the documents, and what they link to elsewhere, into ``staged``, with links that lead there."""
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(docs, staged)
    for page in staged.rglob("*.md"):
        source = docs / page.relative_to(staged)
        move = partial(_moved, page=source, docs=docs, staged=staged)
        page.write_text(LINK.sub(move, page.read_text(encoding="utf-8")), encoding="utf-8")


def _moved(found: re.Match[str], page: Path, docs: Path, staged: Path) -> str:
    """Return a link of ``page``, to the copy of its target where that lies outside ``docs``."""
    target = (page.parent / unquote(found[2])).resolve()
    if target.is_relative_to(docs.resolve()):
        return found[0]
    copy = staged / "files" / target.relative_to(docs.resolve().parent)
    if copy.suffix == ".md":  # not a page of the site: shown as text
        copy = copy.with_suffix(".txt")
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(target, copy)
    place = os.path.relpath(copy, (staged / page.relative_to(docs)).parent)
    return f"{found[1]}{Path(place).as_posix()}{found[3]}"


class Links(HTMLParser):
    """The links of a page and the names of its places."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in ("href", "src"):
            if given.get(name) and not (tag == "link" and given.get("rel") == "canonical"):
                self.links.add(str(given[name]))
        for name in ("id", "name"):
            if given.get(name):
                self.places.add(str(given[name]))


def broken(site: Path = SITE) -> list[str]:
    """Return the links of the built pages that lead nowhere, or to others' files that the page would load."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        parser = Links()
        parser.feed(path.read_text(encoding="utf-8"))
        pages[path.resolve()] = parser
    found = []
    for path, parser in pages.items():
        for link in sorted(parser.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or path.name == "404.html":
                continue
            target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
            target = target / "index.html" if target.is_dir() else target
            known = pages.get(target)
            lost = known is not None and parts.fragment and unquote(parts.fragment) not in known.places
            if not target.exists() or lost:
                found.append(f"{path.relative_to(site.resolve())}: {link}")
    return found


def main() -> None:
    """Build and check; the exit code is 1 where a link is broken."""
    stage()
    subprocess.run(
        [str(Path(sys.executable).with_name("zensical")), "build", "--clean", "--strict"],
        cwd=ROOT,
        check=True,
    )
    wrong = broken()
    print(*wrong, sep="\n") if wrong else print(f"{SITE}: every link leads somewhere")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
