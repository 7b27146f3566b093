"""The paintings to choose from: found by what is typed, favourites first."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.conftest import stripes
from tests.studio_page.conftest import Visit, encode

pytestmark = pytest.mark.slow


def shown(visit: Visit) -> list[str]:
    """The keys of the paintings that are listed, in their order."""
    found = (
        "[...document.querySelectorAll('.tiles li:not([hidden]) [data-key]')].map((tile) => tile.dataset.key)"
    )
    return list(visit.page.evaluate(found))


def test_paintings_are_found_by_title_artist_or_year(visit: Visit) -> None:
    styles = visit.studio.get("api/v1/styles")["styles"]
    wanted = [style["name"] for style in styles if "Gogh" in style["artist"]]
    search = visit.page.get_by_role("searchbox", name="Search the paintings")
    search.fill("vincent GOGH")
    assert shown(visit) == wanted
    search.fill("no such painting")
    assert shown(visit) == []
    visit.page.get_by_text("No painting here has that").wait_for()
    search.fill("")
    assert set(shown(visit)) >= {style["name"] for style in styles}


def test_favourites_come_first_and_stay_so(visit: Visit) -> None:
    page = visit.page
    last = shown(visit)[-1]
    page.click(f'[data-key="{last}"]')
    page.locator(".mix .favourite").click()
    visit.until(f"document.querySelector('.tiles [data-key]').dataset.key === '{last}'")
    page.reload()
    page.wait_for_selector("body.is-open")
    assert shown(visit)[0] == last
    page.locator(".mix .favourite[aria-pressed=true]").click()
    visit.until(f"document.querySelector('.tiles [data-key]').dataset.key !== '{last}'")


def test_what_the_studio_left_out_of_a_picture_is_said(visit: Visit, photo_bytes: bytes) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    visit.drop("Lake.png", photo_bytes)
    own = visit.page.locator('.group input[type="file"]')
    own.set_input_files({"name": "Moving.gif", "mimeType": "image/gif", "buffer": stream.getvalue()})
    visit.page.locator(".notice", has_text="only the first one was read").wait_for()


def test_a_painting_chosen_elsewhere_comes_into_sight(visit: Visit) -> None:
    page = visit.page
    page.evaluate("document.querySelector('.tiles').scrollTop = 1e6")
    visit.add_painting("Sunday.png", encode(stripes(40, 40)))
    visit.until("document.querySelector('[data-key^=own]').ariaPressed === 'true'")
    around, tile = (page.locator(which).bounding_box() for which in (".tiles", "[data-key^=own]"))
    assert around["y"] <= tile["y"]
    assert tile["y"] + tile["height"] <= around["y"] + around["height"] + 1
