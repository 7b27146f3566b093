"""The page in the visitor's language: no English is left in what is seen or read out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import stripes
from tests.studio_page.conftest import ROOT, WINDOWS, Studio, Visit, encode, need_page

pytestmark = pytest.mark.slow
LANGUAGES = ROOT / "studio-page" / "src" / "languages"
OTHERS = sorted(path.stem for path in LANGUAGES.glob("*.ts") if path.stem != "en")
ENTRY = re.compile(r'^  ("(?:[^"\\]|\\.)+"): ("(?:[^"\\]|\\.)+"|\{)', re.MULTILINE)
# What is seen, and what a screen reader says; but for what is marked as English, and names of files.
WORDS = """() => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.nodeType === 3 ? node.parentElement : node;
        if (element.closest("[lang=en], option[lang], noscript") || !element.checkVisibility()) continue;
        if (node.nodeType === 3) found.push(node.data);
        else for (const name of ["aria-label", "aria-valuetext", "title", "placeholder"])
            if (node.hasAttribute(name)) found.push(node.getAttribute(name));
    }
    return [...new Set(found.map((words) => words.trim()).filter(Boolean))];
}"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio of one's own: titles that others have given are no texts of the page."""
    need_page()
    made = Studio(tmp_path_factory.mktemp("studio"), training_minutes="600")
    made.start()
    yield made
    made.stop()


def english(language: str) -> list[re.Pattern[str]]:
    """Return patterns of the English texts that read otherwise in a language, each with places for values."""
    text = (LANGUAGES / f"{language}.ts").read_text(encoding="utf-8")
    found = [(json.loads(key), words) for key, words in ENTRY.findall(text)]
    assert len(found) > 200
    texts = [(key, words) for key, words in found if not key.startswith("/")]
    keys = [key for key, words in texts if words == "{" or json.loads(words) != key]
    # A text that is hardly more than its values says nothing.
    told = [key for key in keys if len(re.sub(r"\{\d\}|\W", "", key)) > 3]
    return [re.compile(re.sub(r"\\\{\d\\\}", ".+", re.escape(key))) for key in told]


def left(visit: Visit, patterns: list[re.Pattern[str]]) -> list[str]:
    """Return the texts on the page that are still in English."""
    words = visit.page.evaluate(WORDS)
    assert len(words) > 20
    return [text for text in words if any(pattern.fullmatch(text) for pattern in patterns)]


def in_language(browser: Any, studio: Studio, language: str) -> Visit:
    visit = Visit(browser, studio, locale=language)
    visit.open()
    return visit


def text_in(language: str, key: str) -> str:
    """Return a text of the page, which is the same whatever its values."""
    text = (LANGUAGES / f"{language}.ts").read_text(encoding="utf-8")
    found: str = dict(ENTRY.findall(text))[json.dumps(key)]
    return str(json.loads(found))


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_while_a_painting_is_learnt(
    browser: Any, studio: Studio, photo_bytes: bytes, language: str
) -> None:
    visit = in_language(browser, studio, language)
    page, patterns = visit.page, english(language)
    visit.drop("x.png", photo_bytes)
    visit.add_painting("y.png", encode(stripes(96, 96)))
    visit.settle()
    assert left(visit, patterns) == [], "teaching is offered"
    page.locator(".teaching .button").click()
    page.locator(".teaching .stroke-bar").wait_for()
    assert left(visit, patterns) == [], "it is being learnt"
    page.locator(".header-button", has=page.locator(".count")).click()
    page.wait_for_selector(".queue-row")
    assert left(visit, patterns) == [], "in the queue"
    page.keyboard.press("Escape")
    page.locator(".teaching .button").click()
    page.get_by_role("button", name=text_in(language, "Teach the network this painting")).wait_for()
    visit.close()


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left(browser: Any, studio: Studio, photo_bytes: bytes, language: str) -> None:
    visit = in_language(browser, studio, language)
    page, patterns = visit.page, english(language)
    assert page.evaluate("document.documentElement.lang") == language
    assert left(visit, patterns) == [], "the empty easel"
    visit.drop("x.png", photo_bytes)
    visit.choose("starry-night")
    assert left(visit, patterns) == [], "a preview"
    assert "The Starry Night" not in page.inner_text("body")
    page.locator(".glance-open").click()
    page.locator(".glance[open]").wait_for()
    assert left(visit, patterns) == [], "the wall"
    page.keyboard.press("Escape")
    page.locator(".panel button[aria-pressed=false].wide").click()
    assert left(visit, patterns) == [], "the brush"
    page.locator(".brush-bar .is-main").click()
    page.select_option("#preset", "draft")
    page.locator(".dock-begin .is-main").click()
    visit.wait_painted()
    assert left(visit, patterns) == [], "the result"
    page.get_by_role("button", name=text_in(language, "Share"), exact=True).click()
    page.wait_for_selector("dialog[open]")
    assert left(visit, patterns) == [], "sharing"
    page.keyboard.press("Escape")
    page.locator(".header-button", has=page.locator(".count")).click()
    page.wait_for_selector(".card")
    assert left(visit, patterns) == [], "the shelf"
    page.keyboard.press("Escape")
    page.fill(".search", "zzzz")
    assert left(visit, patterns) == [], "nothing found"
    visit.close()


