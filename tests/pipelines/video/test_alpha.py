"""Films with an alpha: painted underneath, and as transparent as they were wherever the output can be."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from impasto import imaging
from impasto.clips import Request, open_clip
from impasto.clips.clip import TRANSPARENT
from impasto.pipelines.video.film import Film, video
from impasto.pipelines.video.options import FilmOptions
from impasto.types import Picture, Plane
from tests.clips.clips import Negative, moving, write_clip

FRAMES = 6


def matte(number: int, width: int = 64, height: int = 48) -> Plane:
    """Opaque from a column on that moves to the right, with a soft edge in the lower half."""
    columns, rows = np.arange(width)[None], np.arange(height)[:, None]
    hard = (columns >= 16 + 2 * number).astype(np.float32) + np.zeros((height, 1), np.float32)
    soft = np.clip((columns - 8 - 2 * number) / 16, 0, 1) + np.zeros((height, 1))
    return np.where(rows < height // 2, hard, soft).astype(np.float32)


def of_codes(name: str) -> Any:
    """Frames of a format with an alpha, black where nothing is seen."""
    number = -1

    def convert(pixels: Any) -> Any:
        nonlocal number
        number += 1
        alpha = matte(number, pixels.shape[1], pixels.shape[0])
        codes = np.concatenate([pixels * (alpha > 0)[..., None], alpha[..., None]], axis=2)
        frame = av.VideoFrame.from_ndarray(np.rint(codes * 255).astype(np.uint8), format="rgba")
        return frame.reformat(format=name, dst_colorspace=1)

    return convert


def write_input(folder: Path, kind: str) -> Path:
    frames = [0.2 + 0.6 * moving(n) for n in range(FRAMES)]
    if kind == "pictures":
        (folder / "in").mkdir()
        for number, pixels in enumerate(frames):
            name = folder / "in" / f"shot_{1001 + number}.png"
            imaging.write(Picture(pixels, alpha=matte(number) if number else None), name)
        return folder / "in"
    if kind in (".gif", ".png", ".webp"):
        from PIL import Image

        images = []
        for number, pixels in enumerate(frames):
            alpha = matte(number) if kind != ".gif" else (matte(number) > 0.5).astype(np.float32)
            codes = np.concatenate([pixels, alpha[..., None]], axis=2)
            images.append(Image.fromarray(np.rint(codes * 255).astype(np.uint8)))
        more = {"lossless": True} if kind == ".webp" else {}
        path = folder / f"in{kind}"
        images[0].save(path, save_all=True, append_images=images[1:], duration=40, loop=0, disposal=2, **more)
        return path
    codec, name, options = {
        ".mov": ("prores_ks", "yuva444p10le", {"profile": "4"}),
        ".webm": ("libvpx-vp9", "yuva420p", {"auto-alt-ref": "0", "crf": "5", "b": "0"}),
        ".mkv": ("ffv1", "bgra", {}),
    }[kind]

    def tagged(context: Any) -> None:
        context.colorspace = context.color_primaries = context.color_trc = 1

    path = folder / f"in{kind}"
    return write_clip(
        path, frames, codec=codec, pixel_format=name, options=options, convert=of_codes(name), prepare=tagged
    )


def paint(source: Path, output: Path, **more: Any) -> Film:
    film = FilmOptions(**{"segment": 4, "keep": 0} | more.pop("film", {}))
    return video(source, "negative", output, painter=Negative(), film=film, **more)  # type: ignore[arg-type]


def alphas(path: Path) -> list[Plane | None]:
    return [frame.alpha for frame in open_clip(path, Request(even=False, alpha=True)).frames()]


@pytest.mark.parametrize("kind", [".gif", ".png", ".webp", ".mov", ".webm", ".mkv", "pictures"])
def test_alpha_of_every_kind_of_clip_is_read_and_carried(tmp_path: Path, kind: str) -> None:
    source = write_input(tmp_path, kind)
    done = paint(source, tmp_path / "out.mov")
    assert (done.frames, done.notes) == (FRAMES, ())
    wanted = [matte(n) for n in range(FRAMES)]
    if kind == ".gif":
        wanted = [(plane > 0.5).astype(np.float32) for plane in wanted]
    if kind == "pictures":
        wanted[0] = np.ones((48, 64), np.float32)
    tolerance = 0.1 if kind == ".webm" else 0.01
    for found, plane in zip(alphas(tmp_path / "out.mov"), wanted, strict=True):
        assert np.abs((1 if found is None else found) - plane).mean() < tolerance / 2
    with av.open(str(tmp_path / "out.mov")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.codec_tag == "ap4h"
        # The negative of colours, not of the black that is under what nobody sees.
        first: Any = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert first[:, :8].max() < 240


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("out.webm", {}),
        ("out.gif", {}),
        ("out", {}),
        ("f%04d.webp", {}),
        ("f%04d.tif", {}),
        ("out.mkv", {"codec": "ffv1"}),
        ("out.mkv", {"codec": "ffv1", "bits": 10}),
        ("out.mkv", {"codec": "vp9"}),
        ("out.mov", {"size": (48, 36)}),
    ],
)
def test_alpha_is_in_every_output_that_can_hold_it(tmp_path: Path, name: str, more: dict[str, Any]) -> None:
    source = write_input(tmp_path, ".mov")
    output = tmp_path / "results" / name
    output.parent.mkdir()
    done = paint(source, output, film=more)
    assert TRANSPARENT not in done.notes
    found = alphas(output if "%" not in name else output.parent)
    assert len(found) == FRAMES
    for number, plane in enumerate(found):
        assert plane is not None
        wanted = imaging.resize(matte(number), plane.shape[1], plane.shape[0])
        wanted = (wanted > 0.5).astype(np.float32) if name.endswith("gif") else wanted
        assert np.abs(plane - wanted).mean() < 0.03


@pytest.mark.parametrize(
    ("name", "film"), [("out.mp4", {}), ("f%04d.jpg", {}), ("out.mkv", {}), ("out.webm", {"bits": 10})]
)
def test_that_an_output_has_no_alpha_is_told(tmp_path: Path, name: str, film: dict[str, Any]) -> None:
    source = write_input(tmp_path, ".mov")
    (tmp_path / "results").mkdir()
    assert paint(source, tmp_path / "results" / name, film=film).notes == (TRANSPARENT,)


@pytest.mark.parametrize("name", ["out.mov", "out"])
def test_alpha_is_whole_where_parts_of_a_shot_fade_into_each_other(tmp_path: Path, name: str) -> None:
    frames = [0.2 + 0.6 * moving(n) for n in range(60)]
    source = write_clip(
        tmp_path / "in.mkv", frames, codec="ffv1", pixel_format="bgra", options={}, convert=of_codes("bgra")
    )
    paint(source, tmp_path / name, longest=40)
    for number, plane in enumerate(alphas(tmp_path / name)):
        assert np.abs((1 if plane is None else plane) - matte(number)).mean() < 0.01, number


def test_an_opaque_gif_is_an_ordinary_film(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", [moving(n) for n in range(4)])
    paint(clip, tmp_path / "a.gif")
    assert not open_clip(tmp_path / "a.gif", Request(alpha=True)).info.alpha
    paint(tmp_path / "a.gif", tmp_path / "b.mov")
    with av.open(str(tmp_path / "b.mov")) as container:
        assert container.streams.video[0].codec_context.codec_tag == "apch"


def test_alpha_is_turned_upright_with_its_frame(tmp_path: Path) -> None:
    path = write_clip(
        tmp_path / "in.mov",
        [0.2 + 0.6 * moving(0)] * 2,
        codec="prores_ks",
        pixel_format="yuva444p10le",
        options={"profile": "4"},
        convert=of_codes("yuva444p10le"),
        rotation=90,
    )
    (frame, _) = open_clip(path, Request(alpha=True)).frames()
    assert frame.alpha is not None
    assert frame.alpha.shape == frame.pixels.shape[:2] == (64, 48)
    assert {float(frame.alpha[0].mean().round()), float(frame.alpha[-1].mean().round())} == {0.0, 1.0}


def test_times_of_transparent_frames_are_kept(tmp_path: Path) -> None:
    frames = [0.2 + 0.6 * moving(n) for n in range(5)]
    source = write_clip(
        tmp_path / "in.webm",
        frames,
        ticks=[0, 4, 5, 20, 31],
        codec="libvpx-vp9",
        pixel_format="yuva420p",
        options={"auto-alt-ref": "0"},
        convert=of_codes("yuva420p"),
    )
    paint(source, tmp_path / "out.webm")
    clip = open_clip(tmp_path / "out.webm", Request(alpha=True))
    assert [f.ticks * clip.info.time_base for f in clip.frames()] == [
        Fraction(t, 100) for t in (0, 4, 5, 20, 31)
    ]
    assert clip.info.alpha


def test_films_from_keyframes_are_as_transparent(tmp_path: Path) -> None:
    source = write_input(tmp_path, ".mov")
    painted = np.ascontiguousarray(0.8 - 0.6 * moving(0))
    done = video(source, None, tmp_path / "out.mov", keyframes={0: painted})
    assert (done.engine, done.notes) == ("keyframes", ())
    for number, plane in enumerate(alphas(tmp_path / "out.mov")):
        assert plane is not None
        assert np.abs(plane - matte(number)).mean() < 0.005
