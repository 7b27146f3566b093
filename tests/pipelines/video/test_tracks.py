"""All but the pictures of a film: sound, subtitles, chapters, tags."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from impasto import FilmOptions
from impasto.errors import InputError
from impasto.pipelines.video.film import Film, video
from tests.clips.clips import Negative, flashes_and_beeps, write_flashes

DISPOSITION = av.stream.Disposition


def fast(source: Path, output: Path, painter: Negative | None = None, **more: Any) -> Film:
    return video(source, "negative", output, painter=painter or Negative(), film=FilmOptions(**more))


@pytest.mark.parametrize(("suffix", "name"), [("mp4", "out.webm"), ("mkv", "out.mp4"), ("ts", "out.mkv")])
def test_sound_with_holes_stays_in_step(tmp_path: Path, suffix: str, name: str) -> None:
    audio = "pcm_s16le" if suffix == "mkv" else "aac"  # PCM must be encoded for MP4
    source = write_flashes(
        tmp_path / f"in.{suffix}", 75, flashes=(10, 60), silent=[*range(3), *range(15, 50)], audio=audio
    )
    fast(source, tmp_path / name)
    flashes, beeps = flashes_and_beeps(tmp_path / name)
    assert flashes[1] - flashes[0] == pytest.approx(2, abs=0.002)
    assert beeps == pytest.approx(flashes, abs=0.035)


def test_sound_of_the_encoders_own_form_stays_in_step_after_silence(tmp_path: Path) -> None:
    """Opus comes as AAC is encoded, and is not converted."""
    silent = [*range(8), *range(20, 30)]
    source = write_flashes(tmp_path / "in.mkv", 50, flashes=(15, 40), silent=silent, audio="libopus")
    done = fast(source, tmp_path / "out.mov")
    assert done.notes == ("the sound was encoded again as aac: .mov does not support opus",)
    flashes, beeps = flashes_and_beeps(tmp_path / "out.mov")
    assert beeps == pytest.approx(flashes, abs=0.035)


@pytest.mark.parametrize("name", ["out.webm", "out.mp4"])
def test_sound_from_start_to_end_stays_in_step(tmp_path: Path, name: str) -> None:
    source = write_flashes(tmp_path / "in.mkv", 75, flashes=(30, 60), audio="pcm_s16le")
    fast(source, tmp_path / name, start=Fraction(1), end=Fraction(2))
    flashes, beeps = flashes_and_beeps(tmp_path / name)
    assert flashes == pytest.approx([0.2], abs=0.03)
    assert beeps == pytest.approx(flashes, abs=0.03)
    with av.open(str(tmp_path / name)) as container:
        heard = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    assert heard == pytest.approx(1, abs=0.05)


def damage_sound(source: Path, path: Path, numbers: tuple[int, ...], whole: int = 7) -> Path:
    """The film with garbage in some packets of its sound, but for their first bytes."""
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        streams = [new.add_stream_from_template(stream, opaque=True) for stream in old.streams]
        count = 0
        for packet in old.demux():
            if not packet.size:
                continue
            data = bytes(packet)
            if packet.stream.type == "audio":
                if count in numbers:
                    data = (
                        data[:whole] + b"\xff" * (len(data) - whole) if len(data) > 8 else b"\xff" * len(data)
                    )
                count += 1
            fresh = av.Packet(data)
            fresh.pts, fresh.dts, fresh.time_base = packet.pts, packet.dts, packet.time_base
            fresh.duration, fresh.is_keyframe = packet.duration, packet.is_keyframe
            fresh.stream = streams[packet.stream.index]
            new.mux(fresh)
    return path


@pytest.mark.parametrize("name", ["out.webm", "out.mp4", "out.mkv"])
@pytest.mark.parametrize(
    ("suffix", "audio"), [("ts", "aac"), ("mp4", "aac"), ("mkv", "ac3"), ("mkv", "eac3")]
)
def test_damaged_packets_of_sound_are_passed_over(tmp_path: Path, suffix: str, audio: str, name: str) -> None:
    whole = write_flashes(tmp_path / "whole.mp4", 50, flashes=(5, 40), audio=audio)
    kept = 7 if audio == "aac" else 2
    source = damage_sound(whole, tmp_path / f"in.{suffix}", (20, 21, 22, 23), kept)
    done = fast(source, tmp_path / name)
    flashes, beeps = flashes_and_beeps(tmp_path / name)
    assert done.frames == 50
    assert [beeps[0], beeps[-1]] == pytest.approx([flashes[0], flashes[-1]], abs=0.05)
    if name == ("out.webm" if audio == "aac" else "out.mp4"):
        assert any("damaged packet" in note and "sound skipped" in note for note in done.notes)


def write_rich(path: Path, folder: Path) -> Path:
    """A film with two sound tracks, subtitles, two chapters and tags."""
    text = folder / "text.srt"
    text.write_text("1\n00:00:00,100 --> 00:00:00,500\nHello\n\n2\n00:00:00,600 --> 00:00:00,900\nBye\n")
    film = write_flashes(folder / "film.mp4", 25)
    with av.open(str(film)) as source, av.open(str(text)) as words, av.open(str(path), "w") as new:
        new.metadata.update({"title": "My film", "artist": "Me"})
        if path.suffix == ".mkv":
            new.metadata["MOOD"] = "blue"
        picture, sound = source.streams
        streams: list[Any] = [new.add_stream_from_template(s, opaque=True) for s in (picture, sound, sound)]
        told = new.add_stream_from_template(words.streams[0], opaque=True)
        streams[1].metadata.update({"language": "ger", "title": "Kommentar"})
        streams[2].metadata.update({"language": "fre", "title": "Original"})
        told.metadata["language"] = "spa"
        streams[1].disposition, streams[2].disposition = DISPOSITION.comment, DISPOSITION.default
        new.set_chapters([chapter(1, 0, 480, "One"), chapter(2, 480, 1000, "Two")])
        rows = [(p.dts * p.time_base, 0, bytes(p), p) for p in source.demux(picture) if p.size]
        with av.open(str(film)) as again:
            heard = [p for p in again.demux(audio=0) if p.size]
        rows += [(p.dts * p.time_base, number, bytes(p), p) for p in heard for number in (1, 2)]
        rows += [(p.pts * p.time_base, 3, bytes(p), p) for p in words.demux(subtitles=0) if p.size]
        for _, number, data, packet in sorted(rows, key=lambda row: row[:2]):
            fresh = av.Packet(data)
            fresh.pts, fresh.dts, fresh.time_base = packet.pts, packet.dts, packet.time_base
            fresh.duration, fresh.is_keyframe = packet.duration, packet.is_keyframe
            fresh.stream = [*streams, told][number]
            new.mux(fresh)
    return path


def chapter(number: int, start: int, end: int, title: str) -> Any:
    unit = Fraction(1, 1000)
    return {"id": number, "start": start, "end": end, "time_base": unit, "metadata": {"title": title}}


def labels(path: Path) -> tuple[dict[str, str], list[Any], list[Any]]:
    """The tags, the chapters in milliseconds, and the tracks but the pictures' of a file."""
    with av.open(str(path)) as container:
        tags = {name.lower(): text for name, text in container.metadata.items()}
        chapters = [
            (
                *(round(c[edge] * c["time_base"] * 1000) for edge in ("start", "end")),
                c["metadata"].get("title"),
            )  # type: ignore[literal-required, operator]
            for c in container.chapters()
        ]
        tracks = []
        for stream in container.streams:
            known = stream.metadata
            title = known.get("title") or known.get("name")
            if stream.type in ("audio", "subtitle"):
                tracks.append((stream.type, known.get("language"), title, bool(stream.disposition & 1)))
        return tags, chapters, tracks


