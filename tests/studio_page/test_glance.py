"""One's photograph after every painting at a glance."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import stripes
from tests.studio_page.conftest import Visit, encode

pytestmark = pytest.mark.slow
WALL = "document.querySelector('.glance')"
LEFT = f"{WALL}.querySelectorAll('[data-glance]:not([aria-disabled]) canvas.is-waiting').length"


def keys(visit: Visit, selector: str) -> list[str]:
    found = f"[...document.querySelectorAll('{selector}')].map((one) => Object.values(one.dataset)[0])"
    return list(visit.page.evaluate(found))


def open_wall(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Try them all").click()
    visit.page.locator(".glance[open]").wait_for()


def test_every_painting_is_previewed_in_the_order_of_the_gallery(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    assert page.get_by_role("button", name="Try them all").is_disabled(), "there is no photograph yet"
    visit.drop("Hill.png", photo_bytes)
    visit.add_painting("Stripes.png", encode(stripes(80, 80)))
    visit.settle()
    open_wall(visit)
    assert keys(visit, ".glance [data-glance]") == keys(visit, ".tiles [data-key]")
    visit.until(f"{LEFT} === 0")
    total = len(keys(visit, ".glance [data-glance]"))
    page.get_by_text(f"{total} of {total} painted").wait_for()
    pictures = page.evaluate(f"[...{WALL}.querySelectorAll('canvas')].map((one) => one.toDataURL())")
    assert len(set(pictures)) == total, "each painting makes another picture"
    assert page.locator(".glance .is-wrong:not(:empty)").count() == 0


def test_what_is_chosen_on_the_wall_is_painted_on_the_easel(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    visit.drop("Hill.png", photo_bytes)
    open_wall(visit)
    first, second = keys(visit, ".glance [data-glance]")[:2]
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.glance") == second
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.dataset.glance") == first
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.locator(".glance").wait_for(state="hidden")
    visit.settle()
    assert keys(visit, '.tiles [aria-pressed="true"]') == [first]


def test_the_wall_stops_when_it_is_closed_and_keeps_what_it_has(visit: Visit, photo_bytes: bytes) -> None:
    page, asked, held = visit.page, [], []

    def ask(route: Any) -> None:
        (style,) = route.request.post_data_json["styles"]
        asked.append(style.get("name") or style["picture"])
        if len(asked) > 3:
            held.append(route)
        else:
            route.continue_()

    page.route(lambda url: url.endswith("/api/v1/preview"), ask)
    visit.drop("Hill.png", photo_bytes)
    open_wall(visit)
    total = len(keys(visit, ".glance [data-glance]"))
    page.get_by_text(f"3 of {total} painted").wait_for()
    page.keyboard.press("Escape")
    page.locator(".glance").wait_for(state="hidden")
    for route in held:
        route.abort()
    open_wall(visit)
    visit.until(f"{LEFT} === {total - 3}")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    page.keyboard.press("Escape")
    assert set(asked[:3]) == set(keys(visit, ".tiles [data-key]")[:3])
    assert not set(asked[:3]) & set(asked[3:]), "what was painted is not asked for again"
    page.unroute_all(behavior="ignoreErrors")
    visit.complaints.clear()  # the requests that were held


def test_on_the_device_the_wall_is_painted_without_the_studio(visit: Visit, photo_bytes: bytes) -> None:
    page = visit.page
    page.get_by_role("switch", name="On this device").check(force=True)
    page.wait_for_selector("#device-words:text('nothing is sent')")
    visit.drop("Hill.png", photo_bytes)
    open_wall(visit)
    visit.until(f"{LEFT} === 0")
    page.keyboard.press("Escape")
    assert "nothing is sent" in page.inner_text("#device-words")


def test_settings_count_on_the_wall(visit: Visit, photo_bytes: bytes) -> None:
    visit.drop("Hill.png", photo_bytes)

    def first() -> str:
        open_wall(visit)
        painted = ".glance [data-glance] canvas"
        visit.until(f"!document.querySelector('{painted}').matches('.is-waiting')")
        url = str(visit.page.evaluate(f"document.querySelector('{painted}').toDataURL()"))
        visit.page.keyboard.press("Escape")
        return url

    before = first()
    visit.slide("strength", 30)
    assert first() != before
