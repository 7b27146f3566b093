"""Many photographs submitted under one name, found again under it, and fetched together."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from PIL import Image

from impasto.imaging import read_parameters
from impasto.studio.client import StudioClient, StudioError
from impasto.studio.web.archives import unique_names, zipped
from impasto.studio.web.routes import results
from tests.studio.conftest import TOKENS, House, encoded, submit, upload

BATCH = "Ferien am Meer / 夏, 29 Nov"


def archive(answer: httpx.Response) -> zipfile.ZipFile:
    assert answer.status_code == 200, answer.text
    found = zipfile.ZipFile(io.BytesIO(answer.content))
    assert found.testzip() is None
    return found


def test_a_batch_is_found_again_and_fetched_as_one_archive(
    client: httpx.Client, house: House, tmp_path: Path
) -> None:
    photos = [upload(client, encoded(64, 48, seed=seed), name="Sea.jpg") for seed in (1, 2, 3)]
    made = [submit(client, photo, batch=f"  {BATCH} ") for photo in photos]
    alone = submit(client)
    assert [job["request"]["batch"] for job in (*made, alone)] == [BATCH, BATCH, BATCH, None]
    nothing = client.get("/results", params={"batch": BATCH})
    assert (nothing.status_code, nothing.json()["type"]) == (409, "/problems/state")

    client.post(f"/jobs/{made[2]['id']}/cancel")
    for job in made[:2]:
        house.paint(job["id"])
    listed = client.get("/jobs", params={"batch": BATCH}).json()["jobs"]
    assert [job["id"] for job in listed] == [job["id"] for job in reversed(made)]
    (batch,) = client.get("/batches").json()["batches"]
    counts = {name: batch[name] for name in ("jobs", "unfinished", "done", "cancelled", "failed")}
    assert counts == {"jobs": 3, "unfinished": 0, "done": 2, "cancelled": 1, "failed": 0}
    assert (batch["name"], batch["created"]) == (BATCH, made[0]["created"])

    answer = client.get(f"{house.url}{batch['results']}")
    assert (
        "filename*=UTF-8''Ferien%20am%20Meer%20-%20%E5%A4%8F%2C%2029%20Nov.zip"
        in (answer.headers["content-disposition"])
    )
    pictures = archive(answer)
    names = ["Sea.jpg, The Starry Night.png", "Sea.jpg, The Starry Night (2).png"]
    assert pictures.namelist() == names
    for name, job in zip(names, made, strict=False):
        assert pictures.read(name) == client.get(f"/jobs/{job['id']}/result").content
    small = archive(client.get("/results", params={"batch": BATCH, "format": "webp", "parameters": False}))
    path = Path(small.extract(small.namelist()[0], tmp_path))
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("WEBP", (64, 48))
    assert read_parameters(path) is None


def test_what_is_in_the_bin_is_not_in_its_batch(client: httpx.Client, house: House) -> None:
    kept, thrown = submit(client, batch=BATCH), submit(client, batch=BATCH)
    house.paint(thrown["id"])
    client.delete(f"/jobs/{thrown['id']}")
    (batch,) = client.get("/batches").json()["batches"]
    assert batch["jobs"] == 1
    assert [job["id"] for job in client.get("/jobs", params={"batch": BATCH}).json()["jobs"]] == [kept["id"]]
    assert len(archive(client.get("/results", params={"batch": BATCH})).namelist()) == 1
    client.post(f"/jobs/{thrown['id']}/restore")
    assert len(archive(client.get("/results", params={"batch": BATCH})).namelist()) == 2


def test_a_page_that_explains_a_picture_is_no_part_of_its_batch(client: httpx.Client, house: House) -> None:
    job = submit(client, batch=BATCH)
    house.paint(job["id"])
    client.post(f"/jobs/{job['id']}/explanation")
    (batch,) = client.get("/batches").json()["batches"]
    assert batch["jobs"] == 1


def test_a_batch_is_its_owners_alone(shared: House, anna: httpx.Client, bert: httpx.Client) -> None:
    job = submit(anna, batch=BATCH)
    shared.paint(job["id"])
    assert bert.get("/batches").json()["batches"] == []
    assert bert.get("/jobs", params={"batch": BATCH}).json()["jobs"] == []
    answer = bert.get("/results", params={"batch": BATCH})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    theirs = submit(bert, batch=BATCH)
    shared.paint(theirs["id"])
    for client, own in ((anna, job), (bert, theirs)):
        pictures = archive(client.get("/results", params={"batch": BATCH}))
        (name,) = pictures.namelist()
        assert pictures.read(name) == client.get(f"/jobs/{own['id']}/result").content
    with shared.client() as stranger:
        assert stranger.get("/results", params={"batch": BATCH}).status_code == 401


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\0b", "x" * 101])
def test_a_batch_has_a_name_that_can_be_shown(client: httpx.Client, name: str) -> None:
    body = {"photo": upload(client), "styles": [{"name": "starry-night"}], "batch": name}
    assert client.post("/jobs", json=body).status_code == 422
    if name != " ":  # spaces around it are left out where it is given, and no name at all is left
        assert client.get("/results", params={"batch": name}).status_code == 422


def test_the_client_submits_a_batch_and_writes_its_archive(
    make: Callable[..., House], tmp_path: Path
) -> None:
    house = make(accounts=True)
    path = tmp_path / "sea.zip"
    with StudioClient(house.url, TOKENS["anna"]) as studio:
        quick = {"size": 64, "options": {"iterations": 2, "coarse_iterations": 2, "min_size": 0}}
        for seed in (1, 2):
            photo = studio.upload(encoded(64, 48, seed=seed), name=f"{seed}.png")
            job = studio.submit(photo, [{"name": "starry-night"}], batch=BATCH, **quick)
        with pytest.raises(StudioError, match="none of these pictures"):
            studio.save_batch(BATCH, path)
        assert not path.exists()
        house.paint(job["id"])
        assert [batch["done"] for batch in studio.batches()] == [2]
        assert len(list(studio.jobs(batch=BATCH, limit=1))) == 2
        studio.save_batch(BATCH, path, "jpg", quality=80)
    with zipfile.ZipFile(path) as pictures:
        assert pictures.namelist() == ["1.png, The Starry Night.jpg", "2.png, The Starry Night.jpg"]


def test_names_in_an_archive_differ_on_every_system_and_lead_nowhere() -> None:
    titles = ["cat", "Cat", "cat (2)", "é", "e\u0301", "../../etc/passwd", "..", "con", "a/b\\c"]
    assert unique_names(titles, "png") == [
        "cat.png",
        "Cat (2).png",
        "cat (2) (2).png",
        "é.png",
        "é (2).png",
        "-..-etc-passwd.png",
        "painting.png",
        "_con.png",
        "a-b-c.png",
    ]


def test_ten_thousand_pictures_of_one_name_are_named_at_once() -> None:
    names = unique_names(["cat"] * 10_000 + ["Cat (7)"], "png")
    assert names[:2] == ["cat.png", "cat (2).png"]
    assert names[-2:] == ["cat (10000).png", "Cat (7) (2).png"]
    assert len({name.casefold() for name in names}) == len(names)


def test_what_is_deleted_while_an_archive_is_made_is_left_out(
    client: httpx.Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone = submit(client, batch=BATCH, title="kept"), submit(client, batch=BATCH, title="gone")
    house.paint(gone["id"])
    encode = results._encoded

    def encode_late(path: Path, *given: Any) -> bytes:
        if gone["id"] in path.parts:
            client.delete(f"/jobs/{gone['id']}?now=true")
        return encode(path, *given)

    monkeypatch.setattr(results, "_encoded", encode_late)
    found = archive(client.get("/results", params={"batch": BATCH, "format": "jpg"}))
    assert found.namelist() == ["kept.jpg"]
    assert client.get(f"/jobs/{kept['id']}").status_code == 200


def test_an_archive_is_sent_in_pieces_and_leaves_out_what_was_deleted(tmp_path: Path) -> None:
    whole = bytes(range(256)) * 2**13  # two chunks
    (tmp_path / "large").write_bytes(whole)

    async def entries() -> AsyncIterator[tuple[str, float, Path | bytes]]:
        yield "large.bin", 1e9, tmp_path / "large"
        yield "gone.bin", 1e9, tmp_path / "gone"
        yield "small.txt", 1e9, b"words"

    async def pieces() -> list[bytes]:
        return [piece async for piece in zipped(entries())]

    found = anyio.run(pieces)
    assert max(map(len, found)) < len(whole)
    with zipfile.ZipFile(io.BytesIO(b"".join(found))) as made:
        assert made.testzip() is None
        assert {name: made.read(name) for name in made.namelist()} == {
            "large.bin": whole,
            "small.txt": b"words",
        }
