"""What the page says of files it passes over and of previews that fail, and where it says so."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from tests.conftest import blobs
from tests.studio_page.conftest import Visit, encode
from tests.studio_page.test_many import drop_files

pytestmark = pytest.mark.slow

# How many pixels two elements have in common.
SHARED = """([one, other]) => {
    const [a, b] = [one, other].map((each) => document.querySelector(each).getBoundingClientRect());
    const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    return Math.max(0, width) * Math.max(0, height);
}"""


def message(visit: Visit, kind: str = ".notice") -> str:
    visit.page.wait_for_selector(kind)
    return str(visit.page.inner_text(f"{kind} p"))


def moving() -> bytes:
    frames = [Image.new("RGB", (64, 48), (90 * shade, 40, 0)) for shade in range(3)]
    stream = io.BytesIO()
    frames[0].save(stream, format="GIF", save_all=True, append_images=frames[1:])
    return stream.getvalue()


def refuse_previews(visit: Visit) -> None:
    def abort(route: Any) -> None:
        route.abort()

    visit.page.route("**/api/v1/preview", abort)


def test_after_a_preview_that_failed_the_picture_of_an_earlier_painting_is_not_shown(visit: Visit) -> None:
    page = visit.page
    visit.drop("cat.png", encode(blobs(120, 80, seed=1)))
    visit.choose("starry-night")
    refuse_previews(visit)
    page.click('[data-key="great-wave"]')
    message(visit, ".notice.is-error")
    assert page.get_attribute('[data-key="great-wave"]', "aria-pressed") == "true"
    assert page.locator("body.has-painting").count() == 0
    assert page.inner_text(".label-after") == ""
    assert "The photograph" in visit.facts()
    page.unroute("**/api/v1/preview")
    visit.choose("the-kiss")
    assert "The Kiss" in page.inner_text(".label-after")


@pytest.mark.parametrize("window", [(390, 844), (1280, 720), (1920, 1080)])
def test_an_error_covers_neither_the_label_nor_its_buttons(visit: Visit, window: tuple[int, int]) -> None:
    page = visit.page
    page.set_viewport_size({"width": window[0], "height": window[1]})
    visit.drop("cat.png", encode(blobs(120, 80, seed=1)))
    refuse_previews(visit)
    page.click('[data-key="starry-night"]')
    message(visit, ".notice.is-error")
    for part in (".under", ".dock"):
        assert page.evaluate(SHARED, [".notices", part]) == 0, part


def test_a_drop_without_pictures_names_its_files_and_why_they_were_passed_over(visit: Visit) -> None:
    drop_files(visit, {"notes.txt": b"words", ".DS_Store": b"x"})
    assert message(visit) == (
        "There is no picture in what was dropped. Skipped, not a picture or film: notes.txt. "
        "Skipped, hidden: .DS_Store."
    )


def test_a_picture_that_is_dropped_twice_is_one_photograph(visit: Visit) -> None:
    page, data = visit.page, encode(blobs(120, 80, seed=1))
    drop_files(visit, {"cat.png": data, "copy of cat.png": data})
    page.wait_for_selector("body.has-photo")
    assert message(visit) == "Skipped, the same picture as another: copy of cat.png."
    assert page.inner_text(".label-title") == "cat"
    assert page.locator(".tray").is_hidden()


def test_a_painting_that_moves_is_said_to_give_its_first_frame_and_hangs_once(visit: Visit) -> None:
    page = visit.page
    own = page.locator('.group input[type="file"]')
    for _ in range(2):
        own.set_input_files({"name": "flame.gif", "mimeType": "image/gif", "buffer": moving()})
        assert message(visit) == "flame moves; only its first frame is the style."
        page.locator(".notice .icon-button").click()
    assert page.locator('[data-key^="own"]').count() == 1
