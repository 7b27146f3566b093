"""Films painted in parts: frame for frame those of one go, wherever shots are; no seam within a shot."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.clips import Request, open_clip
from impasto.errors import InputError, OptionError
from impasto.inference.options import FastOptions
from impasto.jobs import Job, Reference
from impasto.jobs.executors.choice import ExecutorFactory
from impasto.jobs.executors.inline import InlineExecutor
from impasto.optimize.options import OptimizeOptions
from impasto.pipelines.video import film, parts
from impasto.pipelines.video.cuts import find_cuts
from impasto.pipelines.video.film import Film, video
from impasto.pipelines.video.folder import discard
from impasto.pipelines.video.options import FilmOptions
from impasto.pipelines.video.plan import FADE, LONGEST, FilmPlan, Part
from impasto.pipelines.video.seams import mix_frames
from impasto.pipelines.video.workers import make_part_worker
from impasto.progress import Progress
from impasto.types import Pixels
from tests.clips.clips import Negative, moving, sound_packets, write_clip
from tests.stopping import install

STYLE = "starry-night"
LOSSLESS = {"codec": "ffv1"}


def shots() -> list[Pixels]:
    """Three shots that have nothing in common, of 7, 5 and 9 frames."""
    other = [np.ascontiguousarray(1 - moving(n)[::-1]) for n in range(5)]
    return [*(moving(n) for n in range(7)), *other, *(moving(40 - n)[:, ::-1] for n in range(9))]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Three shots, with a tone."""
    return write_clip(tmp_path / "clip.mp4", shots(), sound=True)


def pictures(path: Path) -> list[Pixels]:
    return [frame.pixels for frame in open_clip(path, Request(even=False)).frames()]


def in_parts(source: Path, output: Path, **more: Any) -> Film:
    return in_one_go(source, output, **{"longest": LONGEST["fast"]} | more)


def in_one_go(source: Path, output: Path, **more: Any) -> Film:
    """Painted by one who takes no time, unless ``painter`` is None or workers need a network."""
    film = FilmOptions(**LOSSLESS | more.pop("film", {}))
    quick = {"options": FastOptions()} | ({} if "workers" in more else {"painter": Negative(0.1)})
    return video(source, STYLE, output, film=film, **quick | more)


def check_same(first: Path, second: Path) -> None:
    one, other = pictures(first), pictures(second)
    assert len(one) == len(other)
    assert [float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True)] == [0.0] * len(one)


def test_shots_painted_apart_are_the_film_painted_in_one_go(clip: Path, tmp_path: Path) -> None:
    done = in_parts(clip, tmp_path / "parts.mkv", painter=None)
    assert (done.frames, done.resumed, done.cuts, done.cancelled) == (21, 0, (7, 12), False)
    in_one_go(clip, tmp_path / "whole.mkv", painter=None)
    check_same(tmp_path / "parts.mkv", tmp_path / "whole.mkv")
    assert sound_packets(tmp_path / "parts.mkv") == sound_packets(clip)
    assert not (tmp_path / ".impasto").exists()


@pytest.mark.slow
def test_optimised_shots_too(clip: Path, tmp_path: Path) -> None:
    few: dict[str, Any] = {"film": {"size": 48, "next_iterations": 1}, "painter": None}
    few["options"] = OptimizeOptions(iterations=2, precision="float32")
    done = in_parts(clip, tmp_path / "parts.mkv", **few)
    assert done.engine == "optimize"
    in_one_go(clip, tmp_path / "whole.mkv", **few)
    check_same(tmp_path / "parts.mkv", tmp_path / "whole.mkv")


