"""Jobs from submission to deletion."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable
from typing import Any, get_args
from urllib.parse import quote

import httpx
import numpy as np
import pytest
from PIL import Image

from impasto.errors import CorruptWeightsError, ImpastoError, OutputError
from impasto.imaging import read_parameters
from impasto.jobs import Job
from impasto.optimize.options import Initialisation
from impasto.optimize.presets import preset as find_preset
from impasto.optimize.pyramid import work
from impasto.painters import make_painter
from impasto.studio.state.turns import line
from impasto.studio.web import broadcast as watching
from impasto.studio.web.attachments import content_disposition
from impasto.studio.web.routes.events import _describe_all
from impasto.studio.web.schemas import JobSettings
from impasto.studio.worker import runner
from impasto.studio.worker.sweeper import Sweeper
from tests.studio.conftest import Fake, House, encoded, mask, submit, until, upload


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_job_is_painted_and_fetched_in_every_format(client: httpx.Client, house: House) -> None:
    photo = upload(client, encoded(80, 60), name="cat.jpg")
    job = submit(client, photo)
    assert (job["status"], job["position"], job["title"]) == ("queued", 1, "cat.jpg, The Starry Night")
    assert client.get(f"/jobs/{job['id']}/result").json()["type"] == "/problems/state"
    house.paint(job["id"])
    job = client.get(f"/jobs/{job['id']}").json()
    assert (job["status"], job["position"]) == ("done", None)
    assert (job["result"]["width"], job["result"]["height"], job["result"]["partial"]) == (64, 48, False)
    assert job["progress"]["done"] == 1.0
    assert set(job["progress"]["losses"]) == {"total", "content", "style"}
    whole = client.get(f"/jobs/{job['id']}/result")
    assert whole.headers["content-disposition"] == (
        'attachment; filename="cat-jpg-The-Starry-Night.png"; '
        "filename*=UTF-8''cat.jpg%2C%20The%20Starry%20Night.png"
    )
    for format in ("png", "jpg", "webp", "avif", "tiff"):
        answer = client.get(f"/jobs/{job['id']}/result", params={"format": format, "download": "false"})
        assert answer.headers["content-disposition"].startswith("inline")
        assert opened(answer.content).size == (64, 48)
    part = client.get(f"/jobs/{job['id']}/result", headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.content) == (206, b"\x89PNG\r\n\x1a\n")
    assert opened(client.get(f"/jobs/{job['id']}/thumbnail").content).format == "JPEG"
    losses = client.get(f"/jobs/{job['id']}/losses").json()["losses"]
    assert losses[-1]["done"] == 1.0
    assert losses[-1]["total"] <= losses[0]["total"]


@pytest.mark.parametrize(
    ("title", "name", "plain"),
    [
        (
            "写真 ライオン.jpg, The Starry Night",
            "写真 ライオン.jpg, The Starry Night",
            "jpg-The-Starry-Night",
        ),
        ("写真", "写真", "painting"),
        ("Möwe/und \\ Häuser?", "Möwe-und - Häuser-", "Mowe-und-Hauser"),
        ("x\u202egpj.exe\r\nX-Y: z", "xgpj.exeX-Y- z", "xgpj-exeX-Y-z"),
        (" .. ", "painting", "painting"),
        ("nul", "_nul", "_nul"),
        ("ł" * 200, "ł" * 90, "painting"),
        ('a "quoted" name; filename=b', "a -quoted- name; filename=b", "a-quoted-name-filename-b"),
    ],
)
def test_files_are_named_in_any_script(title: str, name: str, plain: str) -> None:
    found = content_disposition("attachment", title, "png")
    assert found == f"attachment; filename=\"{plain}.png\"; filename*=UTF-8''{quote(name + '.png', safe='')}"


def test_what_the_page_shows_is_encoded_once(
    client: httpx.Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(client, upload(client, encoded(80, 60), name="cat.jpg"))
    house.paint(job["id"])
    shown = {"format": "jpg", "quality": 95, "parameters": "false", "download": "false"}
    monkeypatch.setattr("impasto.studio.web.routes.results._encoded", None)
    answer = client.get(f"/jobs/{job['id']}/result", params=shown)
    assert answer.headers["content-type"] == "image/jpeg"
    assert opened(answer.content).size == (64, 48)
    assert b"cat.jpg" not in answer.content


def test_a_result_holds_its_recipe_and_no_path_of_the_server(
    client: httpx.Client, house: House, tmp_path: Any
) -> None:
    photo, painting = upload(client, name="cat.jpg"), upload(client, role="painting", name="mine.png")
    job = submit(client, photo, styles=[{"picture": painting}], keep_color=0.5, strength=0.5, stroke_size=0.7)
    house.paint(job["id"])
    for format in ("png", "jpg"):
        path = tmp_path / f"out.{format}"
        path.write_bytes(client.get(f"/jobs/{job['id']}/result", params={"format": format}).content)
        found: Any = read_parameters(path)
        assert (found["content"], found["styles"]) == ("cat.jpg", ["mine.png"])
        options = found["options"]
        assert (options["style_weight"], options["style_scale"]) == (8.0 * 0.25, 0.7)
        assert (options["color"], options["color_strength"]) == ("luminance", 0.5)
        assert str(house.settings.data_dir).encode() not in path.read_bytes()
        bare = client.get(
            f"/jobs/{job['id']}/result", params={"format": format, "parameters": "false"}
        ).content
        path.write_bytes(bare)
        assert read_parameters(path) is None


def test_masks_and_protection_reach_the_painting(client: httpx.Client, house: House) -> None:
    photo, left = upload(client, encoded(64, 48)), upload(client, mask(), "mask")
    job = submit(client, photo, protect=left)
    house.paint(job["id"])
    painted = np.asarray(opened(client.get(f"/jobs/{job['id']}/result").content)).astype(int)
    before = np.asarray(opened(encoded(64, 48))).astype(int)
    moved = np.abs(painted - before).mean(axis=(0, 2))
    assert moved[:30].max() < 2
    assert moved[40:].mean() > 4
    both = [{"name": "starry-night", "mask": left}, {"name": "great-wave", "mask": left}]
    job = submit(client, photo, styles=both)
    house.paint(job["id"])
    assert client.get(f"/jobs/{job['id']}").json()["status"] == "done"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"photo": "p_" + "x" * 22}, "unknown picture"),
        ({"photo": "../../etc/passwd"}, "photo: String should match pattern"),
        ({"styles": []}, "styles"),
        ({"styles": [{"name": "no-such"}]}, "unknown style 'no-such'"),
        (
            {"styles": [{"name": "starry-night", "picture": "p_" + "x" * 22}]},
            "expected either name or picture",
        ),
        ({"size": 5000}, "expected size of at most 4096"),
        ({"size": "large"}, "size: "),
        ({"strength": 3}, "strength: "),
        ({"preset": "gatys2016"}, "expected preset to be one of"),
        ({"options": {"encoder": "/etc/passwd"}}, "unknown option 'encoder'"),
        ({"options": {"init": "/etc/passwd"}}, "expected init to be one of"),
        ({"options": {"iterations": 10**6}}, "expected iterations of at most 2000"),
        ({"options": {"iterations": "many"}}, "iterations"),
        (
            {"size": 4096, "options": {"iterations": 2000}},
            "expected at most 5e+09 pixels times iterations, over all levels; got",
        ),
        (
            {"options": {"class_weights": {f"class {n}": 1.0 for n in range(300)}}},
            "expected options of at most 4000 characters of JSON; got",
        ),
        ({"options": {"content_layers": 5}}, "content_layers|wrong type"),
        ({"options": {"style_layers": {"relu9_9": 1}}}, "tiny has no layer 'relu9_9'"),
        ({"options": {"content_layers": {"relu5_4": 1}}}, "tiny has no layer 'relu5_4'"),
        ({"kind": "draft", "options": {"style_layers": {"relu9_9": 1}}}, "tiny has no layer 'relu9_9'"),
        ({"title": "a\0b"}, "expected texts without NUL"),
        ({"title": "a\ud800b"}, "expected texts without NUL and without unpaired surrogates"),
        ({"options": {"a\0": [["\udfff"]]}}, "expected texts without NUL"),
        ({"colour": "red"}, "colour"),
        ({"webhook": "https://example.com/"}, "the webhook's host or port is not allowed"),
    ],
)
def test_what_cannot_be_painted_is_refused_before_it_is_queued(
    client: httpx.Client, change: dict[str, Any], words: str
) -> None:
    body = {"photo": upload(client), "styles": [{"name": "starry-night"}], **change}
    answer = client.post("/jobs", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert any(word in answer.json()["detail"] for word in words.split("|")), answer.json()
    assert client.get("/jobs", params={"kind": "all"}).json()["jobs"] == []


def test_roles_and_proportions_are_looked_at(client: httpx.Client) -> None:
    photo, wrong = upload(client), upload(client, mask(30, 60), "mask")
    for more in ({"protect": wrong}, {"protect": photo}, {"photo": wrong}):
        body = {"photo": photo, "styles": [{"name": "starry-night"}], **more}
        assert client.post("/jobs", json=body).json()["type"] == "/problems/unsuitable"


def test_the_same_key_paints_once(client: httpx.Client) -> None:
    body = {"photo": upload(client), "styles": [{"name": "starry-night"}]}
    key = {"Idempotency-Key": "monday"}
    first = client.post("/jobs", json=body, headers=key)
    again = client.post("/jobs", json=body, headers=key)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["idempotent-replayed"] == "true"
    other = client.post("/jobs", json={**body, "seed": 1}, headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency")


def test_the_same_key_at_the_same_time_paints_once(client: httpx.Client, house: House) -> None:
    body = {"photo": upload(client), "styles": [{"name": "starry-night"}]}
    found: list[str] = []

    def post() -> None:
        with house.client() as own:
            found.append(own.post("/jobs", json=body, headers={"Idempotency-Key": "k"}).json()["id"])

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_full_queue_says_when_to_come_back(make: Callable[..., House]) -> None:
    house = make(max_queue=3, max_active=2, accounts=True)
    with house.client("anna") as anna, house.client("bert") as bert:
        photo = upload(anna)
        jobs = [submit(anna, photo) for _ in range(2)]
        body = {"photo": photo, "styles": [{"name": "starry-night"}]}
        answer = anna.post("/jobs", json=body)
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/queue-full")
        assert int(answer.headers["retry-after"]) >= 1
        submit(bert)
        assert bert.post("/jobs", json={**body, "photo": upload(bert)}).status_code == 429
        assert [anna.get(f"/jobs/{job['id']}").json()["position"] for job in jobs] == [1, 3]
        anna.post(f"/jobs/{jobs[0]['id']}/cancel")
        submit(anna, photo)


def test_how_long_it_takes_is_said_beforehand_as_measured_here(shared: House, anna: httpx.Client) -> None:
    asked = {"width": 4000, "height": 3000, "size": 512, "preset": "default"}
    assert anna.get("/estimate", params=asked).json() == {"seconds": None, "before": 0}
    shared.services.state.speeds.note("tiny", 1e6)
    with shared.client("bert") as bert:
        photo = upload(bert)
        for _ in range(3):
            submit(bert, photo)
    found = anna.get("/estimate", params=asked).json()
    options = find_preset("default").options.replace(size=512)
    assert found == {"seconds": round(work(4000, 3000, options) / 1e6, 1), "before": 1}
    submit(anna)
    assert anna.get("/estimate", params=asked).json()["before"] == 3
    assert anna.get("/estimate", params={**asked, "preset": "none"}).status_code == 422
    assert anna.get("/estimate", params={**asked, "width": 0}).status_code == 422


def test_a_painting_tells_how_fast_it_was(
    client: httpx.Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "MEASURABLE_WORK", 0)
    job = submit(client)
    house.paint(job["id"])
    seconds = client.get(f"/jobs/{job['id']}").json()["result"]["seconds"]
    rate = house.services.state.speeds.find("tiny")
    assert rate == pytest.approx(64 * 48 * 2 / max(seconds, 0.1), rel=0.2)
    house.painter.measure_speed()
    assert house.services.state.speeds.find("tiny") == rate


def test_a_machine_that_has_not_painted_measures_itself(house: House) -> None:
    house.painter.measure_speed()
    rate = house.services.state.speeds.find("tiny")
    assert rate is not None
    assert rate > 0


def test_others_fill_the_queue_without_keeping_anyone_out(make: Callable[..., House]) -> None:
    house = make(max_queue=4, max_active=4, accounts=True)
    with house.client("anna") as anna, house.client("bert") as bert:
        photo = upload(anna)
        body = {"photo": photo, "styles": [{"name": "starry-night"}]}
        first, *_ = [submit(anna, photo)["id"] for _ in range(4)]
        house.services.state.queue.claim("paintings", "w", until=time.time() + 60)
        left = {"done": 0.0, "left": 8486281.0}
        house.services.state.queue.report(first, "w", until=time.time() + 60, progress=left, preview=0)
        answer = anna.post("/jobs", json=body)
        assert answer.status_code == 429
        assert answer.json()["detail"].startswith(
            "the queue of paintings is full with 4 jobs, 4 of them yours"
        )
        assert "8486281" not in answer.text
        assert int(answer.headers["retry-after"]) <= 120
        assert submit(anna, photo, kind="draft")["position"] == 1  # drafts are counted apart
        assert submit(bert)["position"] == 1


def test_what_is_paused_takes_no_place_in_the_queue(make: Callable[..., House]) -> None:
    house = make(max_queue=1)
    with house.client() as client:
        photo = upload(client)
        first = submit(client, photo)["id"]
        client.post(f"/jobs/{first}/pause")
        second = submit(client, photo)["id"]
        answer = client.post(f"/jobs/{first}/resume")
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/queue-full")
        assert int(answer.headers["retry-after"]) >= 1
        client.post(f"/jobs/{second}/cancel")
        assert client.post(f"/jobs/{first}/resume").json()["status"] == "queued"


def test_queued_jobs_are_cancelled_paused_and_resumed(client: httpx.Client, house: House) -> None:
    id = submit(client)["id"]

    def ask(wish: str) -> tuple[int, str]:
        answer = client.post(f"/jobs/{id}/{wish}")
        return answer.status_code, answer.json()["status"]

    assert ask("pause") == (202, "paused")
    house.paint(id)
    assert client.get(f"/jobs/{id}").json()["status"] == "paused"
    assert ask("resume") == (202, "queued")
    assert ask("cancel") == (202, "cancelled")
    assert ask("cancel") == (202, "cancelled")
    assert client.post(f"/jobs/{id}/pause").json()["type"] == "/problems/state"
    house.paint(id)
    assert client.get(f"/jobs/{id}").json()["status"] == "cancelled"


def painting(house: House, client: httpx.Client, **more: Any) -> tuple[str, threading.Thread]:
    """A job that would take long, under way."""
    options = {"iterations": 2000, "coarse_iterations": 2000, "min_size": 0, **more}
    id = submit(client, upload(client, encoded(64, 64)), options=options)["id"]
    thread = threading.Thread(target=house.paint, args=(id,))
    thread.start()
    until(lambda: client.get(f"/jobs/{id}").json()["preview"])
    return id, thread


def test_a_cancelled_painting_keeps_what_there_is(client: httpx.Client, house: House) -> None:
    id, thread = painting(house, client)
    preview = client.get(client.get(f"/jobs/{id}").json()["preview"].removeprefix("/api/v1"))
    assert opened(preview.content).size == (64, 64)
    assert client.post(f"/jobs/{id}/cancel").json()["status"] == "cancelling"
    thread.join()
    job = client.get(f"/jobs/{id}").json()
    assert (job["status"], job["result"]["partial"]) == ("cancelled", True)
    assert opened(client.get(f"/jobs/{id}/result").content).size == (64, 64)


def test_a_paused_painting_goes_on_where_it_was(client: httpx.Client, house: House) -> None:
    id, thread = painting(house, client)
    client.post(f"/jobs/{id}/pause")
    thread.join()
    job = client.get(f"/jobs/{id}").json()
    assert (job["status"], job["result"]) == ("paused", None)
    assert (house.services.storage.job(id) / "checkpoint.state").exists()
    before = len(client.get(f"/jobs/{id}/losses").json()["losses"])
    client.post(f"/jobs/{id}/resume")
    thread = threading.Thread(target=house.paint, args=(id,))
    thread.start()
    until(lambda: len(client.get(f"/jobs/{id}/losses").json()["losses"]) > before + 5)
    done = [line["done"] for line in client.get(f"/jobs/{id}/losses").json()["losses"]]
    client.delete(f"/jobs/{id}")
    thread.join()
    # Had it begun anew, its share would have fallen back.
    assert done == sorted(done)


@pytest.mark.parametrize("is_resumed", [False, True], ids=["paused", "queued again"])
def test_what_was_put_down_and_is_cancelled_keeps_what_there_is(
    client: httpx.Client, house: House, is_resumed: bool
) -> None:
    id, thread = painting(house, client)
    client.post(f"/jobs/{id}/pause")
    thread.join()
    if is_resumed:
        client.post(f"/jobs/{id}/resume")
    job = client.post(f"/jobs/{id}/cancel").json()
    assert (job["status"], job["result"]["partial"]) == ("cancelled", True)
    result = client.get(f"/jobs/{id}/result").content
    assert opened(result).size == (64, 64)
    assert str(house.services.storage.root).encode() not in result
    assert client.get(f"/jobs/{id}/thumbnail").status_code == 200
    # Nothing to paint with is left, and what is left is counted.
    folder = house.services.storage.job(id)
    assert sorted(path.name for path in folder.iterdir()) == [
        "display.jpg",
        "losses.jsonl",
        "preview.jpg",
        "result.json",
        "result.png",
        "small.jpg",
    ]
    found = house.services.state.jobs.find("local", id)
    assert found is not None
    uploaded = sum(picture["bytes"] for picture in client.get("/pictures").json()["pictures"])
    used = client.get("/account").json()["usage"]["bytes"]
    assert used - uploaded == house.services.storage.size(id)


def test_a_job_deleted_while_it_is_painted_leaves_nothing(client: httpx.Client, house: House) -> None:
    id, thread = painting(house, client)
    assert client.delete(f"/jobs/{id}").status_code == 204
    assert client.get(f"/jobs/{id}").status_code == 404
    thread.join()
    assert not house.services.storage.job(id).exists()


def test_deleting_really_deletes(client: httpx.Client, house: House) -> None:
    name = "a-very-private-name"
    photo = upload(client, name=f"{name}.png")
    job = submit(client, photo, title=f"{name} again")
    house.paint(job["id"])
    assert client.delete(f"/pictures/{photo}").status_code == 204
    assert client.get(f"/jobs/{job['id']}").json()["status"] == "done"
    assert client.delete(f"/jobs/{job['id']}", params={"now": True}).status_code == 204
    here = house.services
    Sweeper(house.settings, here.state, here.storage).delete_expired()  # as every minute
    left = [path for path in house.settings.data_dir.rglob("*") if path.is_file()]
    assert not [path for path in left if path.suffix in (".png", ".jpg")]
    assert not [path for path in left if name.encode() in path.read_bytes()]


def test_a_picture_in_use_stays_and_everything_can_go(client: httpx.Client, house: House) -> None:
    photo = upload(client)
    submit(client, photo)
    assert client.delete(f"/pictures/{photo}").json()["type"] == "/problems/in-use"
    usage = client.get("/account").json()["usage"]
    assert (usage["pictures"], usage["active_jobs"]) == (1, 1)
    assert client.delete("/account/pictures").status_code == 204
    assert not any(client.get("/account").json()["usage"].values())
    assert not list((house.settings.data_dir / "pictures").iterdir())


def test_history_pages_and_settings_load_again(client: httpx.Client, house: House) -> None:
    photo = upload(client)
    ids = [submit(client, photo, seed=n)["id"] for n in range(3)]
    submit(client, photo, kind="draft")
    house.paint(ids[0])
    page = client.get("/jobs", params={"limit": 2}).json()
    rest = client.get("/jobs", params={"limit": 2, "after": page["next"]}).json()
    assert [job["id"] for job in page["jobs"] + rest["jobs"]] == ids[::-1]
    assert len(client.get("/jobs", params={"kind": "all"}).json()["jobs"]) == 4
    done = client.get("/jobs", params={"status": "done,failed"}).json()["jobs"]
    assert [job["id"] for job in done] == ids[:1]
    again = client.post("/jobs", json=done[0]["request"])
    assert again.status_code == 202
    assert again.json()["request"] == done[0]["request"]
    assert client.get("/jobs", params={"status": "sleeping"}).status_code == 422


def test_a_draft_is_small_and_waits_in_a_queue_of_its_own(client: httpx.Client, house: House) -> None:
    photo = upload(client, encoded(64, 48))
    submit(client, photo)
    draft = submit(client, photo, kind="draft", size=4000, options={})
    assert draft["position"] == 1
    record = house.services.state.jobs.find("local", draft["id"])
    assert record is not None
    assert record.job is not None
    assert record.job["options"]["size"] == 384


def test_what_cannot_be_painted_after_all_fails_with_the_reason(client: httpx.Client, house: House) -> None:
    photo = upload(client, name="cat.png")
    job = submit(client, photo)
    house.services.storage.picture(photo).write_bytes(b"damaged")
    house.paint(job["id"])
    job = client.get(f"/jobs/{job['id']}").json()
    assert (job["status"], job["error"]["type"]) == ("failed", "/problems/painting")
    error = job["error"]["detail"]
    assert "cat.png" in error
    assert str(house.settings.data_dir) not in error


def test_previews_in_one_pass(make: Callable[..., House]) -> None:
    house = make(studio={"make_painter": Fake})
    with house.client(Accept="image/png") as client:
        data = encoded(64, 48)
        body = {"photo": upload(client, data), "styles": [{"name": "starry-night"}], "side": 64}
        answer = client.post("/preview", json=body)
        assert answer.headers["content-type"] == "image/png"
        expected = 255 - np.asarray(Image.open(io.BytesIO(data))).astype(int)
        assert np.abs(np.asarray(opened(answer.content)).astype(int) - expected).max() <= 1
        same = client.post("/preview", json={**body, "strength": 0})
        assert np.array_equal(np.asarray(opened(same.content)), 255 - expected)
        answer = client.post("/preview", json=body, headers={"Accept": "*/*"})
        assert answer.headers["content-type"] == "image/jpeg"
        assert client.post("/preview", json={**body, "side": 5000}).status_code == 422
        wrong = {**body, "styles": [{"name": "no-such"}]}
        assert client.post("/preview", json=wrong).status_code == 422


def test_a_preview_is_painted_in_an_uploaded_painting(make: Callable[..., House]) -> None:
    house = make(studio={"make_painter": make_painter})
    with house.client(Accept="image/png") as client:
        photo, painting = upload(client), upload(client, encoded(80, 60, seed=1), role="painting")
        other = upload(client, mask(), role="mask")
        body = {"photo": photo, "styles": [{"picture": painting}], "side": 64}
        answer = client.post("/preview", json=body)
        assert answer.status_code == 200, answer.text
        assert opened(answer.content).size == (64, 48)
        both = {**body, "styles": [{"picture": painting}, {"name": "starry-night", "weight": 2}]}
        assert client.post("/preview", json=both).content != answer.content
        assert client.post("/preview", json={**body, "styles": [{"picture": other}]}).status_code == 422
        neither = client.post("/preview", json={**body, "styles": [{}]})
        assert neither.status_code == 422


def test_a_network_that_cannot_be_read_yet_is_read_later(make: Callable[..., House]) -> None:
    tries = []

    def make_painter(job: Job, *, like: object) -> Fake:
        tries.append(like)
        if len(tries) < 3:
            raise CorruptWeightsError("the file ends too early")
        return Fake(job)

    house = make(studio={"make_painter": make_painter})
    with house.client() as client:
        body = {"photo": upload(client), "styles": [{"name": "starry-night"}], "side": 64}
        for _ in range(2):
            answer = client.post("/preview", json=body)
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/not-ready")
            assert int(answer.headers["retry-after"]) >= 1
        assert client.post("/preview", json=body).status_code == 200


def test_the_styles_are_those_of_the_package(client: httpx.Client) -> None:
    import impasto

    styles = client.get("/styles").json()["styles"]
    cards = impasto.styles()
    assert {style["name"] for style in styles} == set(cards)
    for style in styles:
        assert (style["title"], style["artist"]) == (cards[style["name"]].title, cards[style["name"]].artist)
        thumbnail = client.get(style["thumbnail"].removeprefix("/api/v1"))
        assert opened(thumbnail.content).size == (384, 288)


def events(client: httpx.Client, path: str, found: list[Any], **more: Any) -> None:
    with client.stream("GET", path, **more) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith(("event: ", "data: ", "id: ")):
                found.append(line)


def test_progress_streams_until_the_job_has_ended(client: httpx.Client, house: House) -> None:
    job = submit(client, upload(client), options={"iterations": 60, "coarse_iterations": 60, "min_size": 0})
    found: list[str] = []
    thread = threading.Thread(target=events, args=(client, f"/jobs/{job['id']}/events", found))
    thread.start()
    until(lambda: found)
    house.paint(job["id"])
    thread.join(20)
    assert not thread.is_alive()
    seen = [json.loads(line[6:]) for line in found if line.startswith("data: ")]
    assert (seen[0]["status"], seen[-1]["status"]) == ("queued", "done")
    assert any(item["progress"] and item["status"] == "running" for item in seen)
    last = [line for line in found if line.startswith("id: ")][-1][4:]
    again = client.get(f"/jobs/{job['id']}/events", headers={"Last-Event-ID": last})
    assert again.status_code == 204


def test_who_waits_hears_that_others_have_gone(
    client: httpx.Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "KEEP_ALIVE", 0.2)
    first, second = submit(client)["id"], submit(client)["id"]
    one: list[str] = []
    every: list[str] = []
    threads = [
        threading.Thread(target=events, args=(client, path, found))
        for path, found in ((f"/jobs/{second}/events", one), ("/events", every))
    ]
    for thread in threads:
        thread.start()
    for found in (one, every):
        until(lambda found=found: any('"position": 2' in line for line in found))
    client.delete(f"/jobs/{first}")
    for found in (one, every):
        until(lambda found=found: any('"position": 1' in line and second in line for line in found))
    house.services.broadcaster.stop()
    for thread in threads:
        thread.join(5)


def test_the_places_of_all_that_waits_are_looked_up_at_once(
    client: httpx.Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        submit(client)
    looked: list[str] = []
    monkeypatch.setattr(
        "impasto.studio.state.jobs.line", lambda db, lane: (looked.append(lane), line(db, lane))[1]
    )
    waiting = house.services.state.jobs.newest("local")[::-1]
    sent = _describe_all(house.services, waiting)
    places = [json.loads(event.partition(b"data: ")[2])["position"] for event in sent]
    assert (places, looked) == ([1, 2, 3, 4], ["paintings"])


def test_one_stream_tells_of_all_jobs_and_of_deleted_ones(client: httpx.Client, house: House) -> None:
    first = submit(client)["id"]
    found: list[str] = []
    thread = threading.Thread(target=events, args=(client, "/events", found), daemon=True)
    thread.start()
    until(lambda: any(first in line for line in found))
    second = submit(client)["id"]
    until(lambda: any(second in line for line in found))
    client.delete(f"/jobs/{first}")
    until(lambda: "event: deleted" in found)
    began = time.monotonic()
    house.services.broadcaster.stop()  # as a shutdown does
    thread.join(5)
    assert not thread.is_alive()
    assert time.monotonic() - began < 5


def test_no_answer_names_a_folder_of_the_server(make: Callable[..., House], tmp_path: Any) -> None:
    house = make(studio={"make_painter": Fake})
    with house.client(accept="image/png") as client:
        photo = upload(client)
        house.services.storage.picture(photo).unlink()  # as a deletion at the same moment does
        body = {"photo": photo, "styles": [{"name": "starry-night"}]}
        answer = client.post("/preview", json=body)
    assert answer.json()["type"] == "/problems/invalid"
    assert f"pictures/{photo}.png" in answer.json()["detail"]
    assert str(tmp_path) not in answer.text


@pytest.mark.parametrize("error", [CorruptWeightsError, OutputError])
def test_what_fails_for_our_networks_or_our_disk_is_a_fault_of_ours(
    make: Callable[..., House], error: type[ImpastoError]
) -> None:
    class Failing(Fake):
        def paint(self, *_: Any, **__: Any) -> Any:
            raise error("/somewhere/of/ours is damaged")

    house = make(studio={"make_painter": Failing})
    with house.client() as client:
        body = {"photo": upload(client), "styles": [{"name": "starry-night"}]}
        answer = client.post("/preview", json=body)
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert "/somewhere" not in answer.text


def test_the_options_of_a_painting_are_the_fields_that_a_request_may_set() -> None:
    options = JobSettings.model_json_schema()["properties"]["options"]
    assert options["additionalProperties"] is False
    assert options["properties"]["iterations"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 2000,
        "description": "Iterations at each pyramid level.",
    }
    assert options["properties"]["init"]["enum"] == list(get_args(Initialisation))
    assert {"size", "encoder", "device", "seed"}.isdisjoint(options["properties"])
