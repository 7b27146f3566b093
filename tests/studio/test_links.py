"""A link shows one picture or film and its title to whoever has it, and to nobody else."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import update

from impasto.clips import open_clip
from impasto.studio.client import StudioClient
from impasto.studio.shares import link_code
from impasto.studio.state.links import MOST_LINKS
from impasto.studio.state.storage import FILM, SHOWN
from impasto.studio.state.tables import links
from impasto.studio.web.accounts import account_line
from impasto.studio.web.routes.links import NOTHING
from impasto.studio.worker.sweeper import Sweeper
from tests.clips.clips import moving, sound_packets, write_clip
from tests.studio.conftest import TOKENS, House, submit, until, upload

TITLE = '<b>"Cat" & dog</b>'


def painted(house: House, client: httpx.Client, **more: Any) -> str:
    id = str(submit(client, photo=upload(client, name="private-place.png"), **more)["id"])
    house.paint(id)
    return id


def made(client: httpx.Client, id: str, days: int = 7) -> dict[str, Any]:
    answer = client.post(f"/jobs/{id}/links", json={"days": days})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def follow(house: House, url: str, method: str = "GET", **more: str) -> httpx.Response:
    """As a stranger does, from a message."""
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", **more}
    return httpx.request(method, house.url + url, headers=headers, trust_env=False, verify=False, timeout=30)


def test_a_link_shows_the_picture_and_its_title_without_signing_in(shared: House, anna: httpx.Client) -> None:
    id = painted(shared, anna, title=TITLE)
    link = made(anna, id)
    page = follow(shared, link["url"])
    assert page.status_code == 200
    assert "&lt;b&gt;&quot;Cat&quot; &amp; dog&lt;/b&gt;" in page.text
    assert TITLE not in page.text
    for secret in ("anna", "private-place", "starry", id, "script"):
        assert secret not in page.text, secret
    assert "noindex" in page.headers["x-robots-tag"]
    assert "noindex" in page.text
    assert page.headers["cache-control"] == "private, no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "set-cookie" not in page.headers
    picture = follow(shared, f"{link['url']}/picture")
    image = Image.open(io.BytesIO(picture.content))
    assert (image.format, image.size) == ("JPEG", (64, 48))
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "icc_profile"}
    assert "content-disposition" not in picture.headers
    assert follow(shared, link["url"], "HEAD").status_code == 200


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Half a second with a tone, and all that people write into a film."""
    folder = tmp_path_factory.mktemp("clip")
    plain = write_clip(folder / "plain.mp4", [moving(number) for number in range(12)], sound=True)
    path = folder / "clip.mp4"
    with av.open(str(plain)) as source, av.open(str(path), "w") as target:
        target.metadata.update(
            {"title": "Her birthday", "location": PLACE, "artist": "Anna", "comment": "at home"}
        )
        chapter = {"id": 1, "start": 0, "end": 400, "time_base": Fraction(1, 1000)}
        target.set_chapters([{**chapter, "metadata": {"title": "The kitchen"}}])
        copies = [target.add_stream_from_template(stream, opaque=True) for stream in source.streams]
        copies[1].metadata["title"] = "Her voice"
        for packet in source.demux():
            if packet.size:
                packet.stream = copies[packet.stream.index]
                target.mux(packet)
    return path.read_bytes()


PLACE = "+52.5200+013.4050/"
PRIVATE = (b"Her birthday", b"loci", b"Anna", b"at home", b"The kitchen", b"Her voice")
"""What ``clip`` says of its maker; the second is MP4's name of a place."""


def painted_film(house: House, client: httpx.Client, clip: bytes) -> str:
    made = client.post("/films", content=clip, params={"name": "private-place.mp4"})
    assert made.status_code == 201, made.text
    asked = {"kind": "film", "photo": made.json()["id"], "styles": [{"name": "starry-night"}], "title": TITLE}
    id = str(client.post("/jobs", json=asked).json()["id"])
    house.paint(id)
    return id