def near(milliseconds: int) -> Any:
    """Matroska begins with the sound, whose encoder adds 21 ms before the first picture."""
    return pytest.approx(milliseconds, abs=22)


@pytest.mark.parametrize("name", ["out.mkv", "out.mp4", "out.mov", "out.webm"])
def test_languages_titles_chapters_subtitles_and_tags_are_carried(tmp_path: Path, name: str) -> None:
    source = write_rich(tmp_path / "rich.mkv", tmp_path)
    done = fast(source, tmp_path / name)
    tags, chapters, tracks = labels(tmp_path / name)
    assert (tags["title"], tags["artist"]) == ("My film", "Me")
    assert chapters == [(0, near(480), "One"), (near(480), near(1000), "Two")]
    assert tracks == [
        ("audio", "ger", "Kommentar", False),
        ("audio", "fra" if name == "out.mov" else "fre", "Original", True),
        ("subtitle", "spa", None, name in ("out.mp4", "out.mov")),  # which have a default of every kind
    ]
    with av.open(str(tmp_path / name)) as container:
        packets = list(container.demux(subtitles=0))
        shown = [(round(p.pts * p.time_base * 1000), bytes(p)) for p in packets if p.size > 2]
        assert [text[-5:].strip(b"\x00\x05\x03") for _, text in shown] == [b"Hello", b"Bye"]
        assert [time for time, _ in shown] == pytest.approx([100, 600], abs=25)
    if name in ("out.mp4", "out.mov"):
        assert f"tags were left out, which {name[3:]} does not support: MOOD" in done.notes
        assert f"the subtitles were encoded again as mov_text: {name[3:]} does not support srt" in done.notes
    else:
        assert tags["mood"] == "blue"
    assert len(done.notes) == {"out.mkv": 0, "out.mp4": 2, "out.mov": 2, "out.webm": 3}[name]


