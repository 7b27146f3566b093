"""The whole story, as a visitor has it: from a dropped photograph to a picture kept."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from impasto import imaging
from impasto.studio.client import StudioClient
from tests.conftest import blobs, stripes
from tests.studio_page.conftest import SMALL, Studio, Visit, encode
from tests.waiting import until

pytestmark = pytest.mark.slow


def test_from_drop_to_download(visit: Visit, tmp_path: Path) -> None:
    upright = blobs(480, 320, seed=3)
    exif = Image.Exif()
    exif[0x0112] = 6  # stored on its side: turn by 90 degrees to see it
    lying = np.rot90(upright)
    visit.drop("Garden.jpg", encode(lying, "JPEG", quality=95, exif=exif))
    assert "480 \u00d7 320" in visit.facts()
    visit.size(384)  # long enough to be watched, however fast the machine
    assert np.abs(visit.canvas("before") - upright).mean() < 0.02

    visit.choose("starry-night")
    preview = visit.canvas("after")
    assert preview.shape[1] > preview.shape[0]
    visit.page.focus(".divider")
    visit.page.keyboard.press("End")
    assert visit.page.get_attribute(".divider", "aria-valuenow") == "100"

    visit.paint()
    visit.page.wait_for_selector(".working .loss-total[points*=' ']", state="attached")
    assert visit.page.get_attribute(".working .stroke-bar", "aria-valuenow") != "100"
    visit.wait_painted()
    assert "384 \u00d7 256" in visit.facts()

    with visit.page.expect_download() as download:
        visit.page.click(".label-actions a[download]")
    path = tmp_path / "painted.png"
    download.value.save_as(path)
    assert imaging.read(path).pixels.shape == (256, 384, 3)
    assert imaging.read_parameters(path)["styles"] == ["starry-night"]
    assert all(request.url.startswith((visit.studio.address, "blob:", "data:")) for request in visit.requests)


def test_the_picture_grows_under_the_eyes(visit: Visit, photo_bytes: bytes) -> None:
    visit.page.evaluate(
        """() => {
            window.widths = new Set();
            const canvas = document.querySelector("canvas.after");
            const painting = () => document.querySelector(".working:not([hidden])");
            window.setInterval(() => painting() && window.widths.add(canvas.width), 30);
        }"""
    )
    visit.drop("Pond.png", photo_bytes)
    visit.size(512)
    visit.choose("starry-night")
    visit.paint()
    visit.wait_painted()
    widths = visit.page.evaluate("[...window.widths]")
    assert any(width < 512 for width in widths), "a coarse level was shown"
    assert 512 in widths


def test_a_past_picture_brings_its_settings_back(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    visit.drop("Harbour.png", photo_bytes)
    visit.slide("strength", 70)
    visit.slide("keepColor", 40)
    page.select_option("#preset", "draft")
    visit.choose("starry-night")
    visit.paint()
    visit.wait_painted()
    before = visit.painted()

    visit.drop("Other.png", encode(blobs(100, 120, seed=8)))
    visit.slide("strength", 100)
    visit.slide("keepColor", 0)
    page.select_option("#preset", "default")
    visit.settle()
    page.locator(".strip-picture").first.click()
    visit.wait_painted()
    visit.until("document.querySelector('.label-title').textContent === 'Harbour'")
    assert page.input_value("#strength") == "70"
    assert page.input_value("#keepColor") == "40"
    assert page.input_value("#preset") == "draft"
    assert page.get_attribute('[data-key="starry-night"]', "aria-pressed") == "true"
    np.testing.assert_array_equal(visit.painted(), before)


def test_what_a_program_asked_for_is_painted_again_as_it_was(
    visit: Visit, studio: Studio, photo_bytes: bytes
) -> None:
    """Beyond what the page's own controls offer."""
    beyond = {"strength": 1.5, "stroke_size": 0.4, "options": {"iterations": 3}}
    with StudioClient(studio.address) as client:
        photo = client.upload(photo_bytes, name="Quay.png")
        job = client.submit(photo, [{"name": "starry-night"}], size=SMALL, **beyond)
        client.wait(job["id"])
    page = visit.page
    page.reload()
    page.wait_for_selector("body.is-open")
    page.locator(".strip-picture").first.click()
    visit.wait_painted()
    assert page.input_value("#strength") == "150"
    assert page.input_value("#strokeSize") == "40"
    assert page.inner_text(".more") == "Also: iterations 3"
    page.wait_for_selector("body.has-painting .view:not(.is-busy)")
    visit.paint()
    until(lambda: page.wait_for_timeout(50) or visit.jobs()[0]["id"] != job["id"])
    (newest, *_) = visit.jobs()
    visit.until(f"document.querySelector('.label-actions a[download]')?.href.includes('{newest['id']}')")
    assert {name: newest["request"][name] for name in beyond} == beyond


def test_cancel_keeps_what_was_painted(visit: Visit, photo_bytes: bytes) -> None:
    visit.drop("Hill.png", photo_bytes)
    visit.page.select_option("#size", "1024")
    visit.choose("starry-night")
    visit.paint()
    visit.begun()
    visit.page.click('[data-act="cancel"]')
    visit.wait_painted()
    assert "cut short" in visit.facts()


def test_pause_and_going_on(visit: Visit, photo_bytes: bytes) -> None:
    visit.drop("Barn.png", photo_bytes)
    visit.page.select_option("#size", "512")
    visit.choose("starry-night")
    visit.paint()
    visit.begun()
    visit.page.click('[data-act="pause"]')
    visit.page.wait_for_selector('[data-act="resume"]')
    assert visit.page.inner_text(".work-words") == "Paused"
    visit.page.click('[data-act="resume"]')
    visit.until("document.querySelector('.work-words').textContent === 'Painting'")
    visit.page.click('[data-act="cancel"]')
    visit.wait_painted()


