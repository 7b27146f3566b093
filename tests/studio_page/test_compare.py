"""Results side by side: moved and enlarged as one, under their photograph, painted again with a change."""

from __future__ import annotations

from typing import Any

import pytest

from impasto.studio.client import StudioClient
from tests.conftest import blobs
from tests.studio_page.conftest import SMALL, Studio, Visit, encode, faults
from tests.waiting import until

pytestmark = pytest.mark.slow
PLACES = "[...document.querySelectorAll('.pane .sheet')].map((e) => e.getAttribute('style'))"


@pytest.fixture
def painted(studio: Studio) -> list[dict[str, Any]]:
    """Five results of one photograph, each weaker than the one before, and one of another."""
    with StudioClient(studio.address) as client:
        photo = client.upload(encode(blobs(120, 80, seed=3)), name="Dune.png")
        other = client.upload(encode(blobs(80, 120, seed=4)), name="Other.png")
        style = [{"name": "starry-night"}]
        quick = {"size": 64, "preset": "draft"}
        made = [
            client.submit(photo, style, strength=strength, title=f"Dune {strength}", **quick)
            for strength in (1.0, 0.9, 0.8, 0.7, 0.6)
        ]
        made.append(client.submit(other, style, title="Other", **quick))
        return [client.wait(job["id"]) for job in made]


def panes(visit: Visit) -> list[str]:
    return [text.split("\n")[0] for text in visit.page.locator(".pane cite").all_inner_texts()]


def test_results_are_compared_and_one_is_painted_again_with_a_change(
    visit: Visit, painted: list[dict[str, Any]]
) -> None:
    page = visit.page
    page.reload()
    page.wait_for_selector("body.is-open")
    page.locator('.strip [aria-label^="Dune 0.6"]').first.click()
    visit.wait_painted()
    page.get_by_role("button", name="Compare with other results").click()
    assert panes(visit) == ["Dune 0.7", "Dune 0.6"], "the latest other of the same photograph, before it"
    words = page.locator(".pane-words .quiet").all_inner_texts()
    assert words == ["Strength: 70%", "Strength: 60%"]
    for title in ("Dune 0.8", "Dune 0.9"):
        page.locator(f'.comparison-others [aria-label^="{title}"]').first.click()
    assert panes(visit) == ["Dune 0.7", "Dune 0.6", "Dune 0.8", "Dune 0.9"]
    page.locator('.comparison-others [aria-label^="Dune 1"]').first.click(force=True)
    assert len(panes(visit)) == 4
    assert faults(visit.page) == [], "four results"

    # One is enlarged and moved by keyboard, and with it the others.
    visit.until("document.querySelectorAll('.pane img.before').length === 4")
    before = page.evaluate(PLACES)
    page.locator(".pane-view").nth(2).focus()
    for key in ("+", "+", "+", "+", "ArrowLeft"):
        page.keyboard.press(key)
    places = page.evaluate(PLACES)
    assert len(set(places)) == 1, "each as the others"
    assert places != before
    page.keyboard.press("0")
    assert page.evaluate(PLACES) == before
    page.mouse.move(*_middle(visit, 1))
    page.mouse.wheel(0, -400)
    visit.until(f"{PLACES}[0] !== {before[0]!r}")
    assert len(set(page.evaluate(PLACES))) == 1

    # The photograph lies over all, as far as the slider says.
    slider = page.get_by_label("Photograph over them")
    slider.focus()
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuetext") == "100% photograph, 0% painting"
    clips = "[...document.querySelectorAll('.pane img.before')].map((e) => getComputedStyle(e).clipPath)"
    assert page.evaluate(clips) == ["inset(0px 0% 0px 0px)"] * 4

    page.get_by_role("button", name="No longer compare Dune 0.6").click()
    assert panes(visit) == ["Dune 0.7", "Dune 0.8", "Dune 0.9"]
    page.get_by_role("button", name="Change something: Dune 0.8").click()
    visit.until("document.querySelector('#strength').value === '80'")
    assert not page.locator(".comparison").is_visible()
    visit.until("!document.querySelector('.view').classList.contains('is-busy')")
    visit.slide("keepColor", 60)
    visit.settle()
    visit.size(SMALL)
    visit.settle()
    known = {job["id"] for job in visit.jobs()}
    visit.paint()
    until(lambda: {job["id"] for job in visit.jobs()} > known or visit.page.wait_for_timeout(100))
    (newest, *_) = visit.jobs()
    source = painted[2]["request"]
    changed = {name for name in source if newest["request"][name] != source[name]} - {"title", "mask_feather"}
    assert changed == {"keep_color", "size"}


def _middle(visit: Visit, index: int) -> tuple[float, float]:
    box = visit.page.locator(".pane-view").nth(index).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_result_that_is_deleted_is_no_longer_compared(
    visit: Visit, studio: Studio, painted: list[dict[str, Any]]
) -> None:
    page = visit.page
    page.reload()
    page.wait_for_selector("body.is-open")
    page.locator('.strip [aria-label^="Other"]').first.click()
    visit.wait_painted()
    page.get_by_role("button", name="Compare with other results").click()
    assert panes(visit)[-1] == "Other"
    page.locator('.comparison-others [aria-label^="Dune 0.7"]').first.click()
    visit.until("document.querySelectorAll('.pane').length === 3")
    with StudioClient(studio.address) as client:
        client.delete(painted[3]["id"])
        visit.until("document.querySelectorAll('.pane').length === 2")
        assert "Dune 0.7" not in panes(visit)
        client.restore(painted[3]["id"])  # the bin is as it was, for other tests
