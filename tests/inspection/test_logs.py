from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError, OptionError, OutputError
from impasto.imaging import write
from impasto.inspection import (
    LogFile,
    LossLog,
    Recorder,
    frames_of,
    read_log,
    write_gif,
    write_video,
)
from impasto.inspection.logs import numbered_pictures
from impasto.inspection.stages import Stages
from impasto.inspection.walks import animation, thinned
from impasto.progress import Progress
from impasto.types import Picture
from tests.conftest import blobs

CSV = """iteration,level,width,height,seconds,total,content relu4_2,style relu1_1
1,1,20,10,0.5,10,4,6
2,1,20,10,1.0,6,3,3
3,2,40,20,3.0,8,3,5
"""


def event(number: int, level: int = 1) -> Progress:
    return Progress(
        level=level,
        levels=2,
        step=number,
        steps=3,
        width=20,
        height=10,
        done=number / 6,
        losses={"total": 1 / number, "content relu4_2": 0.25, "style relu1_1": 0.5},
        elapsed=float(number),
        preview=lambda: blobs(20, 10, seed=number),
    )


def test_a_csv_log_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text(CSV)
    log = read_log(path)
    assert log.iteration.tolist() == [1, 2, 3]
    assert log.losses["total"].tolist() == [10, 6, 8]
    assert log.parts("style")["relu1_1"].tolist() == [6, 3, 5]
    first, second = log.table()
    assert (first["iterations"], first["seconds"], first["content_last"]) == (2, 1.0, 3.0)
    assert (second["width"], second["seconds"], second["total_first"]) == (40, 2.0, 8.0)


def test_json_lines_name_the_pictures_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    row = {
        "level": 1,
        "width": 20,
        "height": 10,
        "seconds": 1.0,
        "losses": {"total": 2.0, "style relu1_1": 1.0},
    }
    lines = [
        json.dumps(row | {"iteration": n} | ({"saved": "gone/out_0002.png"} if n == 2 else {}))
        for n in (1, 2)
    ]
    path.write_text("\n".join([*lines, '{"iteration": 3, "lev']))
    (tmp_path / "out_0002.png").touch()
    log = read_log(path)
    assert log.iteration.tolist() == [1, 2]
    assert log.pictures == {2: tmp_path / "out_0002.png"}


@pytest.mark.parametrize("name", ["run.csv", "run.jsonl"])
def test_every_iteration_is_in_the_log_at_once_and_a_resumed_run_keeps_those_before(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    log = LogFile(path)
    log(replace(event(1), stage="strokes"))  # which is done before the painting
    assert not path.exists()
    for number in (1, 2, 3):
        log(event(number), "out_0002.png" if number == 2 else "")
        assert read_log(path).iteration.tolist() == list(range(1, number + 1))
    path.write_text(path.read_text()[:-3])  # cut short by a crash; the checkpoint is of iteration 2
    log = LogFile(path, done=2)
    log(event(3, level=2))
    found = read_log(path)
    assert found.iteration.tolist() == [1, 2, 3]
    assert found.level.tolist() == [1, 1, 2]
    assert (found.width.tolist(), found.height.tolist()) == ([20] * 3, [10] * 3)
    assert found.losses["total"].tolist() == [1, 0.5, 1 / 3]
    assert [path.name for path in found.pictures.values()] == ["out_0002.png"] * (name == "run.jsonl")


def test_a_trainings_log_has_stages_for_levels_and_no_total(tmp_path: Path) -> None:
    path = tmp_path / "net.csv"
    log = LogFile(path, losses=("content", "style"))
    parts: list[tuple[int, dict[str, float]]]
    parts = [(1, {"content": 0.2}), (1, {"content": 0.4, "style": 2.0}), (2, {"style": 1.0})]
    for level, losses in parts:
        log(replace(event(1, level), losses=losses))
    found = read_log(path)
    assert found.iteration.tolist() == [1, 2, 3]
    assert list(found.kinds()) == ["content", "style"]
    assert found.losses["style"][1:].tolist() == [2, 1]
    assert np.isnan(found.losses["style"][0])
    first, second = found.table()
    assert (first["iterations"], first["content_first"], first["style_last"]) == (2, 0.2, 2)
    assert np.isnan(second["content_last"])


def test_kinds_add_up_their_layers(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text("iteration,level,width,height,seconds,total,style a,style b,tv\n1,1,8,8,2,6,1,2,3\n")
    log = read_log(path)
    assert {name: values.tolist() for name, values in log.kinds().items()} == {
        "total": [6],
        "style": [3],
        "tv": [3],
    }
    assert log.at([1, 7]) == [{"iteration": 1, "seconds": 2.0, "total": 6.0, "style": 3.0, "tv": 3.0}]


def test_pictures_on_the_way_end_with_the_result(tmp_path: Path) -> None:
    (tmp_path / "run.csv").write_text(CSV)
    log = read_log(tmp_path / "run.csv")
    for number, name in enumerate(["out_0002.png", "out.png"]):
        write(Picture(blobs(8, 8, seed=number)), tmp_path / name)
    assert [count for count, _ in frames_of(log, tmp_path / "out.png")] == [2, 3]
    with pytest.raises(InputError, match="--pictures OUTPUT"):
        frames_of(log)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "", "its first line"),
        ("a.csv", "x,y\n1,2\n", "its first line"),
        ("a.csv", CSV.splitlines()[0] + "\n", "no iterations"),
        ("a.csv", CSV.replace("6,3,3", "six,3,3"), "line 3"),
        ("a.jsonl", "{}\n{}\n", "line 1"),
    ],
)
def test_what_is_no_log_is_refused(name: str, text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=words):
        read_log(tmp_path / name)