def test_labels_of_a_part_are_moved_to_its_beginning(tmp_path: Path) -> None:
    source = write_rich(tmp_path / "rich.mkv", tmp_path)
    fast(source, tmp_path / "out.mkv", start=Fraction(2, 5))
    _, chapters, _ = labels(tmp_path / "out.mkv")
    assert chapters == [(0, near(80), "One"), (near(80), near(600), "Two")]
    with av.open(str(tmp_path / "out.mkv")) as container:
        times = [round(p.pts * p.time_base * 1000) for p in container.demux(subtitles=0) if p.size]
    assert times == pytest.approx([0, 200], abs=25)


@pytest.mark.parametrize("name", ["out.mkv", "out.webm", "out.mp4"])
def test_subtitles_of_a_part_end_with_it(tmp_path: Path, name: str) -> None:
    source = write_rich(tmp_path / "rich.mkv", tmp_path)
    fast(source, tmp_path / name, start=Fraction(1, 5), end=Fraction(7, 10))
    with av.open(str(tmp_path / name)) as container:
        packets = [p for p in container.demux(subtitles=0) if p.size > 2]
        shown = [(float(p.pts * p.time_base), float(p.duration * p.time_base)) for p in packets]
    assert shown == [pytest.approx((0, 0.3), abs=0.03), pytest.approx((0.4, 0.1), abs=0.03)]


@pytest.mark.parametrize(("name", "have"), [("out.gif", "a GIF has"), ("frames", "frames have")])
def test_outputs_without_tracks_say_what_is_left_out(tmp_path: Path, name: str, have: str) -> None:
    done = fast(write_rich(tmp_path / "rich.mkv", tmp_path), tmp_path / name)
    assert done.notes == (
        f"the sound was left out: {have} none",
        f"the subtitles were left out: {have} none",
        f"the chapters were left out: {have} none",
        f"the tags were left out: {have} none: ARTIST, MOOD, title",
    )


