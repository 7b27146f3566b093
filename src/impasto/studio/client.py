"""A client for the studio's HTTP API.

    from impasto.studio.client import StudioClient

    with StudioClient("http://127.0.0.1:8321") as studio:
        studio.stylize("photo.jpg", "starry-night", size=1024).save("out.png")

``docs/studio-api.md`` documents the API. Errors are ``StudioError``, with the server's problem document.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from impasto import extras, files
from impasto.catalogue.blends import read_blend
from impasto.catalogue.lookup import is_named
from impasto.errors import ImpastoError

try:
    import httpx
except ModuleNotFoundError as missing:
    raise extras.missing("the studio's client needs httpx", "studio") from missing

API = "/api/v1"
FINAL = ("done", "cancelled", "failed")
Job = dict[str, Any]


class StudioError(ImpastoError):
    """Raised for an error response. ``problem``: its problem document (RFC 9457); ``status``: the HTTP
    status."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or f"HTTP {status}"))
        self.status = status
        self.problem = dict(problem)

    @property
    def kind(self) -> str:
        """The kind of problem, such as "queue-full"."""
        return str(self.problem.get("type", "")).rsplit("/", 1)[-1]

    @property
    def retry_after(self) -> int | None:
        """The seconds to wait before trying again, if the server says so."""
        found = self.problem.get("retry_after")
        return None if found is None else int(found)


