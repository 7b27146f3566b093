"""Zip archives that are sent while they are created, of files that are already compressed."""

from __future__ import annotations

import io
import time
import unicodedata
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from anyio import to_thread

from impasto.studio.web.attachments import file_name

CHUNK = 2**20


class _Sink(io.RawIOBase):
    """A file that stores what is written until it is taken."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]
        self._written += view
        return view.nbytes

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


async def zipped(entries: AsyncIterator[tuple[str, float, Path | bytes]]) -> AsyncIterator[bytes]:
    """Yield the bytes of a zip archive, with at most a chunk of one file in memory.

    ``entries``: each file's name, its modification time in seconds since 1970, and its contents. A path whose
    file has been deleted meanwhile is skipped.
    """
    sink = _Sink()
    with ZipFile(sink, "w") as archive:
        async for name, changed, content in entries:
            try:
                stream = await to_thread.run_sync(_opened, content)
            except FileNotFoundError:
                continue
            with stream, archive.open(ZipInfo(name, time.localtime(changed)[:6]), "w") as target:
                while chunk := await to_thread.run_sync(stream.read, CHUNK):
                    target.write(chunk)
                    yield sink.take()
    yield sink.take()


def _opened(content: Path | bytes) -> io.BufferedIOBase:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")


def unique_names(titles: Iterable[str], suffix: str) -> list[str]:
    """Return ``titles`` as names of files in one folder, unique on any system, with ``suffix``.

    Equal ones are numbered: "cat.png", "Cat (2).png".
    """
    taken: dict[str, int] = {}
    return [f"{_unique(file_name(unicodedata.normalize('NFC', title)), taken)}.{suffix}" for title in titles]


def _unique(name: str, taken: dict[str, int]) -> str:
    """Return ``name``, numbered if it is in ``taken``, and add it there.

    ``taken``: for each name, as file systems compare them, the last number given to it.
    """
    found, key = name, _compared(name)
    while _compared(found) in taken:
        taken[key] = taken.get(key, 1) + 1
        found = f"{name} ({taken[key]})"
    taken[_compared(found)] = 1
    return found


def _compared(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())