def test_what_cannot_be_carried_is_told_line_by_line(tmp_path: Path) -> None:
    source = write_rich(tmp_path / "rich.mkv", tmp_path)
    data = source.read_bytes()
    odd = tmp_path / "odd.mkv"
    odd.write_bytes(data.replace(b"A_AAC", b"A_XYZ", 1))
    negative = Negative()
    done = fast(odd, tmp_path / "out.mkv", negative)
    assert done.notes == ("sound track 1 was left out: its codec is not known",)
    _, _, tracks = labels(tmp_path / "out.mkv")
    assert [track[1] for track in tracks] == ["fre", "spa"]


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "mov"])
def test_tags_that_are_not_utf8_are_read_as_old_programs_wrote_them(tmp_path: Path, suffix: str) -> None:
    made = write_flashes(tmp_path / f"made.{suffix}")
    source = tmp_path / f"in.{suffix}"
    with av.open(str(made)) as old, av.open(str(source), "w") as new:
        streams = [new.add_stream_from_template(stream, opaque=True) for stream in old.streams]
        new.metadata.update({"title": "Caf-- one", "comment": "Müller"})
        new.set_chapters([chapter(0, 0, 500, "Caf-- two"), chapter(1, 500, 1000, "Straße")])
        for packet in old.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    source.write_bytes(source.read_bytes().replace(b"Caf--", b"Caf\xe9\x80"))
    done = fast(source, tmp_path / "out.mkv")
    assert done.notes == ()  # the track of an MP4 with its chapters' titles is none that is left out
    with av.open(str(tmp_path / "out.mkv")) as container:
        tags = {name.lower(): text for name, text in container.metadata.items()}
        titles = [found["metadata"]["title"] for found in container.chapters()]
    assert (tags["title"], tags["comment"]) == ("Café€ one", "Müller")
    assert titles == ["Café€ two", "Straße"]


def test_further_video_tracks_are_told(tmp_path: Path) -> None:
    film = write_flashes(tmp_path / "film.mp4", 5)
    with av.open(str(film)) as source, av.open(str(tmp_path / "two.mkv"), "w") as new:
        streams = [new.add_stream_from_template(source.streams.video[0], opaque=True) for _ in range(2)]
        for packet in source.demux(video=0):
            for stream in streams if packet.size else ():
                fresh = av.Packet(bytes(packet))
                fresh.pts, fresh.dts, fresh.time_base = packet.pts, packet.dts, packet.time_base
                fresh.stream, fresh.is_keyframe = stream, packet.is_keyframe
                new.mux(fresh)
    done = fast(tmp_path / "two.mkv", tmp_path / "out.mkv")
    assert done.notes == ("further video track 1 (h264) was left out: only one is painted",)


def test_attachments_are_told(tmp_path: Path) -> None:
    film = write_flashes(tmp_path / "film.mp4", 5)
    with av.open(str(film)) as source, av.open(str(tmp_path / "a.mkv"), "w") as new:
        stream = new.add_stream_from_template(source.streams.video[0], opaque=True)
        new.add_attachment("a.ttf", "application/x-truetype-font", bytes(100))
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                new.mux(packet)
    done = fast(tmp_path / "a.mkv", tmp_path / "out.mkv")
    assert done.notes == ("attachment 1 was left out: attachments are not copied",)


def test_the_video_track_that_is_the_default_is_painted(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "two.mkv"), "w") as new:
        tracks: list[Any] = [new.add_stream("libx264", rate=25) for _ in range(2)]
        for stream, width in zip(tracks, (32, 64), strict=True):
            stream.width, stream.height, stream.pix_fmt = width, 48, "yuv420p"
        tracks[0].disposition, tracks[1].disposition = DISPOSITION(0), DISPOSITION.default
        for stream, width in zip(tracks, (32, 64), strict=True):
            picture = av.VideoFrame.from_ndarray(np.zeros((48, width, 3), np.uint8), format="rgb24")
            picture.pts, picture.time_base = 0, Fraction(1, 25)
            new.mux(stream.encode(picture))
            new.mux(stream.encode(None))
    done = fast(tmp_path / "two.mkv", tmp_path / "out.mkv")
    assert (done.width, done.notes) == (
        64,
        ("further video track 1 (h264) was left out: only one is painted",),
    )


