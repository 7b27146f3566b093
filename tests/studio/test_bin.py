"""What is deleted can be had back for a while, and is then gone for good."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import httpx
import pytest
from sqlalchemy import Connection

from impasto.studio.client import StudioClient
from impasto.studio.state.jobs import JobStore
from impasto.studio.worker.sweeper import Sweeper
from tests.studio.conftest import House, encoded, submit, until, upload


def painted(house: House, client: httpx.Client, **more: object) -> str:
    id = str(submit(client, **more)["id"])
    house.paint(id)
    return id


def binned(client: httpx.Client) -> list[str]:
    return [job["id"] for job in client.get("/bin").json()["jobs"]]


def listed(client: httpx.Client) -> list[str]:
    return [job["id"] for job in client.get("/jobs", params={"kind": "all"}).json()["jobs"]]


def sweep(house: House) -> None:
    Sweeper(house.settings, house.services.state, house.services.storage).delete_expired()


def test_a_deleted_painting_lies_in_the_bin_and_comes_back_as_it_was(
    client: httpx.Client, house: House
) -> None:
    id = painted(house, client)
    before, picture = client.get(f"/jobs/{id}").json(), client.get(f"/jobs/{id}/result").content
    for _ in range(2):  # a second time changes nothing
        assert client.delete(f"/jobs/{id}").status_code == 204
        assert (listed(client), binned(client)) == ([], [id])
    assert client.get(f"/jobs/{id}").json()["deleted"] is not None
    assert client.get(f"/jobs/{id}/thumbnail").status_code == 200
    sweep(house)
    back = client.post(f"/jobs/{id}/restore")
    assert (back.status_code, back.json()) == (200, before)
    assert (listed(client), binned(client)) == ([id], [])
    assert client.get(f"/jobs/{id}/result").content == picture
    assert client.post(f"/jobs/{id}/restore").json()["type"] == "/problems/state"


def test_the_bin_empties_after_its_days_and_at_once_when_asked(make: Callable[..., House]) -> None:
    house = make(keep_bin_days=1e-15)
    with house.client() as client:
        old = painted(house, client)
        client.delete(f"/jobs/{old}")
        assert binned(client) == [old]
        sweep(house)
        assert client.get(f"/jobs/{old}").status_code == 404
        for place in ("/bin", "/jobs/{id}?now=true"):
            id, kept = painted(house, client), painted(house, client)
            client.delete(f"/jobs/{id}")
            assert client.delete(place.format(id=id)).status_code == 204
            assert client.get(f"/jobs/{id}").status_code == 404
            assert not house.services.storage.job(id).exists()
            assert client.get(f"/jobs/{kept}").status_code == 200


def test_deleting_twice_at_once_deletes_nothing_for_good(house: House, client: httpx.Client) -> None:
    id = painted(house, client)
    jobs = house.services.state.jobs
    # As two requests do that have both read the job before either has put it into the bin.
    assert jobs.discard("local", id) is not None
    again = jobs.discard("local", id)
    assert again is not None
    assert again.deleted is not None
    assert binned(client) == [id]
    assert jobs.discard("local", submit(client)["id"]) is None


class Restoring:
    """A database in which a job is restored by its owner just before something else is changed."""

    def __init__(self, house: House, id: str) -> None:
        self._house, self._id, self._database = house, id, house.services.state.database
        self.is_done = False

    def transaction(self, *, reading: bool = False) -> AbstractContextManager[Connection]:
        if not reading and not self.is_done:
            self.is_done = True
            JobStore(self._database).restore("local", self._id)
        return self._database.transaction(reading=reading)


@pytest.mark.parametrize("act", ["empty_bin", "remove_expired"])
def test_what_is_restored_while_the_bin_is_emptied_stays(
    house: House, client: httpx.Client, act: str
) -> None:
    id, other = painted(house, client), painted(house, client)
    for each in (id, other):
        client.delete(f"/jobs/{each}")
    store = JobStore(Restoring(house, id))  # type: ignore[arg-type]
    gone = (
        store.empty_bin("local")
        if act == "empty_bin"
        else store.remove_expired(finished=None, drafts=0, deleted=4e9)
    )
    assert gone == [other]
    assert client.get(f"/jobs/{id}").json()["deleted"] is None


def test_others_can_work_while_a_full_bin_is_emptied(
    house: House, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.studio.state.jobs.AT_ONCE", 2)
    ids = [painted(house, client) for _ in range(5)]
    for id in ids:
        client.delete(f"/jobs/{id}")
    begun: list[bool] = []
    database = house.services.state.database

    class Counting:
        def transaction(self, *, reading: bool = False) -> AbstractContextManager[Connection]:
            begun.append(reading)
            return database.transaction(reading=reading)

    assert sorted(JobStore(Counting()).empty_bin("local")) == sorted(ids)  # type: ignore[arg-type]
    assert begun == [True, False, False, False]


def test_without_days_there_is_no_bin(make: Callable[..., House]) -> None:
    house = make(keep_bin_days=0)
    with house.client() as client:
        id = painted(house, client)
        assert client.get("/capabilities").json()["limits"]["bin_days"] == 0
        client.delete(f"/jobs/{id}")
        assert client.get(f"/jobs/{id}").status_code == 404
        assert not house.services.storage.job(id).exists()


def test_drafts_and_what_is_not_finished_are_deleted_for_good(client: httpx.Client, house: House) -> None:
    draft, waiting = painted(house, client, kind="draft"), submit(client)["id"]
    for id in (draft, waiting):
        client.delete(f"/jobs/{id}")
        assert client.get(f"/jobs/{id}").status_code == 404
    assert binned(client) == []


def test_the_bin_counts_against_the_quota_which_says_so(make: Callable[..., House]) -> None:
    house = make(user_bytes=60_000)
    with house.client() as client:
        photo = upload(client, encoded(60, 60))
        id = painted(house, client, photo=photo)
        full = client.get("/account").json()["usage"]
        client.delete(f"/jobs/{id}")
        usage = client.get("/account").json()["usage"]
        assert (usage["bytes"], usage["bin_bytes"]) == (
            full["bytes"],
            full["bytes"] - client.get(f"/pictures/{photo}").json()["bytes"],
        )
        answer = client.post("/pictures", files={"file": ("a.png", encoded(90, 90))}, data={"role": "photo"})
        assert answer.json()["type"] == "/problems/quota"
        assert "in the bin" in answer.json()["detail"]
        client.delete("/bin")
        assert client.get("/account").json()["usage"]["bin_bytes"] == 0
        upload(client, encoded(60, 60))


def test_photographs_of_what_is_in_the_bin_are_kept(make: Callable[..., House]) -> None:
    house = make(keep_upload_days=1e-15)
    with house.client() as client:
        id = painted(house, client, photo=(photo := upload(client)))
        client.delete(f"/jobs/{id}")
        sweep(house)
        assert client.get(f"/pictures/{photo}").status_code == 200
        client.delete("/bin")
        sweep(house)
        assert client.get(f"/pictures/{photo}").status_code == 404


def test_the_same_request_paints_anew_while_the_first_lies_in_the_bin(
    client: httpx.Client, house: House
) -> None:
    asked = {
        "photo": upload(client),
        "styles": [{"name": "starry-night"}],
        "size": 64,
        "options": {"iterations": 2, "coarse_iterations": 2, "min_size": 0},
    }
    first, second = (client.post("/jobs", json=asked, headers={"Idempotency-Key": "a"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    house.paint(first.json()["id"])
    client.delete(f"/jobs/{first.json()['id']}")
    third = client.post("/jobs", json=asked, headers={"Idempotency-Key": "a"})
    assert third.status_code == 202
    assert client.post(f"/jobs/{first.json()['id']}/explanation").json()["type"] == "/problems/state"


def test_the_bin_of_another_is_out_of_reach(shared: House, anna: httpx.Client, bert: httpx.Client) -> None:
    id = painted(shared, anna)
    anna.delete(f"/jobs/{id}")
    assert binned(bert) == []
    assert bert.post(f"/jobs/{id}/restore").status_code == 404
    assert bert.delete(f"/jobs/{id}?now=true").status_code == 404
    assert bert.delete("/bin").status_code == 204
    assert binned(anna) == [id]
    assert anna.delete("/account/pictures").status_code == 204
    assert binned(anna) == []


def test_streams_tell_of_the_bin(client: httpx.Client, house: House) -> None:
    id = painted(house, client)
    found: list[str] = []

    def listen() -> None:
        with client.stream("GET", "/events") as stream:
            for line in stream.iter_lines():
                found.append(line)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    until(lambda: "retry: 1000" in found)
    client.delete(f"/jobs/{id}")
    until(lambda: any('"deleted": "2' in line for line in found))
    client.post(f"/jobs/{id}/restore")
    until(lambda: any('"deleted": null' in line for line in found))
    client.delete(f"/jobs/{id}?now=true")
    until(lambda: "event: deleted" in found)
    house.services.broadcaster.stop()
    thread.join(10)


def test_the_client_deletes_restores_and_empties(house: House, client: httpx.Client) -> None:
    id = painted(house, client)
    with StudioClient(house.url) as studio:
        studio.delete(id)
        assert [job["id"] for job in studio.bin()] == [id]
        assert studio.restore(id)["deleted"] is None
        studio.delete(id)
        studio.empty_bin()
        assert list(studio.bin()) == []
        again = painted(house, client)
        studio.delete(again, now=True)
        with pytest.raises(Exception, match="unknown job"):
            studio.job(again)
