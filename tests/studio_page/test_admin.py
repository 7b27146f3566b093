"""Administrators see who is there and what is painted, and cancel it; others see nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from impasto.studio.client import StudioClient
from impasto.studio.web.accounts import account_line
from tests.studio_page.conftest import Studio, Visit, faults
from tests.studio_page.test_access import PHONE
from tests.waiting import until

pytestmark = pytest.mark.slow
TOKENS = {name: f"{name}-token-0123456789" for name in ("anna", "bert")}


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Studio]:
    accounts = tmp_path / "accounts.txt"
    accounts.write_text("\n".join(account_line(*pair) for pair in TOKENS.items()))
    # Nothing is painted, so that what waits goes on waiting.
    made = Studio(tmp_path, accounts_file=str(accounts), admins='["anna"]', workers="0")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def enter(browser: Any, shared: Studio) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def come(user: str, **options: Any) -> Visit:
        visit = Visit(browser, shared, **options)
        visits.append(visit)
        visit.page.goto(shared.address)
        visit.page.fill("#token", TOKENS[user])
        visit.page.get_by_role("button", name="Come in").click()
        visit.page.wait_for_selector("body.is-open")
        return visit

    yield come
    for visit in visits:
        visit.close()


def test_an_administrator_sees_everyone_and_cancels(
    enter: Callable[..., Visit], shared: Studio, photo_bytes: bytes
) -> None:
    with StudioClient(shared.address, TOKENS["bert"]) as bert:
        photo = bert.upload(photo_bytes)
        jobs = [bert.submit(photo, [{"name": "starry-night"}], size=64)["id"] for _ in range(2)]
        page = enter("anna").page
        page.get_by_role("button", name="Administration").click()
        dialog = page.get_by_role("dialog", name="Administration")
        row = dialog.get_by_role("row", name="bert")
        row.wait_for()
        assert "Paintings: 0 under way, 2 waiting, 0 paused" in dialog.inner_text()
        assert "administrator" in dialog.get_by_role("row", name="anna").inner_text()
        assert "are free." in dialog.inner_text()
        dialog.get_by_role("button", name="Cancel the job of bert").first.click()
        until(lambda: page.wait_for_timeout(50) or bert.job(jobs[0])["status"] == "cancelled")
        dialog.get_by_text("1 waiting").wait_for()
        assert bert.job(jobs[1])["status"] == "queued"


def test_others_have_no_administration(enter: Callable[..., Visit]) -> None:
    page = enter("bert").page
    page.get_by_role("button", name="Sign out").wait_for()
    assert not page.get_by_role("button", name="Administration").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_axe_finds_no_serious_fault(
    enter: Callable[..., Visit], shared: Studio, photo_bytes: bytes, scheme: str, phone: bool
) -> None:
    with StudioClient(shared.address, TOKENS["bert"]) as bert:
        bert.submit(bert.upload(photo_bytes), [{"name": "starry-night"}], size=64)
    visit = enter("anna", color_scheme=scheme, **(PHONE if phone else {}))
    visit.page.get_by_role("button", name="Administration").click()
    visit.page.get_by_role("row", name="bert").wait_for()
    assert faults(visit.page) == []
    width = visit.page.evaluate("document.querySelector('dialog[open]').scrollWidth")
    assert width <= visit.page.viewport_size["width"]
