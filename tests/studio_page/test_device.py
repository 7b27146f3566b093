"""On the device: the same picture as the studio's, nothing sent, and no network needed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.imaging import read, read_parameters
from impasto.inference.options import FastOptions
from impasto.jobs import Job
from impasto.studio.client import StudioClient
from tests.conftest import blobs, stripes
from tests.studio_page.conftest import Studio, Visit, encode

pytestmark = pytest.mark.slow
SIDE = 512


def wait_ready(visit: Visit) -> None:
    visit.page.wait_for_selector("#device-words:text('nothing is sent')")


def turn_on(visit: Visit) -> None:
    visit.page.get_by_role("switch", name="On this device").check(force=True)
    wait_ready(visit)


def asked_since(visit: Visit, before: int) -> list[str]:
    """Return the addresses asked for since then, but for samples of styles, loaded as they are seen."""
    sample = re.compile(r"/api/v1/styles/[^/?]+/thumbnail$")
    asked = visit.requests[before:]
    return [
        request.url
        for request in asked
        if not request.url.startswith(("data:", "blob:"))
        and not (request.method == "GET" and sample.search(request.url))
    ]


def test_the_picture_is_the_servers_and_nothing_is_sent(visit: Visit, studio: Studio) -> None:
    photo = encode(blobs(600, 380, seed=5, coarse=24))
    style = [{"name": "starry-night"}]
    turn_on(visit)
    assert visit.page.evaluate("window.crossOriginIsolated"), "threads"
    before = len(visit.requests)
    visit.drop("Bay.png", photo)
    visit.slide("strokeSize", 80)
    visit.choose("starry-night")
    expected = studio.preview(photo, styles=style, side=SIDE, stroke_size=0.8)
    assert expected.shape == (324, SIDE, 3)
    assert np.abs(visit.canvas("after") - expected).max() <= 2 / 255
    visit.slide("strength", 60)
    visit.settle()
    expected = studio.preview(photo, styles=style, side=SIDE, stroke_size=0.8, strength=0.6)
    assert np.abs(visit.canvas("after") - expected).max() <= 2 / 255
    visit.slide("strokeSize", 150)  # in three passes, the first in part
    visit.settle()
    expected = studio.preview(photo, styles=style, side=SIDE, stroke_size=1.5, strength=0.6)
    assert np.abs(visit.canvas("after") - expected).max() <= 2 / 255
    assert asked_since(visit, before) == []
    assert "nothing is sent" in visit.page.inner_text("#device-words")


def test_paintings_of_ones_own_are_not_asked_for_on_the_device(visit: Visit, studio: Studio) -> None:
    with StudioClient(studio.address) as client:
        id = client.upload(encode(blobs(64, 64, seed=9)), "painting")
    visit.open()  # again, as one comes back
    own = visit.page.locator(f'[data-key="{id}"]')
    assert own.locator("img").count() == 1
    turn_on(visit)
    visit.drop("Bay.png", encode(blobs(200, 120, seed=5)))
    visit.choose("starry-night")
    assert own.locator("img").count() == 0
    assert own.get_attribute("aria-disabled") == "true"
    assert "nothing is sent" in visit.page.inner_text("#device-words")


def test_a_painting_of_one_s_own_is_painted_after_without_being_sent(visit: Visit, studio: Studio) -> None:
    photo = encode(blobs(600, 380, seed=5, coarse=24))
    painting = encode(stripes(700, 560, period=40))
    turn_on(visit)
    before = len(visit.requests)
    visit.drop("Bay.png", photo)
    visit.add_painting("Stripes.png", painting)
    visit.settle()
    (network,) = asked_since(visit, before)
    assert network.endswith("/any-painting-encoder.onnx")
    with StudioClient(studio.address) as client:
        id = client.upload(painting, "painting")
    expected = studio.preview(photo, styles=[{"picture": id}], side=SIDE)
    assert np.abs(visit.canvas("after") - expected).max() <= 2 / 255
    visit.page.get_by_role("switch", name="Mix several").check(force=True)
    visit.choose("great-wave")
    mixed = [{"picture": id}, {"name": "great-wave"}]
    expected = studio.preview(photo, styles=mixed, side=SIDE)
    assert np.abs(visit.canvas("after") - expected).max() <= 2 / 255
    assert "nothing is sent" in visit.page.inner_text("#device-words")


def test_a_larger_picture_is_painted_and_kept_without_the_studio(
    visit: Visit, studio: Studio, tmp_path: Path
) -> None:
    photo = encode(blobs(600, 380, seed=5, coarse=24))
    turn_on(visit)
    before = len(visit.requests)
    visit.drop("Bay.png", photo)
    visit.choose("great-wave")
    visit.page.select_option("#size", "768")
    visit.page.get_by_role("button", name="Paint it at 768 pixels").click()
    visit.until("document.querySelector('canvas.after').width === 768")
    visit.settle()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Keep this").click()
    assert download.value.suggested_filename == "Bay Under the Wave off Kanagawa.png"
    path = tmp_path / "kept.png"
    download.value.save_as(path)
    assert asked_since(visit, before) == []
    kept = read(path).pixels
    expected = studio.preview(photo, styles=[{"name": "great-wave"}], side=768)
    assert np.abs(kept - expected).max() <= 2 / 255
    made = read_parameters(path)
    assert made is not None
    job = Job.from_recipe(made)
    assert (job.content.place, [style.place for style in job.styles]) == ("Bay.png", ["great-wave"])
    assert job.options == FastOptions(size=768, device="cpu")


def test_colours_of_the_photograph_are_kept_as_by_the_server(visit: Visit, studio: Studio) -> None:
    photo = encode(blobs(200, 130, seed=6, coarse=12))
    turn_on(visit)
    visit.drop("Reed.png", photo)
    visit.slide("keepColor", 100)
    visit.choose("starry-night")
    expected = studio.preview(photo, styles=[{"name": "starry-night"}], side=SIDE, keep_color=1)
    assert np.abs(visit.canvas("after") - expected).max() <= 2 / 255


def test_after_the_first_visit_it_works_without_a_network(
    browser: Any, studio: Studio, photo_bytes: bytes
) -> None:
    visit = Visit(browser, studio)
    visit.open()
    page = visit.page
    visit.until("document.body.classList.contains('is-kept')")
    manifest = json.loads(page.request.get(f"{studio.address}manifest.webmanifest").text())
    assert {icon["sizes"] for icon in manifest["icons"]} >= {"192x192", "512x512"}
    assert manifest["display"] == "standalone"
    visit.context.set_offline(True)
    page.reload()
    page.wait_for_selector("body.is-open")
    wait_ready(visit)
    assert page.evaluate("window.crossOriginIsolated")
    visit.drop("Isle.png", photo_bytes)
    visit.choose("starry-night")
    named = visit.canvas("after")
    assert named.std() > 0.01
    visit.add_painting("Stripes.png", encode(stripes(200, 160)))
    visit.settle()
    assert np.abs(visit.canvas("after") - named).mean() > 0.01
    visit.complaints.clear()  # what could not be fetched
    visit.close()
