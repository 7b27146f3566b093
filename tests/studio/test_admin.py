"""Administrators see people, queue and disk, and cancel anyone's job; nobody else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from impasto.errors import OptionError
from impasto.studio.settings import Settings
from impasto.studio.web.accounts import account_line
from impasto.studio.web.app import Studio
from tests.studio.conftest import TOKENS, House, submit, until, upload
from tests.studio.test_jobs import painting


@pytest.fixture
def run_by_anna(make: Callable[..., House]) -> House:
    """A studio of Anna and Bert, of which Anna is the administrator."""
    return make(accounts=True, admins=("anna",))


@pytest.fixture
def anna(run_by_anna: House) -> Iterator[httpx.Client]:
    with run_by_anna.client("anna") as client:
        yield client


@pytest.fixture
def bert(run_by_anna: House) -> Iterator[httpx.Client]:
    with run_by_anna.client("bert") as client:
        yield client


def test_an_administrator_sees_people_queue_and_disk_but_no_pictures_or_titles(
    run_by_anna: House, anna: httpx.Client, bert: httpx.Client
) -> None:
    photo = upload(bert, name="secret-place.png")
    done, waiting = submit(bert, photo, title="secret title"), submit(bert, photo)
    run_by_anna.paint(done["id"])
    bert.delete(f"/jobs/{done['id']}")
    answer = anna.get("/admin")
    assert "secret" not in answer.text
    assert photo not in answer.text
    found = answer.json()
    (job,) = found["jobs"]
    assert (job["id"], job["user"], job["status"], job["position"]) == (waiting["id"], "bert", "queued", 1)
    people = {person["user"]: person for person in found["people"]}
    assert (people["anna"]["admin"], people["bert"]["admin"]) == (True, False)
    mine = people["bert"]
    assert (mine["pictures"], mine["jobs"], mine["active_jobs"]) == (1, 2, 1)
    assert mine["bytes"] == bert.get("/account").json()["usage"]["bytes"] == found["disk"]["pictures"]
    assert mine["bin_bytes"] == found["disk"]["bin"] > 0
    assert found["disk"]["total"] > found["disk"]["free"] > 0
    assert found["disk"]["database"] > 0
    lanes = {lane["lane"]: lane for lane in found["lanes"]}
    assert (lanes["paintings"]["queued"], lanes["drafts"]["queued"]) == (1, 0)


def test_an_administrator_cancels_anyone_s_job_and_its_owner_keeps_what_there_is(
    run_by_anna: House, anna: httpx.Client, bert: httpx.Client
) -> None:
    waiting = submit(bert)["id"]
    assert anna.post(f"/admin/jobs/{waiting}/cancel").json()["status"] == "cancelled"
    running, thread = painting(run_by_anna, bert)
    assert anna.post(f"/admin/jobs/{running}/cancel").status_code == 202
    thread.join()
    assert bert.get(f"/jobs/{running}").json()["result"]["partial"] is True
    paused, thread = painting(run_by_anna, bert)
    bert.post(f"/jobs/{paused}/pause")
    thread.join()
    assert anna.post(f"/admin/jobs/{paused}/cancel").json()["status"] == "cancelled"
    assert bert.get(f"/jobs/{paused}/result").status_code == 200
    assert anna.get(f"/jobs/{paused}/result").status_code == 404  # it is still not hers
    done = submit(bert)["id"]
    run_by_anna.paint(done)
    assert anna.post(f"/admin/jobs/{done}/cancel").json()["type"] == "/problems/state"
    (path,) = run_by_anna.settings.data_dir.glob("audit-*.jsonl")
    until(lambda: f'"object": "{done}"' in path.read_text().splitlines()[-1])
    assert '"action": "POST /api/v1/admin/jobs/{id}/cancel", "user": "anna"' in path.read_text()


def test_for_all_others_there_is_no_administration(
    run_by_anna: House, anna: httpx.Client, bert: httpx.Client
) -> None:
    id = submit(anna)["id"]
    for method, path in (("GET", "/admin"), ("POST", f"/admin/jobs/{id}/cancel")):
        answer = bert.request(method, path)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found"), path
        with run_by_anna.client() as stranger:
            assert stranger.request(method, path).status_code == 401
            assert stranger.request(method, path, headers={"Authorization": "Bearer x"}).status_code == 401
    assert anna.get(f"/jobs/{id}").json()["status"] == "queued"
    for wrong in ("j_x", "p_" + "x" * 22, "j_" + "x" * 22, "%00"):
        assert anna.post(f"/admin/jobs/{wrong}/cancel").status_code == 404, wrong
    assert bert.get("/session").json()["admin"] is False
    assert anna.get("/session").json()["admin"] is True


def test_another_site_cannot_have_an_administrator_cancel(run_by_anna: House, bert: httpx.Client) -> None:
    id = submit(bert)["id"]
    with httpx.Client(base_url=run_by_anna.url, trust_env=False, verify=False, timeout=30) as browser:
        own = {"Origin": run_by_anna.url, "Sec-Fetch-Site": "same-origin"}
        browser.post("/api/v1/session", json={"token": TOKENS["anna"]}, headers=own)
        csrf = browser.get("/api/v1/session").json()["csrf"]
        there = f"/api/v1/admin/jobs/{id}/cancel"
        for headers in (
            {},
            own,
            own | {"X-CSRF-Token": "wrong"},
            {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "X-CSRF-Token": csrf},
        ):
            assert browser.post(there, headers=headers).json()["type"] == "/problems/csrf"
        assert browser.get("/api/v1/admin", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert bert.get(f"/jobs/{id}").json()["status"] == "queued"
        assert browser.post(there, headers=own | {"X-CSRF-Token": csrf}).status_code == 202


def test_who_is_removed_from_the_accounts_is_no_administrator_any_more(run_by_anna: House) -> None:
    path = run_by_anna.settings.accounts_file
    assert path is not None
    with httpx.Client(
        base_url=run_by_anna.url + "/api/v1", trust_env=False, verify=False, timeout=30
    ) as browser:
        browser.post("/session", json={"token": TOKENS["anna"]})
        assert browser.get("/admin").status_code == 200
        path.write_text(account_line("bert", TOKENS["bert"]))
        assert browser.get("/admin").status_code == 401


def test_whoever_has_the_only_token_or_the_machine_is_the_administrator(make: Callable[..., House]) -> None:
    home = make()
    with home.client() as client:
        assert client.get("/session").json()["admin"] is True
        assert [person["user"] for person in client.get("/admin").json()["people"]] == ["local"]


def test_a_token_s_owner_is_the_administrator_and_nobody_takes_that_name(tmp_path: Any) -> None:
    path = tmp_path / "accounts.txt"
    path.write_text(account_line("owner", TOKENS["bert"]))
    with pytest.raises(OptionError, match="line 1: owner is the user of IMPASTO_STUDIO_TOKEN"):
        Studio(Settings(data_dir=tmp_path / "data", accounts_file=path, token="x" * 20))
    studio = Studio(Settings(data_dir=tmp_path / "data", accounts_file=path))
    assert not studio.services.accounts.is_admin("owner")
    assert not studio.services.accounts.is_admin("local")
    studio.services.state.close()
    studio = Studio(Settings(data_dir=tmp_path / "data", token="x" * 20))
    assert studio.services.accounts.is_admin("owner")
    studio.services.state.close()
