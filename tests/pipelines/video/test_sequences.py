"""Sequences of pictures as studios have them: OpenEXR, 16 bits, numbers and timecode."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from impasto import imaging
from impasto.clips import Request, colour, open_clip
from impasto.clips.clip import HIGH_RANGE, TRANSPARENT
from impasto.clips.frame_files import write_frame
from impasto.clips.timecode import Timecode
from impasto.errors import InputError, PictureError
from impasto.imaging import dpx, exr
from impasto.imaging import light as highlights
from impasto.pipelines.video.film import Film, video
from impasto.pipelines.video.options import FilmOptions
from impasto.types import Picture, Pixels, Plane
from tests.clips.clips import Negative, moving, write_clip


def read_exr(path: Path) -> exr.ExrPicture:
    return exr.decode(path.read_bytes(), path)


class Same(Negative):
    """A painter that paints the photograph."""

    def paint(self, pixels: Pixels) -> Pixels:
        return pixels


def paint(source: Path, output: Path, **more: Any) -> Film:
    film = FilmOptions(**{"segment": 3, "keep": 0} | more.pop("film", {}))
    return video(source, "same", output, painter=Same(), film=film, **more)  # type: ignore[arg-type]


def light(number: int, width: int = 64, height: int = 48) -> NDArray[np.float32]:
    """Linear light with a square of eight times white."""
    found = highlights.with_headroom(0.2 + 0.5 * moving(number, width, height), None)
    found[10:20, 10 + 2 * number : 20 + 2 * number] = 8
    return found


def write_sequence(
    folder: Path, count: int = 5, *, alpha: Plane | None = None, timecode: str = "", first: int = 1001
) -> Path:
    folder.mkdir()
    start = Timecode.parse(timecode, Fraction(24))
    for number in range(count):
        word = None if start is None else (start.after(number).to_word(), Fraction(24))
        exr.write(folder / f"shot.{first + number}.exr", light(number), alpha, word)
    return folder


def words(path: Path) -> str:
    """The timecode of a picture."""
    word = exr.read_header(path).timecode
    return "" if word is None else str(Timecode.from_word(word, Fraction(24)))


def test_an_exr_has_its_light_alpha_and_timecode_and_others_can_read_it(tmp_path: Path) -> None:
    alpha = np.linspace(0.25, 1, 33, dtype=np.float32)[None].repeat(37, 0)
    there = light(0, 33, 37)
    exr.write(tmp_path / "a.exr", there, alpha, (0x01020304, Fraction(24000, 1001)))
    found = read_exr(tmp_path / "a.exr")
    assert (found.header.width, found.header.height, found.header.alpha) == (33, 37, True)
    assert found.header.timecode == 0x01020304
    assert np.allclose(found.light, there, rtol=2e-3, atol=1e-4)
    assert found.alpha is not None
    assert np.allclose(found.alpha, alpha, atol=1e-3)
    data = (tmp_path / "a.exr").read_bytes()
    assert b"framesPerSecond\0rational\0" + struct.pack("<iiI", 8, 24000, 1001) in data
    with av.open(str(tmp_path / "a.exr")) as container:  # by its own demuxer
        frame: Any = next(container.decode(video=0))
        assert (frame.width, frame.height) == (33, 37)


def test_an_opaque_grey_and_a_float_exr_are_read(tmp_path: Path) -> None:
    for name, kind in (("gbrpf32le", "float"), ("grayf32le", "float"), ("grayf32le", "half")):
        encoder: Any = av.CodecContext.create("exr", "w")
        encoder.width, encoder.height, encoder.pix_fmt = 40, 30, name
        encoder.time_base, encoder.options = Fraction(1, 25), {"format": kind, "compression": "rle"}
        frame: Any = av.VideoFrame(40, 30, name)
        for plane in frame.planes:
            np.frombuffer(plane, np.float32)[:] = 0.25
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        data = b"".join(bytes(p) for p in [*encoder.encode(frame), *encoder.encode(None)])
        (tmp_path / "a.exr").write_bytes(data)
        found = read_exr(tmp_path / "a.exr")
        assert found.light.shape == (30, 40, 3)
        assert np.allclose(found.light, 0.25)
        assert found.alpha is None


@pytest.mark.parametrize("keep", [0, 3, 100, 600, -1])
def test_a_damaged_exr_is_refused_in_one_line(tmp_path: Path, keep: int) -> None:
    exr.write(tmp_path / "a.exr", light(0), None, None)
    (tmp_path / "a.exr").write_bytes((tmp_path / "a.exr").read_bytes()[:keep])
    with pytest.raises(PictureError, match=r"a\.exr"):
        read_exr(tmp_path / "a.exr")


def test_primaries_that_an_exr_states_become_those_of_bt709() -> None:
    wide = (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290)
    grey = np.full((1, 1, 3), 0.5, np.float32)
    assert np.allclose(highlights.to_bt709(grey, wide), 0.5, atol=1e-4)
    # ACES 2065-1, whose blue no light has; its published matrix adapts white by Bradford's.
    aces = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)
    assert np.allclose(highlights.to_bt709(grey, aces), 0.5, atol=1e-4)
    published = [[2.522, -1.134, -0.388], [-0.276, 1.373, -0.096], [-0.015, -0.153, 1.168]]
    found = highlights.to_bt709(np.eye(3, dtype=np.float32)[None], aces)[0]
    assert np.abs(found - np.maximum(np.array(published).T, 0)).max() < 0.1
    red = np.array([[[1, 0, 0]]], np.float32)
    assert np.allclose(highlights.to_bt709(red, wide)[0, 0], [1.6605, 0, 0], atol=1e-3)


def test_exr_goes_through_with_numbers_highlights_alpha_and_timecode(tmp_path: Path) -> None:
    alpha = np.ones((48, 64), np.float32)
    alpha[:, :8], alpha[:, 8:16] = 0, 0.5
    source = write_sequence(tmp_path / "in", alpha=alpha, timecode="10:00:00:20")
    done = paint(source, tmp_path / "out.%04d.exr", film={"rate": Fraction(24)})
    assert done.notes == ()
    found = sorted(tmp_path.glob("out.*.exr"))
    assert [p.name for p in found] == [f"out.{n}.exr" for n in range(1001, 1006)]
    assert [words(p) for p in found] == [
        "10:00:00:20",
        "10:00:00:21",
        "10:00:00:22",
        "10:00:00:23",
        "10:00:01:00",
    ]
    for number, path in enumerate(found):
        picture = read_exr(path)
        assert picture.alpha is not None
        assert np.abs(picture.alpha - alpha).max() < 2e-3
        seen = alpha > 0
        assert np.allclose(picture.light[seen], light(number)[seen], rtol=0.03, atol=4e-3)


def test_exr_becomes_an_ordinary_film_with_a_note_or_hdr_where_asked(tmp_path: Path) -> None:
    source = write_sequence(tmp_path / "in", timecode="10:00:00:20")
    rate = {"rate": Fraction(24)}
    assert paint(source, tmp_path / "sdr.mov", film=rate).notes == (HIGH_RANGE,)
    assert paint(source, tmp_path / "hdr.mov", film=rate | {"hdr": True}).notes == ()
    for name, transfer in (("sdr.mov", 1), ("hdr.mov", 16)):
        with av.open(str(tmp_path / name)) as container:
            assert container.streams.video[0].metadata["timecode"] == "10:00:00:20"
            frame: Any = next(container.decode(video=0))
            assert frame.color_trc == transfer
            if transfer == 16:
                shown = colour.brightness(colour._to_rgb(frame), 16)
                assert shown[13:17, 13:17].mean() == pytest.approx(8, rel=0.05)


@pytest.mark.parametrize("name", ["a.mov", "a.mp4", "a.mkv", "a.webm"])
@pytest.mark.parametrize("source", ["in.mov", "in.mkv"])
def test_timecode_of_a_film_is_that_of_its_first_frame(tmp_path: Path, source: str, name: str) -> None:
    path = tmp_path / source
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=Fraction(24))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.metadata["timecode"] = "00:59:59:00"
        for number in range(30):
            frame: Any = av.VideoFrame.from_ndarray((moving(number) * 255).astype(np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    done = paint(path, tmp_path / name, film={"start": Fraction(25, 24)})
    assert done.notes == ()
    found = open_clip(tmp_path / name).info.timecode
    assert str(found) == "01:00:00:01"


def test_timecode_that_is_left_out_is_told(tmp_path: Path) -> None:
    source = write_sequence(tmp_path / "in", timecode="10:00:00:20")
    words = "the timecode 10:00:00:20 was left out: "
    rate = {"rate": Fraction(24)}
    assert (
        words + "frames have it in OpenEXR and DPX only" in paint(source, tmp_path / "out", film=rate).notes
    )
    assert words + "a GIF has none" in paint(source, tmp_path / "out.gif", film=rate).notes


@pytest.mark.parametrize(("suffix", "out"), [(".png", "out"), (".tif", "f%04d.tif"), (".png", "f%04d.png")])
def test_sequences_of_16_bits_stay_so(tmp_path: Path, suffix: str, out: str) -> None:
    (tmp_path / "in").mkdir()
    ramp = np.linspace(0.25, 0.26, 64 * 48, dtype=np.float32).reshape(48, 64, 1).repeat(3, 2)
    for number in range(3):
        imaging.write(Picture(ramp, bits=16), tmp_path / "in" / f"{number:04d}{suffix}")
    assert paint(tmp_path / "in", tmp_path / "results" / out).notes == ()
    for path in sorted((tmp_path / "results").rglob(f"*{suffix}")):
        found = imaging.read(path)
        assert found.bits == 16
        assert np.abs(found.pixels - ramp).max() < 1.1 / 65535


def test_pictures_deeper_than_the_first_are_told(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number, bits in enumerate((8, 8, 16, 16)):
        write_frame(source / f"{number}.png", moving(number), bits=bits)
    clip = open_clip(source)
    assert len(list(clip.frames())) == 4
    assert clip.notes == [
        "some pictures have more than the first one's 8 bits, which is the film's depth unless --bits says "
        "otherwise"
    ]
    (source / "0.png").unlink()
    (source / "1.png").unlink()
    clip = open_clip(source)
    assert (clip.info.bits, len(list(clip.frames())), clip.notes) == (16, 2, [])


@pytest.mark.parametrize("bits", [10, 16])
def test_dpx_that_are_painted_keep_their_codes_numbers_and_timecode(tmp_path: Path, bits: int) -> None:
    (tmp_path / "in").mkdir()
    first = Timecode.parse("01:00:00:22", Fraction(24))
    assert first is not None
    codes = np.random.default_rng(3).integers(0, 1 << bits, (3, 48, 64, 3))
    for number, picture in enumerate(codes):
        path, pixels = tmp_path / "in" / f"a.{1001 + number}.dpx", np.float32(picture) / ((1 << bits) - 1)
        write_frame(path, pixels, bits=bits, timecode=first.after(number), rate=Fraction(24))
    done = paint(tmp_path / "in" / "a.%04d.dpx", tmp_path / "b.%04d.dpx", film={"rate": Fraction(24)})
    assert done.notes == ()
    for number, picture in enumerate(codes):
        path = tmp_path / f"b.{1001 + number}.dpx"
        assert np.array_equal(np.rint(imaging.read(path).pixels * ((1 << bits) - 1)), picture)
        found = dpx.read_header(path)
        assert (found.bits, found.timecode) == (bits, first.after(number).to_word())
    film = video(tmp_path / "b.%04d.dpx", "same", tmp_path / "b.mov", painter=Same())  # type: ignore[arg-type]
    assert film.notes == ()
    assert str(open_clip(tmp_path / "b.mov").info.timecode) == "01:00:00:22"


def test_a_film_becomes_exr_and_the_exr_a_film(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", [moving(n) for n in range(4)])
    paint(clip, tmp_path / "f.%03d.exr")
    assert [p.name for p in sorted(tmp_path.glob("f.*"))] == [f"f.{n:03d}.exr" for n in range(4)]
    first = next(iter(open_clip(clip).frames())).pixels
    found = next(iter(open_clip(tmp_path / "f.%03d.exr").frames())).pixels
    below = first < 0.8  # what is brighter is rolled off
    assert np.abs(found - first)[below].max() < 0.02


def test_a_damaged_exr_of_a_sequence_is_replaced_or_refused(tmp_path: Path) -> None:
    source = write_sequence(tmp_path / "in")
    (source / "shot.1003.exr").write_bytes(b"v/1\x01 no picture")
    clip = open_clip(source)
    assert [f.concealed for f in clip.frames()] == [False, False, True, False, False]
    assert "frame 2 is damaged and was replaced" in clip.notes[-1]
    with pytest.raises(InputError, match="frame 2 is damaged"):
        list(open_clip(source, Request(damage="refuse")).frames())


def test_alpha_of_exr_is_told_where_it_is_left_out(tmp_path: Path) -> None:
    alpha = np.full((48, 64), 0.5, np.float32)
    source = write_sequence(tmp_path / "in", alpha=alpha)
    assert set(paint(source, tmp_path / "out.mp4").notes) == {TRANSPARENT, HIGH_RANGE}


@pytest.mark.slow
def test_workers_paint_exr_without_a_word_about_its_format(tmp_path: Path) -> None:
    source = write_sequence(tmp_path / "in", 8)
    for number in range(4, 8):  # another shot
        exr.write(source / f"shot.{1001 + number}.exr", 8 - light(number)[::-1], None, None)
    done = video(source, "starry-night", tmp_path / "o.%04d.exr", workers=2)
    assert (done.frames, done.cuts, done.notes) == (8, (4,), ())
    assert len(list(tmp_path.glob("o.*.exr"))) == 8
    assert not (tmp_path / ".impasto").exists()
