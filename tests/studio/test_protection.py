"""What is limited, hidden, kept and deleted."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from impasto.errors import OptionError
from impasto.studio import server
from impasto.studio.web import middleware
from impasto.studio.web import rate_limits as limits
from impasto.studio.web.problems import ProblemError
from impasto.studio.web.rate_limits import Buckets, caller_at
from impasto.studio.worker.sweeper import Sweeper
from tests.studio.conftest import TOKENS, House, encoded, submit, until, upload


@pytest.mark.parametrize("path", ["/", "/api/v1/session", "/api/v1/nothing", "/healthz", "/openapi.json"])
def test_every_answer_has_the_secure_headers(house: House, path: str) -> None:
    headers = httpx.get(house.url + path, trust_env=False, verify=False, timeout=30).headers
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


def test_streams_are_shared_out(make: Callable[..., House]) -> None:
    house = make(accounts=True, max_streams=3, max_user_streams=2)
    broadcaster = house.services.broadcaster
    with house.client("anna") as anna, house.client("bert") as bert, contextlib.ExitStack() as open_streams:
        for _ in range(2):
            open_streams.enter_context(broadcaster.subscribe("anna", None))
        answer = anna.get("/events")
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/rate")
        with bert.stream("GET", "/events") as stream:
            assert stream.status_code == 200
        open_streams.enter_context(broadcaster.subscribe("bert", None))
        assert bert.get("/events").status_code == 429


def test_only_other_names_are_bound_to_tls(make: Callable[..., House]) -> None:
    house = make(accounts=True, allowed_hosts=("studio.example",), trusted_proxies="127.0.0.1")
    for host, bound in (("studio.example", True), ("localhost:8321", False), ("127.0.0.1", False)):
        headers = {"Host": host, "X-Forwarded-Proto": "https"}
        answer = httpx.get(f"{house.url}/healthz", headers=headers, trust_env=False, verify=False, timeout=30)
        assert ("strict-transport-security" in answer.headers) is bound, host


def test_over_tls_cookies_are_secure_and_nobody_delays_the_stop(
    make: Callable[..., House], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with: apt-get install openssl")
    paths = {"certificate": tmp_path / "cert.pem", "key": tmp_path / "key.pem"}
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    made += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    made += ["-keyout", str(paths["key"]), "-out", str(paths["certificate"])]
    subprocess.run(made, check=True, capture_output=True)
    house = make(accounts=True, shutdown_seconds=8, **paths)
    trusted = ssl.create_default_context(cafile=str(paths["certificate"]))
    address = house.url.replace("http://", "https://")
    with httpx.Client(base_url=address, verify=trusted, trust_env=False, timeout=30) as browser:
        headers = {"Origin": address, "Sec-Fetch-Site": "same-origin"}
        answer = browser.post("/api/v1/session", json={"token": TOKENS["anna"]}, headers=headers)
        assert "secure" in answer.headers["set-cookie"].lower()
        assert browser.get("/api/v1/account").json()["user"] == "anna"
    where = ("127.0.0.1", int(house.url.rpartition(":")[2]))
    with trusted.wrap_socket(socket.create_connection(where), server_hostname="127.0.0.1") as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(1000).startswith(b"HTTP/1.1 200")
        house.__exit__()  # would wait for the idle client until its time is up
    assert "timeout graceful shutdown exceeded" not in caplog.text
    with pytest.raises(OptionError, match="cannot use the certificate"):
        make(accounts=True, certificate=paths["key"], key=paths["key"])


def test_half_sent_requests_are_timed_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.2)
    where = ("127.0.0.1", int(house.url.rpartition(":")[2]))
    with socket.create_connection(where) as half:
        half.sendall(b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{")
        assert half.recv(1000).startswith(b"HTTP/1.1 408")
    for sent in (b"", b"GET / HTTP/1.1\r\nHost: loc"):
        with socket.create_connection(where) as half:
            half.sendall(sent)
            half.settimeout(30)
            assert half.recv(1000) == b""


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


def test_many_callers_do_not_have_a_penalty_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_CALLERS", 10)
    bucket = Buckets(1, clock=lambda: 0.0)
    bucket.take("longest ago")
    for number in range(100):
        with contextlib.suppress(ProblemError):
            bucket.take("guesser")
        bucket.take(f"other {number}")
    with pytest.raises(ProblemError):
        bucket.check("guesser")
    bucket.check("longest ago")
    assert len(bucket._levels) == 10


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2:3::4", "2001:db8:1:2:ffff::5", True),
        ("2001:db8:1:2::4", "2001:db8:1:3::4", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("testclient", "another", False),
    ],
)
def test_a_line_is_one_caller_whichever_of_its_addresses_it_takes(
    one: str, other: str, is_same: bool
) -> None:
    assert (caller_at(one) == caller_at(other)) is is_same


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
    until(lambda: path.read_text().count("\n") == 3)  # the last line comes after the answer
    text = path.read_text()
    assert "secret" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["action"], line["user"], line["object"], line["status"]) for line in lines] == [
        ("POST /api/v1/pictures", "anna", photo, 201),
        ("POST /api/v1/jobs", "anna", job["id"], 202),
        ("DELETE /api/v1/jobs/{id}", "anna", job["id"], 204),
    ]


def test_strangers_write_nothing_into_the_audit_log_but_attempts_to_sign_in(
    make: Callable[..., House],
) -> None:
    house = make(accounts=True, sign_ins_per_minute=2)
    with house.client() as stranger:
        for _ in range(3):
            stranger.post("/jobs", json={})
            stranger.delete("/account/pictures")
            stranger.post("/pictures", files={"file": ("a.png", encoded())}, data={"role": "photo"})
            stranger.get(f"{house.url}/s/{'x' * 54}")
        stranger.post("/jobs", json={}, headers={"Authorization": "Bearer wrong"})
        for _ in range(4):  # those beyond the limit are not noted
            stranger.post("/session", json={"token": "wrong"})
    (path,) = until(lambda: list(house.settings.data_dir.glob("audit-*.jsonl")))
    until(lambda: "/session" in path.read_text())
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["action"], line["status"]) for line in lines] == [
        ("POST /api/v1/jobs", 401),
        ("POST /api/v1/session", 401),
    ]


def test_what_has_been_kept_long_enough_goes(make: Callable[..., House]) -> None:
    house = make(keep_days=1e-15, keep_upload_days=1e-15)
    with house.client() as client:
        photo = upload(client)
        done, queued = submit(client, photo), submit(client, photo)
        house.paint(done["id"])
        stray = house.services.storage.job("j_" + "s" * 22)
        stray.mkdir()
        old = house.settings.data_dir / "audit-2001-01.jsonl"
        copy = house.settings.data_dir / "studio.sqlite.0001"
        old.touch()
        copy.touch()
        for path in (stray, old, copy):
            os.utime(path, (1, 1))
        here = house.services
        Sweeper(house.settings, here.state, here.storage).delete_expired()
        assert client.get(f"/jobs/{done['id']}").status_code == 404
        assert not here.storage.job(done["id"]).exists()
        assert not stray.exists()
        assert not old.exists()
        assert not copy.exists()
        assert len(list(house.settings.data_dir.glob("audit-*.jsonl"))) == 1
        assert client.get(f"/jobs/{queued['id']}").status_code == 200
        assert client.get(f"/pictures/{photo}").status_code == 200
        client.delete(f"/jobs/{queued['id']}")
        Sweeper(house.settings, here.state, here.storage).delete_expired()
        assert client.get(f"/pictures/{photo}").status_code == 404
        assert not here.storage.picture(photo).exists()
