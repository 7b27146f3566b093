"""What operators set and ask, and what lies beside the API."""

from __future__ import annotations

import base64
import errno
import os
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from safetensors.numpy import load as load_tensors
from sqlalchemy.exc import OperationalError

from impasto.catalogue.files import read_style
from impasto.catalogue.lookup import named_styles
from impasto.errors import MissingExtraError, OptionError
from impasto.inference.onnx_runtime import onnxruntime
from impasto.studio.settings import Settings, load, unknown_variables
from impasto.studio.web.accounts import account_line
from impasto.studio.web.app import Studio
from impasto.studio.web.readiness import Readiness
from tests.studio.conftest import House, encoded, submit


def test_a_cluster_without_ray_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install .*\[ray\]'"):
        load(ray_address="10.0.0.1:6379")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"host": "0.0.0.0"}, "missing option: --token"),
        ({"host": "192.168.1.5"}, "missing option: --token"),
        ({"host": "::"}, "missing option: --token"),
        ({"trusted_proxies": "127.0.0.1"}, "missing option: --token"),
        ({"allowed_hosts": ("localhost", "studio.example")}, "missing option: --token"),
        ({"token": "short"}, "at least 16 characters"),
        ({"certificate": __file__}, "expected both"),
        ({"accounts_file": "/no/such/file"}, "there is no file"),
        ({"database_url": "mysql://x"}, "postgresql://"),
        ({"port": 99999}, "invalid setting port"),
    ],
)
def test_unsafe_settings_are_refused_in_one_line(given: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words) as refused:
        load(**given)
    assert "\n" not in str(refused.value)


def test_a_variable_that_is_no_setting_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_STUDIO_PORT", "8000")
    monkeypatch.setenv("IMPASTO_STUDIO_KEEP_DAY", "3")
    assert unknown_variables() == [
        "IMPASTO_STUDIO_KEEP_DAY is not a setting of the studio and is ignored; "
        "did you mean 'IMPASTO_STUDIO_KEEP_DAYS'?"
    ]


def test_with_a_token_other_addresses_are_served(tmp_path: Any) -> None:
    settings = load(host="0.0.0.0", token="x" * 20, data_dir=tmp_path)
    studio = Studio(settings)
    assert studio.services.accounts.user_of("x" * 20) == "owner"
    assert studio.services.accounts.user_of("y" * 20) is None
    studio.services.state.close()


def test_an_accounts_file_with_a_mistake_is_refused(tmp_path: Any) -> None:
    path = tmp_path / "accounts.txt"
    path.write_text(account_line("anna", "t" * 20) + "\nbert:plain-text-token\n")
    with pytest.raises(OptionError, match="line 2"):
        Studio(Settings(data_dir=tmp_path / "data", accounts_file=path))


def test_health_readiness_and_metrics(make: Callable[..., House]) -> None:
    house = make(accounts=True, metrics_token="metrics-token-123")
    with httpx.Client(base_url=house.url, trust_env=False, verify=False, timeout=30) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/readyz").json()["checks"] == {"state": "ok", "storage": "ok"}
        assert client.get("/metrics").status_code == 401
        with house.client("anna") as anna:
            submit(anna)
        text = client.get("/metrics", headers={"Authorization": "Bearer metrics-token-123"}).text
    assert 'impasto_studio_jobs{kind="painting",status="queued"} 1.0' in text
    assert 'http_requests_total{method="POST",route="/api/v1/jobs",status="202"} 1.0' in text
    assert 'impasto_studio_http_request_seconds_bucket{le="+Inf",route="/api/v1/jobs"} 1.0' in text
    for line in text.splitlines():
        assert line.startswith("#") or len(line.rsplit(" ", 1)) == 2
    assert float(text.split("impasto_studio_resident_bytes ")[-1].split("\n")[0]) > 1e6