def test_a_span_and_uneven_times_are_kept(tmp_path: Path) -> None:
    ticks = [0, 4, 5, 20, 24, 31, 40, 44, 48, 52, 60, 61, 70, 73, 80, 84, 88, 90, 99, 105, 110]
    clip = write_clip(tmp_path / "vfr.mp4", shots(), ticks=ticks)
    span = {"start": Fraction(1, 10), "end": Fraction(101, 100)}
    for output in ("parts.mkv", "whole.mkv"):
        (in_parts if output == "parts.mkv" else in_one_go)(clip, tmp_path / output, film=span)
    check_same(tmp_path / "parts.mkv", tmp_path / "whole.mkv")
    one, other = open_clip(tmp_path / "parts.mkv"), open_clip(tmp_path / "whole.mkv")
    times = [[f.ticks * c.info.time_base for f in c.frames()] for c in (one, other)]
    assert times[0] == times[1]
    assert len(times[0]) == 16


def test_pictures_become_pictures(tmp_path: Path) -> None:
    from impasto import imaging
    from impasto.types import Picture

    (tmp_path / "in").mkdir()
    for number, pixels in enumerate(shots()):
        imaging.write(Picture(pixels), tmp_path / "in" / f"{number:03d}.png")
    bare: dict[str, Any] = {"film": {"codec": None, "start": Fraction(2, 25)}}
    in_parts(tmp_path / "in", tmp_path / "parts", **bare)
    in_one_go(tmp_path / "in" / "%03d.png", tmp_path / "whole", **bare)
    names = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert len(names) == 19
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == names
    for name in names:
        assert (
            imaging.read(tmp_path / "parts" / name).pixels == imaging.read(tmp_path / "whole" / name).pixels
        ).all()
    bare["longest"] = 2 * FADE + 2
    (tmp_path / "pattern").mkdir()
    in_parts(tmp_path / "in" / "%03d.png", tmp_path / "pattern" / "f%02d.png", **bare)
    assert len(list((tmp_path / "pattern").iterdir())) == 19


def jumps(path: Path) -> list[float]:
    """How much each frame differs from the one before, moved as the photographs move: 2 pixels."""
    pairs = itertools.pairwise(pictures(path))
    return [float(np.abs(now[:, 8:-10] - before[:, 10:-8]).mean()) for before, now in pairs]


def test_a_divided_shot_has_every_frame_and_no_seam(tmp_path: Path) -> None:
    frames, middle = 80, 40
    lossy = [moving(n, 64, 48) for n in range(frames)]
    clip = write_clip(tmp_path / "long.mp4", lossy, options={"crf": "4"})
    done = in_parts(clip, tmp_path / "parts.mkv", longest=middle)
    assert (done.frames, done.cuts) == (frames, ())
    in_one_go(clip, tmp_path / "whole.mkv")
    found, natural = jumps(tmp_path / "parts.mkv"), jumps(tmp_path / "whole.mkv")
    assert len(found) == frames - 1
    # The second part was begun 24 frames before the seam, and knows nothing of those before.
    assert found[middle + FADE :] != natural[middle + FADE :]
    assert found[: middle - 1] == natural[: middle - 1]
    seam = slice(middle - 1, middle + FADE)
    assert max(found[seam]) < 1.15 * max(natural)
    assert np.mean(found[seam]) < 1.15 * np.mean(natural[seam])


def test_fading_keeps_the_sharpness_of_both() -> None:
    chance = np.random.default_rng(0)
    one, other = (chance.random((64, 64, 3), np.float32) for _ in range(2))
    sharpness = float(np.abs(np.diff(one, axis=1)).mean())
    mixed = mix_frames(one, other, 0.5)
    assert float(np.abs(np.diff(mixed, axis=1)).mean()) == pytest.approx(sharpness, rel=0.1)
    assert float(np.abs(np.diff((one + other) / 2, axis=1)).mean()) < 0.75 * sharpness
    assert np.abs(mix_frames(one, one, 0.3) - one).max() < 1e-5


def stops_after(count: int) -> Callable[[], bool]:
    """A ``cancel`` that says so when asked more often than ``count``."""
    asked = iter(range(10**6))
    return lambda: next(asked) > count


