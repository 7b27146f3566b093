"""What axe-core says of every view of the page: by day and by night, from a phone to a wide screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from impasto.pipelines.explain import explain
from tests.conftest import blobs, stripes
from tests.inspection.test_page import OPTIONS, make_small
from tests.studio_page.conftest import Studio, Visit, faults

pytestmark = pytest.mark.slow
TOKEN = "a-token-of-sixteen-letters"


def test_choosing_and_brushing(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    assert faults(page) == [], "the empty easel"
    visit.drop("Tree.png", photo_bytes)
    assert faults(page) == [], "a photograph is open"
    page.get_by_role("switch", name="Mix several").check(force=True)
    styles = page.locator("[data-key]")
    for index in range(2):
        visit.choose(str(styles.nth(index).get_attribute("data-key")))
    assert faults(page) == [], "two paintings are mixed"
    page.get_by_role("button", name="Paint where it goes").click()
    assert faults(page) == [], "the brush"
    page.get_by_role("button", name="Done").click()
    page.fill(".search", "no such painting")
    assert faults(page) == [], "nothing is found"
    page.fill(".search", "Gogh")
    assert faults(page) == [], "some are found"
    page.set_input_files("#photo-file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"words"})
    page.locator(".notice.is-error").wait_for()
    assert faults(page) == [], "a refusal"
    visit.complaints.clear()  # the browser notes the server's answer, 415


def test_working_and_what_comes_of_it(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    visit.drop("Tree.png", photo_bytes)
    visit.choose("starry-night")
    page.get_by_role("button", name="Try them all").click()
    page.locator(".glance[open]").wait_for()
    assert faults(page) == [], "the wall"
    page.keyboard.press("Escape")
    visit.size(2048)  # long enough to be looked at, however fast the machine
    page.select_option("#preset", "best")
    visit.paint()
    page.wait_for_selector(".working .figures dd")
    assert faults(page) == [], "while it is painted"
    page.locator(".header-button", has=page.locator(".count")).click()
    page.wait_for_selector(".queue-row")
    assert faults(page) == [], "the queue"
    page.keyboard.press("Escape")
    page.click('[data-act="cancel"]')
    visit.wait_painted()
    assert faults(page) == [], "the result"
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("button", name="Make a link").click()
    page.locator(".link-row").first.wait_for()
    assert faults(page) == [], "sharing"
    page.keyboard.press("Escape")
    page.locator(".header-button", has=page.locator(".count")).click()
    page.wait_for_selector(".card")
    assert faults(page) == [], "the shelf"
    page.locator(".card").first.get_by_role("button", name="Delete").click()
    page.locator(".bin summary").click()
    assert faults(page) == [], "the bin"


def test_dialogs(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Take a picture").click()
    visit.until("document.querySelector('dialog video')?.videoWidth > 0")
    assert faults(page) == [], "the camera"


def test_on_the_device(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    page.get_by_role("switch", name="On this device").check(force=True)
    page.wait_for_selector("#device-words:text('nothing is sent')")
    visit.drop("Tree.png", photo_bytes)
    visit.choose("starry-night")
    assert faults(page) == [], "painted on the device"


def test_the_door(browser: Any, tmp_path: Path) -> None:
    own = Studio(tmp_path, token=TOKEN)
    own.start()
    try:
        visit = Visit(browser, own)
        visit.page.goto(own.address)
        visit.page.locator("dialog.door").wait_for()
        assert faults(visit.page) == [], "signing in"
        visit.page.fill("#token", "wrong")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_selector(".door .is-wrong:not(:empty)")
        assert faults(visit.page) == [], "a wrong token"
        visit.complaints.clear()  # the browser notes the refusal
        visit.close()
    finally:
        own.stop()


def test_the_explanation(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    make_small(monkeypatch)
    explain(blobs(96, 72, seed=1), stripes(96, 96), tmp_path / "page.html", options=OPTIONS)
    visit.page.goto((tmp_path / "page.html").as_uri())
    assert faults(visit.page) == []
