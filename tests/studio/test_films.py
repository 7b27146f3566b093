"""Films: uploaded, looked at frame by frame, painted as jobs, served, and kept from others."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from impasto import clips
from impasto.clips import Request, open_clip
from impasto.painters import make_painter
from impasto.studio.backup import restore_backup, write_backup
from impasto.studio.state.storage import Storage
from impasto.studio.worker import films, runner
from tests.clips.clips import moving, write_clip
from tests.conftest import blobs
from tests.studio.conftest import House, encoded, submit, upload

STYLES = [{"name": "starry-night"}]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A second that moves, with a tone, of 64 x 48 pixels."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_clip(path, [moving(number) for number in range(25)], sound=True).read_bytes()


def film(client: httpx.Client, data: bytes, name: str = "Harbour.mp4") -> str:
    made = client.post("/films", content=data, params={"name": name})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def paint(client: httpx.Client, id: str, **more: Any) -> dict[str, Any]:
    made = client.post("/jobs", json={"kind": "film", "photo": id, "styles": STYLES, **more})
    assert made.status_code == 202, made.text
    found: dict[str, Any] = made.json()
    return found


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def frames_of(data: bytes, path: Path) -> list[np.ndarray[Any, Any]]:
    path.write_bytes(data)
    return [frame.pixels for frame in open_clip(path, Request(even=False)).frames()]


def test_a_film_is_kept_as_it_came_with_its_facts(house: House, client: httpx.Client, clip: bytes) -> None:
    made = client.post("/films", content=clip, params={"name": "C:\\films\\Harbour.mp4"})
    assert made.status_code == 201, made.text
    found = made.json()
    assert (found["role"], found["name"], found["width"], found["height"]) == ("film", "Harbour.mp4", 64, 48)
    assert found["film"] == {
        "seconds": 1.0, "frames": 25, "rate": 25.0, "still": 0.333, "sound": True, "media": "video/mp4",
    }  # fmt: skip
    id = found["id"]
    assert client.get("/pictures", params={"role": "film"}).json()["pictures"] == [found]
    assert client.get("/pictures", params={"role": "photo"}).json()["pictures"] == []
    assert client.get(f"/pictures/{id}").json() == found
    whole = client.get(f"/pictures/{id}/content")
    assert (whole.content, whole.headers["content-type"]) == (clip, "video/mp4")
    part = client.get(f"/pictures/{id}/content", headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, clip[4:8])
    assert found["bytes"] >= len(clip)
    assert client.get("/account").json()["usage"]["bytes"] == found["bytes"]
    assert client.delete(f"/pictures/{id}").status_code == 204
    assert list((house.services.storage.root / "pictures").iterdir()) == []
    assert list((house.services.storage.root / "incoming").iterdir()) == []


def test_the_server_leaves_the_reading_of_films_to_a_process_of_its_own(
    make: Callable[..., House], clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("the server has opened a film")

    monkeypatch.setattr(clips, "open_clip", read)
    with make(apart=True).client() as client:
        id = film(client, clip)
        assert client.get(f"/films/{id}/frame", params={"at": 0.5}).status_code == 200
        assert refusal(client.post("/films", content=clip[:300])) == (415, "not-a-film")


def test_single_frames_are_those_of_their_time(client: httpx.Client, clip: bytes) -> None:
    id = film(client, clip)
    for at, number in ((0.0, 0), (0.4, 10), (0.96, 24), (7.0, 24)):
        answer = client.get(f"/films/{id}/frame", params={"at": at})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        shown = np.asarray(Image.open(io.BytesIO(answer.content)), np.float32) / 255
        errors = [np.abs(shown - moving(each)).mean() for each in range(25)]
        assert int(np.argmin(errors)) == number, at
    standing = client.get(f"/films/{id}/frame")
    assert standing.content == client.get(f"/films/{id}/frame", params={"at": 0.333}).content
    small = client.get(f"/films/{id}/frame", params={"at": 0, "side": 32})
    assert Image.open(io.BytesIO(small.content)).size == (32, 24)
    assert refusal(client.get(f"/films/{upload(client)}/frame")) == (422, "unsuitable")


def test_a_preview_is_of_the_frame_asked_for(make: Callable[..., House], clip: bytes) -> None:
    with make(studio={"make_painter": make_painter}).client() as client:
        id = film(client, clip)
        asked = {"photo": id, "styles": STYLES, "side": 64}

        def preview(**more: Any) -> np.ndarray[Any, Any]:
            answer = client.post("/preview", json=asked | more, headers={"Accept": "image/png"})
            assert answer.status_code == 200, answer.text
            return np.asarray(Image.open(io.BytesIO(answer.content)), np.float32)

        first, other = preview(at=0), preview(at=0.8)
        assert first.shape == (48, 64, 3)
        assert np.abs(first - other).mean() > 1
        np.testing.assert_array_equal(preview(), preview(at=0.333))
        photo = upload(client)
        assert refusal(client.post("/preview", json=asked | {"photo": photo, "at": 1})) == (422, "invalid")
        as_style = {"photo": photo, "styles": [{"picture": id}], "side": 64}
        assert refusal(client.post("/preview", json=as_style)) == (422, "unsuitable")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", (415, "not-a-film")),
        (b"#EXTM3U\nfile:///etc/passwd\n", (415, "not-a-film")),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", (415, "not-a-film")),
        (encoded(), (415, "not-a-film")),
        (encoded(format="GIF"), (415, "not-a-film")),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 500, (415, "not-a-film")),
    ],
)
def test_what_is_no_film_is_refused_and_leaves_nothing(
    house: House, client: httpx.Client, data: bytes, kind: tuple[int, str]
) -> None:
    answer = client.post("/films", content=data)
    assert refusal(answer) == kind
    assert str(house.services.storage.root) not in answer.text
    for name in ("pictures", "incoming"):
        assert list((house.services.storage.root / name).iterdir()) == []


def test_a_film_cut_short_is_read_as_far_as_it_goes_or_refused(client: httpx.Client, tmp_path: Path) -> None:
    frames = [moving(number, 128, 96) for number in range(25)]
    index_last = write_clip(tmp_path / "clip.mp4", frames).read_bytes()
    assert refusal(client.post("/films", content=index_last[: len(index_last) // 2])) == (415, "not-a-film")
    packets = write_clip(tmp_path / "clip.mkv", frames, options={"g": "5", "crf": "10"}).read_bytes()
    made = client.post("/films", content=packets[: len(packets) // 2])
    assert made.status_code == 201, made.text
    assert 5 <= made.json()["film"]["frames"] < 25
    assert any("ends" in note or "breaks off" in note for note in made.json()["notes"])


def test_limits_are_checked_before_anything_is_kept(make: Callable[..., House], clip: bytes) -> None:
    house = make(max_film_bytes=len(clip) - 1)
    with house.client() as client:
        assert refusal(client.post("/films", content=clip)) == (413, "too-large")
        chunks = (clip[at : at + 1000] for at in range(0, len(clip), 1000))
        assert refusal(client.post("/films", content=chunks)) == (413, "too-large")
    house.settings = house.services.settings = house.settings.model_copy(
        update={"max_film_bytes": 10**6, "max_film_frames": 24}
    )
    with house.client() as client:
        answer = client.post("/films", content=clip)
        assert refusal(answer) == (413, "too-long")
        assert "25" in answer.json()["detail"]
        assert "24" in answer.json()["detail"]
    house.services.settings = house.settings.model_copy(update={"max_film_frames": 25, "max_pixels": 64 * 47})
    with house.client() as client:
        assert refusal(client.post("/films", content=clip)) == (413, "too-many-pixels")
    house.services.settings = house.settings.model_copy(update={"max_film_frames": 25, "user_bytes": 1000})
    with house.client() as client:
        assert refusal(client.post("/films", content=clip)) == (403, "quota")
    assert list((house.services.storage.root / "incoming").iterdir()) == []


def test_a_film_is_painted_with_its_sound_and_served_in_parts(
    house: House, client: httpx.Client, clip: bytes, tmp_path: Path
) -> None:
    id = film(client, clip, "Möwe am Hafen.mp4")
    job = paint(client, id)
    assert (job["kind"], job["title"]) == ("film", "Möwe am Hafen.mp4, The Starry Night")
    assert job["request"]["photo"] == id
    assert refusal(client.delete(f"/pictures/{id}")) == (409, "in-use")
    assert client.get(f"/jobs/{job['id']}/result").status_code == 409
    house.paint(job["id"])
    done = client.get(f"/jobs/{job['id']}").json()
    assert done["status"] == "done", done["error"]
    result = done["result"]
    assert (result["width"], result["height"], result["frames"], result["length"]) == (64, 48, 25, 1.0)
    assert done["progress"]["unit"] == "frame"
    assert done["progress"]["steps"] == 25
    answer = client.get(f"/jobs/{job['id']}/result")
    assert answer.headers["content-type"] == "video/mp4"
    assert "filename*=UTF-8''M%C3%B6we%20am%20Hafen" in answer.headers["content-disposition"]
    assert answer.headers["content-disposition"].startswith("attachment")
    inline = client.get(
        f"/jobs/{job['id']}/result", params={"download": False}, headers={"Range": "bytes=0-99"}
    )
    assert (inline.status_code, inline.content) == (206, answer.content[:100])
    assert inline.headers["content-range"] == f"bytes 0-99/{len(answer.content)}"
    assert inline.headers["content-disposition"].startswith("inline")
    beyond = client.get(f"/jobs/{job['id']}/result", headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416
    painted = tmp_path / "painted.mp4"
    painted.write_bytes(answer.content)
    assert open_clip(painted).info.audio == ("aac",)
    found, photos = frames_of(answer.content, tmp_path / "a.mp4"), frames_of(clip, tmp_path / "b.mp4")
    assert len(found) == 25
    assert all(np.abs(one - other).mean() > 0.02 for one, other in zip(found, photos, strict=True))
    thumbnail = client.get(f"/jobs/{job['id']}/thumbnail")
    assert Image.open(io.BytesIO(thumbnail.content)).size == (64, 48)
    assert client.get(f"/jobs/{job['id']}/preview").headers["content-type"] == "image/jpeg"
    folder = house.services.storage.job(job["id"])
    assert not (folder / ".impasto").exists()
    assert result["bytes"] == len(answer.content)


def test_films_are_listed_and_counted_by_their_kind(house: House, client: httpx.Client, clip: bytes) -> None:
    job, painting = paint(client, film(client, clip)), submit(client)

    def listed(**query: Any) -> list[str]:
        return [each["id"] for each in client.get("/jobs", params=query).json()["jobs"]]

    assert listed() == [painting["id"]]
    assert listed(kind="film") == [job["id"]]
    assert listed(kind=["painting", "film"]) == [painting["id"], job["id"]]
    assert listed(kind="all") == [painting["id"], job["id"]]
    assert job["position"] == painting["position"] == 1  # in lanes of their own
    metrics = httpx.get(f"{house.url}/metrics").text
    assert 'impasto_studio_jobs{kind="film",status="queued"} 1' in metrics


def test_a_finished_film_lies_in_the_bin_first(house: House, client: httpx.Client, clip: bytes) -> None:
    job = paint(client, film(client, clip), options={"end": 0.2})
    house.paint(job["id"])
    folder = house.services.storage.job(job["id"])
    assert client.delete(f"/jobs/{job['id']}").status_code == 204
    (binned,) = client.get("/bin").json()["jobs"]
    assert binned["id"] == job["id"]
    assert (folder / "film.mp4").is_file()
    assert client.post(f"/jobs/{job['id']}/restore").status_code == 200
    assert client.delete(f"/jobs/{job['id']}", params={"now": True}).status_code == 204
    assert not folder.exists()


def test_a_part_of_a_film_is_painted_at_a_size(
    house: House, client: httpx.Client, clip: bytes, tmp_path: Path
) -> None:
    id = film(client, clip)
    job = paint(client, id, size=96, options={"start": "0:00.2", "end": 0.6, "sound": False})
    house.paint(job["id"])
    result = client.get(f"/jobs/{job['id']}").json()["result"]
    assert (result["width"], result["height"], result["frames"]) == (96, 72, 10)
    path = tmp_path / "part.mp4"
    path.write_bytes(client.get(f"/jobs/{job['id']}/result").content)
    assert open_clip(path).info.audio == ()


def test_the_optimiser_paints_films_too(house: House, client: httpx.Client, clip: bytes) -> None:
    options = {"end": 0.08, "next_iterations": 2}
    job = paint(client, film(client, clip), engine="optimize", preset="draft", size=64, options=options)
    house.paint(job["id"])
    done = client.get(f"/jobs/{job['id']}").json()
    assert (done["status"], done["result"]["frames"]) == ("done", 2)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"options": {"codec": "prores"}}, "unknown option 'codec'"),
        ({"options": {"start": 5}}, "before the end of the film"),
        ({"options": {"start": 0.5, "end": 0.2}}, "after start"),
        ({"options": {"start": 1}}, "before the end of the film, 1 s"),
        ({"options": {"start": 0.2, "end": 0.2}}, "after start"),
        ({"options": {"start": 0.41, "end": 0.43}}, "at least one frame"),
        ({"options": {"start": 0.97}}, "none is from 0.97 s to 1 s"),
        ({"options": {"start": -0.1}}, "seconds or HH:MM:SS"),
        ({"options": {"end": 0}}, "after start"),
        ({"options": {"end": "half"}}, "expected end to be seconds"),
        ({"options": {"start": True}}, "seconds or HH:MM:SS"),
        ({"options": {"start": "0:75"}}, "seconds or HH:MM:SS"),
        ({"options": {"start": "1e999999"}}, "seconds or HH:MM:SS"),
        ({"options": {"keep": 1}}, "keep"),
        ({"options": {"sound": "loud"}}, "sound"),
        ({"options": {"next_iterations": 5000}}, "at most 500"),
        ({"size": 5000}, "size of at most 4096"),
        ({"engine": "optimize", "preset": "nothing"}, "preset"),
        ({"engine": "magic"}, "engine"),
        ({"styles": [{"name": "starry-nigth"}]}, "unknown style"),
        ({"protect": "p_" + "0" * 22}, "protect"),
    ],
)
def test_a_film_that_cannot_be_painted_is_refused_at_once(
    client: httpx.Client, clip: bytes, asked: dict[str, Any], words: str
) -> None:
    body = {"kind": "film", "photo": film(client, clip), "styles": STYLES} | asked
    answer = client.post("/jobs", json=body)
    assert refusal(answer) == (422, "invalid")
    assert words in answer.json()["detail"]
    assert not answer.json()["detail"].startswith(("FilmSubmission", "JobRequest"))


def test_photographs_and_films_do_not_take_each_others_place(client: httpx.Client, clip: bytes) -> None:
    id, photo = film(client, clip), upload(client)
    for body in (
        {"kind": "film", "photo": photo, "styles": STYLES},
        {"photo": id, "styles": STYLES},
        {"photo": photo, "styles": [{"picture": id}]},
        {"kind": "film", "photo": id, "styles": [{"picture": id}]},
    ):
        assert refusal(client.post("/jobs", json=body)) == (422, "unsuitable")
    assert refusal(client.post(f"/pictures/{id}/training")) == (422, "unsuitable")


def test_the_work_of_a_film_is_bounded(make: Callable[..., House], clip: bytes) -> None:
    with make(max_film_work=64 * 48 * 20).client() as client:
        id = film(client, clip)
        body = {"kind": "film", "photo": id, "styles": STYLES}
        answer = client.post("/jobs", json=body)
        assert refusal(answer) == (422, "invalid")
        assert "start and end" in answer.json()["detail"]
        assert client.get(f"/films/{id}/estimate").json()["possible"] is False
        assert client.get(f"/films/{id}/estimate", params={"end": "0.8"}).json()["possible"] is True
        paint(client, id, options={"end": 0.8})


@pytest.mark.parametrize(
    ("start", "end", "frames"),
    [
        (None, None, 25),
        (0.2, 0.6, 10),
        (0.21, 0.6, 9),  # the frame at 0.20 is before it
        (0.2, 0.61, 11),  # and that at 0.60 before this end
        (0.92, None, 2),
        (0.9, 7, 2),
        ("0:00.04", "0:00.08", 1),
    ],
)
def test_as_many_frames_are_painted_as_the_estimate_says(
    house: House, client: httpx.Client, clip: bytes, start: Any, end: Any, frames: int
) -> None:
    id = film(client, clip)
    part = {name: value for name, value in (("start", start), ("end", end)) if value is not None}
    assert client.get(f"/films/{id}/estimate", params=part).json()["frames"] == frames
    job = paint(client, id, options=part)
    house.paint(job["id"])
    assert client.get(f"/jobs/{job['id']}").json()["result"]["frames"] == frames


def test_an_estimate_of_no_part_says_why(client: httpx.Client, clip: bytes) -> None:
    id = film(client, clip)
    for part, words in (
        ({"start": "x"}, "seconds or HH:MM:SS"),
        ({"start": "0.4", "end": "0.3"}, "after start"),
    ):
        answer = client.get(f"/films/{id}/estimate", params=part)
        assert refusal(answer) == (422, "invalid")
        assert words in answer.json()["detail"]


def test_how_long_a_film_takes_is_told_as_measured_here(
    house: House, client: httpx.Client, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = film(client, clip)

    def estimate(**query: Any) -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"/films/{id}/estimate", params=query).json()
        return found

    assert estimate() == {
        "seconds": None, "before": 0, "width": 64, "height": 48, "frames": 25, "possible": True,
    }  # fmt: skip
    monkeypatch.setattr(runner, "measure_films", lambda _: 64 * 48 * 5.0)
    house.painter.measure_films()
    assert estimate()["seconds"] == 5.0
    assert estimate(size=128) == estimate() | {"width": 128, "height": 96, "seconds": 20.0}
    assert estimate(start="0.2", end="0.4") == estimate() | {"frames": 5, "seconds": 1.0}
    assert estimate(engine="optimize")["seconds"] is None
    paint(client, id)
    assert estimate()["before"] == 1


def test_this_machine_measures_itself_on_a_film_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "MEASURED_SIZE", (96, 64))
    rate = films.measure_films(lambda: False)
    assert rate is not None
    assert rate > 0


def test_a_paused_film_goes_on_where_it_was_with_the_same_bytes(
    house: House, client: httpx.Client, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.studio.films.SEGMENT", 5)
    id = film(client, clip)
    whole = paint(client, id)
    house.paint(whole["id"])

    job = paint(client, id)
    original = films.paint_film
    resumed: list[bool] = []

    def stopping(job_: Any, options: Any, listener: Any, cancel: Callable[[], bool]) -> None:
        """Ask for a pause at frame 12, as someone would."""

        class Listener:
            preview_written = listener.preview_written

            def progress(self, event: Any) -> None:
                listener.progress(event)
                if event.step == 12 and not resumed:
                    client.post(f"/jobs/{job['id']}/pause")
                    listener.status(fresh=True)

        original(job_, options, Listener(), cancel)

    monkeypatch.setattr(runner, "paint_film", stopping)
    house.paint(job["id"])
    paused = client.get(f"/jobs/{job['id']}").json()
    assert paused["status"] == "paused"
    segments = house.services.storage.job(job["id"]) / ".impasto" / "film.mp4.film" / "00000"
    assert [path.name for path in sorted(segments.glob("*.mp4"))] != []
    resumed.append(True)
    seen: list[int] = []

    def counting(job_: Any, options: Any, listener: Any, cancel: Callable[[], bool]) -> None:
        class Listener:
            preview_written = listener.preview_written

            def progress(self, event: Any) -> None:
                seen.append(event.step)
                listener.progress(event)

        original(job_, options, Listener(), cancel)

    monkeypatch.setattr(runner, "paint_film", counting)
    client.post(f"/jobs/{job['id']}/resume")
    house.paint(job["id"])
    assert client.get(f"/jobs/{job['id']}").json()["status"] == "done"
    assert seen[0] == 11, "ten frames were there"
    same = [client.get(f"/jobs/{one['id']}/result").content for one in (whole, job)]
    assert same[0] == same[1]


def test_a_cancelled_film_leaves_no_segments(
    house: House, client: httpx.Client, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.studio.films.SEGMENT", 5)
    job = paint(client, film(client, clip))
    original = films.paint_film

    def cancelled(job_: Any, options: Any, listener: Any, cancel: Callable[[], bool]) -> None:
        class Listener:
            preview_written = listener.preview_written

            def progress(self, event: Any) -> None:
                if event.step == 8:
                    client.post(f"/jobs/{job['id']}/cancel")
                    listener.status(fresh=True)

        original(job_, options, Listener(), cancel)

    monkeypatch.setattr(runner, "paint_film", cancelled)
    house.paint(job["id"])
    found = client.get(f"/jobs/{job['id']}").json()
    assert (found["status"], found["result"]) == ("cancelled", None)
    assert not (house.services.storage.job(job["id"]) / ".impasto").exists()


def test_films_of_others_do_not_exist(
    shared: House, anna: httpx.Client, bert: httpx.Client, clip: bytes
) -> None:
    id = film(anna, clip)
    job = paint(anna, id, options={"end": 0.2})
    shared.paint(job["id"])
    for path in (f"/films/{id}/frame", f"/films/{id}/estimate", f"/pictures/{id}/content", f"/pictures/{id}"):
        assert anna.get(path).status_code == 200, path
        assert bert.get(path).status_code == 404, path
    for path in ("", "/result", "/thumbnail", "/preview"):
        assert bert.get(f"/jobs/{job['id']}{path}").status_code == 404
    assert bert.post("/preview", json={"photo": id, "styles": STYLES}).status_code == 404
    asked = {"kind": "film", "photo": id, "styles": STYLES}
    assert refusal(bert.post("/jobs", json=asked)) == (422, "unsuitable")
    assert bert.delete(f"/pictures/{id}").status_code == 404
    assert bert.get("/pictures").json()["pictures"] == []
    with shared.client() as stranger:
        assert stranger.post("/films", content=clip).status_code == 401
        assert stranger.get(f"/films/{id}/frame").status_code == 401
        assert stranger.get(f"/jobs/{job['id']}/result").status_code == 401


def test_a_film_of_another_size_of_frames_is_shown_upright(client: httpx.Client, tmp_path: Path) -> None:
    frames = [blobs(64, 48, seed=1)] * 10
    lying = write_clip(tmp_path / "lying.mp4", frames, rotation=90).read_bytes()
    made = client.get(f"/pictures/{film(client, lying)}").json()
    assert (made["width"], made["height"]) == (48, 64)
    animation = io.BytesIO()
    images = [Image.fromarray((moving(n) * 255).astype(np.uint8)) for n in range(6)]
    images[0].save(animation, "GIF", save_all=True, append_images=images[1:], duration=100, loop=0)
    found = client.get(f"/pictures/{film(client, animation.getvalue(), 'Loop.gif')}").json()
    assert (found["film"]["frames"], found["film"]["media"]) == (6, "image/gif")


def animated(kind: str, count: int = 6) -> bytes:
    """The bytes of a picture with ``count`` frames, each shown for 100 ms."""
    stream = io.BytesIO()
    first, *others = [Image.fromarray((moving(n) * 255).astype(np.uint8)) for n in range(count)]
    first.save(stream, kind, save_all=True, append_images=others, duration=100)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["png", "webp", "avif"])
def test_a_picture_that_moves_is_painted_as_a_film(house: House, client: httpx.Client, kind: str) -> None:
    id = film(client, animated(kind), f"Loop.{kind}")
    made = client.get(f"/pictures/{id}").json()
    assert made["film"]["media"] == f"image/{kind}"
    assert (made["film"]["frames"], made["film"]["seconds"]) == (6, pytest.approx(0.6))
    content = client.get(f"/pictures/{id}/content")
    assert content.headers["content-type"] == f"image/{kind}"
    assert client.get(f"/films/{id}/frame").headers["content-type"] == "image/jpeg"
    job = paint(client, id)
    house.paint(job["id"])
    assert client.get(f"/jobs/{job['id']}").json()["result"]["frames"] == 6


@pytest.mark.parametrize("kind", ["png", "webp", "avif"])
def test_a_picture_that_does_not_move_or_is_damaged_is_no_film(client: httpx.Client, kind: str) -> None:
    still = client.post("/films", content=animated(kind, count=1))
    assert refusal(still) == (415, "not-a-film")
    assert "this is a single picture" in still.json()["detail"]
    assert client.post("/films", content=animated(kind)[:40]).status_code == 415


def test_the_limits_of_a_picture_that_moves_are_checked_before_it_is_decoded(
    make: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: Any, **__: Any) -> None:
        raise AssertionError("it is decoded")

    monkeypatch.setattr("impasto.imaging.read_frames", read)
    house = make(max_film_frames=5)
    with house.client() as client:
        answer = client.post("/films", content=animated("webp"))
        assert refusal(answer) == (413, "too-long")
        assert "at most 5 frames" in answer.json()["detail"]


def test_an_unfinished_film_goes_on_from_a_backup_in_another_folder(
    house: House,
    client: httpx.Client,
    make: Callable[..., House],
    clip: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("impasto.studio.films.SEGMENT", 5)
    id = film(client, clip)
    job = paint(client, id)
    original = films.paint_film
    seen: list[int] = []

    def watched(act: Callable[[int], None]) -> Callable[..., None]:
        def painting(job_: Any, options: Any, listener: Any, cancel: Callable[[], bool]) -> None:
            class Listener:
                preview_written = listener.preview_written

                def progress(self, event: Any) -> None:
                    listener.progress(event)
                    act(event.step)

            original(job_, options, Listener(), cancel)

        return painting

    def back_up(step: int) -> None:
        if step == 12:
            write_backup(house.settings, tmp_path / "backup.tar")

    monkeypatch.setattr(runner, "paint_film", watched(back_up))
    house.paint(job["id"])
    whole = client.get(f"/jobs/{job['id']}/result").content

    restore_backup(house.settings.model_copy(update={"data_dir": tmp_path / "new"}), tmp_path / "backup.tar")
    other = make(data_dir=tmp_path / "new")
    monkeypatch.setattr(runner, "paint_film", watched(seen.append))
    with other.client() as restored:
        assert restored.get(f"/jobs/{job['id']}").json()["status"] == "running"
        (recovered,) = other.services.state.queue.recover(time.time() + 1e6, 3)  # its worker is not there
        assert (recovered.id, recovered.status) == (job["id"], "queued")
        other.paint(job["id"])
        done = restored.get(f"/jobs/{job['id']}").json()
        assert done["status"] == "done", done["error"]
        assert seen[0] == 11, "ten frames were in the backup"
        assert restored.get(f"/jobs/{job['id']}/result").content == whole


def test_a_backup_has_films_and_a_restored_studio_plays_them(
    house: House, client: httpx.Client, clip: bytes, tmp_path: Path
) -> None:
    id = film(client, clip)
    job = paint(client, id, options={"end": 0.2})
    house.paint(job["id"])
    painted = client.get(f"/jobs/{job['id']}/result").content
    write_backup(house.settings, tmp_path / "backup.tar")
    restore_backup(house.settings.model_copy(update={"data_dir": tmp_path / "new"}), tmp_path / "backup.tar")
    storage = Storage(tmp_path / "new")
    assert storage.film(id).read_bytes() == clip
    assert (storage.job(job["id"]) / "film.mp4").read_bytes() == painted
    assert storage.small(id).is_file()
