"""A film without its labels: what is seen and heard, and nothing that says where, when or by whom."""

from __future__ import annotations

from pathlib import Path

from impasto.clips.libav import VideoDraft, container_format, load_av, open_video
from impasto.errors import InputError


def write_without_metadata(film: Path, target: Path) -> None:
    """Write the pictures and the first sound track of ``film`` to ``target``, which has the same suffix.

    Nothing is encoded again; tags, chapters, subtitles, timecode and the tracks' names are left out. Raises
    InputError if ``film`` cannot be read, OutputError if ``target`` cannot be written.
    """
    av = load_av()
    try:
        source = open_video(film)
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"{film} cannot be read: {error}") from error
    with source, VideoDraft(target) as file:
        options = {"fflags": "+bitexact"}  # else libav writes its version into the file
        with av.open(file, "w", format=container_format(target.suffix), options=options) as output:
            kept = [*source.streams.video[:1], *source.streams.audio[:1]]
            copies = {stream.index: output.add_stream_from_template(stream, opaque=True) for stream in kept}
            for copy in copies.values():
                copy.metadata.clear()
            for packet in source.demux(*kept):
                if packet.size:
                    packet.stream = copies[packet.stream.index]
                    output.mux(packet)
