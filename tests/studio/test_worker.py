"""What a worker leaves behind when it ends in the middle."""

from __future__ import annotations

import errno
import io
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from impasto import files
from impasto.pipelines import photo
from impasto.studio.client import verify_webhook
from impasto.studio.settings import Settings
from impasto.studio.state.tables import deliveries
from impasto.studio.webhooks import PAUSES, WebhookSender, check_address
from impasto.studio.worker import runner
from impasto.studio.worker.runner import JobRunner
from tests.studio.conftest import House, encoded, submit, until, upload


def painter(house: House, name: str) -> JobRunner:
    return JobRunner(house.settings, house.services.state, house.services.storage, name)


def test_a_stopped_worker_puts_its_job_down_and_the_next_ends_it_alike(
    client: httpx.Client, house: House
) -> None:
    photo = upload(client, encoded(64, 64))
    options = {"iterations": 16, "coarse_iterations": 16, "min_size": 0}
    whole, broken = (submit(client, photo, options=options)["id"] for _ in range(2))
    house.paint(whole)
    first = painter(house, "w_1")
    thread = threading.Thread(target=first.run_next, args=("paintings",))
    thread.start()
    until(lambda: client.get(f"/jobs/{broken}").json()["progress"])
    first.stopping.set()
    thread.join()
    job = client.get(f"/jobs/{broken}").json()
    assert (job["status"], job["attempts"]) == ("queued", 0)
    assert (house.services.storage.job(broken) / "checkpoint.state").exists()
    assert painter(house, "w_2").run_next("paintings") == broken
    pictures = [client.get(f"/jobs/{id}/result").content for id in (whole, broken)]
    one, other = (np.asarray(Image.open(io.BytesIO(data))).astype(int) for data in pictures)
    assert np.abs(one - other).max() <= 2
    assert not (house.services.storage.job(broken) / "checkpoint.state").exists()


