"""What a visitor has begun is not lost: by a reload, a mistake, a failure, an end of the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from impasto.studio.client import StudioClient
from impasto.studio.web.accounts import account_line
from tests.conftest import blobs, stripes
from tests.studio_page.conftest import Studio, Visit, encode
from tests.waiting import until

pytestmark = pytest.mark.slow
TOKEN = "a-token-of-sixteen-letters"


def brush(visit: Visit) -> None:
    """Protect the middle of the picture."""
    page = visit.page
    page.get_by_role("button", name="Paint where it goes").click()
    box = page.locator(".sheet").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 10, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, middle, steps=8)
    page.mouse.up()
    page.get_by_role("button", name="Done").click()


def test_a_reload_keeps_what_was_not_sent(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    visit.drop("Orchard.png", photo_bytes)
    brush(visit)
    visit.until("document.querySelector('.wide span').textContent === 'Change where it goes'")
    photograph = visit.canvas("before")
    page.wait_for_timeout(1000)  # masks are kept a moment after the last stroke
    assert not [request for request in visit.requests if request.method == "POST"]
    page.reload()
    page.wait_for_selector("body.is-open.has-photo")
    assert page.inner_text(".label-title") == "Orchard"
    np.testing.assert_array_equal(visit.canvas("before"), photograph)
    visit.until("document.querySelector('.wide span').textContent === 'Change where it goes'")
    visit.choose("starry-night")
    painted = visit.canvas("after")
    height, width = painted.shape[:2]
    there = np.asarray(
        Image.fromarray(np.rint(photograph * 255).astype(np.uint8)).resize(
            (width, height), Image.Resampling.LANCZOS
        )
    ) / np.float32(255)
    rows = slice(height // 2 - 3, height // 2 + 3)
    kept = np.abs(painted - there)[rows, width // 10 : width // 3].mean()
    assert kept < 0.02 < np.abs(painted - there)[rows, width * 2 // 3 :].mean()


def test_settings_and_strokes_are_undone_and_done_again(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    visit.drop("Bridge.png", photo_bytes)
    visit.slide("strength", 160)
    page.wait_for_timeout(700)
    brush(visit)
    label = "document.querySelector('.wide span').textContent"
    visit.until(f"{label} === 'Change where it goes'")
    page.keyboard.press("Control+z")
    visit.until(f"{label} === 'Paint where it goes'")
    page.keyboard.press("Control+z")
    visit.until("document.getElementById('strength').value === '100'")
    page.keyboard.press("Control+Shift+z")
    visit.until("document.getElementById('strength').value === '160'")
    page.keyboard.press("Control+y")
    visit.until(f"{label} === 'Change where it goes'")


def test_a_deleted_picture_can_be_had_back(visit: Visit, studio: Studio, photo_bytes: bytes) -> None:
    with StudioClient(studio.address) as client:
        client.empty_bin()
        made = client.stylize(photo_bytes, "starry-night", size=64, title="Undone Deed").job
    page = visit.page
    shelf = page.locator("dialog.sheet-dialog")
    delete = shelf.get_by_role("button", name="Delete Undone Deed", exact=True)
    page.get_by_role("button", name="Shelf").click()
    for _ in range(2):  # as often as one likes
        delete.click()
        delete.wait_for(state="detached")
        page.locator(".notice").get_by_role("button", name="Undo").click()
        delete.wait_for()
    assert studio.get(f"api/v1/jobs/{made['id']}")["deleted"] is None
    delete.click()
    delete.wait_for(state="detached")
    visit.open()  # on another day
    page.get_by_role("button", name="Shelf").click()
    shelf.locator(".bin summary").click()
    assert "Until " in shelf.locator(".bin .queue-row", has_text="Undone Deed").inner_text()
    shelf.get_by_role("button", name="Restore Undone Deed").click()
    delete.click()
    shelf.get_by_role("button", name="Delete Undone Deed for good").click()
    until(lambda: page.wait_for_timeout(50) or studio.get("api/v1/bin")["jobs"] == [])
    visit.until("document.querySelector('.bin').hidden")


def test_the_bin_is_emptied_at_the_second_click(visit: Visit, studio: Studio, photo_bytes: bytes) -> None:
    with StudioClient(studio.address) as client:
        client.empty_bin()
        for _ in range(2):
            client.delete(client.stylize(photo_bytes, "starry-night", size=64, title="Thrown").job["id"])
    page = visit.page
    page.get_by_role("button", name="Shelf").click()
    page.locator(".bin summary").click()
    page.get_by_role("button", name="Empty the bin").click()
    assert len(studio.get("api/v1/bin")["jobs"]) == 2
    page.get_by_role("button", name="Yes, delete 2 for good").click()
    until(lambda: page.wait_for_timeout(50) or studio.get("api/v1/bin")["jobs"] == [])
    visit.until("document.querySelector('.bin').hidden")


def test_a_failed_painting_says_why_and_can_be_tried_again(
    visit: Visit, studio: Studio, photo_bytes: bytes
) -> None:
    with StudioClient(studio.address) as client:
        photo = client.upload(photo_bytes, name="Broken.png")
        stored = next((studio.folder / "data" / "pictures").glob(f"{photo}.png"))
        whole = stored.read_bytes()
        stored.write_bytes(b"damaged")
        client.wait(client.submit(photo, [{"name": "starry-night"}], size=64, title="Ill Luck")["id"])
        stored.write_bytes(whole)
    page = visit.page
    page.get_by_role("button", name="Shelf").click()
    card = page.locator(".card.is-failed", has_text="Ill Luck")
    card.wait_for()
    assert "It failed: " in card.inner_text()
    assert "Broken.png" in card.inner_text()
    card.get_by_role("button", name="Try Ill Luck again").click()
    visit.wait_painted()
    (newest, *_) = visit.jobs()
    assert (newest["title"], newest["status"]) == ("Ill Luck", "done")
    assert [job["title"] for job in visit.jobs() if job["status"] == "failed"] == []


def test_strength_is_in_sight_in_a_low_window_and_presets_are_not_cut(browser: Any, studio: Studio) -> None:
    visit = Visit(browser, studio, viewport={"width": 1280, "height": 720})
    visit.open()
    slider, dock = (visit.page.locator(which).bounding_box() for which in ("#strength", ".fields"))
    assert slider["y"] + slider["height"] < dock["y"]
    assert "Default" in visit.page.locator("#preset option").all_inner_texts()
    visit.close()


def test_how_long_it_takes_is_said_before_the_click(visit: Visit, photo_bytes: bytes) -> None:
    visit.drop("Clock.png", photo_bytes)
    visit.choose("starry-night")
    visit.until("/^About .* as fast as this studio paints/.test(document.querySelector('#why').textContent)")


def test_a_draft_says_that_it_is_one(visit: Visit, photo_bytes: bytes) -> None:
    visit.drop("Sketch.png", photo_bytes)
    visit.page.select_option("#preset", "draft")
    visit.choose("starry-night")
    visit.paint()
    visit.wait_painted()
    assert ", a draft, painted in " in visit.facts()


@pytest.mark.parametrize("kind", ["BMP", "TIFF"])
def test_a_painting_of_ones_own_may_be_of_any_format_offered(
    visit: Visit, photo_bytes: bytes, kind: str
) -> None:
    visit.drop("Lake.png", photo_bytes)
    own = visit.page.locator('.group input[type="file"]')
    data = encode(stripes(80, 80), kind)
    own.set_input_files({"name": f"Own.{kind.lower()}", "mimeType": f"image/{kind.lower()}", "buffer": data})
    visit.settle()
    visit.until("/a preview/.test(document.querySelector('.label-facts').textContent)")
    assert "Own" in visit.page.inner_text(".label-after")


def test_a_photograph_larger_than_the_studio_takes_is_made_smaller(another: Callable[..., Any]) -> None:
    studio, visit = another(max_pixels="20000")
    visit.open()
    visit.drop("Large.jpg", encode(blobs(240, 160, seed=3), "JPEG"))
    assert "173 \u00d7 115" in visit.facts()
    assert "made smaller" in visit.page.locator(".notice").inner_text()
    visit.choose("starry-night")
    (stored,) = studio.get("api/v1/pictures")["pictures"]
    assert (stored["width"], stored["height"]) == (173, 115)


def test_the_next_person_at_a_browser_finds_nothing_of_the_one_before(
    another: Callable[..., Any], photo_bytes: bytes, tmp_path: Path
) -> None:
    tokens = {name: f"{name}-token-0123456789" for name in ("anna", "bert")}
    accounts = tmp_path / "accounts.txt"
    accounts.write_text("\n".join(account_line(*pair) for pair in tokens.items()))
    _, visit = another(accounts_file=str(accounts))
    page = visit.page

    def enter(user: str) -> None:
        page.goto(visit.studio.address)
        page.fill("#token", tokens[user])
        page.get_by_role("button", name="Come in").click()
        page.wait_for_selector("body.is-open")

    enter("anna")
    visit.drop("Diary.png", photo_bytes)
    visit.slide("strength", 160)
    visit.until("localStorage.getItem('impasto-studio').includes('1.6')")
    page.goto("about:blank")
    visit.context.clear_cookies()  # the session ends while the page is closed
    enter("anna")
    assert page.inner_text(".label-title") == "Diary"
    page.goto("about:blank")
    visit.context.clear_cookies()
    enter("bert")
    assert page.query_selector("body.has-photo") is None
    assert page.input_value("#strength") == "100"
    page.goto("about:blank")
    visit.context.clear_cookies()
    enter("anna")
    assert page.query_selector("body.has-photo") is None, "it is gone, not hidden"
    visit.complaints.clear()  # the browser notes the refusals


def test_an_ended_session_leaves_the_page_as_it_is(another: Callable[..., Any], photo_bytes: bytes) -> None:
    _, visit = another(token=TOKEN)
    page = visit.page

    def enter() -> None:
        page.fill("#token", TOKEN)
        page.get_by_role("button", name="Come in").click()
        page.locator("dialog.door").wait_for(state="detached")

    page.goto(visit.studio.address)
    enter()
    page.wait_for_selector("body.is-open")
    visit.drop("Gate.png", photo_bytes)
    visit.context.clear_cookies()
    # The page may have asked for something by itself: then the door is there already.
    page.evaluate("document.querySelector('[data-key=starry-night]').click()")
    page.locator("dialog.door").wait_for()
    assert "nothing is lost" in page.inner_text("dialog.door")
    assert page.inner_text(".label-title") == "Gate"
    enter()
    visit.complaints.clear()  # the browser notes the refusals
    page.click('[data-key="great-wave"]')
    visit.settle()
    assert "a preview" in visit.facts()
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route(lambda url: url.endswith("/api/v1/pictures"), hold)
    visit.drop("Secret.png", encode(stripes(90, 60)))
    visit.until("document.querySelector('.label-title').textContent === 'Secret'")
    page.get_by_role("button", name="Sign out").click()
    page.locator("dialog.door").wait_for()
    enter()
    page.wait_for_selector("body.is-open")
    assert page.query_selector("body.has-photo") is None  # what was not sent is left to nobody
    visit.complaints.clear()
