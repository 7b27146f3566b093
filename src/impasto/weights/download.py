"""Download of one file over HTTP, verified and all or nothing.

An interrupted transfer leaves its beginning in a ``.part`` file, from which the next one, in this process or
a later one, continues if the server supports it (RFC 9110, sections 13.1.5 and 14).
"""

from __future__ import annotations

import errno
import http.client
import json
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from impasto import files
from impasto.errors import CorruptWeightsError, DownloadError, ImpastoError
from impasto.files import digests, reason_of
from impasto.progress import Progress, ProgressCallback, time_left

_CHUNK = 1 << 18
_WORTH_REPEATING = (408, 425, 429, 500, 502, 503, 504)


class _InterruptedError(Exception):
    """The transfer was interrupted, and a retry may succeed."""


class _SecureRedirects(urllib.request.HTTPRedirectHandler):
    """A handler that follows redirections, but never from https to an insecure address."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.type == "https" and not newurl.startswith("https://"):
            raise DownloadError(f"{req.full_url} redirects to {newurl}, which is not secure.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass(frozen=True)
class _Part:
    """The downloaded beginning of a file, with its address and version in a file beside it."""

    path: Path

    @property
    def note(self) -> Path:
        return self.path.with_name(self.path.name + ".json")

    def length(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def validator(self, url: str) -> str | None:
        """Return the value for ``If-Range``, if the server gave one. Another address's part is discarded."""
        try:
            noted = json.loads(self.note.read_text(encoding="utf-8"))
            if noted["url"] == url:
                return str(noted["validator"]) if noted["validator"] else None
        except (OSError, ValueError, KeyError, TypeError):
            pass
        self.discard()
        return None

    def begin(self, url: str, headers: http.client.HTTPMessage) -> None:
        etag = headers.get("ETag", "")
        strong = etag if etag.startswith('"') else None
        noted = {"url": url, "validator": strong or headers.get("Last-Modified")}
        files.replace(self.note, json.dumps(noted).encode())


def download(
    url: str,
    target: Path,
    *,
    sha256: str,
    size: int | None = None,
    on_progress: ProgressCallback | None = None,
    timeout: float = 30.0,
    attempts: int = 5,
    pause: float = 1.0,
) -> str:
    """Fetch ``url`` to ``target`` and return the file's SHA-256, 64 hexadecimal digits.

    ``sha256`` is the digest to expect, or its beginning; ``size`` the length in bytes, if known.
    ``timeout`` is the longest time without data, in seconds. A transfer that breaks off is continued until
    ``attempts`` in a row have made no progress, with waits of ``pause``, 2 ``pause``, 4
    ``pause`` ... seconds between them. ``target`` appears, complete, only after its digest was
    found right. Not for several processes at once: the caller holds a lock.

    Raises DownloadError where the file cannot be fetched or stored, and CorruptWeightsError where it is
    not the expected one; it is then removed.
    """
    part = _Part(target.with_name(target.name + ".part"))
    try:
        _until_complete(url, part, size, on_progress, timeout, attempts, pause)
        digest = _checked_digest(url, part, sha256)
        part.path.replace(target)
        part.discard()
    except ImpastoError:
        raise
    except OSError as error:
        raise _cannot_store(error, part) from error
    return digest


def _until_complete(
    url: str,
    part: _Part,
    size: int | None,
    on_progress: ProgressCallback | None,
    timeout: float,
    attempts: int,
    pause: float,
) -> None:
    furthest = -1
    failures = 0
    while True:
        try:
            return _transfer(url, part, size, on_progress, timeout)
        except _InterruptedError as interruption:
            reached = part.length()
            failures = 1 if reached > furthest >= 0 else failures + 1
            furthest = max(furthest, reached)
            if failures >= attempts:
                kept = f" {reached:,} bytes are kept; the next attempt continues there." if reached else ""
                raise DownloadError(f"{url} could not be fetched: {interruption}.{kept}") from interruption
        time.sleep(pause * 2 ** (failures - 1))


