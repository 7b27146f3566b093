"""What axe-core says of every view of the page: by day and by night, from a phone to a wide screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.studio_page.conftest import ROOT, Studio, Visit

pytestmark = pytest.mark.slow
AXE = ROOT / "studio-page" / "node_modules" / "axe-core" / "axe.min.js"
WINDOWS = [(390, 844), (768, 1024), (1280, 800), (1920, 1080)]
TOKEN = "a-token-of-sixteen-letters"


def check(page: Any, view: str) -> None:
    """Fail with all that axe finds in a view, in each window and by both schemes."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in studio-page/")
    # The page's policy forbids inline scripts; Playwright's evaluate is not bound by it.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = []
    for width, height in WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for fault in page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]:
                places = [node["html"][:120] for node in fault["nodes"]]
                found.append(f"{width} {scheme} {fault['id']}: {fault['help']}: {places}")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found.append(f"{width}: {wide} pixels too wide")
    page.set_viewport_size({"width": 1280, "height": 800})
    assert found == [], view


def test_choosing_and_brushing(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    check(page, "the empty easel")
    visit.drop("Tree.png", photo_bytes)
    check(page, "a photograph is open")
    page.get_by_role("switch", name="Mix several").check(force=True)
    styles = page.locator("[data-key]")
    for index in range(2):
        visit.choose(str(styles.nth(index).get_attribute("data-key")))
    check(page, "two paintings are mixed")
    page.get_by_role("button", name="Paint where it goes").click()
    check(page, "the brush")
    page.get_by_role("button", name="Done").click()
    page.fill(".search", "no such painting")
    check(page, "nothing is found")
    page.fill(".search", "Gogh")
    check(page, "some are found")
    page.set_input_files("#photo-file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"words"})
    page.locator(".notice.is-error").wait_for()
    check(page, "a refusal")
    visit.complaints.clear()  # the browser notes the server's answer, 415


def test_working_and_what_comes_of_it(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    visit.drop("Tree.png", photo_bytes)
    visit.choose("starry-night")
    visit.size(2048)  # long enough to be looked at, however fast the machine
    page.select_option("#preset", "best")
    visit.paint()
    page.wait_for_selector(".working .figures dd")
    check(page, "while it is painted")
    page.locator(".header-button", has=page.locator(".count")).click()
    page.wait_for_selector(".queue-row")
    check(page, "the queue")
    page.keyboard.press("Escape")
    page.click('[data-act="cancel"]')
    visit.wait_painted()
    check(page, "the result")
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("button", name="Make a link").click()
    page.locator(".link-row").first.wait_for()
    check(page, "sharing")
    page.keyboard.press("Escape")
    page.locator(".header-button", has=page.locator(".count")).click()
    page.wait_for_selector(".card")
    check(page, "the shelf")
    page.locator(".card").first.get_by_role("button", name="Delete").click()
    page.locator(".bin summary").click()
    check(page, "the bin")


def test_dialogs(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Take a picture").click()
    visit.until("document.querySelector('dialog video')?.videoWidth > 0")
    check(page, "the camera")


def test_on_the_device(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    page.get_by_role("switch", name="On this device").check(force=True)
    page.wait_for_selector("#device-words:text('nothing is sent')")
    visit.drop("Tree.png", photo_bytes)
    visit.choose("starry-night")
    check(page, "painted on the device")


def test_the_door(browser: Any, tmp_path: Path) -> None:
    own = Studio(tmp_path, token=TOKEN)
    own.start()
    try:
        visit = Visit(browser, own)
        visit.page.goto(own.address)
        visit.page.locator("dialog.door").wait_for()
        check(visit.page, "signing in")
        visit.page.fill("#token", "wrong")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_selector(".door .is-wrong:not(:empty)")
        check(visit.page, "a wrong token")
        visit.complaints.clear()  # the browser notes the refusal
        visit.close()
    finally:
        own.stop()


def test_the_explanation(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    visit.drop("Tree.png", photo_bytes)
    visit.choose("starry-night")
    page.select_option("#preset", "draft")
    visit.paint()
    visit.wait_painted()
    page.get_by_role("button", name="Look inside").click()
    link = page.locator(".notice").get_by_role("link", name="Open it")
    link.wait_for()
    with visit.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_load_state()
    check(opened.value, "the explanation")