def test_tracks_that_cannot_be_written_are_refused_before_painting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from impasto.clips import tracks

    monkeypatch.setitem(tracks.SOUND, ".webm", ("aac",))  # which it does not hold
    monkeypatch.setattr(tracks, "_can_hold", lambda *_: True)
    negative = Negative()
    with pytest.raises(InputError, match=r"its sound or subtitles cannot be written into \.webm"):
        fast(write_flashes(tmp_path / "in.mp4", 5), tmp_path / "out.webm", negative)
    assert negative.painted == 0


@pytest.mark.parametrize("audio", ["adpcm_ms", "pcm_mulaw"])
def test_sound_that_matroska_does_not_hold_is_encoded_without_loss(tmp_path: Path, audio: str) -> None:
    with av.open(str(tmp_path / "in.avi"), "w") as new:
        pictures: Any = new.add_stream("mpeg4", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound: Any = new.add_stream(audio, rate=8000, layout="mono")
        sound.codec_context.open()
        size = sound.codec_context.frame_size or 1024
        pieces = av.AudioResampler("s16", "mono", 8000, frame_size=size)
        for number in range(20):
            grey = np.full((48, 64, 3), 230 if number == 10 else 40, np.uint8)
            picture = av.VideoFrame.from_ndarray(grey, format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            new.mux(pictures.encode(picture))
            wave = (np.sin(np.arange(320) * 0.5) * (9000 if number == 10 else 0)).astype(np.int16)
            heard = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = 8000, number * 320, Fraction(1, 8000)
            for piece in pieces.resample(heard):
                new.mux(sound.encode(piece))
        for piece in [*pieces.resample(None), None]:
            new.mux(sound.encode(piece))
        new.mux(pictures.encode(None))
    done = fast(tmp_path / "in.avi", tmp_path / "out.mkv")
    assert done.notes == (f"the sound was encoded again as flac: .mkv does not support {audio}",)
    flashes, beeps = flashes_and_beeps(tmp_path / "out.mkv")
    assert beeps == pytest.approx(flashes, abs=0.03)


@pytest.mark.parametrize("name", ["out.webm", "out.mp4"])
def test_eight_channels_with_a_hole_and_a_beginning_of_their_own_stay_in_step(
    tmp_path: Path, name: str
) -> None:
    with av.open(str(tmp_path / "in.mkv"), "w") as new:
        pictures: Any = new.add_stream("libx264", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        # Planar, as AAC is, but of a kind that has to be encoded again.
        sound: Any = new.add_stream("aac" if name == "out.webm" else "wavpack", rate=48000, layout="7.1")
        sound.codec_context.open()
        size = sound.codec_context.frame_size or 1024
        pieces = av.AudioResampler(sound.codec_context.format, "7.1", 48000, frame_size=size)
        for number in range(20):
            grey = np.full((48, 64, 3), 230 if number == 15 else 40, np.uint8)
            picture = av.VideoFrame.from_ndarray(grey, format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            new.mux(pictures.encode(picture))
            if number < 3:
                continue
            wave = (np.sin(np.arange(1920) * 0.13) * (9000 if number == 15 else 0)).astype(np.int16)
            heard = av.AudioFrame.from_ndarray(wave.repeat(8)[None], format="s16", layout="7.1")
            heard.sample_rate, heard.pts, heard.time_base = 48000, number * 1920, Fraction(1, 48000)
            for piece in pieces.resample(heard):
                new.mux(sound.encode(piece))
        for piece in [*pieces.resample(None), None]:
            new.mux(sound.encode(piece))
        new.mux(pictures.encode(None))
    for start in (None, Fraction(1, 5)):
        fast(tmp_path / "in.mkv", tmp_path / name, start=start)
        with av.open(str(tmp_path / name)) as container:
            seen = [f.time for f in container.decode(video=0) if f.to_ndarray(format="gray").mean() < 128]
        with av.open(str(tmp_path / name)) as container:
            packed = av.AudioResampler("s16", "7.1", 48000)
            waves = [(f.time, packed.resample(f)[0].to_ndarray()[0, ::8]) for f in container.decode(audio=0)]
        loud = [
            time + np.flatnonzero(np.abs(wave) > 3000)[0] / 48000 for time, wave in waves if wave.max() > 3000
        ]
        assert loud[0] == pytest.approx(seen[0], abs=0.03)


def test_a_track_without_a_packet_is_left_out_and_told(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "in.ts"), "w") as new:
        pictures: Any = new.add_stream("libx264", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        new.add_stream("aac", rate=48000)
        for number in range(5):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 * number, np.uint8), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            new.mux(pictures.encode(picture))
        new.mux(pictures.encode(None))
    for name in ("out.mkv", "out.mp4", "out.webm"):
        done = fast(tmp_path / "in.ts", tmp_path / name)
        assert done.notes == ("sound track 1 (aac) was left out: it is empty",)


def test_labels_that_only_describe_how_a_file_was_written_are_no_loss(tmp_path: Path) -> None:
    options = {"video": "mpeg2video", "audio": "pcm_s16le"}
    source = write_flashes(tmp_path / "in.mxf", **options)  # type: ignore[arg-type]
    assert fast(source, tmp_path / "out.mov").notes == ()
    assert set(labels(tmp_path / "out.mov")[0]) <= {
        "major_brand",
        "minor_version",
        "compatible_brands",
        "encoder",
    }


@pytest.mark.parametrize(("language", "kept"), [("deu", True), ("zul", False)])
def test_the_language_of_the_pictures_is_carried_or_told(tmp_path: Path, language: str, kept: bool) -> None:
    def speaks(path: Path) -> Path:
        with av.open(str(path), "w") as container:
            stream: Any = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            stream.metadata["language"] = language
            for number in range(5):
                frame: Any = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 * number, np.uint8))
                frame.pts, frame.time_base = number, Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    done = fast(speaks(tmp_path / "in.mkv"), tmp_path / "out.mov")
    words = f"the language {language} of track 1 was left out: .mov does not support it"
    assert done.notes == (() if kept else (words,))


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts"])
@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm"])
def test_sound_before_the_first_picture_is_heard_before_it(tmp_path: Path, suffix: str, name: str) -> None:
    whole = write_flashes(tmp_path / "whole.mkv", flashes=(5, 16), options={"g": "10", "bf": "0"})
    source = tmp_path / f"late.{suffix}"
    with av.open(str(whole)) as old, av.open(str(source), "w") as new:
        streams: Any = [new.add_stream_from_template(stream) for stream in old.streams]
        for packet in old.demux():
            late = packet.stream.type == "audio" or float((packet.pts or 0) * packet.time_base) > 0.39
            if packet.size and late:
                packet.stream = streams[packet.stream_index]
                new.mux(packet)
    flashes, beeps = flashes_and_beeps(source)
    assert beeps[1] == pytest.approx(flashes[0], abs=0.03)
    assert beeps[1] - beeps[0] == pytest.approx(0.44, abs=0.03)
    assert video(source, "negative", tmp_path / name, painter=Negative()).frames == 15
    found, heard = flashes_and_beeps(tmp_path / name)
    assert heard == pytest.approx([found[0] - 0.44, found[0]], abs=0.03)
    part = FilmOptions(start=Fraction(1, 25))
    video(source, "negative", tmp_path / f"part-{name}", painter=Negative(), film=part)
    found, heard = flashes_and_beeps(tmp_path / f"part-{name}")
    assert heard == pytest.approx(found, abs=0.03)


def write_surround(path: Path, layout: str) -> Path:
    """A film with sound whose channels are 0.1, 0.2 and so on, as PCM."""
    with av.open(str(path), "w") as new:
        pictures: Any = new.add_stream("libx264", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound: Any = new.add_stream("pcm_s16le", rate=48000, layout=layout)
        levels = np.arange(1, sound.codec_context.layout.nb_channels + 1) * 3277
        for number in range(5):
            picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            new.mux(pictures.encode(picture))
            wave = np.tile(levels.astype(np.int16), 1920)[None]
            heard = av.AudioFrame.from_ndarray(wave, format="s16", layout=layout)
            heard.sample_rate, heard.pts, heard.time_base = 48000, number * 1920, Fraction(1, 48000)
            new.mux(sound.encode(heard))
        new.mux(pictures.encode(None))
    return path


def heard_in(path: Path) -> tuple[str, list[float]]:
    """The channel layout of a film's sound, and the level of each channel in its middle."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
        middle = frames[len(frames) // 2]
        form, layout = middle.format.name.removesuffix("p"), middle.layout
        packed = av.AudioResampler(form, layout, middle.sample_rate).resample(middle)[0].to_ndarray()
        values = packed.reshape(-1, layout.nb_channels)[packed.size // layout.nb_channels // 2]
    return layout.name, [round(float(v) / (32768 if form == "s16" else 1), 1) for v in values]


def test_sound_that_is_encoded_again_keeps_its_channels_and_their_layout(tmp_path: Path) -> None:
    for layout, levels in (("2.1", [0.1, 0.2, 0.3]), ("4.0", [0.1, 0.2, 0.3, 0.4])):
        source = write_surround(tmp_path / f"{layout}.mov", layout)
        done = fast(source, tmp_path / "out.mp4")
        assert done.notes == ("the sound was encoded again as aac: .mp4 does not support pcm_s16le",)
        assert heard_in(tmp_path / "out.mp4") == (layout, levels)


def test_a_channel_layout_that_changes_or_is_not_held_is_told(tmp_path: Path) -> None:
    source = write_surround(tmp_path / "in.mov", "2.1")
    done = fast(source, tmp_path / "out.mkv")
    assert done.notes == (
        "the channel layout 2.1 of track 2 was left out: .mkv does not support it for pcm_s16le",
    )
    done = fast(source, tmp_path / "out.webm")
    assert done.notes[1:] == ("the channel layout 2.1 of track 2 became 5.1, which opus supports",)
    with av.open(str(tmp_path / "out.webm")) as container:
        assert container.streams.audio[0].codec_context.layout.name == "5.1"


def test_a_still_picture_is_not_taken_for_the_film_even_as_the_default_track(tmp_path: Path) -> None:
    film = write_flashes(tmp_path / "film.mp4", 5)
    with av.open(str(film)) as source, av.open(str(tmp_path / "in.mkv"), "w") as new:
        still: Any = new.add_stream("mjpeg", rate=25)
        still.width, still.height, still.pix_fmt = 32, 32, "yuvj420p"
        moving = new.add_stream_from_template(source.streams.video[0], opaque=True)
        still.disposition, moving.disposition = DISPOSITION.default, DISPOSITION(0)
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        picture.pts, picture.time_base = 0, Fraction(1, 25)
        new.mux(still.encode(picture))
        new.mux(still.encode(None))
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = moving
                new.mux(packet)
    done = fast(tmp_path / "in.mkv", tmp_path / "out.mkv")
    assert (done.frames, done.width) == (5, 64)
    assert done.notes == ("further video track 1 (mjpeg) was left out: only one is painted",)


def test_data_beside_chapters_are_told(tmp_path: Path) -> None:
    film = write_flashes(tmp_path / "film.mp4", 5)
    with av.open(str(film)) as source, av.open(str(tmp_path / "in.mp4"), "w") as new:
        streams = [new.add_stream_from_template(stream, opaque=True) for stream in source.streams]
        data = new.add_data_stream("bin_data")
        new.set_chapters([chapter(0, 0, 100, "One")])
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
        place = av.Packet(bytes(16))
        place.stream, place.time_base = data, Fraction(1, 1000)
        place.pts, place.dts, place.duration = 20, 20, 100
        new.mux(place)
    done = fast(tmp_path / "in.mp4", tmp_path / "out.mp4")
    assert done.notes == ("data track 1 was left out: data tracks are not copied",)