def test_a_film_cut_short_goes_on_with_the_parts_it_has(clip: Path, tmp_path: Path) -> None:
    output = tmp_path / "parts.mkv"
    said: list[Progress] = []

    def stop() -> bool:
        return bool(said) and said[-1].step >= 9

    done = in_parts(clip, output, on_progress=said.append, cancel=stop)
    assert done.cancelled
    assert not output.exists()
    done = in_parts(clip, output)
    assert (done.cancelled, done.frames) == (False, 21)
    assert done.resumed in (7, 12)
    in_one_go(clip, tmp_path / "whole.mkv")
    check_same(output, tmp_path / "whole.mkv")


def stopped_at(frame: int, paint: Callable[..., Film]) -> Film:
    """Painted until so many frames are said to be there."""
    said: list[Progress] = []
    return paint(on_progress=said.append, cancel=lambda: bool(said) and said[-1].step >= frame)


def test_a_part_cut_short_goes_on_after_its_last_finished_segment(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "long.mp4", [moving(n) for n in range(80)])
    more: dict[str, Any] = {"longest": 40, "film": {"segment": 7}}
    in_parts(clip, tmp_path / "whole.mkv", **more)
    resumed = []
    # Of 56 frames painted for the first part, 40 are its own, then 16 those it shares; the second paints 24
    # that are thrown away, 16 that it shares, and 24 more. Stops among the shared ones, and behind them.
    for frame in (38, 62, 70, 1000):
        done = stopped_at(frame, functools.partial(in_parts, clip, tmp_path / "parts.mkv", **more))
        resumed.append(done.resumed)
        assert done.cancelled == (frame < 80)
        assert done.frames >= min(frame, 80)
    assert resumed == [0, 40, 40, 42]
    assert done.frames == 80
    check_same(tmp_path / "parts.mkv", tmp_path / "whole.mkv")
    assert not (tmp_path / ".impasto").exists()


def test_pictures_of_a_part_cut_short_are_not_painted_again(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(12)])
    bare: dict[str, Any] = {"film": {"codec": None, "segment": 4}}
    output = tmp_path / "parts"
    assert stopped_at(9, functools.partial(in_parts, clip, output, **bare)).cancelled
    kept = {path: path.stat().st_mtime_ns for path in sorted(output.iterdir())[:8]}
    assert len(kept) == 8
    assert in_parts(clip, output, **bare).resumed == 8
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    in_one_go(clip, tmp_path / "whole", **bare)
    check_same(output, tmp_path / "whole")


def test_damage_is_told_though_it_was_seen_before_the_film_was_cut_short(tmp_path: Path) -> None:
    from impasto import imaging
    from impasto.types import Picture

    (tmp_path / "in").mkdir()
    for number in range(12):
        imaging.write(Picture(moving(number)), tmp_path / "in" / f"{number:03d}.png")
    (tmp_path / "in" / "001.png").write_bytes(b"no picture")
    short: dict[str, Any] = {"film": {"segment": 4}}
    output = tmp_path / "parts.mkv"
    assert stopped_at(9, functools.partial(in_parts, tmp_path / "in", output, **short)).cancelled
    done = in_parts(tmp_path / "in", output, **short)
    assert (done.resumed, len(done.notes)) == (8, 1)
    assert "frame 1 is damaged and was replaced" in done.notes[0]


def test_previews_are_the_frames_painted_in_this_process(clip: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, Pixels]] = []

    def look(event: Progress) -> None:
        assert event.preview is not None
        seen.append((event.step, event.preview()))

    in_parts(clip, tmp_path / "parts.mkv", on_progress=look)
    painted = pictures(tmp_path / "parts.mkv")
    assert [frame for frame, _ in seen] == list(range(1, 22))
    for frame, pixels in seen:
        assert np.abs(pixels - painted[frame - 1]).max() < 1 / 255


