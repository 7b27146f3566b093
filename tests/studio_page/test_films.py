"""A film as a visitor has it: dropped, looked at frame by frame, painted, played and kept."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from impasto.clips import open_clip
from impasto.types import Pixels
from tests.clips.clips import moving, write_clip
from tests.studio_page.conftest import SMALL, Studio, Visit, faults
from tests.waiting import until

pytestmark = pytest.mark.slow
FRAMES = 20


@pytest.fixture
def film(tmp_path: Path) -> bytes:
    """Eight tenths of a second of 240 x 160 pixels, with a tone."""
    frames = [moving(number, 240, 160, speed=8) for number in range(FRAMES)]
    return write_clip(tmp_path / "film.mp4", frames, sound=True).read_bytes()


def nearest(shown: Pixels) -> int:
    """The number of the frame that is shown."""
    return int(np.argmin([np.abs(shown - moving(n, 240, 160, speed=8)).mean() for n in range(FRAMES)]))


def test_a_film_from_drop_to_download(visit: Visit, film: bytes, tmp_path: Path) -> None:
    page = visit.page
    visit.drop("Harbour.mp4", film, "video/mp4")
    assert "A film of 1 sec, 240 \u00d7 160 pixels" in visit.facts()
    first = nearest(visit.canvas("before"))
    assert first == round(0.267 * 25)
    page.focus("#film-frame")
    page.keyboard.press("ArrowRight")
    until(lambda: nearest(visit.canvas("before")) == first + 1)
    page.keyboard.press("PageUp")
    until(lambda: nearest(visit.canvas("before")) == FRAMES - 1)

    visit.choose("starry-night")
    before = visit.canvas("after")
    page.focus("#film-frame")
    page.keyboard.press("PageDown")
    until(lambda: nearest(visit.canvas("before")) == 0)
    visit.settle()
    assert np.abs(visit.canvas("after") - before).mean() > 0.02, "the preview is of the frame"
    assert page.locator("#preset").is_hidden()
    assert page.get_by_role("button", name="Paint where it goes").is_disabled()
    assert faults(page) == [], "a film is open"

    page.get_by_role("button", name="Paint the film").click()
    visit.begun()
    assert f"of {FRAMES}" in page.inner_text(".working")
    page.wait_for_selector("body.has-film")
    assert page.locator(".view").is_hidden()
    visit.until("document.querySelector('video.player').readyState >= 2")
    video = "document.querySelector('.player')"
    size = page.evaluate(f"[{video}.videoWidth, {video}.videoHeight]")
    assert size == [SMALL, SMALL * 160 // 240]
    page.evaluate("document.querySelector('.player').play()")
    visit.until("document.querySelector('.player').currentTime > 0.1")
    page.evaluate("document.querySelector('.player').pause()")
    page.evaluate("document.querySelector('.player').currentTime = 0.6")
    visit.until("!document.querySelector('.player').seeking")
    assert faults(page) == [], "the painted film"
    assert f"A film of 1 sec, {SMALL} \u00d7 128 pixels, painted in" in visit.facts()

    with page.expect_download() as download:
        page.click(".label-actions a[download]")
    assert download.value.suggested_filename == "Harbour.mp4, The Starry Night.mp4"
    path = tmp_path / "painted.mp4"
    download.value.save_as(path)
    clip = open_clip(path)
    assert (len(list(clip.frames())), clip.info.audio) == (FRAMES, ("aac",))
    assert all(request.url.startswith((visit.studio.address, "blob:", "data:")) for request in visit.requests)

    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share")
    assert "sees the film and its title" in dialog.inner_text()
    dialog.get_by_role("button", name="Make a link").click()
    link = dialog.locator(".link-row input").input_value()
    assert faults(page) == [], "sharing a film"
    stranger = visit.context.browser.new_context().new_page()
    complaints: list[str] = []
    stranger.on("console", lambda line: complaints.append(line.text))
    stranger.goto(link)
    until(lambda: stranger.evaluate("document.querySelector('video').readyState >= 1"))
    assert stranger.evaluate("document.querySelector('video').videoWidth") == SMALL
    stranger.evaluate("document.querySelector('video').play()")
    until(lambda: stranger.evaluate("document.querySelector('video').currentTime > 0.1"))
    assert faults(stranger) == [], "the page of a link"
    assert complaints == []
    stranger.context.close()
    page.keyboard.press("Escape")

    page.reload()
    page.wait_for_selector("body.is-open")
    page.wait_for_selector("body.has-film")
    strip = page.locator(".strip-picture.is-film").first
    assert strip.get_attribute("aria-current") == "true"
    page.locator(".header-button", has=page.locator(".count")).click()
    page.wait_for_selector(".card")
    assert "a film of 1 sec" in page.locator(".card").first.inner_text()


def test_on_a_phone_each_time_stands_beside_its_name_and_a_short_film_shows_tenths(
    browser: Any, studio: Studio, film: bytes
) -> None:
    visit = Visit(browser, studio, locale="de", viewport={"width": 390, "height": 844})
    visit.open()
    visit.drop("Hafen.mp4", film, "video/mp4")
    for name in ("start", "end"):
        label, field = (visit.page.locator(part) for part in (f"[for=part-{name}]", f"#part-{name}"))
        (above, below), (top, bottom) = (
            (box["y"], box["y"] + box["height"]) for box in (label.bounding_box(), field.bounding_box())
        )
        assert top <= above <= below <= bottom
    assert visit.page.inner_text("[for=film-frame]:is(output)") == "0:00,3 / 0:00,8"
    visit.close()


def test_a_part_of_a_film_is_chosen_and_painted(visit: Visit, film: bytes) -> None:
    page = visit.page
    visit.drop("Harbour.mp4", film, "video/mp4")
    visit.choose("starry-night")
    visit.settle()
    start, end, wrong = (
        page.get_by_label("Start", exact=True),
        page.get_by_label("End", exact=True),
        "#part-wrong",
    )
    assert (start.input_value(), end.input_value()) == ("0:00", "0:00.8")
    start.fill("0:00.2")
    start.press("Tab")
    until(lambda: nearest(visit.canvas("before")) == 5)
    end.fill("0:00.1")
    end.press("Tab")
    assert "after the start" in page.inner_text(wrong)
    assert end.get_attribute("aria-invalid") == "true"
    assert page.get_by_role("button", name="Paint the film").is_disabled()
    assert faults(page) == [], "what is no part"
    end.fill("0:00.4")
    end.press("ArrowUp")
    assert (end.input_value(), page.inner_text(wrong)) == ("0:00.44", "")
    until(lambda: nearest(visit.canvas("before")) == 10)
    page.get_by_role("button", name="End after this frame").click()
    assert end.input_value() == "0:00.44"
    assert page.inner_text(".film-part output") == "0.2 sec of 0.8 sec"

    page.get_by_role("button", name="Paint the film").click()
    page.wait_for_selector("body.has-film")
    (job, *_) = visit.studio.get("api/v1/jobs?kind=film")["jobs"]
    assert job["request"]["options"] == {"start": "0.200", "end": "0.440"}
    assert job["result"]["frames"] == 6
    page.reload()
    page.wait_for_selector("body.has-film")
    assert page.evaluate("document.querySelector('#part-start').value") == "0:00.2"
    assert page.evaluate("document.querySelector('#part-end').value") == "0:00.44"


def test_what_is_no_film_is_refused_with_the_reason(visit: Visit) -> None:
    page = visit.page
    page.set_input_files("#photo-file", {"name": "a.mp4", "mimeType": "video/mp4", "buffer": b"words"})
    page.locator(".notice.is-error").wait_for()
    assert "expected a film" in page.inner_text(".notice.is-error")
    assert faults(page) == [], "a refusal"
    visit.complaints.clear()  # the browser notes the server's answer, 415


@pytest.mark.parametrize("kind", ["gif", "png", "webp"])
def test_a_picture_that_moves_is_a_film_and_a_still_one_a_photograph(visit: Visit, kind: str) -> None:
    images = [Image.fromarray((moving(n) * 255).astype(np.uint8)) for n in range(5)]
    still, animation = io.BytesIO(), io.BytesIO()
    images[0].save(still, kind)
    images[0].save(animation, kind, save_all=True, append_images=images[1:], duration=100)
    visit.drop(f"Still.{kind}", still.getvalue(), f"image/{kind}")
    visit.until("document.querySelector('.label-facts').textContent.startsWith('The photograph')")
    visit.drop(f"Loop.{kind}", animation.getvalue(), f"image/{kind}")
    visit.until("document.querySelector('.label-facts').textContent.startsWith('A film')")
    (newest, *_) = visit.studio.get("api/v1/pictures?role=film")["pictures"]
    assert (newest["name"], newest["film"]["media"]) == (f"Loop.{kind}", f"image/{kind}")