def full(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def away(*_: Any, **__: Any) -> Any:
    raise OperationalError("SELECT", {}, Exception("the database system is shutting down"))


def test_a_full_disk_is_not_ready_and_takes_no_uploads(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with house.client() as client:
        monkeypatch.setattr(os, "fsync", full)
        answer = httpx.get(f"{house.url}/readyz", trust_env=False, verify=False, timeout=30)
        assert (answer.status_code, answer.json()["checks"]["storage"]) == (503, "OutputError")
        answer = client.post("/pictures", files={"file": ("it.png", encoded())}, data={"role": "photo"})
        assert (answer.status_code, answer.json()["type"]) == (507, "/problems/storage-full")
        assert "no space left" in answer.json()["detail"]
        assert int(answer.headers["retry-after"]) > 0
        monkeypatch.undo()
        assert not list((house.settings.data_dir / "pictures").iterdir())
        assert not list((house.settings.data_dir / "incoming").iterdir())


def test_a_database_that_is_away_is_said_and_when_to_try_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house.client() as client:
        id = submit(client)["id"]
        for store, name in (("jobs", "find"), ("jobs", "newest"), ("pictures", "newest"), ("jobs", "submit")):
            monkeypatch.setattr(getattr(house.services.state, store), name, away)
        asked = {"photo": f"p_{'a' * 22}", "styles": [{"name": "starry-night"}]}
        monkeypatch.setattr(house.services.state.pictures, "find", away)
        answers = [
            *(client.get(path) for path in (f"/jobs/{id}", "/jobs", "/pictures", f"/jobs/{id}/events")),
            client.post("/jobs", json=asked),
            client.post("/preview", json=asked),
            client.delete(f"/jobs/{id}"),
        ]
        for answer in answers:
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/not-ready"), answer.url
            assert int(answer.headers["retry-after"]) > 0
        monkeypatch.undo()
        assert client.get(f"/jobs/{id}").status_code == 200


@pytest.mark.parametrize("id", ["j_%00", "%00", "x", f"j_{'a' * 21}%00"])
def test_what_cannot_be_an_id_is_not_found(client: httpx.Client, id: str) -> None:
    for path in (f"/jobs/{id}", f"/jobs/{id}/result", f"/pictures/{id}", f"/pictures/{id}/content"):
        assert client.get(path).status_code == 404, path
    assert client.post(f"/jobs/{id}/cancel").status_code == 404
    assert client.delete(f"/jobs/{id}").status_code == 404
    assert client.delete(f"/pictures/{id}").status_code == 404
    after = base64.urlsafe_b64encode(b"1.0 a\0").decode()
    assert client.get("/jobs", params={"after": after}).status_code == 422


def test_readiness_is_looked_at_once_a_second(make: Callable[..., House], tmp_path: Any) -> None:
    now, looked = 0.0, []

    def check() -> None:
        looked.append(now)
        if now > 1:
            raise OSError(f"{tmp_path} is full")

    readiness = Readiness({"storage": check}, clock=lambda: now)
    assert [readiness.look() for _ in range(3)] == [{"storage": "ok"}] * 3
    now = 1.5
    assert [readiness.look() for _ in range(3)] == [{"storage": "OSError"}] * 3
    assert looked == [0.0, 1.5]
    house = make()
    house.services.readiness = readiness
    answer = httpx.get(f"{house.url}/readyz", trust_env=False, verify=False, timeout=30)
    assert (answer.status_code, answer.json()["checks"]) == (503, {"storage": "OSError"})
    house.services.readiness = Readiness({})
    assert httpx.get(f"{house.url}/readyz", trust_env=False, verify=False, timeout=30).status_code == 200
    house.services.broadcaster.stop()  # this is not kept for a second
    answer = httpx.get(f"{house.url}/readyz", trust_env=False, verify=False, timeout=30)
    assert (answer.status_code, answer.json()["checks"]) == (503, {"server": "stopping"})


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
    with httpx.Client(base_url=house.url, trust_env=False, verify=False, timeout=30) as client:
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


def test_the_browser_gets_the_network_and_the_statistics_of_every_named_style(house: House) -> None:
    with httpx.Client(base_url=house.url, trust_env=False, verify=False, timeout=30) as client:
        for name, inputs in (
            ("any-painting.onnx", ["image", "strength", "style"]),
            ("any-painting-encoder.onnx", ["image"]),
        ):
            answer = client.get(f"/models/{name}")
            session = onnxruntime.InferenceSession(answer.content, providers=["CPUExecutionProvider"])
            assert [value.name for value in session.get_inputs()] == inputs
            assert answer.headers["cache-control"] == "no-cache"
            same = client.get(f"/models/{name}", headers={"If-None-Match": answer.headers["etag"]})
            assert (same.status_code, same.content) == (304, b"")
        tensors = load_tensors(client.get("/models/styles.safetensors").content)
    for name, path in named_styles().items():
        mean = read_style(path).tensors["256/relu4_1/mean"]
        assert np.array_equal(tensors[f"{name}/256/relu4_1/mean"], mean)


def test_a_checkout_without_the_page_says_how_to_build_it(make: Callable[..., House], tmp_path: Any) -> None:
    house = make(studio={"page_folder": tmp_path / "none"})
    answer = httpx.get(house.url, trust_env=False, verify=False, timeout=30)
    assert answer.status_code == 503
    assert "make studio" in answer.text