def test_a_missing_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv"):
        read_log(tmp_path / "none.csv")


def test_a_recorder_keeps_losses_and_the_pictures_asked_for() -> None:
    passed: list[Progress] = []
    recorder = Recorder(2, then=passed.append)
    for number in range(1, 6):
        recorder(event(number))
    log = recorder.log()
    assert isinstance(log, LossLog)
    assert log.seconds.tolist() == [1, 2, 3, 4, 5]
    assert [count for count, _ in recorder.frames] == [2, 4]
    assert np.array_equal(recorder.frames[0][1], blobs(20, 10, seed=2))
    assert len(passed) == 5
    with pytest.raises(InputError):
        Recorder().log()


def test_numbered_pictures_are_found_by_their_output(tmp_path: Path) -> None:
    for name in ("out_0010.png", "out_0020.png", "out_left.png", "other_0010.png"):
        (tmp_path / name).touch()
    assert sorted(numbered_pictures(tmp_path / "out.png")) == [10, 20]
    with pytest.raises(InputError, match="save-every"):
        numbered_pictures(tmp_path / "none.png")


def test_an_animation_has_every_picture_at_the_size_of_the_last(tmp_path: Path) -> None:
    frames = [blobs(20, 10, seed=1), blobs(40, 20, seed=2), blobs(40, 20, seed=3)]
    path = tmp_path / "walk.gif"
    write_gif(path, frames, seconds=0.1)
    with Image.open(path) as image:
        assert image.size == (40, 20)
        assert getattr(image, "n_frames", 1) == 3
        image.seek(2)
        assert image.info["duration"] == 2000
    with pytest.raises(OutputError):
        write_gif(tmp_path / "walk.png", frames)
    with pytest.raises(OptionError):
        animation(frames, "mp4")
    with pytest.raises(InputError):
        write_gif(path, [])


def test_a_video_has_every_picture(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / "walk.mp4"
    write_video(path, [blobs(41, 31, seed=n) for n in range(3)], seconds=0.1)
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert (frames[0].width, frames[0].height) == (40, 30)
    assert len(frames) == 3 + 3 + 60


@pytest.mark.parametrize(("count", "most"), [(3, 8), (8, 8), (20, 8), (100, 2), (5, 1)])
def test_thinning_keeps_the_ends(count: int, most: int) -> None:
    found = thinned(count, most)
    assert len(found) == min(count, most)
    assert found[-1] == count - 1
    assert most == 1 or found[0] == 0


def test_stages_add_up_to_the_whole() -> None:
    seen: list[Progress] = []
    stages = Stages({"a": 1, "b": 3}, seen.append)
    tell: Callable[[Progress], None] = stages.part("a", "first")
    tell(event(3))
    stages.finish("a")
    stages.part("b")(event(3))
    stages.finish("b")
    assert [stage.done for stage in seen] == pytest.approx([0, 0.125, 0.25, 0.25, 0.625, 1])
    assert seen[0].stage == "first"
