"""A studio that listens, and hands that use it."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="the extra studio is not installed")

from impasto.errors import StyleError, WeightsMissingError
from impasto.inference.options import FastOptions
from impasto.jobs import Job
from impasto.studio.server import Server, _config
from impasto.studio.settings import Settings
from impasto.studio.web.accounts import account_line
from impasto.studio.web.app import DECODERS, Studio
from impasto.studio.web.decoders import Decoders, T, Upload
from impasto.studio.worker.runner import JobRunner
from impasto.types import Painting, Picture
from tests.waiting import until

API = "/api/v1"
NO_WORKERS = {
    "workers": 0,
    "draft_workers": 0,
    "explanation_workers": 0,
    "training_workers": 0,
    "film_workers": 0,
}
TOKENS = {"anna": "anna-token-0123456789", "bert": "bert-token-0123456789"}


def encoded(
    width: int = 64, height: int = 48, format: str = "PNG", *, seed: int = 0, mode: str = "RGB", **more: Any
) -> bytes:
    """A picture in a file's bytes."""
    random = np.random.default_rng(seed)
    shape = (height, width) if mode == "L" else (height, width, len(mode))
    image = Image.fromarray(random.integers(0, 256, shape, dtype=np.uint8), mode=None)
    stream = io.BytesIO()
    image.save(stream, format=format, **more)
    return stream.getvalue()


def mask(width: int = 64, height: int = 48) -> bytes:
    """White on the left, black on the right."""
    plane = np.zeros((height, width), np.uint8)
    plane[:, : width // 2] = 255
    stream = io.BytesIO()
    Image.fromarray(plane).save(stream, format="PNG")
    return stream.getvalue()


class Fake:
    """A painter that inverts; its one named style is starry-night."""

    def __init__(self, job: Job, *, like: Any = None) -> None:  # noqa: ARG002
        assert isinstance(job.options, FastOptions)
        self.options = job.options
        if unknown := {style.place for style in job.styles} - {"starry-night"}:
            raise StyleError(f"there is no style {unknown}")

    def paint(self, photo: Picture) -> Painting:
        assert self.options.size == max(photo.width, photo.height)
        strength = self.options.strength
        pixels = (1 - strength) * photo.pixels + strength * (1 - photo.pixels)
        return Painting(Picture(pixels, None, photo.bits))


def no_network(*_: Any, **__: Any) -> Any:
    """Stand in for ``make_painter`` where no network is installed."""
    raise WeightsMissingError("there is no network")


class Threads(Decoders):
    """Decoders that start no processes, which take seconds to come."""

    async def run_apart(
        self,
        owner: str,
        what: Upload,  # noqa: ARG002
        seconds: float,  # noqa: ARG002
        act: Callable[..., T],
        *given: object,
    ) -> T:
        return await self.run(owner, act, *given)

    async def prepare(self, act: Callable[[], object]) -> None:
        act()


class House:
    """A running studio without workers of its own: ``paint`` does their work, here and now.

    ``apart``: uploads are read in processes of their own, as they are outside of tests.
    """

    def __init__(self, settings: Settings, *, apart: bool = False, **more: Any) -> None:
        self.settings = settings
        self.studio = Studio(settings, **more)
        self.services = self.studio.services
        if not apart:
            self.services.decoders = Threads(DECODERS)
        self.server = Server(_config(settings, self.studio), self.services.broadcaster.stop)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self._listening]})
        self.painter = JobRunner(settings, self.services.state, self.services.storage, "w_test")

    def __enter__(self) -> House:
        self._thread.start()
        until(lambda: self.server.started)
        return self

    def __exit__(self, *_: object) -> None:
        self.services.broadcaster.stop()
        self.server.should_exit = True
        self._thread.join()
        self._listening.close()

    def client(self, user: str | None = None, **headers: str) -> httpx.Client:
        given = dict(headers)
        if user is not None:
            given["Authorization"] = f"Bearer {TOKENS[user]}"
        return httpx.Client(base_url=self.url + API, headers=given, timeout=30, trust_env=False, verify=False)

    def paint(self, id: str) -> None:
        """See the job ``id`` through, and those that wait before it."""
        job = next(job for job in self.services.state.overview.changes(-1)[0] if job.id == id)
        while self.painter.run_next(job.lane) not in (id, None):
            pass


def upload(client: httpx.Client, data: bytes | None = None, role: str = "photo", name: str = "it.png") -> str:
    made = client.post("/pictures", files={"file": (name, data or encoded())}, data={"role": role})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def submit(client: httpx.Client, photo: str | None = None, **more: Any) -> dict[str, Any]:
    """A job that is painted in a moment."""
    body = {
        "photo": photo or upload(client),
        "styles": [{"name": "starry-night"}],
        "size": 64,
        "options": {"iterations": 2, "coarse_iterations": 2, "min_size": 0, "init": "content"},
        **more,
    }
    made = client.post("/jobs", json=body)
    assert made.status_code == 202, made.text
    found: dict[str, Any] = made.json()
    return found


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("IMPASTO_STUDIO_"):
            monkeypatch.delenv(name)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Make houses with settings; they are closed after the test."""
    houses: list[House] = []

    def made(
        *, accounts: bool = False, apart: bool = False, studio: dict[str, Any] | None = None, **settings: Any
    ) -> House:
        if accounts:
            path = tmp_path / "accounts.txt"
            path.write_text("\n".join(account_line(*pair) for pair in TOKENS.items()))
            settings["accounts_file"] = path
        chosen = Settings(**{"data_dir": tmp_path / "data", **NO_WORKERS, **settings})
        house = House(chosen, apart=apart, **{"make_painter": no_network, **(studio or {})})
        houses.append(house)
        return house.__enter__()

    yield made
    for house in houses:
        house.__exit__()


@pytest.fixture
def house(make: Callable[..., House]) -> House:
    """One person's studio."""
    return make()


@pytest.fixture
def client(house: House) -> Iterator[httpx.Client]:
    with house.client() as made:
        yield made


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