def _transfer(
    url: str, part: _Part, size: int | None, on_progress: ProgressCallback | None, timeout: float
) -> None:
    validator = part.validator(url)
    start = part.length()
    if size is not None and start > size:
        part.discard()
        start = 0
    if start and start == size:
        return
    response = _open(url, part, start, validator, timeout)
    if response is None:
        return
    with response:
        start = _agreed_start(response, part, start)
        length = response.headers.get("Content-Length")
        total = start + int(length) if length is not None and length.isdigit() else size
        if size is not None and total != size:
            part.discard()
            raise CorruptWeightsError(f"expected {size:,} bytes at {url}; the server offers {total or 0:,}")
        _check_space(part, (total or 0) - start)
        if start == 0:
            part.begin(url, response.headers)
        with part.path.open("ab" if start else "wb") as stream:
            _copy(response, stream, start, total, on_progress)


def _open(url: str, part: _Part, start: int, validator: str | None, timeout: float) -> Any:
    """Return the server's response, or None if it says that the file is already complete."""
    headers = {"User-Agent": "impasto", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if validator is not None:
            headers["If-Range"] = validator
    request = urllib.request.Request(url, headers=headers)
    try:
        return urllib.request.build_opener(_SecureRedirects).open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and start:
                if error.headers.get("Content-Range", "").strip() == f"bytes */{start}":
                    return None
                part.discard()
                raise _InterruptedError("the server has fewer bytes") from error
            reason = f"the server answered {error.code} {error.reason}"
            if error.code in _WORTH_REPEATING:
                raise _InterruptedError(reason) from error
            raise DownloadError(f"{url} could not be fetched: {reason}.") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise DownloadError(
                f"{url} could not be fetched: the server's certificate was not accepted ({error.reason})."
            ) from error
        raise _InterruptedError(f"no connection ({error.reason})") from error
    except (OSError, http.client.HTTPException) as error:
        raise _InterruptedError(_reason(error)) from error


def _agreed_start(response: Any, part: _Part, start: int) -> int:
    """Return the offset of the body in the file: ``start``, or 0 if the server sends all of it."""
    if response.status != 206:
        return 0
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if match is None or int(match[1]) != start:
        part.discard()
        raise _InterruptedError("the server sent a range other than the one asked for")
    return start


def _copy(
    response: Any, stream: BinaryIO, done: int, total: int | None, on_progress: ProgressCallback | None
) -> None:
    began, before = time.monotonic(), done

    def tell() -> None:
        if on_progress is not None:
            elapsed, share = time.monotonic() - began, done / total if total else 0.0
            left = time_left(elapsed, share, before / total) if total else None
            on_progress(Progress(done=share, elapsed=elapsed, left=left, step=done, steps=total, unit="byte"))

    tell()
    while True:
        try:
            chunk = response.read1(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise _InterruptedError(_reason(error)) from error
        if not chunk:
            break
        stream.write(chunk)
        done += len(chunk)
        tell()
        if total is not None and done > total:
            break  # more than announced: the digest will be wrong
    if total is not None and done < total:
        raise _InterruptedError(f"the connection closed after {done:,} of {total:,} bytes")


def _checked_digest(url: str, part: _Part, expected: str) -> str:
    digest = digests.of_file(part.path)
    if not digest.startswith(expected):
        part.discard()
        raise CorruptWeightsError(
            f"the file from {url} is not the published one, and was removed: expected SHA-256 {expected},"
            f" got {digest}"
        )
    return digest


def _check_space(part: _Part, needed: int) -> None:
    free = shutil.disk_usage(part.path.parent).free
    if needed > free:
        raise DownloadError(
            f"expected {needed:,} bytes free in {part.path.parent} for the download; there are {free:,}"
        )


def _cannot_store(error: OSError, part: _Part) -> DownloadError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        reason = "the disk is full; make room, and the next attempt continues where this one stopped"
    else:
        reason = reason_of(error)
    return DownloadError(f"The download cannot be stored in {part.path.parent}: {reason}.")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the server stopped responding"
    return str(error) or type(error).__name__
