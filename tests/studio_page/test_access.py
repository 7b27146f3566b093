"""For everyone: by keyboard, by screen reader, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.studio_page.conftest import Studio, Visit

pytestmark = pytest.mark.slow
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def open_visit(browser: Any, studio: Studio) -> Any:
    made: list[Visit] = []

    def make(**options: Any) -> Visit:
        visit = Visit(browser, studio, **options)
        made.append(visit)
        visit.open()
        return visit

    yield make
    for visit in made:
        visit.close()


def choose(visit: Visit, tab_to: Callable[[str], None]) -> Any:
    """The dialogue behind the button, by keyboard.

    A key press that a busy Chromium takes too long over no longer counts as the user's, and opens nothing:
    then it is pressed again.
    """
    from playwright.sync_api import TimeoutError as Late

    for _ in range(8):
        tab_to("e.textContent.includes('Choose photographs')")
        try:
            with visit.page.expect_file_chooser(timeout=15_000) as chooser:
                visit.page.keyboard.press("Enter")
        except Late:
            continue
        return chooser.value
    raise AssertionError("no dialogue came after eight times Enter")


def test_the_whole_story_by_keyboard(visit: Visit, tmp_path: Path, photo_bytes: bytes) -> None:
    page = visit.page
    photo = tmp_path / "StudioMiddleware.png"
    photo.write_bytes(photo_bytes)

    def tab_to(test: str) -> None:
        """Press tab until what has the focus passes ``test``, an expression of ``e``."""
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate(f"(() => {{ const e = document.activeElement; return Boolean({test}); }})()"):
                return
        raise AssertionError(f"tab never came to {test}")

    choose(visit, tab_to).set_files(photo)
    page.wait_for_selector("body.has-photo")
    tab_to("e.dataset.key === 'starry-night'")
    page.keyboard.press("Space")
    visit.settle()
    tab_to("e.id === 'strength'")
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    assert page.input_value("#strength") == "95"
    tab_to("e.textContent.includes('Paint where it goes')")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.classList.contains('view')"), "the brush is in hand"
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    tab_to("e.textContent === 'Done'")
    page.keyboard.press("Enter")
    visit.settle()
    tab_to("e.textContent.includes('Paint it properly') && e.tagName === 'BUTTON'")
    page.keyboard.press("Enter")
    visit.wait_painted()
    (newest, *_) = visit.jobs()
    assert newest["request"]["strength"] == 0.95
    assert newest["request"]["protect"] is not None
    tab_to("e.classList.contains('divider')")
    page.keyboard.press("PageUp")
    assert page.get_attribute(".divider", "aria-valuenow") == "20"
    tab_to("e.textContent === 'Download'")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".png")


def test_what_happens_is_said(visit: Visit, photo_bytes: bytes) -> None:
    said = visit.page.locator('[role="status"].visually-hidden')
    visit.drop("Bell.png", photo_bytes)
    assert "Bell.png is open, 240 by 160 pixels" in said.inner_text()
    visit.choose("starry-night")
    assert said.inner_text().startswith("The preview is ready")


def test_the_whole_story_on_a_phone(open_visit: Callable[..., Visit], photo_bytes: bytes) -> None:
    visit = open_visit(**PHONE)
    page = visit.page

    def fits() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    assert fits()
    visit.drop("Shore.png", photo_bytes)
    page.locator('[data-key="starry-night"]').tap()
    visit.settle()
    assert fits()
    small = page.evaluate(
        """[...document.querySelectorAll("button, select, input[type=range], a")]
            .filter((e) => e.checkVisibility() && e.getBoundingClientRect().width > 2)
            .filter((e) => e.getBoundingClientRect().height < 24)
            .map((e) => e.outerHTML.slice(0, 100))"""
    )
    assert small == [], "large enough for a finger"
    visit.size(1024)  # long enough to be looked at, however fast the machine
    visit.settle()
    page.get_by_role("button", name="Paint it properly").tap()
    page.wait_for_selector(".working:not([hidden])")
    assert fits()
    visit.begun()
    page.locator('[data-act="cancel"]').tap()
    visit.wait_painted()
    assert fits()
    box = page.locator(".view").bounding_box()
    assert box["y"] >= -1, "the picture stays in sight"
    assert box["width"] == 390