@pytest.fixture
def as_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are painted as workers do, though in this process."""

    def find(plan: FilmPlan, at: Path, *_: Any) -> ExecutorFactory:  # noqa: ARG001 - it is in the file
        return lambda: (InlineExecutor(make_part_worker(str(at), 1), lambda: False), 1)

    monkeypatch.setattr(film, "find_part_workers", find)


@pytest.mark.usefixtures("as_jobs")
def test_previews_of_workers_are_the_last_frames_of_finished_segments(clip: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, Pixels | None]] = []

    def look(event: Progress) -> None:
        seen.append((event.step, event.preview() if event.preview else None))

    in_parts(clip, tmp_path / "parts.mkv", workers=2, on_progress=look, film={"segment": 5})
    painted = pictures(tmp_path / "parts.mkv")
    # Shots of 7, 5 and 9 frames: their segments end with frames 5, 7, 12, 17 and 21.
    for frame, pixels in seen:
        ended = [end for end in (5, 7, 12, 17, 21) if end <= frame]
        assert (pixels is None) == (not ended)
        if pixels is not None:
            assert np.abs(pixels - painted[ended[-1] - 1]).max() < 1 / 255
    assert seen[-1][0] == 21
    in_one_go(clip, tmp_path / "whole.mkv", film={"segment": 5}, painter=None)
    check_same(tmp_path / "parts.mkv", tmp_path / "whole.mkv")


@pytest.mark.usefixtures("as_jobs")
def test_a_film_goes_on_in_the_parts_it_was_begun_in(clip: Path, tmp_path: Path) -> None:
    short: dict[str, Any] = {"film": {"segment": 3}}
    told: list[str] = []
    # Those that stand for workers here finish a part.
    for one, other, resumed in ((2, 1, 12), (1, 2, 9)):
        output, lines = tmp_path / f"{one}.mkv", len(told)
        begun = functools.partial(in_one_go, clip, output, workers=one, **short)
        assert stopped_at(9, begun).cancelled
        assert in_one_go(clip, output, workers=other, tell=told.append, **short).resumed == resumed
        assert not (tmp_path / ".impasto").exists()
        begun = "this film was started with one worker;"
        assert [line[: len(begun)] for line in told[lines:]] == [begun] * (one == 1)
    check_same(tmp_path / "1.mkv", tmp_path / "2.mkv")


def test_a_film_that_is_divided_otherwise_begins_anew(clip: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mkv"
    assert stopped_at(5, functools.partial(in_parts, clip, output)).cancelled
    done = in_parts(clip, output, longest=100)
    assert (done.resumed, done.notes[0].split(";")[0]) == (0, "started over: its longest was 240, is 100")
    assert stopped_at(5, functools.partial(in_parts, clip, output)).cancelled
    assert discard(output)
    assert not discard(output)
    assert not (tmp_path / ".impasto").exists()


def test_another_film_begins_anew_and_says_why(clip: Path, tmp_path: Path) -> None:
    output = tmp_path / "parts.mkv"
    assert in_parts(clip, output, cancel=stops_after(25)).cancelled
    done = in_parts(clip, output, film={"keep": 0.5})
    assert done.resumed == 0
    assert [note.split(";")[0] for note in done.notes] == [
        f"started over: its film keep was {FilmOptions().keep}, is 0.5"
    ]


def test_a_film_that_is_being_painted_is_not_swept_away_by_another(clip: Path, tmp_path: Path) -> None:
    output = tmp_path / "parts.mkv"
    refused: list[InputError] = []

    def again(event: Progress) -> None:
        if event.step == 7 and not refused:
            with pytest.raises(InputError, match="another process is working on the film") as raised:
                in_parts(clip, output, film={"keep": 0.5})
            refused.append(raised.value)

    assert in_parts(clip, output, on_progress=again).frames == 21
    assert len(refused) == 1
    assert not (tmp_path / ".impasto").exists()


def test_progress_grows_to_the_end(clip: Path, tmp_path: Path) -> None:
    said: list[Progress] = []
    in_parts(clip, tmp_path / "parts.mkv", on_progress=said.append)
    frames = [event.step for event in said]
    assert frames == sorted(frames)
    assert frames[-1] == 21
    assert all(event.steps == 21 for event in said)


def test_what_cannot_be_is_refused_before_work(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="expected parts of at least 34 frames"):
        in_parts(clip, tmp_path / "out.mkv", longest=10)
    with pytest.raises(InputError, match=r"the output .* is also the input"):
        in_parts(clip, clip, film={"codec": None})
    with pytest.raises(OptionError, match="expected workers to be a number from 1, or auto"):
        in_parts(clip, tmp_path / "out.mkv", workers=0)
    with pytest.raises(InputError, match="there is no"):
        in_parts(tmp_path / "none.mp4", tmp_path / "out.mkv")


@pytest.mark.parametrize(
    ("workers", "said", "resumed"),
    [
        (1, "the frame at 0.280 s is damaged", 7),
        (2, "1 of 3 parts of the film failed; 00001: the frame at 0.280 s is damaged", 16),
    ],
)
@pytest.mark.usefixtures("as_jobs")
def test_a_part_that_cannot_be_painted_is_named(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int, said: str, resumed: int
) -> None:
    def fail(plan: FilmPlan, clip: Any, part: Part, *more: Any) -> Any:
        if part.number == 1:
            raise InputError("the frame at 0.280 s is damaged")
        return whole(plan, clip, part, *more)

    whole = parts.part_frames
    monkeypatch.setattr(parts, "part_frames", fail)
    with pytest.raises(InputError) as raised:
        in_parts(clip, tmp_path / "out.mkv", workers=workers)
    assert str(raised.value) == said
    monkeypatch.setattr(parts, "part_frames", whole)
    assert in_parts(clip, tmp_path / "out.mkv", workers=workers).resumed == resumed


def test_networks_in_memory_are_for_this_process(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="expected options for workers"):
        in_parts(clip, tmp_path / "out.mkv", workers=2, painter=Negative())


def test_a_plan_comes_back_as_it_was(tmp_path: Path, clip: Path) -> None:
    found = find_cuts(clip, FilmOptions(), lambda: False)
    assert found is not None
    ticks, cuts, _ = found
    assert (len(ticks), cuts) == (21, [7, 12])
    wanted = FilmOptions(start=Fraction(1, 3), size=(64, 48), rate=Fraction(30000, 1001), long_term=(1, 4))
    how = FastOptions(model="mine.onnx")
    job = Job(Reference(str(clip)), (Reference(STYLE),), str(tmp_path / "o.mp4"), how)
    plan = FilmPlan(job, wanted, {"engine": "fast"}, (Part(0, 0, 21, 0, 21, 0),), tuple(ticks), (7, 12))
    assert FilmPlan.from_json(plan.to_json()) == plan
    assert json.loads(plan.to_json())["cuts"] == [7, 12]
    whole = FilmPlan(job, wanted, {})
    assert FilmPlan.from_json(whole.to_json()) == whole


@pytest.mark.slow
def test_workers_killed_in_mid_film_leave_no_trace_in_it(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    install(monkeypatch, "die", 3, "00000.json,00002.json")
    said: list[str] = []
    output = tmp_path / "parts.mkv"
    done = in_one_go(clip, output, workers=2, tell=said.append)
    assert len([line for line in said if "SIGKILL" in line]) == 2
    assert (done.frames, done.cancelled) == (21, False)
    in_one_go(clip, tmp_path / "whole.mkv", painter=None)
    one, other = pictures(tmp_path / "parts.mkv"), pictures(tmp_path / "whole.mkv")
    assert len(one) == len(other) == 21
    # Another number of threads sums in another order.
    assert max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True)) < 0.02
