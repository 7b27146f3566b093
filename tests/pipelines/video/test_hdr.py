"""HDR films: converted and told, or kept as HDR10 and HLG where asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.clips import colour
from impasto.clips.clip import HIGH_RANGE
from impasto.clips.mastering_display import mastering_of
from impasto.errors import OptionError
from impasto.imaging import light as highlights
from impasto.pipelines.video.film import Film, video
from impasto.pipelines.video.options import FilmOptions
from impasto.types import Pixels
from tests.clips.clips import Negative, moving, write_clip

PQ, HLG = 16, 18


class Same(Negative):
    """A painter that paints the photograph."""

    def paint(self, pixels: Pixels) -> Pixels:
        return pixels


def light(number: int) -> NDArray[np.float32]:
    """Linear light of BT.2020: greys up to white, and a square of 800 nits that moves."""
    found = highlights.with_headroom(0.2 + 0.5 * moving(number).mean(2, keepdims=True).repeat(3, 2), None)
    found[8:24, 10 + 4 * number : 26 + 4 * number] = 800 / 203
    return found


def write_hdr(path: Path, transfer: int, frames: int = 5, more: str = "") -> Path:
    def tag(context: Any) -> None:
        context.color_range, context.colorspace = 1, 9
        context.color_primaries, context.color_trc = 9, transfer

    def convert(pixels: Pixels) -> Any:
        codes = colour.from_brightness(pixels, transfer)
        return colour.to_frame(codes, "yuv420p10le", tags=(9, 9, transfer))

    return write_clip(
        path,
        [light(n) for n in range(frames)],
        codec="libx265",
        pixel_format="yuv420p10le",
        options={"crf": "4", "x265-params": f"log-level=error{more}"},
        prepare=tag,
        convert=convert,
    )


def paint(source: Path, output: Path, **more: Any) -> Film:
    film = FilmOptions(**{"segment": 3, "keep": 0} | more.pop("film", {}))
    return video(source, "same", output, painter=Same(), film=film, **more)  # type: ignore[arg-type]


def decoded(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def brightness(frame: Any) -> NDArray[np.float32]:
    return colour.brightness(colour._to_rgb(frame), int(frame.color_trc))


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_light_comes_back_from_the_codes_of_hdr(transfer: int) -> None:
    levels = np.linspace(0, 900 / 203, 50, dtype=np.float32)[:, None, None].repeat(3, 2)
    assert np.allclose(
        colour.brightness(colour.from_brightness(levels, transfer), transfer), levels, atol=0.01
    )


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.webm", "out.mov"])
@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_hdr_stays_hdr_where_asked(tmp_path: Path, name: str, transfer: int) -> None:
    source = write_hdr(tmp_path / "in.mkv", transfer)
    done = paint(source, tmp_path / name, film={"hdr": True})
    assert done.notes == ()
    first = decoded(tmp_path / name)[0]
    assert (first.colorspace, first.color_primaries, first.color_trc) == (9, 9, transfer)
    assert colour.bits_of(first) == 10
    photos, paintings = decoded(source), decoded(tmp_path / name)
    assert len(paintings) == 5
    for number, (photo, painting) in enumerate(zip(photos, paintings, strict=True)):
        there, found = brightness(photo), brightness(painting)
        square = np.s_[12:20, 14 + 4 * number : 22 + 4 * number]
        assert found[square].mean() == pytest.approx(there[square].mean(), rel=0.06)
        assert np.abs(found - there).mean() < 0.06


GRADED = ":master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.webm", "out.mov"])
def test_the_mastering_display_is_carried_or_told(tmp_path: Path, name: str) -> None:
    source = write_hdr(tmp_path / "in.mkv", PQ, more=GRADED)
    done = paint(source, tmp_path / name, film={"hdr": True})
    there, found = (mastering_of(decoded(path)[0]) for path in (source, tmp_path / name))
    assert there is not None
    assert (there.high, there.low, there.red) == (1000, 0.005, (0.68, 0.32))
    if name == "out.mov":
        assert found is None
        assert done.notes == ("the mastering display of HDR10 was left out: .mov does not support it",)
        return
    assert done.notes == ()
    assert found is not None
    assert found.high == pytest.approx(there.high, rel=1e-3)
    assert found.low == pytest.approx(there.low, abs=1e-4)
    for one, other in ((found.red, there.red), (found.green, there.green), (found.white, there.white)):
        assert one == pytest.approx(other, abs=1e-4)


def test_seams_of_parts_are_as_bright(tmp_path: Path) -> None:
    source = write_hdr(tmp_path / "in.mkv", PQ, frames=9)
    whole = [brightness(frame) for frame in decoded(source)]
    from impasto.pipelines.video import film, plan

    parts = plan.split(9, [], longest=6, lead=1, fade=2)
    assert any(part.head for part in parts)

    def divide(found: plan.FilmPlan, *_: Any) -> plan.FilmPlan:
        ticks = tuple(40 * n for n in range(9))
        return plan.dataclasses.replace(found, parts=tuple(parts), ticks=ticks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(film, "divide", divide)
        paint(source, tmp_path / "out.mp4", film={"hdr": True}, longest=60)
    for photo, painting in zip(whole, decoded(tmp_path / "out.mp4"), strict=True):
        assert np.abs(brightness(painting) - photo).mean() < 0.06


def test_hdr_is_told_where_it_is_not_kept(tmp_path: Path) -> None:
    source = write_hdr(tmp_path / "in.mkv", HLG)
    assert paint(source, tmp_path / "out.mp4").notes == (HIGH_RANGE,)
    first = decoded(tmp_path / "out.mp4")[0]
    assert (first.colorspace, first.color_primaries, first.color_trc) == (1, 1, 1)


@pytest.mark.parametrize(
    ("name", "film", "words"),
    [
        ("out.gif", {}, "needs a 10-bit video"),
        ("out", {}, "needs a 10-bit video"),
        ("out.mkv", {"codec": "ffv1"}, "needs a 10-bit video"),
        ("out.webm", {"codec": "vp9"}, "needs a 10-bit video"),
    ],
)
def test_outputs_that_hold_no_hdr_are_refused(
    tmp_path: Path, name: str, film: dict[str, Any], words: str
) -> None:
    source = write_hdr(tmp_path / "in.mkv", PQ)
    with pytest.raises(OptionError, match=words):
        paint(source, tmp_path / name, film=film | {"hdr": True})


def test_hdr_of_an_ordinary_film_is_refused(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", [moving(n) for n in range(3)])
    with pytest.raises(OptionError, match=r"--hdr keeps HDR \(PQ, HLG, OpenEXR\); in.mp4 is SDR"):
        paint(source, tmp_path / "out.mp4", film={"hdr": True})
