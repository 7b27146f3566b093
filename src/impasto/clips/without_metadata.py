"""Copies of films without metadata: pictures and sound only, with no place, date or author."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from impasto.clips.libav import VideoDraft, container_format, load_av, open_video
from impasto.errors import InputError


def write_without_metadata(film: Path, target: Path) -> None:
    """Write the pictures and the first sound track of ``film`` to ``target``, which has the same suffix.

    Nothing is encoded again; tags, chapters, subtitles, timecode and the tracks' names are left out. Raises
    InputError if ``film`` cannot be read to its end, OutputError if ``target`` cannot be written.
    """
    av = load_av()
    with _reading(film):
        source = open_video(film)
    with source, VideoDraft(target) as file:
        options = {"fflags": "+bitexact"}  # else libav writes its version into the file
        kept = [*source.streams.video[:1], *source.streams.audio[:1]]
        if not source.streams.video:
            raise InputError(f"{film} cannot be read: it has no pictures")
        with av.open(file, "w", format=container_format(target.suffix), options=options) as output:
            copies = {stream.index: output.add_stream_from_template(stream, opaque=True) for stream in kept}
            for copy in copies.values():
                copy.metadata.clear()
            for packet in _packets(source, kept, film):
                packet.stream = copies[packet.stream.index]
                output.mux(packet)


def is_whole(film: Path) -> bool:
    """Return whether ``film`` can be opened and has as many frames as it states."""
    try:
        state = film.stat()
    except OSError:
        return False
    return _is_whole(film, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=64)
def _is_whole(film: Path, _size: int, _changed: int) -> bool:
    try:
        with _reading(film), open_video(film) as source:
            video = source.streams.video[0]
            stated = int(video.frames)
            return 0 < stated <= sum(1 for _ in _packets(source, [video], film))
    except (InputError, IndexError):
        return False


def _packets(source: Any, kept: Sequence[Any], film: Path) -> Iterator[Any]:
    packets = source.demux(*kept)
    while True:
        with _reading(film):
            packet = next(packets, None)
        if packet is None:
            return
        if packet.size:
            if packet.is_corrupt:
                raise InputError(f"{film} cannot be read: it breaks off")
            yield packet


@contextlib.contextmanager
def _reading(film: Path) -> Iterator[None]:
    try:
        yield
    except (load_av().FFmpegError, OSError) as error:
        raise InputError(f"{film} cannot be read: {getattr(error, 'strerror', None) or error}") from error