def test_a_painting_of_ones_own_is_previewed_at_once(visit: Visit, photo_bytes: bytes) -> None:
    visit.drop("Lake.png", photo_bytes)
    visit.add_painting("Stripes.png", encode(stripes(80, 80)))
    visit.settle()
    visit.until("/a preview/.test(document.querySelector('.label-facts').textContent)")
    assert "Stripes" in visit.page.inner_text(".label-after")
    assert max(visit.canvas("after").shape) == 640
    assert visit.studio.get("api/v1/jobs?kind=draft")["jobs"] == []


def test_the_photograph_stays_until_there_is_a_painting(visit: Visit, photo_bytes: bytes) -> None:
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    visit.page.route(lambda url: url.endswith("/api/v1/preview"), hold)
    visit.drop("Lake.png", photo_bytes)
    visit.add_painting("Own.png", encode(stripes(80, 80)))
    until(lambda: held or visit.page.wait_for_timeout(50))
    clip = "getComputedStyle(document.querySelector('.before')).clipPath"
    assert visit.page.evaluate(clip) == "none"
    assert visit.page.locator("canvas.after").is_hidden()
    for route in held:
        route.continue_()
    visit.until("!document.querySelector('canvas.after').hidden")


def test_several_paintings_are_mixed_by_their_weights(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    styles = [style["name"] for style in visit.studio.get("api/v1/styles")["styles"]][:2]
    visit.drop("Roof.png", photo_bytes)
    page.get_by_role("switch", name="Mix several").check()
    for style in styles:
        visit.choose(style)
    page.locator(".mix input").first.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    visit.settle()
    assert page.locator(".mix output").all_inner_texts() == ["33%", "67%"]
    page.select_option("#preset", "draft")
    visit.paint()
    visit.wait_painted()
    (newest, *_) = visit.jobs()
    assert [style["name"] for style in newest["request"]["styles"]] == styles
    assert [style["weight"] for style in newest["request"]["styles"]] == [0.5, 1]


def test_what_the_brush_protects_stays_as_photographed(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    visit.drop("Wall.png", photo_bytes)
    visit.choose("starry-night")
    page.get_by_role("button", name="Paint where it goes").click()
    box = page.locator(".sheet").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 10, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 3, middle, steps=8)
    page.mouse.up()
    page.get_by_role("button", name="Done").click()
    visit.settle()
    painted, photo = visit.canvas("after"), visit.canvas("before")
    height, width = painted.shape[:2]
    there = imaging.resize(photo, width, height)
    rows = slice(height // 2 - 3, height // 2 + 3)
    kept = np.abs(painted - there)[rows, width // 10 : width // 4].mean()
    elsewhere = np.abs(painted - there)[rows, width // 2 :].mean()
    assert kept < 0.01 < 0.03 < elsewhere


def test_pasted_and_taken_photographs(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    page.evaluate(
        """(data) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([Uint8Array.from(data)], "image.png", { type: "image/png" }));
            window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer }));
        }""",
        list(photo_bytes),
    )
    page.wait_for_selector("body.has-photo")
    assert "240 \u00d7 160" in visit.facts()
    page.evaluate("indexedDB.deleteDatabase('impasto-studio')")  # else the photograph would come back
    page.reload()
    page.wait_for_selector("body.is-open")
    page.get_by_role("button", name="Take a picture").click()
    visit.until("document.querySelector('dialog video')?.videoWidth > 0")
    page.get_by_role("button", name="Take it").click()
    page.wait_for_selector("body.has-photo")
    assert page.inner_text(".label-title") == "Camera"


def test_what_is_no_picture_is_refused_in_a_sentence(visit: Visit) -> None:
    visit.page.set_input_files("#photo-file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"words"})
    notice = visit.page.wait_for_selector(".notice.is-error")
    assert len(notice.inner_text().strip().splitlines()) == 1
    visit.complaints.clear()  # the browser notes the server's answer, 415
    assert visit.page.query_selector("body.has-photo") is None


def test_reload_in_the_middle_of_a_job(visit: Visit, photo_bytes: bytes) -> None:
    visit.drop("Mill.png", photo_bytes)
    visit.size(640)
    visit.choose("starry-night")
    visit.paint()
    visit.begun()
    visit.page.reload()
    visit.page.wait_for_selector(".working .loss-total[points*=' ']", state="attached")
    assert visit.page.inner_text(".label-title") == "Mill"
    assert visit.page.get_attribute('[data-key="starry-night"]', "aria-pressed") == "true"
    visit.wait_painted()
    assert "640 \u00d7 427" in visit.facts()


def test_the_studio_stops_and_starts_in_the_middle_of_a_job(
    visit: Visit, studio: Studio, photo_bytes: bytes
) -> None:
    visit.drop("Ferry.png", photo_bytes)
    visit.size(384)
    visit.choose("starry-night")
    visit.paint()
    visit.begun()
    studio.stop()
    visit.page.wait_for_selector(".away:not([hidden])")
    studio.start()
    visit.page.wait_for_selector(".away[hidden]", state="attached")
    visit.wait_painted()
    assert "384 \u00d7 256" in visit.facts()
    visit.complaints.clear()  # what could not be fetched meanwhile
    (newest, *_) = visit.jobs()
    assert newest["status"] == "done"
    kept = visit.page.request.get(studio.address + newest["result"]["url"][1:]).body()
    with Image.open(io.BytesIO(kept)) as result:
        assert result.size == (384, 256)