@dataclass(frozen=True)
class StudioResult:
    """A finished job and its picture, encoded."""

    job: Job
    data: bytes

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture as received."""
        files.replace(path, self.data)


class StudioClient:
    """A connection to the studio at ``url``, with a bearer ``token`` if it needs one."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8321",
        token: str | None = None,
        *,
        timeout: float = 60.0,
        verify: Any = True,
    ) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout, verify=verify)

    def __enter__(self) -> StudioClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def capabilities(self) -> dict[str, Any]:
        """Return the server's limits, presets and features."""
        return self._json("GET", "/capabilities")

    def styles(self) -> list[dict[str, Any]]:
        """Return the named styles."""
        found: list[dict[str, Any]] = self._json("GET", "/styles")["styles"]
        return found

    def upload(
        self, picture: str | os.PathLike[str] | bytes, role: str = "photo", name: str | None = None
    ) -> str:
        """Upload a picture, a path or encoded bytes, and return its id. ``role``: photo, painting or mask.

        Warns about anything that the studio left out or assumed when reading the picture.
        """
        if isinstance(picture, bytes):
            data, called = picture, name or role
        else:
            path = Path(picture)
            data, called = path.read_bytes(), name or path.name
        found = self._json("POST", "/pictures", data={"role": role}, files={"file": (called, data)})
        for note in found["notes"]:
            warnings.warn(f"{called}: {note}", stacklevel=2)
        return str(found["id"])

    def upload_film(self, film: str | os.PathLike[str], name: str | None = None) -> str:
        """Upload a film, which is sent as it is read, and return its id.

        Warns about defects that the studio found when reading the film.
        """
        path = Path(film)
        called = name or path.name
        with path.open("rb") as stream:
            headers = {"Content-Length": str(path.stat().st_size)}
            found = self._json("POST", "/films", params={"name": called}, content=stream, headers=headers)
        for note in found["notes"]:
            warnings.warn(f"{called}: {note}", stacklevel=2)
        return str(found["id"])

    def preview(self, photo: str, styles: Sequence[Mapping[str, Any]], **more: Any) -> bytes:
        """Return an uploaded photograph, or a frame of a film, painted by the fast network, as JPEG; ``more``
        as in the API.
        """
        return self._request(
            "POST", "/preview", json={"photo": photo, "styles": list(styles), **more}
        ).content

    def submit(
        self, photo: str, styles: Sequence[Mapping[str, Any]], *, key: str | None = None, **more: Any
    ) -> Job:
        """Submit a job for uploaded pictures; ``more``: the request's other fields. With ``kind="film"``,
        ``photo`` is an uploaded film.

        ``key``: an idempotency key; a job submitted twice with the same key is painted once.
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {"photo": photo, "styles": list(styles), **more}
        return self._json("POST", "/jobs", json=body, headers=headers)

    def job(self, id: str) -> Job:
        return self._json("GET", f"/jobs/{id}")

    def jobs(self, **query: Any) -> Iterator[Job]:
        """Yield your jobs, newest first. ``query``: status, kind, batch, limit."""
        yield from self._jobs("/jobs", **query)

    def _jobs(self, path: str, **query: Any) -> Iterator[Job]:
        after: dict[str, Any] = {}
        while True:
            page = self._json("GET", path, params={**query, **after})
            yield from page["jobs"]
            if page["next"] is None:
                return
            after = {"after": page["next"]}

    def batches(self) -> list[dict[str, Any]]:
        """Return your batches: jobs submitted with the same ``batch``."""
        found: list[dict[str, Any]] = self._json("GET", "/batches")["batches"]
        return found

    def cancel(self, id: str) -> Job:
        return self._json("POST", f"/jobs/{id}/cancel")

    def pause(self, id: str) -> Job:
        return self._json("POST", f"/jobs/{id}/pause")

    def resume(self, id: str) -> Job:
        return self._json("POST", f"/jobs/{id}/resume")

    def delete(self, id: str, *, now: bool = False) -> None:
        """Delete a job (``j_...``) or an upload (``p_...``).

        A finished painting goes into the bin, unless ``now``; everything else is deleted permanently.
        """
        if id.startswith("j_"):
            self._request("DELETE", f"/jobs/{id}", params={"now": now})
        else:
            self._request("DELETE", f"/pictures/{id}")

    def bin(self) -> Iterator[Job]:
        """Yield the paintings in the bin, newest first."""
        yield from self._jobs("/bin")

    def restore(self, id: str) -> Job:
        """Take a painting out of the bin."""
        return self._json("POST", f"/jobs/{id}/restore")

    def empty_bin(self) -> None:
        """Delete everything in the bin permanently."""
        self._request("DELETE", "/bin")

    def link(self, id: str, days: int = 7) -> str:
        """Return a new address that shows a job's picture or film to anyone who has it, for ``days`` days."""
        made = self._json("POST", f"/jobs/{id}/links", json={"days": days})
        return str(self._http.base_url.join(made["url"].lstrip("/")))

    def events(self, id: str, *, patience: float = 300.0) -> Iterator[Job]:
        """Yield the job now and after every change until it has ended; reconnect if the connection breaks.

        Raises StudioError for an error response, and after ``patience`` seconds without an answer.
        """
        heard = time.monotonic()
        while True:
            try:
                for job in self._stream(id):
                    heard = time.monotonic()
                    yield job
                    if job["status"] in FINAL:
                        return
            except (httpx.TransportError, httpx.StreamError) as error:
                if time.monotonic() - heard > patience:
                    raise StudioError(503, {"detail": f"no answer for {patience:g} s: {error}"}) from error
            except StudioError as error:
                if error.status != 503 or time.monotonic() - heard > patience:
                    raise  # 503: the server is restarting
            time.sleep(0.5)

    def wait(self, id: str, on_progress: Callable[[Job], None] | None = None) -> Job:
        """Wait for a job to end and return it. ``on_progress`` is called after every change."""
        job: Job = {}
        for job in self.events(id):
            if on_progress is not None:
                on_progress(job)
        return job

    def result(self, id: str, format: str = "png", **query: Any) -> bytes:
        """Return the finished picture. ``query``: quality, parameters."""
        found = self._request("GET", f"/jobs/{id}/result", params={"format": format, **query})
        return found.content

    def save_film(self, id: str, path: str | os.PathLike[str]) -> None:
        """Write the painted film of a job, MP4, as it is received."""
        self._save(path, f"/jobs/{id}/result")

    def save_batch(self, batch: str, path: str | os.PathLike[str], format: str = "png", **query: Any) -> None:
        """Write the finished pictures of a batch as a zip archive. ``query``: quality, parameters."""
        self._save(path, "/results", batch=batch, format=format, **query)

    def _save(self, path: str | os.PathLike[str], address: str, **query: Any) -> None:
        with self._http.stream("GET", f"{API}{address}", params=query) as answer:
            if not answer.is_success:
                answer.read()
                _check(answer)
            with files.Draft(path) as target:
                for chunk in answer.iter_bytes():
                    target.write(chunk)

    def stylize(
        self,
        photo: str | os.PathLike[str] | bytes,
        *styles: str | os.PathLike[str] | bytes,
        format: str = "png",
        on_progress: Callable[[Job], None] | None = None,
        **more: Any,
    ) -> StudioResult:
        """Upload, submit, wait and return the result. ``styles``: named styles, paths or encoded pictures;
        for several, the share of each after its name or path, as in ``"great-wave:2"``.

        Raises StudioError for an error response and a job that fails.
        """
        job = self._painted(self.submit(self.upload(photo), self._sent(styles), **more), on_progress)
        return StudioResult(job, self.result(job["id"], format))

    def stylize_film(
        self,
        film: str | os.PathLike[str],
        *styles: str | os.PathLike[str] | bytes,
        output: str | os.PathLike[str],
        on_progress: Callable[[Job], None] | None = None,
        **more: Any,
    ) -> Job:
        """Upload a film, submit, wait, write the painted film to ``output``, MP4, and return the job.

        ``styles``: as for ``stylize``. Raises StudioError for an error response and a job that fails.
        """
        submitted = self.submit(self.upload_film(film), self._sent(styles), kind="film", **more)
        job = self._painted(submitted, on_progress)
        self.save_film(job["id"], output)
        return job

    def _sent(self, styles: Sequence[str | os.PathLike[str] | bytes]) -> list[dict[str, Any]]:
        """Return styles in the form of a request; pictures are uploaded."""
        names = {style["name"] for style in self.styles()}
        blend = read_blend(styles)
        chosen: list[dict[str, Any]] = []
        for style, weight in zip(blend.styles, blend.weights or (1.0,) * len(styles), strict=True):
            has_name = isinstance(style, str) and is_named(style, known=names)
            one = {"name": style} if has_name else {"picture": self.upload(style, "painting")}
            chosen.append(one | {"weight": weight})
        return chosen

    def _painted(self, job: Job, on_progress: Callable[[Job], None] | None) -> Job:
        """Wait for a job and return it. Raises StudioError if it was not painted."""
        job = self.wait(job["id"], on_progress)
        if job["status"] != "done":
            raise StudioError(500, job["error"] or {"detail": f"the job was {job['status']}"})
        return job

    def _stream(self, id: str) -> Iterator[Job]:
        with self._http.stream("GET", f"{API}/jobs/{id}/events", timeout=60.0) as answer:
            if answer.status_code != 200:
                answer.read()
                _check(answer)
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    if name == "deleted":
                        raise StudioError(404, {"type": "/problems/not-found", "detail": f"{id} was deleted"})
                    yield json.loads(line[6:])

    def _request(self, method: str, path: str, **more: Any) -> httpx.Response:
        answer = self._http.request(method, f"{API}{path}", **more)
        _check(answer)
        return answer

    def _json(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._request(method, path, **more).json()
        return found


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    try:
        problem = answer.json()
    except ValueError:
        problem = {"detail": answer.text[:200]}
    raise StudioError(answer.status_code, problem if isinstance(problem, dict) else {})


def verify_webhook(secret: str, signature: str, body: bytes, *, tolerance: float = 300.0) -> bool:
    """Return whether ``body`` was sent by the studio: ``signature`` is the header Impasto-Signature.

    ``secret``: the account's webhook secret. ``tolerance``: the maximum age in seconds.
    """
    try:
        parts = dict(part.split("=", 1) for part in signature.split(","))
        at, given = int(parts["t"]), parts["v1"]
    except (KeyError, ValueError):
        return False
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(made, given) and abs(time.time() - at) <= tolerance
