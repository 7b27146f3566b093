"""The client of plug-ins: paints with the installed ``impasto`` or with a studio.

This module is copied into each plug-in and runs in the Python of another program: it needs Python 3.8 or
newer and the standard library, nothing else of this package, and no torch. Pictures go in and out as files.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTINGS = "settings.json"
ENGINES = ("fast", "stylize")
POLL = 0.1
"""Seconds between two questions whether to stop."""
GRACE = 10.0
"""Seconds that a cancelled program may take to end before it is killed."""
TIMEOUT = 60.0
"""Seconds to wait for an answer of the studio."""
FINAL = ("done", "cancelled", "failed")
_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "GI_TYPELIB_PATH", "QT_PLUGIN_PATH")

Report = Callable[["float | None", str], None]
"""Called with the finished share in [0, 1], None where it is not known, and a few words."""
Cancel = Callable[[], bool]
"""Called about ten times a second; returns True to stop."""


class PaintingError(Exception):
    """A painting that cannot be made; the message is for the user."""


class PaintingCancelled(Exception):  # noqa: N818 - it is no error
    """Raised when the user stops a painting."""


@dataclass(frozen=True)
class ChosenStyle:
    """A style of a painting: the name of a named style, or the path of a painting or a style file.

    weight: its share beside other styles. mask: the path of a grey picture, white where the style applies.
    """

    place: str
    weight: float = 1.0
    mask: str | None = None


@dataclass(frozen=True)
class PaintingRequest:
    """A painting to make, from the file ``photo`` into the PNG file ``output``.

    engine: "fast", one pass of a network, or "stylize", by optimisation. size: the long side of the result in
    pixels, None for the engine's default. strength: 0 (the photograph) to 2; 1 is the engine's own.
    stroke_size: 1 as in the painting. protect: the path of a mask, white where the photograph stays.
    preset and seed are for "stylize".
    """

    photo: str
    styles: tuple[ChosenStyle, ...]
    output: str
    engine: str = "fast"
    size: int | None = None
    strength: float = 1.0
    stroke_size: float = 1.0
    keep_color: bool = False
    protect: str | None = None
    preset: str = "default"
    seed: int = 0


@dataclass(frozen=True)
class FilmRequest:
    """A film to paint: a folder of numbered pictures ``frames``, into the folder ``output``.

    steadiness: the share of the strokes kept from the previous frame, 0 to 0.99, by the fast network.
    optimize: paint by optimisation.
    """

    frames: str
    styles: tuple[ChosenStyle, ...]
    output: str
    optimize: bool = False
    size: int | None = None
    strength: float = 1.0
    stroke_size: float = 1.0
    keep_color: bool = False
    steadiness: float = 0.99
    preset: str = "default"


@dataclass(frozen=True)
class ClientSettings:
    """The settings of a plug-in, ``settings.json`` in its folder.

    command: the program that paints, with its first arguments. studio: the address of a studio, used in place
    of the command where it is given. token_file: a file with the studio's token. styles: titles by name.
    style_weights: the style weight of each preset.
    """

    command: tuple[str, ...]
    studio: str | None
    token_file: str | None
    styles: dict[str, str]
    style_weights: dict[str, float]

    @classmethod
    def read(cls, folder: str | os.PathLike[str]) -> ClientSettings:
        """Return the settings in the plug-in's ``folder``. Raises PaintingError."""
        path = Path(folder) / SETTINGS
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                tuple(map(str, values["command"])),
                values.get("studio"),
                values.get("token_file"),
                {str(name): str(title) for name, title in values["styles"].items()},
                {str(name): float(weight) for name, weight in values["style_weights"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
            raise PaintingError(
                f"cannot read the plug-in's settings {path}: {problem}; install it again: "
                "impasto plugin install"
            ) from problem


def make_client(settings: ClientSettings) -> ProgramClient | ServiceClient:
    """Return the client that the settings ask for. Raises PaintingError."""
    if settings.studio is None:
        return ProgramClient(settings)
    token = None
    if settings.token_file is not None:
        try:
            token = Path(settings.token_file).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as problem:
            raise PaintingError(f"cannot read the studio's token: {problem}") from problem
    return ServiceClient(settings.studio, token)


@contextlib.contextmanager
def work_folder() -> Iterator[Path]:
    """Yield a temporary folder, which is removed afterwards."""
    folder = tempfile.mkdtemp(prefix="impasto-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment(given: dict[str, str] | None = None) -> dict[str, str]:
    """Return the environment for ``impasto``: that of the host, without what is meant for the host's Python.

    Programs in one file (AppImage) and bundles for macOS and Windows lead Python and the loader of libraries
    to their own copies.
    """
    values = dict(os.environ if given is None else given)
    for name in list(values):
        if name.startswith("PYTHON") or name in _LIBRARY_PATHS:
            before = values.get(f"{name}_ORIG") or values.get(f"APPIMAGE_ORIGINAL_{name}")
            if before is None:
                del values[name]
            else:
                values[name] = before
    values["PYTHONIOENCODING"] = "utf-8"
    return values


class ProgramClient:
    """A client that starts the installed ``impasto`` for each painting."""

    def __init__(self, settings: ClientSettings) -> None:
        self._command = settings.command
        self._style_weights = settings.style_weights

    def paint(self, request: PaintingRequest, report: Report, cancelled: Cancel) -> None:
        """Paint. Raises PaintingError, and PaintingCancelled when ``cancelled`` returns True."""
        _check_engine(request)
        arguments = self._fast(request) if request.engine == "fast" else self._stylize(request)
        self._run([*arguments, *_regions(request), "--json"], report, cancelled)
        _check_written(request.output)

    def film(self, request: FilmRequest, report: Report, cancelled: Cancel) -> None:
        """Paint the frames of a film so that it does not flicker. Raises as ``paint``."""
        styles = [word for style in _weighted(request) for word in ("--style", style)]
        arguments = ["video", request.frames, *styles, "-o", request.output]
        if request.optimize:
            arguments += ["--optimize", *self._by_optimisation(request)]
        else:
            arguments += [*_by_network(request)]
            arguments += ["--keep", str(request.steadiness)]
        self._run([*arguments, *_size(request), "--json"], report, cancelled)

    def measure_style(
        self, paintings: Sequence[str], output: str, title: str, report: Report, cancelled: Cancel
    ) -> None:
        """Measure ``paintings`` as one style and write the style file ``output``. Raises as ``paint``."""
        self._run(["style", *paintings, "-o", output, "--title", title], report, cancelled)
        _check_written(output)

    def _fast(self, request: PaintingRequest) -> list[str]:
        arguments = ["fast", request.photo, *_weighted(request), "-o", request.output, *_by_network(request)]
        return [*arguments, *_size(request)]

    def _stylize(self, request: PaintingRequest) -> list[str]:
        arguments = ["stylize", request.photo, *_weighted(request), "-o", request.output]
        arguments += ["--seed", str(request.seed)]
        return [*arguments, *self._by_optimisation(request), *_size(request)]

    def _by_optimisation(self, request: PaintingRequest | FilmRequest) -> list[str]:
        if request.preset not in self._style_weights:
            known = ", ".join(self._style_weights)
            raise PaintingError(f"unknown preset {request.preset!r}; expected one of {known}")
        # Half the visible strength is a quarter of the weight.
        weight = self._style_weights[request.preset] * request.strength**2
        arguments = ["--preset", request.preset, "--style-weight", f"{weight:.6g}"]
        arguments += ["--style-scale", str(request.stroke_size)]
        return [*arguments, "--color", "luminance"] if request.keep_color else arguments

    def _run(self, arguments: Sequence[str], report: Report, cancelled: Cancel) -> None:
        command = [*self._command, *arguments]
        hidden = {"creationflags": 0x08000000} if sys.platform == "win32" else {}  # no console window
        try:
            program = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(),
                **hidden,  # type: ignore[call-overload]
            )
        except OSError as problem:
            raise PaintingError(
                f"cannot start {command[0]}: {problem.strerror}; install the plug-in again: "
                "impasto plugin install"
            ) from problem
        with program:
            self._follow(program, report, cancelled)

    def _follow(self, program: subprocess.Popen[bytes], report: Report, cancelled: Cancel) -> None:
        lines: queue.Queue[bytes] = queue.Queue()
        said: list[bytes] = []
        readers = [
            threading.Thread(target=_read, args=(program.stdout, lines.put), daemon=True),
            threading.Thread(target=_read, args=(program.stderr, said.append), daemon=True),
        ]
        for reader in readers:
            reader.start()
        try:
            report(None, "")
            while program.poll() is None or not lines.empty() or readers[0].is_alive():
                if cancelled():
                    raise PaintingCancelled
                with contextlib.suppress(queue.Empty):
                    _tell(lines.get(timeout=POLL), report)
        except BaseException:
            stop(program)
            raise
        for reader in readers:
            reader.join()
        if program.returncode:
            raise PaintingError(_reason(said, program.returncode))


def stop(program: subprocess.Popen[bytes]) -> None:
    """End a program in order, and kill it where it does not end."""
    if program.poll() is None:
        program.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.wait(GRACE)
        return
    program.kill()
    program.wait()


def _read(stream: Any, take: Callable[[bytes], None]) -> None:
    for line in stream:
        take(line)


def _tell(line: bytes, report: Report) -> None:
    """Report a line of ``--json``, where it is one of progress."""
    try:
        event = json.loads(line.decode("utf-8"))
    except ValueError:
        return
    if isinstance(event, dict) and "done" in event and "step" in event:
        _tell_event(event, report)


def _tell_event(event: dict[str, Any], report: Report) -> None:
    words = str(event.get("stage") or "")
    if event.get("left") is not None:
        words = f"{words}, {event['left']:.0f} s left".lstrip(", ")
    report(min(max(float(event["done"]), 0.0), 1.0), words)


def _reason(said: Sequence[bytes], code: int) -> str:
    """Return the program's own message, or else its last words."""
    lines = [line.decode("utf-8", "replace").strip() for line in said]
    lines = [line for line in lines if line and not line.startswith("impasto: warning:")]
    own = [line[len("impasto: ") :] for line in lines if line.startswith("impasto: ")]
    found = own or lines
    return found[-1] if found else f"impasto ended with exit code {code}"


def _by_network(request: PaintingRequest | FilmRequest) -> list[str]:
    arguments = ["--strength", str(request.strength), "--stroke-size", str(request.stroke_size)]
    return [*arguments, "--keep-color"] if request.keep_color else arguments


def _size(request: PaintingRequest | FilmRequest) -> list[str]:
    return [] if request.size is None else ["--size", str(request.size)]


def _weighted(request: PaintingRequest | FilmRequest) -> list[str]:
    """Return the styles as the command line takes them, STYLE:WEIGHT where they are blended."""
    masks = any(style.mask is not None for style in request.styles)
    if len(request.styles) < 2 or masks:
        return [style.place for style in request.styles]
    return [f"{style.place}:{style.weight:g}" for style in request.styles]


def _regions(request: PaintingRequest) -> list[str]:
    masks = [word for style in request.styles if style.mask for word in ("--content-mask", style.mask)]
    return masks if request.protect is None else [*masks, "--protect", request.protect]


def _check_engine(request: PaintingRequest) -> None:
    if request.engine not in ENGINES:
        raise PaintingError(f"expected engine to be one of {', '.join(ENGINES)}; got {request.engine!r}")
    if not request.styles:
        raise PaintingError("expected a style; got none")
    masks = sum(style.mask is not None for style in request.styles)
    if masks not in (0, len(request.styles)):
        raise PaintingError(
            f"expected a mask for every style or for none; got {masks} for {len(request.styles)}"
        )


def _check_studio(request: PaintingRequest) -> None:
    """Raise PaintingError for what a studio does not take."""
    if any(style.place.endswith(".style") for style in request.styles):
        raise PaintingError("a studio takes named styles and pictures; got a style file")
    has_masks = request.protect is not None or any(style.mask is not None for style in request.styles)
    if request.engine == "fast" and has_masks:
        raise PaintingError("a studio's fast engine takes no masks; expected the engine stylize")


def _check_written(path: str) -> None:
    if not Path(path).is_file():
        raise PaintingError(f"impasto ended without writing {path}")


class ServiceClient:
    """A client of a studio's HTTP API, at the address ``url``.

    The studio at home needs no ``token``.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def paint(self, request: PaintingRequest, report: Report, cancelled: Cancel) -> None:
        """Paint. Raises PaintingError, and PaintingCancelled when ``cancelled`` returns True."""
        _check_engine(request)
        _check_studio(request)
        report(None, "")
        uploaded: list[str] = []
        try:
            body = self._body(request, uploaded)
            if cancelled():
                raise PaintingCancelled
            if request.engine == "fast":
                data = self._preview(request, body)
            else:
                data = self._job(request, body, report, cancelled)
        finally:
            for id in uploaded:
                with contextlib.suppress(PaintingError):
                    self._call("DELETE", f"/pictures/{id}")
        Path(request.output).write_bytes(data)

    def film(self, request: FilmRequest, report: Report, cancelled: Cancel) -> None:  # noqa: ARG002
        """Raise PaintingError: a studio paints no films."""
        raise PaintingError(
            "a studio paints no films; install the plug-in without --studio to use this machine's impasto"
        )

    def measure_style(self, *_: object) -> None:
        """Raise PaintingError: a studio writes no style files."""
        raise PaintingError(
            "a studio writes no style files; install the plug-in without --studio to use this machine's "
            "impasto"
        )

    def _body(self, request: PaintingRequest, uploaded: list[str]) -> dict[str, Any]:
        """Upload what the request names and return the part of a request body that both routes have."""

        def upload(path: str, role: str) -> str:
            uploaded.append(self._upload(path, role))
            return uploaded[-1]

        body: dict[str, Any] = {
            "photo": upload(request.photo, "photo"),
            "strength": request.strength,
            "stroke_size": request.stroke_size,
            "keep_color": float(request.keep_color),
        }
        styles = []
        for style in request.styles:
            is_there = Path(style.place).exists()  # as in catalogue/lookup.py, which is not here
            one: dict[str, Any] = (
                {"picture": upload(style.place, "painting")} if is_there else {"name": style.place}
            )
            if style.mask is None:
                one["weight"] = style.weight
            else:
                one["mask"] = upload(style.mask, "mask")
            styles.append(one)
        body["styles"] = styles
        if request.protect is not None:
            body["protect"] = upload(request.protect, "mask")
        return body

    def _preview(self, request: PaintingRequest, body: dict[str, Any]) -> bytes:
        limit = int(self._json("GET", "/capabilities")["limits"]["preview_side"])
        side = limit if request.size is None else request.size
        if side > limit:
            raise PaintingError(
                f"this studio's fast engine paints at most {limit} pixels; got size {side}: expected a "
                "smaller size, or the engine stylize"
            )
        return self._call("POST", "/preview", {**body, "side": side}, accept="image/png")

    def _job(
        self, request: PaintingRequest, body: dict[str, Any], report: Report, cancelled: Cancel
    ) -> bytes:
        body = {**body, "preset": request.preset, "seed": request.seed}
        if request.size is not None:
            body["size"] = request.size
        id = str(self._json("POST", "/jobs", body)["id"])
        try:
            job = self._wait(id, report, cancelled)
            if job["status"] != "done":
                error = job.get("error") or {}
                raise PaintingError(str(error.get("detail") or f"the studio's job was {job['status']}"))
            return self._call("GET", f"/jobs/{id}/result?format=png")
        finally:  # the job and its pictures; a running one is stopped first
            with contextlib.suppress(PaintingError):
                self._call("DELETE", f"/jobs/{id}")

    def _wait(self, id: str, report: Report, cancelled: Cancel) -> dict[str, Any]:
        asked = 0.0
        while True:
            if cancelled():
                raise PaintingCancelled
            if time.monotonic() - asked >= 5 * POLL:
                job: dict[str, Any] = self._json("GET", f"/jobs/{id}")
                asked = time.monotonic()
                if job["status"] in FINAL:
                    return job
                if job.get("progress"):
                    _tell_event(job["progress"], report)
                elif job.get("position"):
                    report(None, f"number {job['position']} in the queue")
            time.sleep(POLL)

    def _upload(self, path: str, role: str) -> str:
        boundary = uuid.uuid4().hex
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="role"\r\n\r\n{role}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{role}.png"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        try:
            data = Path(path).read_bytes()
        except OSError as problem:
            raise PaintingError(f"cannot read {path}: {problem.strerror}") from problem
        body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        return str(json.loads(self._send("POST", "/pictures", body, {"Content-Type": kind}))["id"])

    def _json(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._call(method, path, body))
        return found

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None, accept: str = "*/*") -> bytes:
        if body is None:
            return self._send(method, path, None, {"Accept": accept})
        headers = {"Accept": accept, "Content-Type": "application/json"}
        return self._send(method, path, json.dumps(body).encode(), headers)

    def _send(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> bytes:
        request = urllib.request.Request(
            f"{self._url}/api/v1{path}", data, {**headers, **self._headers}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                found: bytes = answer.read()
                return found
        except urllib.error.HTTPError as problem:
            raise PaintingError(_detail(problem)) from problem
        except (OSError, ValueError) as problem:  # URLError is an OSError
            reason = getattr(problem, "reason", problem)
            raise PaintingError(f"cannot reach the studio at {self._url}: {reason}") from problem


def _detail(problem: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(problem.read())["detail"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"the studio answered {problem.code} {problem.reason}"
