"""Who may do what: every route, for strangers, for other people and for other sites."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from impasto.studio.web.accounts import account_line
from tests.studio.conftest import TOKENS, House, encoded, mask, submit, until, upload

OPEN = {("GET", "/api/v1/session"), ("POST", "/api/v1/session")}
BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/session": {"json": {"token": "wrong"}},
    "/api/v1/pictures": {"files": {"file": ("a.png", encoded())}, "data": {"role": "photo"}},
}


def routes(url: str) -> list[tuple[str, str]]:
    """Every method and path of the API, from its own description."""
    schema = httpx.get(f"{url}/openapi.json", trust_env=False, verify=False, timeout=30).json()
    return [(method.upper(), path) for path, item in schema["paths"].items() for method in item]


def test_every_route_asks_strangers_to_sign_in(make: Callable[..., House]) -> None:
    shared = make(accounts=True, sign_ins_per_minute=10_000)
    found = routes(shared.url)
    assert len(found) >= 28
    with httpx.Client(base_url=shared.url, trust_env=False, verify=False, timeout=30) as stranger:
        for method, path in found:
            if (method, path) in OPEN:
                continue
            more = BODIES.get(path, {"json": {}} if method == "POST" else {})
            filled = path.replace("{id}", "j_" + "x" * 22).replace("{name}", "starry-night")
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "impasto_session=wrong"}):
                answer = stranger.request(method, filled, headers=headers, **more)
                assert answer.status_code == 401, (method, path, answer.text)
                assert answer.json()["type"] == "/problems/unauthorised"
                assert answer.headers["www-authenticate"].startswith("Bearer")


def test_nobody_reaches_what_is_anothers_by_any_route(
    shared: House, anna: httpx.Client, bert: httpx.Client
) -> None:
    photo, grey = upload(anna), upload(anna, mask(), "mask")
    job = submit(anna, photo)
    shared.paint(job["id"])
    waiting = submit(anna, photo)
    tried = 0
    for method, path in routes(shared.url):
        if "{id}" not in path:
            continue
        ids = [photo, grey] if "/pictures/" in path else [job["id"], waiting["id"]]
        for id in ids:
            here = path.removeprefix("/api/v1").replace("{id}", id)
            answer = bert.request(method, here, json={} if method == "POST" else None)
            assert answer.status_code == 404, (method, path, answer.text)
            assert answer.json()["type"] == "/problems/not-found"
            tried += 1
    assert tried >= 24
    own = upload(bert)
    for body in (
        {"photo": photo, "styles": [{"name": "starry-night"}]},
        {"photo": own, "styles": [{"picture": photo}]},
        {"photo": own, "styles": [{"name": "starry-night", "mask": grey}]},
        {"photo": own, "styles": [{"name": "starry-night"}], "protect": grey},
    ):
        assert bert.post("/jobs", json=body).status_code == 422
    assert bert.post("/preview", json={"photo": photo, "styles": [{"name": "a"}]}).status_code == 404
    assert [item["id"] for item in bert.get("/pictures").json()["pictures"]] == [own]
    assert bert.get("/jobs", params={"kind": "all"}).json()["jobs"] == []
    assert bert.get("/account").json()["usage"]["pictures"] == 1
    assert bert.delete("/account/pictures").status_code == 204
    assert anna.get(f"/jobs/{job['id']}/result").status_code == 200
    assert anna.get(f"/jobs/{waiting['id']}").json()["status"] == "queued"
    secrets = [client.get("/account").json()["webhook_secret"] for client in (anna, bert)]
    assert secrets[0] != secrets[1]


def test_streams_tell_nobody_of_anothers_jobs(shared: House, anna: httpx.Client) -> None:
    from impasto.studio.state import JobRecord
    from impasto.studio.web.broadcast import Subscriber

    broadcaster = shared.services.broadcaster
    mine, others = Subscriber("anna", None), Subscriber("bert", None)
    broadcaster._subscribers.update({mine, others})
    job = JobRecord("j_1", "anna", "painting", "queued", "", {}, 0.0)
    broadcaster._tell([job], [("anna", "j_2")])
    broadcaster._subscribers.clear()
    assert set(mine._news) == {"j_1", "j_2"}
    assert not others._news
    assert anna.get("/account").status_code == 200


def test_signing_in_gives_a_session_that_ends(shared: House) -> None:
    with shared.client() as browser:
        about = browser.get("/session").json()
        assert (about["authenticated"], about["required"], about["csrf"]) == (False, True, None)
        assert browser.post("/session", json={"token": "wrong"}).status_code == 401
        answer = browser.post("/session", json={"token": TOKENS["anna"]})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        about = browser.get("/session").json()
        assert (about["authenticated"], about["user"]) == (True, "anna")
        kept = browser.cookies["impasto_session"]
        assert browser.delete("/session", headers={"X-CSRF-Token": about["csrf"]}).status_code == 204
        assert browser.get("/account", headers={"Cookie": f"impasto_session={kept}"}).status_code == 401
        files = [p for p in shared.settings.data_dir.iterdir() if p.is_file()]
        assert not [p for p in files if kept.encode() in p.read_bytes()]


def test_guessing_tokens_is_slow_work(make: Callable[..., House]) -> None:
    with make(accounts=True, sign_ins_per_minute=3).client() as browser:
        found = [browser.post("/session", json={"token": f"guess {n}"}).status_code for n in range(5)]
    assert found == [401, 401, 401, 429, 429]


def test_other_sites_cannot_make_a_browser_act(shared: House) -> None:
    with shared.client() as browser:
        csrf = browser.post("/session", json={"token": TOKENS["anna"]}).json()["csrf"]
        body = {"files": {"file": ("a.png", encoded())}, "data": {"role": "photo"}}

        def post(**headers: str) -> int:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return browser.post("/pictures", headers=named, **body).status_code

        assert post() == 403
        assert post(X_CSRF_Token="wrong") == 403
        assert post(X_CSRF_Token=csrf) == 201
        assert post(X_CSRF_Token=csrf, Origin=shared.url) == 201
        assert post(X_CSRF_Token=csrf, Origin="http://evil.example") == 403
        assert post(X_CSRF_Token=csrf, Sec_Fetch_Site="cross-site") == 403
        assert browser.get("/jobs", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        login = browser.post(
            "/session", json={"token": TOKENS["anna"]}, headers={"Origin": "http://evil.example"}
        )
        assert login.status_code == 403


def test_at_home_too_other_sites_are_kept_out(house: House) -> None:
    with house.client() as client:
        csrf = client.get("/session").json()["csrf"]
        assert client.delete("/account/pictures", headers={"Origin": house.url}).status_code == 403
        right = {"Origin": house.url, "X-CSRF-Token": csrf}
        assert client.delete("/account/pictures", headers=right).status_code == 204
        answer = client.get("/jobs", headers={"Host": "evil.example"})
        assert (answer.status_code, answer.json()["type"]) == (421, "/problems/host")
        assert client.get("/jobs", headers={"Host": "localhost:8321"}).status_code == 200
        assert "access-control-allow-origin" not in answer.headers


def test_who_guesses_tokens_is_not_listened_to_for_a_while(make: Callable[..., House]) -> None:
    house = make(accounts=True, sign_ins_per_minute=3)
    with house.client(Authorization="Bearer wrong") as stranger:
        assert [stranger.get("/account").status_code for _ in range(5)] == [401] * 3 + [429] * 2
    with house.client("anna") as anna:
        answer = anna.get("/account")
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/rate")
        assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    "settings", [{}, {"metrics_token": "metrics-token-123"}], ids=["account", "metrics token"]
)
def test_metrics_are_no_place_to_guess_tokens_at(
    make: Callable[..., House], settings: dict[str, str]
) -> None:
    house = make(accounts=True, sign_ins_per_minute=3, **settings)
    with httpx.Client(base_url=house.url, trust_env=False, verify=False, timeout=30) as stranger:
        headers = {"Authorization": "Bearer wrong"}
        found = [stranger.get("/metrics", headers=headers).status_code for _ in range(5)]
    assert found == [401] * 3 + [429] * 2


def test_a_strangers_upload_is_refused_before_it_is_read(shared: House) -> None:
    host, port = shared.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(
            b"POST /api/v1/pictures HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 40000000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        assert line.recv(100).startswith(b"HTTP/1.1 401 ")  # though nothing of the body was sent


def test_who_is_taken_out_of_the_accounts_is_a_stranger_at_once(shared: House, anna: httpx.Client) -> None:
    path = shared.settings.accounts_file
    assert path is not None
    with shared.client() as browser:
        browser.post("/session", json={"token": TOKENS["anna"]})
        assert browser.get("/account").status_code == 200
        path.write_text(account_line("bert", TOKENS["bert"]) + "\n# anna has left\n")
        assert browser.get("/account").status_code == 401
    assert anna.get("/account").status_code == 401
    path.write_text("a mistake\n")
    with shared.client("bert") as bert:
        assert bert.get("/account").status_code == 200


def test_a_session_ends_with_the_token_it_was_opened_with(shared: House) -> None:
    path = shared.settings.accounts_file
    assert path is not None
    with shared.client() as thief, shared.client() as browser:
        thief.post("/session", json={"token": TOKENS["anna"]})
        path.write_text(account_line("anna", "a new token of Anna's"))
        assert thief.get("/account").status_code == 401
        browser.post("/session", json={"token": "a new token of Anna's"})
        assert browser.get("/account").json()["user"] == "anna"
        key, _, tied = browser.cookies["impasto_session"].partition(".")
        for forged in (key, f"{key}.", f"{key}.{tied[:-1]}", f"{key}.{'0' * len(tied)}"):
            assert thief.get("/account", headers={"Cookie": f"impasto_session={forged}"}).status_code == 401


def sign_out(_: House, browser: httpx.Client) -> None:
    csrf = browser.get("/session").json()["csrf"]
    browser.delete("/session", headers={"X-CSRF-Token": csrf})


def change_token(house: House, _: object) -> None:
    assert house.settings.accounts_file is not None
    house.settings.accounts_file.write_text(account_line("anna", "a new token of Anna's"))


def remove(house: House, _: object) -> None:
    assert house.settings.accounts_file is not None
    house.settings.accounts_file.write_text(account_line("bert", TOKENS["bert"]))


@pytest.mark.parametrize("by_token", [False, True], ids=["session", "token"])
@pytest.mark.parametrize("end", [sign_out, change_token, remove])
def test_a_stream_ends_when_who_listens_is_signed_out(
    shared: House, monkeypatch: pytest.MonkeyPatch, by_token: bool, end: Callable[[House, httpx.Client], None]
) -> None:
    if by_token and end is sign_out:
        pytest.skip("a token is not signed out")
    monkeypatch.setattr("impasto.studio.web.broadcast.KEEP_ALIVE", 0.05)
    with shared.client("anna" if by_token else None) as browser:
        if not by_token:
            browser.post("/session", json={"token": TOKENS["anna"]})
        with browser.stream("GET", "/events") as stream:
            lines = stream.iter_lines()
            next(line for line in lines if "keep-alive" in line)
            assert shared.services.broadcaster.streams == 1
            with shared.client() as other:
                other.cookies = browser.cookies
                end(shared, other)
            assert {line for line in lines if line} <= {": keep-alive"}
    until(lambda: shared.services.broadcaster.streams == 0)
