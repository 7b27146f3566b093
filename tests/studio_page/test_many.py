"""Many photographs at once: dropped, painted alike, followed, cancelled and kept."""

from __future__ import annotations

import base64
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import blobs
from tests.studio_page.conftest import Studio, Visit, encode, faults
from tests.waiting import until

pytestmark = pytest.mark.slow
ROWS = "document.querySelectorAll('.batch-sheet .queue-row').length"


@pytest.fixture
def summer(tmp_path: Path) -> Path:
    """A folder with three photographs, one of them in a folder of its own, and what is none."""
    folder = tmp_path / "Summer"
    (folder / "evening").mkdir(parents=True)
    for number, path in enumerate(("10.png", "2.png", "evening/2.png")):
        (folder / path).write_bytes(encode(blobs(120, 80, seed=number)))
    (folder / "._2.png").write_bytes(b"companion")
    (folder / "notes.txt").write_text("words")
    return folder


def drop_folder(visit: Visit, folder: Path) -> None:
    """Drop a folder on the easel, as a file manager does."""
    box = visit.page.locator(".easel").bounding_box()
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    devtools = visit.context.new_cdp_session(visit.page)
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "data": data, **where})


def drop_files(visit: Visit, files: dict[str, bytes]) -> None:
    visit.page.evaluate(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, data] of Object.entries(files)) {
                transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
            }
            const init = { dataTransfer: transfer, bubbles: true, cancelable: true };
            document.querySelector(".easel").dispatchEvent(new DragEvent("drop", init));
        }""",
        {name: base64.b64encode(data).decode() for name, data in files.items()},
    )


def paint_all(visit: Visit, count: int) -> None:
    visit.page.get_by_role("button", name=f"Paint all {count}").click()
    visit.page.wait_for_selector(".batch-sheet[open]")


def words(visit: Visit) -> str:
    return str(visit.page.inner_text("#batch-words"))


def until_words(visit: Visit, expected: str) -> None:
    visit.until(f"document.querySelector('#batch-words').textContent === '{expected}'")


def test_a_dropped_folder_is_painted_alike_and_comes_back_as_one_archive(
    visit: Visit, summer: Path, tmp_path: Path
) -> None:
    page = visit.page
    drop_folder(visit, summer)
    page.wait_for_selector("body.has-photo")
    said = "document.querySelector('[role=status].visually-hidden').textContent"
    visit.until(f"{said}.startsWith('3 photographs are here')")
    assert "not a picture or film: notes.txt" in visit.page.evaluate(said)
    assert page.inner_text(".tray-words") == "3 photographs of Summer, painted alike"
    assert page.inner_text(".label-title") == "2"
    visit.slide("strength", 80)
    visit.choose("starry-night")
    page.get_by_role("button", name="Put 10.png on the easel").click()
    visit.until("document.querySelector('.label-title').textContent === '10'")
    visit.settle()
    assert page.get_attribute('[data-key="starry-night"]', "aria-pressed") == "true"
    assert faults(visit.page) == [], "with the photographs under the easel"

    paint_all(visit, 3)
    until_words(visit, "3 of 3 painted")
    assert faults(visit.page) == [], "the sheet of a batch"
    assert page.inner_text("#batch-title").startswith("Summer, ")
    name = visit.jobs()[0]["request"]["batch"]
    assert re.fullmatch(r"Summer, \d{4}-\d\d-\d\dT\d\d:\d\dZ", name)
    jobs = [job for job in visit.jobs() if job["request"]["batch"] == name]
    assert {job["request"]["strength"] for job in jobs} == {0.8}
    assert {style["name"] for job in jobs for style in job["request"]["styles"]} == {"starry-night"}
    with page.expect_download() as download:
        page.locator(".batch-sheet").get_by_role("link", name="Download all").click()
    path = tmp_path / "all.zip"
    download.value.save_as(path)
    assert download.value.suggested_filename.startswith("Summer, ")
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [
            "2.png, The Starry Night.png",
            "10.png, The Starry Night.png",
            "2.png, The Starry Night (2).png",
        ]

    page.reload()
    page.wait_for_selector("body.is-open")
    assert page.locator(".tray").is_hidden()
    page.get_by_role("button", name="Shelf").click()
    page.get_by_role("button", name=re.compile("^Open Summer, ")).click()
    until_words(visit, "3 of 3 painted")
    page.get_by_role("button", name="Look at 10.png, The Starry Night").click()
    visit.wait_painted()
    assert page.inner_text(".label-title") == "10"


def test_what_cannot_be_painted_says_why_and_the_others_go_on(visit: Visit) -> None:
    page = visit.page
    pictures = {f"{name}.png": encode(blobs(90, 60, seed=n)) for n, name in enumerate("ac")}
    drop_files(visit, pictures | {"b.jpg": b"words"})
    page.wait_for_selector("body.has-photo")
    visit.choose("starry-night")
    paint_all(visit, 3)
    until_words(visit, "2 of 3 painted, 1 failed")
    refused = page.locator('.queue-row[data-status="refused"]')
    assert "expected a JPEG" in refused.inner_text()
    page.get_by_role("button", name="Remove b.jpg").click()
    until_words(visit, "2 of 2 painted")
    visit.complaints.clear()  # the browser notes the studio's answers, 415


@pytest.mark.parametrize("language", ["de", "fr"])
def test_a_reason_is_read_whole_on_a_phone_and_no_button_lies_on_it(
    browser: Any, studio: Studio, language: str
) -> None:
    visit = Visit(browser, studio, locale=language, viewport={"width": 390, "height": 844})
    visit.open()
    page = visit.page
    drop_files(visit, {"a.png": encode(blobs(90, 60, seed=1)), "b.jpg": b"words"})
    page.wait_for_selector("body.has-photo")
    visit.choose("starry-night")
    page.locator(".dock-begin .is-main").click()
    row = page.locator('.queue-row[data-status="refused"]')
    row.wait_for()
    words, buttons = (row.locator(f".queue-{part}").bounding_box() for part in ("words", "actions"))
    assert words["width"] > 200
    beside = buttons["x"] >= words["x"] + words["width"]
    assert beside or buttons["y"] >= words["y"] + words["height"]
    visit.complaints.clear()  # the browser notes the studio's answer, 415
    visit.close()


def test_each_is_cancelled_alone_or_all_together(another: Callable[..., Any]) -> None:
    studio, visit = another(workers="0")
    visit.open()
    page = visit.page
    drop_files(visit, {f"{n}.png": encode(blobs(90, 60, seed=n)) for n in range(1, 4)})
    page.wait_for_selector("body.has-photo")
    page.get_by_role("button", name="Leave out 3.png").click()
    page.get_by_role("button", name="Put 3.png on the easel").wait_for(state="detached")
    visit.choose("starry-night")
    paint_all(visit, 2)
    page.get_by_role("button", name="Cancel 1.png, The Starry Night").click()
    until_words(visit, "0 of 2 painted, 1 cancelled")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show them").click()
    page.get_by_role("button", name="Cancel the rest").click()
    until_words(visit, "0 of 2 painted, 2 cancelled")
    assert {job["status"] for job in studio.get("api/v1/jobs")["jobs"]} == {"cancelled"}
    page.get_by_role("button", name="Delete all").click()
    until(lambda: page.wait_for_timeout(100) or studio.get("api/v1/batches")["batches"] == [])
    assert len(studio.get("api/v1/bin")["jobs"]) == 2
    assert not page.locator(".batch-sheet").is_visible()


def test_those_that_find_no_room_in_the_queue_wait_for_it(another: Callable[..., Any]) -> None:
    studio, visit = another(max_active="1")
    visit.open()
    drop_files(visit, {f"{n}.png": encode(blobs(90, 60, seed=n)) for n in range(1, 5)})
    visit.page.wait_for_selector("body.has-photo")
    visit.choose("starry-night")
    paint_all(visit, 4)
    until_words(visit, "4 of 4 painted")
    titles = [job["title"] for job in studio.get("api/v1/jobs")["jobs"]]
    assert sorted(titles) == [f"{n}.png, The Starry Night" for n in range(1, 5)]
    visit.complaints.clear()  # the browser notes the studio's answers, 429


def test_a_full_quota_is_said_in_words(another: Callable[..., Any]) -> None:
    _, visit = another(workers="0", user_bytes="1")
    visit.open()
    drop_files(visit, {f"{n}.png": encode(blobs(90, 60, seed=n)) for n in range(1, 3)})
    visit.page.wait_for_selector("body.has-photo")
    visit.page.click('[data-key="starry-night"]')
    paint_all(visit, 2)
    until_words(visit, "0 of 2 painted, 2 failed")
    said = visit.page.locator(".batch-sheet .is-wrong").all_inner_texts()
    assert all("your pictures take" in words for words in said), said
    visit.complaints.clear()  # the browser notes the studio's answers, 403


def test_a_reload_goes_on_with_what_was_not_sent(visit: Visit) -> None:
    page = visit.page
    held: list[Any] = []

    def hold(route: Any) -> None:
        if b"c.png" in (route.request.post_data_buffer or b""):
            held.append(route)
        else:
            route.continue_()

    page.route(lambda url: url.endswith("/api/v1/pictures"), hold)
    drop_files(visit, {f"{name}.png": encode(blobs(90, 60, seed=n)) for n, name in enumerate("abcd")})
    page.wait_for_selector("body.has-photo")
    page.reload()
    page.wait_for_selector("body.is-open.has-photo")
    assert page.inner_text(".tray-words") == "4 photographs, painted alike"
    visit.choose("starry-night")
    paint_all(visit, 4)
    name = page.inner_text("#batch-title")
    visit.until(f"{ROWS} === 4")
    while not held:
        page.wait_for_timeout(50)
    assert page.locator('.queue-row[data-status="unsent"]').count() == 2
    page.unroute_all(behavior="ignoreErrors")
    page.reload()
    page.wait_for_selector("body.is-open")
    page.get_by_role("button", name="Shelf").click()
    page.get_by_role("button", name=f"Open {name}").click()
    until_words(visit, "4 of 4 painted")
    visit.complaints.clear()  # the browser notes what the reload broke off
    batch = visit.jobs()[0]["request"]["batch"]
    titles = [job["title"] for job in visit.jobs() if job["request"]["batch"] == batch]
    assert sorted(titles) == [f"{letter}.png, The Starry Night" for letter in "abcd"]