def test_a_link_plays_a_film_without_its_tags(
    shared: House, anna: httpx.Client, bert: httpx.Client, clip: bytes, tmp_path: Path
) -> None:
    assert all(word in clip for word in PRIVATE)
    id = painted_film(shared, anna, clip)
    own = anna.get(f"/jobs/{id}/result").content
    assert b"Her birthday" in own, "whose the film is, keeps them"
    assert bert.post(f"/jobs/{id}/links", json={}).status_code == 404
    used = anna.get("/account").json()["usage"]["bytes"]
    link = made(anna, id)
    page = follow(shared, link["url"])
    assert page.status_code == 200
    place = link["url"].removeprefix("/s/")
    assert f'<video src="{place}/film" poster="{place}/picture" controls' in page.text
    assert "&lt;b&gt;&quot;Cat&quot; &amp; dog&lt;/b&gt;" in page.text
    for secret in ("anna", "private-place", "starry", id, "script"):
        assert secret not in page.text, secret
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "media-src 'self'" in policy

    film = follow(shared, f"{link['url']}/film")
    assert (film.status_code, film.headers["content-type"]) == (200, "video/mp4")
    assert film.headers["cache-control"] == "private, no-store"
    assert "noindex" in film.headers["x-robots-tag"]
    assert "content-disposition" not in film.headers
    assert [word for word in PRIVATE if word in film.content] == []
    paths = []
    for name, data in (("own", own), ("shown", film.content)):
        paths.append(tmp_path / f"{name}.mp4")
        paths[-1].write_bytes(data)
    mine, shown = ([frame.pixels for frame in open_clip(each).frames()] for each in paths)
    np.testing.assert_array_equal(mine, shown)
    assert sound_packets(paths[0]) == sound_packets(paths[1]) != []
    part = follow(shared, f"{link['url']}/film", Range="bytes=4-7")
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert part.headers["content-range"] == f"bytes 4-7/{len(film.content)}"
    assert follow(shared, f"{link['url']}/film", Range="bytes=99999999-").status_code == 416
    head = follow(shared, f"{link['url']}/film", "HEAD")
    assert (head.status_code, int(head.headers["content-length"])) == (200, len(film.content))
    poster = Image.open(io.BytesIO(follow(shared, f"{link['url']}/picture").content))
    assert (poster.format, poster.size, dict(poster.getexif())) == ("JPEG", (64, 48), {})

    assert anna.get("/account").json()["usage"]["bytes"] == used + len(film.content)
    made(anna, id)
    assert anna.get("/account").json()["usage"]["bytes"] == used + len(film.content), "once"
    assert anna.delete(f"/jobs/{id}", params={"now": True}).status_code == 204
    assert follow(shared, f"{link['url']}/film").status_code == 404
    assert not shared.services.storage.job(id).exists()


def used_bytes(client: httpx.Client) -> int:
    return int(client.get("/account").json()["usage"]["bytes"])


