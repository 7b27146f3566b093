"""A painting of one's own is taught to the network from the page: watched, cancelled, used and taken home."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.catalogue.cards import read_card
from tests.conftest import stripes
from tests.studio_page.conftest import Studio, Visit, encode, faults

pytestmark = pytest.mark.slow


@pytest.fixture
def taught(browser: Any, tmp_path: Path) -> Iterator[Callable[[str], Visit]]:
    """A visit to a studio in which learning takes so many minutes."""
    made: list[tuple[Studio, Visit]] = []

    def make(minutes: str) -> Visit:
        studio = Studio(tmp_path, training_minutes=minutes)
        studio.start()
        visit = Visit(browser, studio)
        made.append((studio, visit))
        visit.open()
        return visit

    yield make
    for studio, visit in made:
        try:
            visit.close()
        finally:
            studio.stop()


def own_painting(visit: Visit, photo: bytes) -> None:
    """A photograph on the easel, previewed after a painting of one's own."""
    visit.drop("Meadow.png", photo)
    visit.add_painting("Zebra.png", encode(stripes(96, 96)))
    visit.settle()


def test_a_painting_is_learnt_used_and_forgotten(
    taught: Callable[[str], Visit], photo_bytes: bytes, tmp_path: Path
) -> None:
    visit = taught("0.1")
    page = visit.page
    own_painting(visit, photo_bytes)
    assert faults(page) == [], "teaching is offered"
    before = visit.canvas("after")
    page.get_by_role("button", name="Teach the network this painting").click()
    page.get_by_text("The network has learnt this painting.").wait_for()
    visit.settle()
    visit.until("document.querySelector('body.has-painting .view:not(.is-busy)')")
    assert faults(page) == [], "it is learnt"
    assert np.abs(visit.canvas("after") - before).mean() > 0.002
    with page.expect_download() as download:
        page.get_by_role("link", name="Style file").click()
    path = tmp_path / "mine.style"
    download.value.save_as(path)
    assert read_card(path).title
    assert download.value.suggested_filename.endswith(".style")
    page.reload()
    page.wait_for_selector("body.is-open.has-photo")
    page.get_by_text("The network has learnt this painting.").wait_for()
    page.get_by_role("button", name="Forget what was learnt").click()
    page.get_by_role("button", name="Teach the network this painting").wait_for()
    visit.settle()


def test_learning_is_watched_and_cancelled_while_others_paint(
    taught: Callable[[str], Visit], photo_bytes: bytes
) -> None:
    visit = taught("600")
    page = visit.page
    own_painting(visit, photo_bytes)
    page.get_by_role("button", name="Teach the network this painting").click()
    page.locator(".teaching .figures dd").first.wait_for()
    page.locator(".teaching-sheet").wait_for()
    assert faults(page) == []
    widths = "document.querySelector('.panel-scroll')"
    assert page.evaluate(f"{widths}.scrollWidth <= {widths}.clientWidth")
    page.get_by_role("button", name="Shelf").click()
    page.locator(".queue-row", has_text="Learning: Zebra").wait_for()
    page.keyboard.press("Escape")
    visit.paint()  # is not kept waiting
    visit.wait_painted()
    page.locator(".teaching").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Teach the network this painting").wait_for()
    (job,) = visit.studio.get("api/v1/jobs?kind=training")["jobs"]
    assert job["status"] == "cancelled"
