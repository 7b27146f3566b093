"""Films from keyframes: what is accepted, what is refused before painting, and what a kill leaves."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from impasto import imaging
from impasto.cli import app
from impasto.clips import Request, open_clip
from impasto.clips.carried import Carrier
from impasto.errors import InputError, OptionError
from impasto.pipelines.video.film import Film, video
from impasto.pipelines.video.folder import FilmFolder
from impasto.pipelines.video.keyframes import parse_moment, shown_time
from impasto.pipelines.video.options import FilmOptions
from impasto.types import Picture, Pixels
from tests.clips.clips import moving, sound_packets, write_clip

LOSSLESS = FilmOptions(codec="ffv1", segment=3)


def shot() -> list[Pixels]:
    return [moving(n) for n in range(9)]


def other_shot() -> list[Pixels]:
    return [np.ascontiguousarray(1 - moving(n)[::-1]) for n in range(5)]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A shot of nine frames, and sound."""
    return write_clip(tmp_path / "clip.mp4", shot(), sound=True)


@pytest.fixture
def two_shots(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "two.mp4", [*shot(), *other_shot()])


def painting(frame: Pixels) -> Pixels:
    return np.ascontiguousarray(1 - frame)


def pictures(path: Path) -> list[Pixels]:
    return [frame.pixels for frame in open_clip(path, Request(even=False)).frames()]


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def from_keyframes(source: Path, output: Path, keyframes: Any, **more: Any) -> Film:
    return video(source, None, output, keyframes=keyframes, **{"film": LOSSLESS} | more)


def same(first: Path, second: Path) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(pictures(first), pictures(second), strict=True))


