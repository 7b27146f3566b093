"""A network small enough to serve in no time, and a server that can fail in every way."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from impasto.weights.architecture import Architecture

SMALL = Architecture("small", (4, 6), (2, 1))


@dataclass
class Served:
    """What the server has, how it misbehaves, and what it was asked."""

    content: bytes = b""
    etag: str | None = '"one"'
    ranges: bool = True
    cut_after: list[int] = field(default_factory=list)  # bytes of the body, one entry per answer
    status: list[int] = field(default_factory=list)  # answers with these, before any content
    announce: bool = True
    redirect: str | None = None
    asked: list[str | None] = field(default_factory=list)  # the Range header of every request
    url: str = ""


@contextmanager
def serving() -> Iterator[Served]:
    """A server on this machine, and what it does."""
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            served.asked.append(wanted)
            if served.redirect:
                self.send_response(302)
                self.send_header("Location", served.redirect)
                self.end_headers()
                return
            if served.status:
                self.send_error(served.status.pop(0))
                return
            start = self.start(wanted)
            if start > 0 and start >= len(served.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(served.content)}")
                self.end_headers()
                return
            body = served.content[start:]
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(served.content) - 1}/*")
            if served.announce:
                self.send_header("Content-Length", str(len(body)))
            if served.etag:
                self.send_header("ETag", served.etag)
            self.end_headers()
            if served.cut_after:
                body = body[: served.cut_after.pop(0)]
            with suppress(ConnectionError):
                self.wfile.write(body)

        def start(self, wanted: str | None) -> int:
            match = re.fullmatch(r"bytes=(\d+)-", wanted or "")
            if match is None or not served.ranges:
                return 0
            condition = self.headers.get("If-Range")
            return int(match[1]) if condition in (None, served.etag) else 0

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}/small.pth"
    yield served
    server.shutdown()
    server.server_close()
