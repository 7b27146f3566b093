"""A finished picture is given to others: as a file, or by a link that can be withdrawn."""

from __future__ import annotations

from typing import Any

import pytest

from impasto.studio.client import StudioClient
from tests.studio_page.conftest import Studio, Visit, faults

pytestmark = pytest.mark.slow
# A system with a share sheet, which Chromium has not without a desktop.
SHEET = """
    window.shared = [];
    navigator.canShare = (data) => Boolean(data?.files?.length);
    navigator.share = async (data) => void window.shared.push({
        title: data.title, url: data.url,
        files: (data.files ?? []).map(({ name, type, size }) => ({ name, type, size })),
    });
"""


def shown(visit: Visit, photo: bytes, **more: Any) -> dict[str, Any]:
    """A finished picture on the easel."""
    with StudioClient(visit.studio.address) as client:
        job = client.stylize(photo, "starry-night", size=64, title="For You", **more).job
    visit.open()
    visit.page.locator(".strip").get_by_role("button", name="For You").first.click()
    visit.wait_painted()
    return job


def test_a_link_is_made_followed_and_withdrawn(visit: Visit, studio: Studio, photo_bytes: bytes) -> None:
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    job = shown(visit, photo_bytes)
    page = visit.page
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share")
    assert "this computer only" in dialog.inner_text()
    dialog.get_by_label("Valid for").select_option("1")
    dialog.get_by_role("button", name="Make a link").click()
    address = dialog.locator(".link-row input").input_value()
    visit.until("/copied/.test(document.querySelector('.notice')?.textContent ?? '')")
    assert page.evaluate("navigator.clipboard.readText()") == address
    other = visit.context.browser.new_context()
    stranger = other.new_page()
    complaints: list[str] = []
    stranger.on("console", lambda line: complaints.append(line.text))
    stranger.goto(address)
    assert faults(stranger) == []
    assert stranger.title() == "For You"
    assert stranger.evaluate("document.querySelector('img').naturalWidth") == job["result"]["width"]
    assert stranger.evaluate("getComputedStyle(document.querySelector('main')).display") == "grid"
    assert complaints == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Share", exact=True).click()  # it is listed from now on
    dialog.get_by_role("button", name="Withdraw the link").click()
    dialog.locator(".link-row").wait_for(state="detached")
    assert studio.get(f"api/v1/jobs/{job['id']}/links") == {"links": []}
    answer = stranger.goto(address)
    assert answer.status == 404
    assert "There is no picture or film here" in stranger.inner_text("h1")
    assert faults(stranger) == []
    other.close()


def test_the_system_s_share_sheet_gets_the_picture_without_settings(visit: Visit, photo_bytes: bytes) -> None:
    visit.context.add_init_script(SHEET)
    shown(visit, photo_bytes)
    page = visit.page
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("button", name="Share the picture").click()
    visit.until("window.shared.length === 1")
    (given,) = page.evaluate("window.shared")
    assert (given["title"], given["files"][0]["name"]) == ("For You", "For You.jpg")
    assert given["files"][0]["type"] == "image/jpeg"
    page.get_by_role("button", name="Make a link").click()
    page.get_by_role("button", name="Share the link").click()
    visit.until("window.shared.length === 2")
    assert "/s/" in page.evaluate("window.shared[1].url")