# Titles with a line that ends within a word, without a hyphen.
BROKEN = """() => [...document.querySelectorAll(".tile-title")].flatMap(({ firstChild: text }) => {
    const range = document.createRange();
    const top = (n) => {
        range.setStart(text, n);
        range.setEnd(text, n + 1);
        return [...range.getClientRects()].at(-1)?.top;
    };
    const isBroken = (n) => /^\\p{L}{2}$/u.test(text.data.slice(n - 1, n + 1)) && top(n) - top(n - 1) > 5;
    return [...text.data].some((_, n) => n > 0 && isBroken(n)) ? [text.data] : [];
})"""


@pytest.mark.parametrize("language", ["de", "es", "fr"])
def test_long_words_in_titles_are_broken_with_hyphens(browser: Any, studio: Studio, language: str) -> None:
    visit = in_language(browser, studio, language)
    assert visit.page.locator(".tile-title").count() > 20
    for width, height in WINDOWS:
        visit.page.set_viewport_size({"width": width, "height": height})
        assert visit.page.evaluate(BROKEN) == [], width
    label = visit.page.get_attribute("[data-key='starry-night']", "aria-label")
    assert label is not None
    assert "\u00ad" not in label
    visit.close()


def test_the_language_chosen_on_the_page_is_kept(browser: Any, studio: Studio, photo_bytes: bytes) -> None:
    visit = in_language(browser, studio, "de-AT")
    page = visit.page
    assert page.inner_text("#paintings-title") == "Welches Gemälde?"
    visit.drop("Baum.png", photo_bytes)
    visit.until("document.querySelector('.label-title').textContent === 'Baum'")
    for chosen, words in (("fr", "Quel tableau\u202f?"), ("", "Welches Gemälde?")):
        with page.expect_navigation():
            page.select_option("#language", chosen)
        page.wait_for_selector("body.is-open")
        page.reload()
        page.wait_for_selector("body.is-open")
        assert page.inner_text("#paintings-title") == words
    visit.until("document.querySelector('.label-title').textContent === 'Baum'")
    visit.close()


def test_a_language_that_there_is_not_gives_english(browser: Any, studio: Studio) -> None:
    visit = in_language(browser, studio, "pt-BR")
    assert visit.page.evaluate("document.documentElement.lang") == "en"
    assert visit.page.inner_text("#paintings-title") == "Which painting?"
    visit.close()


def test_only_the_language_in_use_is_loaded_with_the_page(browser: Any, studio: Studio) -> None:
    visit = Visit(browser, studio, locale="ja", service_workers="block")
    visit.open()
    names = {Path(request.url).name.split("-")[0] for request in visit.requests if "/assets/" in request.url}
    assert names & {*OTHERS, "en"} == {"ja"}
    visit.close()


def test_a_refusal_is_in_the_visitors_language_with_the_studios_words_beside_it(
    browser: Any, studio: Studio
) -> None:
    visit = in_language(browser, studio, "es")
    visit.page.set_input_files("#photo-file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"words"})
    notice = visit.page.locator(".notice.is-error")
    notice.wait_for()
    assert "Este archivo no es una imagen legible." in notice.inner_text()
    assert notice.locator("[lang=en]").inner_text() != ""
    visit.complaints.clear()  # the browser notes the server's answer, 415
    visit.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_from_right_to_left_fits_its_window(
    browser: Any, studio: Studio, photo_bytes: bytes, width: int
) -> None:
    visit = Visit(browser, studio, viewport={"width": width, "height": 800})
    visit.open()
    visit.page.evaluate("document.documentElement.dir = 'rtl'")
    visit.drop("Mirror.png", photo_bytes)
    visit.choose("starry-night")
    assert visit.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    mark, panel = (visit.page.locator(name).bounding_box() for name in (".wordmark", ".panel"))
    assert mark["x"] > width / 2
    assert panel["x"] == 0
    visit.close()
