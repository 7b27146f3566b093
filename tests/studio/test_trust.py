"""Who may do what: every route, for strangers, for other people and for other sites."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from impasto.errors import MissingExtraError, OptionError
from impasto.studio.accounts import account_line
from impasto.studio.app import Studio
from impasto.studio.caretaker import Caretaker
from impasto.studio.limits import Buckets
from impasto.studio.problems import ProblemError
from impasto.studio.settings import Settings, load
from tests.studio.conftest import TOKENS, House, encoded, mask, submit, upload

OPEN = {("GET", "/api/v1/session"), ("POST", "/api/v1/session")}
BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/session": {"json": {"token": "wrong"}},
    "/api/v1/pictures": {"files": {"file": ("a.png", encoded())}, "data": {"role": "photo"}},
}


def routes(url: str) -> list[tuple[str, str]]:
    """Every method and path of the API, from its own description."""
    schema = httpx.get(f"{url}/openapi.json", trust_env=False).json()
    return [(method.upper(), path) for path, item in schema["paths"].items() for method in item]


@pytest.fixture
def shared(make: Callable[..., House]) -> House:
    return make(accounts=True)


@pytest.fixture
def anna(shared: House) -> Iterator[httpx.Client]:
    with shared.client("anna") as client:
        yield client


@pytest.fixture
def bert(shared: House) -> Iterator[httpx.Client]:
    with shared.client("bert") as client:
        yield client


def test_every_route_asks_strangers_to_sign_in(make: Callable[..., House]) -> None:
    shared = make(accounts=True, sign_ins_per_minute=10_000)
    found = routes(shared.url)
    assert len(found) >= 28
    with httpx.Client(base_url=shared.url, trust_env=False) as stranger:
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
            answer = bert.request(method, path.removeprefix("/api/v1").replace("{id}", id))
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
    from impasto.studio.watching import Subscriber

    watcher = shared.here.watcher
    mine, others = Subscriber("anna", None), Subscriber("bert", None)
    watcher._subscribers.update({mine, others})
    job = JobRecord("j_1", "anna", "painting", "queued", "", {}, 0.0)
    watcher._tell([job], [("anna", "j_2")])
    watcher._subscribers.clear()
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


@pytest.mark.parametrize("path", ["/", "/api/v1/session", "/api/v1/nothing", "/healthz", "/openapi.json"])
def test_every_answer_has_the_secure_headers(house: House, path: str) -> None:
    headers = httpx.get(house.url + path, trust_env=False).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert len(headers["x-request-id"]) == 16
    if path.startswith("/api"):
        assert headers["cache-control"] == "private, no-store"


def test_too_many_requests_are_told_when_to_come_back(make: Callable[..., House]) -> None:
    with make(requests_per_minute=5).client() as client:
        answers = [client.get("/session") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert answers[-1].json()["type"] == "/problems/rate"
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_who_guesses_tokens_is_not_listened_to_for_a_while(make: Callable[..., House]) -> None:
    house = make(accounts=True, sign_ins_per_minute=3)
    with house.client(Authorization="Bearer wrong") as stranger:
        assert [stranger.get("/account").status_code for _ in range(5)] == [401] * 3 + [429] * 2
    with house.client("anna") as anna:
        answer = anna.get("/account")
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/rate")
        assert int(answer.headers["retry-after"]) >= 1


def test_a_strangers_upload_is_refused_before_it_is_read(shared: House) -> None:
    host, port = shared.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(
            b"POST /api/v1/pictures HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 40000000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        assert line.recv(100).startswith(b"HTTP/1.1 401 ")  # though nothing of the body was sent
    (audit,) = shared.settings.data_dir.glob("audit-*.jsonl")
    assert json.loads(audit.read_text())["action"] == "POST /api/v1/pictures"


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


def test_streams_are_shared_out(make: Callable[..., House]) -> None:
    house = make(accounts=True, max_streams=3, max_user_streams=2)
    watcher = house.here.watcher
    with house.client("anna") as anna, house.client("bert") as bert, contextlib.ExitStack() as open_streams:
        for _ in range(2):
            open_streams.enter_context(watcher.subscribe("anna", None))
        answer = anna.get("/events")
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/rate")
        with bert.stream("GET", "/events") as stream:
            assert stream.status_code == 200
        open_streams.enter_context(watcher.subscribe("bert", None))
        assert bert.get("/events").status_code == 429


def test_only_other_names_are_bound_to_tls(make: Callable[..., House]) -> None:
    house = make(allowed_hosts=("studio.example",), trusted_proxies="127.0.0.1")
    for host, bound in (("studio.example", True), ("localhost:8321", False), ("127.0.0.1", False)):
        headers = {"Host": host, "X-Forwarded-Proto": "https"}
        answer = httpx.get(f"{house.url}/healthz", headers=headers, trust_env=False)
        assert ("strict-transport-security" in answer.headers) is bound, host


def test_over_tls_cookies_are_secure(make: Callable[..., House], tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with: apt-get install openssl")
    paths = {"certificate": tmp_path / "cert.pem", "key": tmp_path / "key.pem"}
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    made += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    made += ["-keyout", str(paths["key"]), "-out", str(paths["certificate"])]
    subprocess.run(made, check=True, capture_output=True)
    house = make(accounts=True, **paths)
    trusted = ssl.create_default_context(cafile=str(paths["certificate"]))
    address = house.url.replace("http://", "https://")
    with httpx.Client(base_url=address, verify=trusted, trust_env=False) as browser:
        headers = {"Origin": address, "Sec-Fetch-Site": "same-origin"}
        answer = browser.post("/api/v1/session", json={"token": TOKENS["anna"]}, headers=headers)
        assert "secure" in answer.headers["set-cookie"].lower()
        assert browser.get("/api/v1/account").json()["user"] == "anna"
    with pytest.raises(OptionError, match="cannot use the certificate"):
        make(accounts=True, certificate=paths["key"], key=paths["key"])


def test_a_bucket_drips() -> None:
    now = 0.0
    bucket = Buckets(60, clock=lambda: now)
    for _ in range(60):
        bucket.take("anna")
    with pytest.raises(ProblemError) as refused:
        bucket.take("anna")
    assert refused.value.retry_after == pytest.approx(1.0)
    bucket.take("bert")
    now = 1.0
    bucket.take("anna")
    with pytest.raises(ProblemError):
        bucket.take("anna")


def test_storage_has_an_end(make: Callable[..., House]) -> None:
    house = make(user_bytes=30_000)
    with house.client() as client:
        photo = upload(client, encoded(60, 60))
        answer = client.post("/pictures", files={"file": ("a.png", encoded(90, 90))}, data={"role": "photo"})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/quota")
        assert len(list((house.settings.data_dir / "pictures").glob("*.png"))) == 1
        job = submit(client, photo)
        house.paint(job["id"])  # with its result, there is no room for another
        answer = client.post("/jobs", json=job["request"])
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/quota")


def test_the_audit_log_says_who_and_what_but_no_content(shared: House, anna: httpx.Client) -> None:
    photo = upload(anna, name="my-secret-cat.png")
    job = submit(anna, photo, title="my secret title")
    anna.delete(f"/jobs/{job['id']}")
    (path,) = shared.settings.data_dir.glob("audit-*.jsonl")
    assert path.stat().st_mode & 0o077 == 0
    text = path.read_text()
    assert "secret" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["action"], line["user"], line["object"], line["status"]) for line in lines] == [
        ("POST /api/v1/pictures", "anna", photo, 201),
        ("POST /api/v1/jobs", "anna", job["id"], 202),
        ("DELETE /api/v1/jobs/{id}", "anna", job["id"], 204),
    ]


def test_what_has_been_kept_long_enough_goes(make: Callable[..., House]) -> None:
    house = make(keep_days=1e-9, keep_upload_days=1e-9)
    with house.client() as client:
        photo = upload(client)
        done, queued = submit(client, photo), submit(client, photo)
        house.paint(done["id"])
        stray = house.here.storage.job("j_" + "s" * 22)
        stray.mkdir()
        old = house.settings.data_dir / "audit-2001-01.jsonl"
        old.touch()
        for path in (stray, old):
            os.utime(path, (1, 1))
        time.sleep(0.01)
        here = house.here
        Caretaker(house.settings, here.state, here.storage, here.queues).tidy()
        assert client.get(f"/jobs/{done['id']}").status_code == 404
        assert not here.storage.job(done["id"]).exists()
        assert not stray.exists()
        assert not old.exists()
        assert len(list(house.settings.data_dir.glob("audit-*.jsonl"))) == 1
        assert client.get(f"/jobs/{queued['id']}").status_code == 200
        assert client.get(f"/pictures/{photo}").status_code == 200
        client.delete(f"/jobs/{queued['id']}")
        Caretaker(house.settings, here.state, here.storage, here.queues).tidy()
        assert client.get(f"/pictures/{photo}").status_code == 404
        assert not here.storage.picture(photo).exists()


def test_a_cluster_without_ray_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'impasto\[ray\]'"):
        load(ray_address="10.0.0.1:6379")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"host": "0.0.0.0"}, "expected --token"),
        ({"host": "192.168.1.5"}, "expected --token"),
        ({"host": "::"}, "expected --token"),
        ({"token": "short"}, "at least 16 characters"),
        ({"certificate": __file__}, "expected both"),
        ({"accounts_file": "/no/such/file"}, "there is no file"),
        ({"database_url": "mysql://x"}, "postgresql://"),
        ({"queue_url": "amqp://x"}, "redis://"),
        ({"port": 99999}, "port cannot be used"),
    ],
)
def test_unsafe_settings_are_refused_in_one_line(given: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words) as refused:
        load(**given)
    assert "\n" not in str(refused.value)


def test_with_a_token_other_addresses_are_served(tmp_path: Any) -> None:
    settings = load(host="0.0.0.0", token="x" * 20, data_dir=tmp_path)
    studio = Studio(settings, load_gallery=lambda: None)
    assert studio.services.accounts.user_of("x" * 20) == "owner"
    assert studio.services.accounts.user_of("y" * 20) is None
    studio.services.state.close()


def test_an_accounts_file_with_a_mistake_is_refused(tmp_path: Any) -> None:
    path = tmp_path / "accounts.txt"
    path.write_text(account_line("anna", "t" * 20) + "\nbert:plain-text-token\n")
    with pytest.raises(OptionError, match="line 2"):
        Studio(Settings(data_dir=tmp_path / "data", accounts_file=path), load_gallery=lambda: None)


def test_health_readiness_and_metrics(make: Callable[..., House]) -> None:
    house = make(accounts=True, metrics_token="metrics-token-123")
    with httpx.Client(base_url=house.url, trust_env=False) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/readyz").json()["checks"] == {"state": "ok", "queue": "ok", "storage": "ok"}
        assert client.get("/metrics").status_code == 401
        with house.client("anna") as anna:
            submit(anna)
        text = client.get("/metrics", headers={"Authorization": "Bearer metrics-token-123"}).text
    assert 'impasto_studio_jobs{kind="painting",status="queued"} 1' in text
    assert 'http_requests_total{method="POST",route="/api/v1/jobs",status="202"} 1' in text
    assert 'impasto_studio_http_request_seconds_bucket{route="/api/v1/jobs",le="+Inf"} 1' in text
    for line in text.splitlines():
        assert line.startswith("#") or len(line.rsplit(" ", 1)) == 2
    assert float(text.split("impasto_studio_resident_bytes ")[-1].split("\n")[0]) > 1e6


def test_paths_lead_nowhere_but_the_page(make: Callable[..., House], tmp_path: Any) -> None:
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><title>x</title>")
    (page / "sw.js").write_text("//")
    (page / "assets" / "a-123.wasm").write_bytes(b"\0asm")
    (page / ".hidden").write_text("x")
    (tmp_path / "outside.txt").write_text("secret")
    (page / "link.txt").symlink_to(tmp_path / "outside.txt")
    house = make(studio={"page_folder": page})
    with httpx.Client(base_url=house.url, trust_env=False) as client:
        index = client.get("/")
        assert index.headers["content-type"].startswith("text/html")
        assert client.get("/", headers={"If-None-Match": index.headers["etag"]}).status_code == 304
        asset = client.get("/assets/a-123.wasm")
        assert asset.headers["content-type"] == "application/wasm"
        assert "immutable" in asset.headers["cache-control"]
        assert client.get("/sw.js").headers["service-worker-allowed"] == "/"
        for path in (
            "/link.txt",
            "/.hidden",
            "/%2e%2e/outside.txt",
            "/..%2foutside.txt",
            "/none",
            "/models/x",
        ):
            answer = client.get(path)
            assert answer.status_code == 404, path
            assert answer.headers["content-type"] == "application/problem+json"


def test_a_checkout_without_the_page_says_how_to_build_it(make: Callable[..., House], tmp_path: Any) -> None:
    house = make(studio={"page_folder": tmp_path / "none"})
    answer = httpx.get(house.url, trust_env=False)
    assert answer.status_code == 503
    assert "make studio" in answer.text