def test_one_painting_gives_the_film(clip: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mkv"
    done = from_keyframes(clip, output, {0: painting(shot()[0])})
    assert (done.engine, done.device, done.frames, done.cuts, done.cancelled) == (
        "keyframes",
        "",
        9,
        (),
        False,
    )
    found = pictures(output)
    error = [np.abs(a - painting(b))[:, :-20].mean() for a, b in zip(found, shot(), strict=True)]
    assert error[0] < 0.02
    assert max(error) < 0.05  # what is not new at the right moves along
    assert sound_packets(output) == sound_packets(clip)
    assert not FilmFolder.of(output).path.exists()


def test_frames_before_the_keyframe_are_painted_too(clip: Path, tmp_path: Path) -> None:
    done = from_keyframes(clip, tmp_path / "out.mkv", {6: painting(shot()[6])})
    assert done.frames == 9
    found = pictures(tmp_path / "out.mkv")
    error = [np.abs(a - painting(b))[:, 20:].mean() for a, b in zip(found, shot(), strict=True)]
    assert max(error) < 0.05


def test_between_two_keyframes_one_becomes_the_other(clip: Path, tmp_path: Path) -> None:
    red, blue = ([1.0, 0.2, 0.2], [0.2, 0.2, 1.0])
    first, last = ((shot()[n] * colour).astype(np.float32) for n, colour in ((0, red), (8, blue)))
    from_keyframes(clip, tmp_path / "out.mkv", {0: first, 8: last})
    redness = [float((frame[..., 0] - frame[..., 2]).mean()) for frame in pictures(tmp_path / "out.mkv")]
    assert redness[0] > 0.1
    assert redness[-1] < -0.1
    assert redness == sorted(redness, reverse=True)


def test_every_shot_has_its_keyframe_and_no_paint_crosses_the_cut(two_shots: Path, tmp_path: Path) -> None:
    red, green = np.zeros((48, 64, 3), np.float32), np.zeros((48, 64, 3), np.float32)
    red[..., 0] = green[..., 1] = 1
    done = from_keyframes(two_shots, tmp_path / "out.mkv", {0: red, 11: green})
    assert done.cuts == (9,)
    found = np.array([frame.mean((0, 1)) for frame in pictures(tmp_path / "out.mkv")])
    assert found[:9, 0].min() > 0.9 > 0.1 > found[:9, 1].max()
    assert found[9:, 1].min() > 0.9 > 0.1 > found[9:, 0].max()


def test_a_shot_without_a_keyframe_is_named_before_painting(two_shots: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        from_keyframes(two_shots, tmp_path / "out.mkv", {0: painting(shot()[0])})
    assert str(raised.value) == (
        "expected a keyframe in every shot; there is none in the shot from 0:00.36 to 0:00.52 (frames 9 to "
        "13). Paint any of its frames, such as 9, and add it"
    )
    assert not (tmp_path / "out.mkv").exists()
    assert not (tmp_path / ".impasto").exists()


def test_the_same_film_by_several_workers(clip: Path, tmp_path: Path) -> None:
    keyframes = {0: painting(shot()[0]), 4: painting(shot()[4])}
    from_keyframes(clip, tmp_path / "one.mkv", keyframes)
    assert from_keyframes(clip, tmp_path / "two.mkv", keyframes, workers=2).frames == 9
    assert same(tmp_path / "one.mkv", tmp_path / "two.mkv")


def test_a_film_that_was_cut_short_goes_on_to_the_same_frames(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyframes = {1: painting(shot()[1]), 7: painting(shot()[7])}
    whole = tmp_path / "whole.mkv"
    monkeypatch.setattr("impasto.pipelines.video.keyframe_parts._CHUNK", 2)
    carry, seen, last = Carrier.carry, 0, 0

    class Killed(BaseException):
        pass

    def fail(self: Any, photo: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == last:
            raise Killed
        return carry(self, photo)

    monkeypatch.setattr(Carrier, "carry", fail)
    from_keyframes(clip, whole, keyframes)
    assert seen == 12
    for last in (1, 4, 7, 9, 11):
        seen, output = 0, tmp_path / f"{last}.mkv"
        with pytest.raises(Killed):
            from_keyframes(clip, output, keyframes)
        assert from_keyframes(clip, output, keyframes).frames == 9
        assert same(whole, output), last


def test_cancelling_on_the_way_back_stops_and_goes_on_later(clip: Path, tmp_path: Path) -> None:
    keyframes = {8: painting(shot()[8])}
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 14

    done = from_keyframes(clip, tmp_path / "out.mkv", keyframes, cancel=stop)
    assert done.cancelled
    assert not (tmp_path / "out.mkv").exists()
    assert from_keyframes(clip, tmp_path / "out.mkv", keyframes).frames == 9


def test_another_painting_starts_the_film_over(clip: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mkv"
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 15

    assert from_keyframes(clip, output, {0: painting(shot()[0])}, cancel=stop).cancelled
    done = from_keyframes(clip, output, {0: shot()[0]})
    assert done.resumed == 0
    assert [note for note in done.notes if note.startswith("started over: its keyframes was")]


def test_progress_grows_and_ends_with_all_frames(clip: Path, tmp_path: Path) -> None:
    events: list[Any] = []
    from_keyframes(clip, tmp_path / "out.mkv", {0: shot()[0], 6: shot()[6]}, on_progress=events.append)
    steps = [event.step for event in events]
    assert steps == sorted(steps)
    assert (events[-1].step, events[-1].steps, events[-1].done) == (9, 9, 1.0)
    assert steps[0] <= 1


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0", 0),
        ("120", 120),
        ("00:04.2", Fraction(21, 5)),
        ("4.2", Fraction(21, 5)),
        ("1:00:01", Fraction(3601)),
    ],
)
def test_moments_are_frames_or_times(text: str, moment: int | Fraction) -> None:
    assert parse_moment(text) == moment
    assert isinstance(parse_moment(text), type(moment))


def test_times_are_shown_as_they_are_typed() -> None:
    assert [shown_time(Fraction(n)) for n in ("0", "4.2", "64.125", "0.04")] == [
        "0:00",
        "0:04.2",
        "1:04.125",
        "0:00.04",
    ]


def test_a_time_means_the_frame_nearest_to_it(clip: Path, tmp_path: Path) -> None:
    for output, when in (("a.mkv", 4), ("b.mkv", "0:00.16"), ("c.mkv", "0.17"), ("d.mkv", Fraction(3, 20))):
        from_keyframes(clip, tmp_path / output, {when: painting(shot()[4])})
    assert all(same(tmp_path / "a.mkv", tmp_path / f"{name}.mkv") for name in "bcd")


def test_times_count_from_the_clip_s_beginning_and_frames_from_the_film_s(clip: Path, tmp_path: Path) -> None:
    film = LOSSLESS.replace(start=Fraction("0.08"))
    for output, when in (("a.mkv", 2), ("b.mkv", "0:00.16")):
        done = from_keyframes(clip, tmp_path / output, {when: painting(shot()[4])}, film=film)
        assert done.frames == 7
    assert same(tmp_path / "a.mkv", tmp_path / "b.mkv")


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (9, "expected a keyframe from frame 0 to 8; got frame 9"),
        ("0:05", "expected a keyframe from 0:00 to 0:00.32; got 0:05"),
    ],
)
def test_a_keyframe_beyond_the_clip_is_refused(clip: Path, tmp_path: Path, moment: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        from_keyframes(clip, tmp_path / "out.mkv", {moment: shot()[0]})


@pytest.mark.parametrize("moment", ["soon", "", "1:2:3:4", -1, 1.5, True, None])
def test_what_is_no_moment_is_refused(clip: Path, tmp_path: Path, moment: Any) -> None:
    with pytest.raises(OptionError, match=r"expected a frame.*for a keyframe; got"):
        from_keyframes(clip, tmp_path / "out.mkv", {moment: shot()[0]})


def test_two_keyframes_of_one_frame_are_refused(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="expected one keyframe for frame 4; got the picture of keyframe 4 and"
    ):
        from_keyframes(clip, tmp_path / "out.mkv", [(4, shot()[4]), ("0:00.16", shot()[4])])


def test_a_painting_has_its_own_size_but_the_film_s_shape(clip: Path, tmp_path: Path) -> None:
    large = cv2.resize(painting(shot()[0]), (192, 144), interpolation=cv2.INTER_LANCZOS4).clip(0, 1)
    assert from_keyframes(clip, tmp_path / "out.mkv", {0: large}).notes == ()
    wide = tmp_path / "wide.png"
    imaging.write(Picture(cv2.resize(painting(shot()[0]), (66, 48))), wide)
    assert from_keyframes(clip, tmp_path / "out.mkv", {0: wide}).notes == (
        f"{wide} (66 x 48) was stretched to the film's 64 x 48",
    )
    with pytest.raises(InputError, match="expected a painting of the film's shape, 64 x 48; it is 48 x 64"):
        from_keyframes(clip, tmp_path / "out.mkv", {0: np.ascontiguousarray(shot()[0].transpose(1, 0, 2))})


def test_a_photographed_painting_is_turned_upright(clip: Path, tmp_path: Path) -> None:
    """A camera held on its side stores the picture turned, and says so."""
    from PIL import Image

    upright = np.rint(painting(shot()[0]) * 255).astype(np.uint8)
    turned = Image.fromarray(np.ascontiguousarray(np.rot90(upright)))
    exif = turned.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    turned.save(tmp_path / "turned.png", exif=exif)
    from_keyframes(clip, tmp_path / "a.mkv", {0: tmp_path / "turned.png"})
    from_keyframes(clip, tmp_path / "b.mkv", {0: upright})
    assert same(tmp_path / "a.mkv", tmp_path / "b.mkv")


def test_where_a_painting_is_transparent_the_clip_is_seen(clip: Path, tmp_path: Path) -> None:
    layer = np.dstack([painting(shot()[0]), np.zeros((48, 64), np.float32)])
    layer[:, :32, 3] = 1
    from_keyframes(clip, tmp_path / "out.mkv", {0: layer})
    first, source = pictures(tmp_path / "out.mkv")[0], pictures(clip)[0]
    assert np.abs(first[:, 34:] - source[:, 34:]).max() < 0.03
    assert np.abs(first[:, :30] - painting(shot()[0])[:, :30]).max() < 0.03


def test_frames_do_not_go_where_a_painting_is(clip: Path, tmp_path: Path) -> None:
    key = tmp_path / "frames" / "000000.png"
    key.parent.mkdir()
    imaging.write(Picture(shot()[0]), key)
    with pytest.raises(InputError, match="has the keyframe"):
        from_keyframes(clip, tmp_path / "frames", {0: key}, film=FilmOptions())


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"keyframes": {}}, "expected at least one keyframe; got none"),
        ({"keyframes": None}, "expected at least one style, or keyframes; got none"),
        ({"styles": "starry-night"}, "style starry-night and keyframes both say how to paint"),
        ({"preset": "gatys2016"}, "painting options do not work with keyframes"),
        ({"strength": 0.5}, "strength does not work with keyframes"),
        ({"longest": 100}, "painting options do not work with keyframes"),
    ],
)
def test_what_has_no_meaning_with_keyframes_is_refused(
    clip: Path, tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    given = {"styles": None, "keyframes": {0: shot()[0]}} | more
    with pytest.raises((InputError, OptionError), match=said):
        video(clip, given.pop("styles"), tmp_path / "out.mkv", **given)


def test_the_command_paints_from_keyframes(clip: Path, tmp_path: Path) -> None:
    key = tmp_path / "first=1.png"
    imaging.write(Picture(painting(shot()[0])), key)
    found = run("video", clip, "--keyframe", f"0={key}", "--codec", "ffv1", "-o", tmp_path / "a.mkv")
    assert found.exit_code == 0, found.output
    assert "9 frames, keyframes" in found.output
    from_keyframes(clip, tmp_path / "b.mkv", {0: key})
    assert same(tmp_path / "a.mkv", tmp_path / "b.mkv")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--keyframe", "first.png"],
            "expected --keyframe WHEN=PICTURE, such as 0=painted.png; got 'first.png'",
        ),
        (["--keyframe", "0=a.png", "--style", "starry-night"], "--style does not work with --keyframe"),
        (["--keyframe", "0=a.png", "--optimize"], "--optimize does not work with --keyframe"),
        (["--keyframe", "0=a.png", "--keep", "0.5"], "--keep does not work with --keyframe"),
        (["--keyframe", "0=a.png", "--iterations", "5"], "--iterations does not work with --keyframe"),
        ([], "missing option: --style STYLE, or --keyframe WHEN=PICTURE"),
    ],
)
def test_the_command_refuses_what_does_not_go_with_keyframes(
    clip: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    found = run("video", clip, *options, "-o", tmp_path / "out.mkv")
    assert found.exit_code == 2
    assert said in " ".join(found.output.split())


def test_a_flash_needs_no_keyframe_and_paint_goes_on_after_it(tmp_path: Path) -> None:
    frames = shot()
    frames[4] = np.full_like(frames[0], 0.98)
    clip = write_clip(tmp_path / "flash.mp4", frames)
    done = video(clip, None, tmp_path / "out.mkv", keyframes={0: painting(frames[0])}, film=LOSSLESS)
    assert (done.frames, done.cuts) == (9, ())
    for number, found in enumerate(pictures(tmp_path / "out.mkv")):
        if number != 4:
            assert np.abs(found - painting(shot()[number])).mean() < 0.06, number


def test_a_flash_that_is_a_keyframe_itself_is_a_scene_of_its_own(tmp_path: Path) -> None:
    frames = shot()
    frames[4] = np.full_like(frames[0], 0.98)
    clip = write_clip(tmp_path / "flash.mp4", frames)
    dark, red = np.full_like(frames[0], 0.1), painting(frames[0])
    with pytest.raises(InputError, match=r"none in the shot from 0:00\.2 to 0:00\.32"):
        video(clip, None, tmp_path / "out.mkv", keyframes={0: red, 4: dark}, film=LOSSLESS)
    keyframes = {0: red, 4: dark, 5: painting(frames[5])}
    done = video(clip, None, tmp_path / "out.mkv", keyframes=keyframes, film=LOSSLESS)
    assert done.cuts == (4, 5)
    found = pictures(tmp_path / "out.mkv")
    assert np.abs(found[4] - dark).max() < 0.01
    assert np.abs(found[3] - painting(frames[3])).mean() < 0.06
