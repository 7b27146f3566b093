from __future__ import annotations

import re
import shutil
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

pytest.importorskip("matplotlib")

from impasto import OptimizeOptions
from impasto.errors import OptionError
from impasto.imaging import write
from impasto.inspection.languages import LANGUAGES, in_language
from impasto.inspection.page import formulas
from impasto.pipelines import story
from impasto.pipelines.explain import explain
from impasto.progress import Progress
from impasto.types import Picture
from tests.conftest import blobs, stripes

OPTIONS = OptimizeOptions(size=64, iterations=2, coarse_iterations=2, min_size=48)
EMPTY = {"img", "meta", "link", "source", "br"}


class Outline(HTMLParser):
    """Tags in order, and whether each that opens closes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in EMPTY:
            self.open.append(tag)
        if tag == "img":
            self.images.append(given)
        self.addresses += [str(given[n]) for n in ("src", "srcset", "href") if n in given]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def make_small(patch: pytest.MonkeyPatch) -> None:
    for name, side in (("FEATURES_SIDE", 64), ("RECONSTRUCTION_SIDE", 48), ("GRID_SIDE", 48)):
        patch.setattr(story, name, side)
    patch.setattr(story, "STEPS", {"content": 2, "style": 2, "noise": 6, "what if": 1})


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Progress]]:
    folder = tmp_path_factory.mktemp("page")
    write(Picture(blobs(96, 72, seed=1)), folder / "my <photo>.png")
    write(Picture(stripes(96, 96)), folder / "striped.png")
    stages: list[Progress] = []
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        explain(
            folder / "my <photo>.png",
            folder / "striped.png",
            folder / "report.html",
            options=OPTIONS,
            language=None,
            on_progress=stages.append,
        )
    every = (folder / "report.html").read_text(encoding="utf-8")
    for language in LANGUAGES:
        (folder / f"report.{language}.html").write_text(in_language(every, language), encoding="utf-8")
    return folder / "report.en.html", stages


def test_the_page_is_well_formed_and_every_picture_has_words(page: tuple[Path, list[Progress]]) -> None:
    outline = Outline()
    text = page[0].read_text(encoding="utf-8")
    outline.feed(text)
    assert outline.open == []
    assert len(outline.images) > 60
    assert all(image.get("alt") for image in outline.images)
    assert "my &lt;photo&gt;" in text.lower()
    assert "my <photo>" not in text.lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_of_one_language_and_well_formed_in_each(
    page: tuple[Path, list[Progress]], language: str
) -> None:
    outline = Outline()
    text = page[0].with_name(f"report.{language}.html").read_text(encoding="utf-8")
    outline.feed(text)
    assert outline.open == []
    assert f'<html lang="{language}">' in text
    assert not re.search("[\x00-\x09\x0b-\x1f]", text)
    body = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    words = unescape(
        re.sub(r"<(code|pre|details|ol class=references)\b.*?</\1>|<[^>]*>", " ", body, flags=re.DOTALL)
    )
    english = re.findall(r"\b(?:the|with|which|from|steps|loss|painted)\b", words.partition("L. A. Gatys")[0])
    assert bool(english) == (language == "en"), english


def test_the_page_loads_nothing(page: tuple[Path, list[Progress]]) -> None:
    outline = Outline()
    text = page[0].read_text(encoding="utf-8")
    outline.feed(text)
    assert all(a.startswith(("data:image/", "data:,", "#")) for a in outline.addresses)
    assert "<script" not in text
    assert "url(" not in text
    assert "@import" not in text


def test_the_page_tells_every_part(page: tuple[Path, list[Progress]]) -> None:
    text = page[0].read_text(encoding="utf-8")
    for word in ("relu1_1", "conv5_1", "Gram", "prefers-color-scheme", "CVPR 2016"):
        assert word in text
    for words in ("a share of 0.1 is let through", "the layers, and what they answer"):
        assert words in text.lower()
    assert text.count('alt="filter ') == 16
    for name in OptimizeOptions().to_dict():
        assert f"<td>{name}</td>" in text
    assert set(re.findall(r'href="#([\w-]+)"', text)) == set(re.findall(r'<section id="([\w-]+)"', text))


def test_the_page_says_what_paints_the_same_picture_again(page: tuple[Path, list[Progress]]) -> None:
    shown = re.search(
        r"<pre><code>impasto\.stylize(\(.*?\))</code></pre>", page[0].read_text(encoding="utf-8")
    )
    assert shown is not None

    def stylize(content: str, style: str, **changes: Any) -> tuple[str, str, OptimizeOptions]:
        return Path(content).name, Path(style).name, OptimizeOptions().replace(**changes)

    called = eval(f"stylize{unescape(shown[1])}", {"stylize": stylize})
    assert called == ("my <photo>.png", "striped.png", OPTIONS)


def test_progress_grows_to_the_end(page: tuple[Path, list[Progress]]) -> None:
    done = [stage.done for stage in page[1]]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1)
    assert len({stage.stage for stage in page[1]}) > 10


def test_a_page_cut_short_is_not_written(tmp_path: Path) -> None:
    out = tmp_path / "x.html"
    found = explain(
        blobs(64, 48, seed=1), stripes(64, 64), out, options=OptimizeOptions(size=48), cancel=lambda: True
    )
    assert found is None
    assert not out.exists()


def test_a_named_style_has_a_texture_where_its_painting_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_small(monkeypatch)
    out = tmp_path / "x.html"
    explain(blobs(64, 48, seed=1), "starry-night", out, options=OPTIONS, command="as typed")
    text = out.read_text(encoding="utf-8")
    assert "a texture in the style of Starry night" in text
    assert "<b>+ relu5_1</b>" in text
    assert "<code>as typed</code>" in text
    assert 'alt="the painting"' not in text


def test_a_page_needs_content_and_style(tmp_path: Path) -> None:
    for name in ("content_layers", "style_layers"):
        options = OPTIONS.replace(**{name: {}})
        with pytest.raises(OptionError, match="layers for both"):
            explain(blobs(64, 48, seed=1), stripes(64, 64), tmp_path / "x.html", options=options)


@pytest.mark.parametrize(
    "formula",
    [
        formulas.preprocessing(255, (1.0, 2.0, 3.0), (1.0, 1.0, 1.0)),
        formulas.layer(),
        formulas.content_of_paper(),
        formulas.content_relative(),
        formulas.gram(),
        formulas.style_of_paper(),
        formulas.style_relative(),
        formulas.style_wasserstein(),
        formulas.whole(1, 8, 0.5),
        formulas.step(),
    ],
)
def test_formulas_are_well_formed_and_each_part_has_its_count(formula: str) -> None:
    counts = {"msub": 2, "msup": 2, "msubsup": 3, "mfrac": 2, "munder": 2}
    for element in ElementTree.fromstring(in_language(formula, "en")).iter():
        if element.tag in counts:
            assert len(element) == counts[element.tag], ElementTree.tostring(element)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "dark"), (390, "light"), (1280, "light"), (1280, "dark")]
)
def test_a_browser_shows_the_page_without_network_or_overflow(
    width: int, scheme: str, page: tuple[Path, list[Progress]]
) -> None:
    browser = next(
        (p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None
    )
    if browser is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        tab = context.new_page()
        tab.set_default_timeout(180_000)
        asked, said = [], []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(page[0].as_uri())
        for part in tab.query_selector_all("details"):
            part.evaluate("part => part.open = true")
        sizes = tab.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        broken = tab.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).length")
        formula = tab.evaluate("document.querySelector('mfrac').getBoundingClientRect().height")
        paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        chart = tab.evaluate("[...document.images].find(i => i.alt.startsWith('Curves')).currentSrc.length")
        chromium.close()
    assert sizes[0] <= sizes[1] == width
    assert broken == 0
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
    assert said == []
    assert formula > 20  # a fraction is drawn as one, not as text in a line
    light = sum(map(int, re.findall(r"\d+", paper)[:3])) > 380
    assert light == (scheme == "light")
    assert chart > 1000