def test_a_worker_killed_between_picture_and_word_has_painted_once(
    client: httpx.Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = submit(client)["id"]
    first = painter(house, "w_1")
    monkeypatch.setattr(
        house.services.state.queue, "finish", lambda *_, **__: None
    )  # killed: nothing was said
    assert first.run_next("paintings") == id
    monkeypatch.undo()
    assert client.get(f"/jobs/{id}").json()["status"] == "running"
    data = (house.services.storage.job(id) / "result.png").read_bytes()
    house.services.state.queue.recover(time.time(), 3, of="w_1")

    def never(*_: object, **__: object) -> Any:
        raise AssertionError("it was painted again")

    monkeypatch.setattr(photo, "paint_job", never)
    assert painter(house, "w_2").run_next("paintings") == id
    assert client.get(f"/jobs/{id}").json()["status"] == "done"
    assert client.get(f"/jobs/{id}/result").content == data


def test_a_damaged_checkpoint_costs_time_only(client: httpx.Client, house: House) -> None:
    id = submit(client)["id"]
    folder = house.services.storage.job(id)
    folder.mkdir()
    (folder / "checkpoint.state").write_bytes(b"damaged")
    house.paint(id)
    assert client.get(f"/jobs/{id}").json()["status"] == "done"


def test_the_database_may_be_away_for_a_while(
    client: httpx.Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = submit(client)["id"]
    real, failures = house.services.state.queue.finish, [2]

    def flaky(*arguments: Any, **more: Any) -> Any:
        if failures[0]:
            failures[0] -= 1
            raise OperationalError("UPDATE jobs", {}, Exception("away"))
        return real(*arguments, **more)

    monkeypatch.setattr(house.services.state.queue, "finish", flaky)
    house.paint(id)
    assert client.get(f"/jobs/{id}").json()["status"] == "done"


@pytest.mark.parametrize("name", ["finish", "release", "status", "report"])
def test_the_database_may_restart_at_any_moment_of_a_job(
    client: httpx.Client, house: House, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    id = submit(client)["id"]
    real, failures = getattr(house.services.state.queue, name), [2]

    def flaky(*arguments: Any, **more: Any) -> Any:
        if failures[0]:
            failures[0] -= 1
            raise OperationalError("SELECT", {}, Exception("terminating connection"))
        return real(*arguments, **more)

    monkeypatch.setattr(house.services.state.queue, name, flaky)
    house.paint(id)
    job = client.get(f"/jobs/{id}").json()
    assert (job["status"], job["attempts"]) == ("done", 1)


def test_a_worker_that_stops_without_a_database_leaves_the_picture_to_the_next(
    client: httpx.Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = submit(client)["id"]
    first = painter(house, "w_1")

    def away(*_: Any, **__: Any) -> Any:
        first.stopping.set()
        raise OperationalError("UPDATE jobs", {}, Exception("away"))

    monkeypatch.setattr(house.services.state.queue, "finish", away)
    with pytest.raises(OperationalError):
        first.run_next("paintings")
    monkeypatch.undo()
    assert client.get(f"/jobs/{id}").json()["status"] == "running"
    house.services.state.queue.recover(time.time(), 3, of="w_1")
    data = (house.services.storage.job(id) / "result.png").read_bytes()
    house.paint(id)
    assert client.get(f"/jobs/{id}").json()["status"] == "done"
    assert client.get(f"/jobs/{id}/result").content == data


@pytest.mark.parametrize("name", ["result.png", "small.jpg", "result.json"])
def test_a_job_waits_for_room_on_a_full_disk(
    client: httpx.Client, house: House, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    id = submit(client)["id"]
    first, is_full, commit = painter(house, "w_1"), [True], files.Draft.commit

    def write(draft: files.Draft) -> None:
        if is_full[0] and (draft.path.name == name or draft.path.parent.name == "incoming"):
            draft.discard()
            raise files.cannot_write(draft.path, OSError(errno.ENOSPC, "No space left on device"))
        commit(draft)

    monkeypatch.setattr(files.Draft, "commit", write)
    monkeypatch.setattr(runner, "LOOK_FOR_ROOM", 0.0)
    assert first.run_next("paintings") == id
    job = client.get(f"/jobs/{id}").json()
    assert (job["status"], job["attempts"], job["error"]) == ("queued", 0, None)
    assert first.run_next("paintings") is None  # nothing is begun that could not be kept
    is_full[0] = False
    assert first.run_next("paintings") == id
    assert client.get(f"/jobs/{id}").json()["status"] == "done"


def test_a_checkpoint_that_cannot_be_written_is_a_warning(
    client: httpx.Client, make: Callable[..., House], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    house, commit = make(checkpoint_seconds=0), files.Draft.commit

    def write(draft: files.Draft) -> None:
        if draft.path.name == "checkpoint.state":
            draft.discard()
            raise files.cannot_write(draft.path, OSError(errno.ENOSPC, "No space left on device"))
        commit(draft)

    monkeypatch.setattr(files.Draft, "commit", write)
    with house.client() as client:
        id = submit(client)["id"]
        house.paint(id)
        assert client.get(f"/jobs/{id}").json()["status"] == "done"
    assert "there is no checkpoint of the latest state" in caplog.text


class Receiver:
    """Takes webhooks; answers as it is told."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    made.thread.start()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def test_webhooks_are_signed_and_repeated(make: Callable[..., House], receiver: Receiver) -> None:
    house = make(webhook_hosts=(receiver.address.split("/")[2],))
    sender = WebhookSender(house.settings, house.services.state)
    with house.client() as client:
        job = submit(client, webhook=receiver.address)
        assert "webhook" not in job["request"]
        assert sender.send_next() is False
        house.paint(job["id"])
        receiver.status = 302
        assert sender.send_next() is True
        assert sender.send_next() is False
        for _ in PAUSES:
            with house.services.state.database.transaction() as db:
                db.execute(update(deliveries).values(due=0))
            sender.send_next()
        with house.services.state.database.transaction() as db:
            assert db.execute(select(deliveries)).all() == []
        secret = client.get("/account").json()["webhook_secret"]
    assert len(receiver.taken) == len(PAUSES) + 1
    headers, body = receiver.taken[-1]
    assert len({head["Impasto-Delivery"] for head, _ in receiver.taken}) == 1
    assert headers["Impasto-Event"] == "job.done"
    assert verify_webhook(secret, headers["Impasto-Signature"], body)
    assert not verify_webhook(secret, headers["Impasto-Signature"], body + b" ")
    assert not verify_webhook("other", headers["Impasto-Signature"], body)
    assert not verify_webhook(secret, "nonsense", body)
    assert job["id"].encode() in body


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest",
        "https://example.com@127.0.0.1/",
        "ftp://127.0.0.1/",
        "http://hooks.example/",
        "https://[",
        "http://127.0.0.1:99999999/",
        "http://127.0.0.1:5432/",
        "http://127.0.0.1:443/",
        "https://hooks.example:80/",
        "https://hooks.example:8443/",
        "https://hooks.example:0/",
        "https://other.example/",
        "https://other.example:443/",
    ],
)
def test_webhooks_go_to_allowed_hosts_only(make: Callable[..., House], address: str) -> None:
    house = make(webhook_hosts=("127.0.0.1", "hooks.example", "other.example:8443"))
    with house.client() as client:
        body = {"photo": upload(client), "styles": [{"name": "starry-night"}], "webhook": address}
        assert client.post("/jobs", json=body).json()["type"] == "/problems/invalid"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/hook",
        "http://127.0.0.1:80/hook",
        "https://127.0.0.1/hook",
        "https://HOOKS.example/hook",
        "https://hooks.example:443/hook",
        "https://other.example:8443/hook",
        "http://[::1]:8080/hook",
    ],
)
def test_a_host_without_a_port_means_the_usual_one(tmp_path: Path, address: str) -> None:
    hosts = ("127.0.0.1", "Hooks.example", "other.example:8443", "[::1]:8080")
    assert check_address(address, Settings(data_dir=tmp_path, webhook_hosts=hosts)) == address