@pytest.mark.parametrize("damage", ["missing", "empty", "cut short", "something else"])
def test_a_film_that_is_damaged_gets_no_link_and_its_links_say_so_in_plain_words(
    house: House, client: httpx.Client, clip: bytes, damage: str
) -> None:
    id = painted_film(house, client, clip)
    link, folder = made(client, id), house.services.storage.job(id)
    film, shown = folder / FILM, folder / SHOWN
    data = film.read_bytes()
    shown.unlink()
    if damage == "missing":
        film.unlink()
    else:
        film.write_bytes({"empty": b"", "cut short": data[: len(data) // 2]}.get(damage, b"no film" * 99))
    used = used_bytes(client)
    answer = client.post(f"/jobs/{id}/links", json={})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/damaged")
    assert answer.json()["detail"] == "the film's file on the server is damaged or missing: paint it again"
    assert used_bytes(client) <= used, "nothing is kept for a link that was not made"
    for place in ("", "/film"):
        page = follow(house, link["url"] + place, **{"Accept-Language": "fr"})
        assert (page.status_code, NOTHING["fr"] in page.text) == (404, True)
    assert [path for path in folder.iterdir() if path.name.startswith((".", SHOWN))] == []


@pytest.mark.parametrize("damage", ["missing", "empty", "cut short"])
def test_the_film_that_links_show_is_made_again_where_it_is_damaged(
    house: House, client: httpx.Client, clip: bytes, damage: str
) -> None:
    id = painted_film(house, client, clip)
    link, shown = made(client, id), house.services.storage.job(id) / SHOWN
    data, used = shown.read_bytes(), used_bytes(client)
    for asked in (f"{link['url']}/film", link["url"], None):
        shown.unlink()
        if damage != "missing":
            shown.write_bytes(data[: len(data) // 2] if damage == "cut short" else b"")
        if asked is None:
            made(client, id)
        else:
            assert follow(house, asked).status_code == 200
        assert shown.read_bytes() == data
        assert used_bytes(client) == used


def test_a_link_to_a_film_counts_against_the_quota_before_it_is_made(
    make: Callable[..., House], clip: bytes
) -> None:
    house = make()
    with house.client() as client:
        id = painted_film(house, client, clip)
        used, shown = used_bytes(client), house.services.storage.job(id) / SHOWN
        vars(house.services.settings)["user_bytes"] = used + 100
        answer = client.post(f"/jobs/{id}/links", json={})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/quota")
        assert "your pictures take" in answer.json()["detail"]
        assert (shown.exists(), used_bytes(client)) == (False, used)
        assert client.get(f"/jobs/{id}/links").json()["links"] == []
        vars(house.services.settings)["user_bytes"] = used + 10**7
        link = made(client, id)
        assert used_bytes(client) == used + shown.stat().st_size
        vars(house.services.settings)["user_bytes"] = used
        made(client, id)  # what is there already costs nothing
        assert follow(house, f"{link['url']}/film").status_code == 200


@pytest.mark.parametrize("end", ["withdrawn", "expired", "in the bin"])
def test_the_film_that_links_show_is_deleted_with_the_last_of_them_and_counts_no_longer(
    house: House, client: httpx.Client, clip: bytes, end: str
) -> None:
    id, here = painted_film(house, client, clip), house.services
    used, shown = used_bytes(client), here.storage.job(id) / SHOWN

    def expire(link: dict[str, Any]) -> None:
        with here.state.database.transaction() as db:
            db.execute(update(links).where(links.c.id == link["id"]).values(expires=time.time() - 1))
        Sweeper(house.settings, here.state, here.storage).delete_expired()

    def withdraw(link: dict[str, Any]) -> None:
        assert client.delete(f"/jobs/{id}/links/{link['id']}").status_code == 204

    first, last = made(client, id), made(client, id)
    (expire if end == "expired" else withdraw)(first)
    assert (shown.exists(), used_bytes(client) > used) == (True, True), "another link shows it"
    if end == "in the bin":
        assert client.delete(f"/jobs/{id}").status_code == 204
    else:
        (expire if end == "expired" else withdraw)(last)
    assert (shown.exists(), (here.storage.job(id) / FILM).exists()) == (False, True)
    assert used_bytes(client) == used
    if end != "in the bin":
        assert follow(house, f"{made(client, id)['url']}/film").status_code == 200


def test_a_film_that_is_not_painted_yet_is_not_linked_to(
    house: House, client: httpx.Client, clip: bytes
) -> None:
    film = client.post("/films", content=clip).json()["id"]
    asked = {"kind": "film", "photo": film, "styles": [{"name": "starry-night"}]}
    id = client.post("/jobs", json=asked).json()["id"]
    answer = client.post(f"/jobs/{id}/links", json={})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/state")
    assert not house.services.storage.job(id).exists()


def test_a_picture_is_no_film(shared: House, anna: httpx.Client) -> None:
    link = made(anna, painted(shared, anna))
    assert "<video" not in follow(shared, link["url"]).text
    assert follow(shared, f"{link['url']}/film").status_code == 404


@pytest.mark.parametrize("kind", ["picture", "film"])
def test_a_link_ends_when_withdrawn_expired_deleted_or_its_owner_is_removed(
    shared: House, anna: httpx.Client, clip: bytes, kind: str
) -> None:
    id = painted(shared, anna) if kind == "picture" else painted_film(shared, anna, clip)
    state = shared.services.state

    def withdraw(link: dict[str, Any]) -> None:
        assert anna.delete(f"/jobs/{id}/links/{link['id']}").status_code == 204

    def expire(link: dict[str, Any]) -> None:
        with state.database.transaction() as db:
            db.execute(update(links).where(links.c.id == link["id"]).values(expires=time.time() - 1))

    def bin_it(_: object) -> None:
        anna.delete(f"/jobs/{id}")
        anna.post(f"/jobs/{id}/restore")

    def remove_owner(_: object) -> None:
        path = shared.settings.accounts_file
        assert path is not None
        path.write_text(account_line("bert", TOKENS["bert"]))

    for end in (withdraw, expire, bin_it, remove_owner):
        link = made(anna, id)
        assert follow(shared, link["url"]).status_code == 200
        end(link)
        for path in ("", "/picture", "/film"):
            answer = follow(shared, link["url"] + path)
            assert answer.status_code == 404, end
            assert "There is no picture or film here" in answer.text


def test_no_link_can_be_forged_or_used_for_another_picture(shared: House, anna: httpx.Client) -> None:
    id, other = painted(shared, anna), painted(shared, anna, title="Other")
    link = made(anna, id)
    code = link["url"].removeprefix("/s/")
    (record,) = shared.services.state.links.to("anna", id, time.time())
    forged = [
        *(code[:n] + ("a" if code[n] != "a" else "b") + code[n + 1 :] for n in range(len(code))),
        *(code[:22], code[22:], code[:-1], code + "a", code.upper(), "", "x" * 54, "%00" * 18, "é" * 54),
        *(link_code(shared.settings, replace(record, job=other)), "..%2f" * 10, id, f"{code}%00"),
        link_code(
            shared.settings.model_copy(update={"secret": None, "data_dir": other_secret(shared)}), record
        ),
    ]
    for each in forged:
        if each != code:
            assert follow(shared, f"/s/{each}").status_code == 404, each
    # Whoever can write to the database, but has not the secret, shows no other picture, and no longer.
    for change in ({"job": other}, {"expires": record.expires + 1}, {"owner": "bert"}):
        with shared.services.state.database.transaction() as db:
            db.execute(update(links).values(**change))
        assert follow(shared, link["url"]).status_code == 404, change
        with shared.services.state.database.transaction() as db:
            db.execute(update(links).values(job=id, expires=record.expires, owner="anna"))
        assert follow(shared, link["url"]).status_code == 200


def other_secret(house: House) -> Any:
    """A data folder with a secret of its own."""
    folder = house.settings.data_dir / "another"
    folder.mkdir()
    return folder


def test_links_belong_to_their_owner(shared: House, anna: httpx.Client, bert: httpx.Client) -> None:
    id, own = painted(shared, anna), painted(shared, bert)
    link = made(anna, id)
    assert bert.get(f"/jobs/{id}/links").status_code == 404
    assert bert.post(f"/jobs/{id}/links", json={}).status_code == 404
    for job in (id, own):
        assert bert.delete(f"/jobs/{job}/links/{link['id']}").status_code == 404
    assert anna.delete(f"/jobs/{id}/links/%00").status_code == 404
    assert anna.get(f"/jobs/{id}/links").json() == {"links": [link]}
    assert follow(shared, link["url"]).status_code == 200


def test_only_a_picture_that_is_there_is_linked_to_and_not_without_end(make: Callable[..., House]) -> None:
    house = make(link_days=30)
    with house.client() as client:
        waiting = submit(client)["id"]
        assert client.post(f"/jobs/{waiting}/links", json={}).json()["type"] == "/problems/state"
        id = painted(house, client)
        assert client.get("/capabilities").json()["limits"]["link_days"] == 30
        answer = client.post(f"/jobs/{id}/links", json={"days": 31})
        assert (answer.status_code, "at most 30 days" in answer.json()["detail"]) == (422, True)
        for days in (0, -1, 1.5, 10**9):
            assert client.post(f"/jobs/{id}/links", json={"days": days}).status_code == 422
        for _ in range(MOST_LINKS):
            made(client, id)
        assert client.post(f"/jobs/{id}/links", json={}).json()["type"] == "/problems/state"
        client.delete(f"/jobs/{id}")
        assert client.post(f"/jobs/{id}/links", json={}).json()["type"] == "/problems/state"


def test_an_operator_can_forbid_links(make: Callable[..., House]) -> None:
    house = make(link_days=0)
    with house.client() as client:
        answer = client.post(f"/jobs/{painted(house, client)}/links", json={})
        assert "makes no links" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("pt-BR, ja;q=0.2, fr;q=0.4", "fr"),
        ("EN-us;q=0.5,es;q=0.7", "es"),
        ("xx;q=1, *;q=0.5", "en"),
        ("de;q=0, ja;q=many", "en"),
        (",;;q=,=,-" * 200, "en"),
    ],
)
def test_a_link_that_shows_nothing_says_so_in_the_visitors_language(
    house: House, accepted: str, language: str
) -> None:
    address = f"{house.url}/s/{'x' * 54}"
    answer = httpx.get(
        address, headers={"Accept-Language": accepted}, trust_env=False, verify=False, timeout=30
    )
    assert answer.status_code == 404
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}">' in answer.text
    assert f"<h1>{NOTHING[language]}</h1>" in answer.text


def test_the_page_of_a_link_has_the_languages_of_the_studios_page() -> None:
    folder = Path(__file__).parents[2] / "studio-page" / "src" / "languages"
    assert set(NOTHING) == {path.stem for path in folder.glob("*.ts")}


def test_guessing_links_is_slowed_down(make: Callable[..., House]) -> None:
    house = make(requests_per_minute=5)
    answers = [follow(house, f"/s/{'x' * 54}").status_code for _ in range(7)]
    assert answers == [404] * 5 + [429] * 2


def test_the_log_has_no_code_of_a_link(
    shared: House, anna: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    link = made(anna, painted(shared, anna))
    with caplog.at_level("INFO"):
        follow(shared, link["url"])
    (path,) = shared.settings.data_dir.glob("audit-*.jsonl")
    ours = [record.__dict__ for record in caplog.records if record.name.startswith("impasto")]
    until(lambda: link["id"] in path.read_text())  # the line comes after the answer
    said = str(ours) + path.read_text()
    assert link["url"].removeprefix("/s/") not in said


def test_the_client_makes_a_link(house: House, client: httpx.Client) -> None:
    id = painted(house, client)
    with StudioClient(house.url) as studio:
        address = studio.link(id, days=2)
    assert address.startswith(f"{house.url}/s/")
    assert httpx.get(address, trust_env=False, verify=False, timeout=30).status_code == 200
