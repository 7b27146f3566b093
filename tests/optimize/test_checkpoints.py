from __future__ import annotations

import errno
import json
import random
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from impasto.catalogue.measured import PictureStyle
from impasto.encoders.network import Encoder
from impasto.errors import InputError, OutputError
from impasto.files import local
from impasto.optimize.checkpoints import FileCheckpointer, read_checkpoint, write_checkpoint
from impasto.optimize.engine import paint
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.regions import everywhere
from impasto.progress import Progress
from impasto.types import Painting, Picture
from tests.conftest import blobs, stripes

JOB = {"content": "photo.jpg", "styles": ["starry-night"]}
STATE = {"image": torch.linspace(0, 1, 3000).view(1, 3, 20, 50), "rows": [1.5, None], "name": "é"}

# Two levels (24x16 and 34x23 pixels) of six iterations, from noise.
FAST = OptimizeOptions(
    size=34,
    min_size=24,
    iterations=6,
    coarse_iterations=None,
    content_layers={"relu2_2": 1.0},
    style_layers={"relu1_1": 1.0, "relu2_1": 1.0},
    init="noise",
    precision="float32",
)
ADAM = FAST.replace(optimizer="adam", learning_rate=0.02)
PHOTO = Picture(blobs(96, 64, seed=1))
STYLE = PictureStyle(Picture(stripes(80, 80)))


def painting(encoder: Encoder, options: OptimizeOptions, **more: Any) -> Painting:
    return paint(PHOTO, everywhere([STYLE], options), encoder, options, **more)


def interrupted(encoder: Encoder, options: OptimizeOptions, path: Path, after: int) -> dict[str, Any]:
    """The state in ``path`` of a painting cut short ``after`` so many iterations."""
    seen = 0

    def count(_: Progress) -> None:
        nonlocal seen
        seen += 1

    checkpointer = FileCheckpointer(path, JOB, every=1e9)
    more = {"on_progress": count, "cancel": lambda: seen >= after}
    assert painting(encoder, options, checkpointer=checkpointer, **more).cancelled
    return read_checkpoint(path)[1]


@pytest.mark.parametrize("after", [1, 4, 6, 7, 12])
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam", "sgd"])
def test_a_painting_that_goes_on_ends_exactly_where_an_uninterrupted_one_ends(
    encoder: Encoder, tmp_path: Path, optimizer: str, after: int
) -> None:
    # The state is kept bit by bit, and on one machine the same operations follow: no tolerance.
    options = FAST.replace(optimizer=optimizer, learning_rate=1.0 if optimizer == "lbfgs" else 0.02)
    straight = painting(encoder, options)
    kept = interrupted(encoder, options, tmp_path / "it.state", after)
    resumed = painting(encoder, options, checkpointer=FileCheckpointer(tmp_path / "it.state", JOB, kept=kept))
    assert np.array_equal(resumed.pixels, straight.pixels)
    assert resumed.losses == straight.losses
    assert resumed.iterations == straight.iterations == 12


@pytest.mark.parametrize(
    "changes",
    [
        {"style_loss": "sliced-wasserstein"},
        {"style_loss": "strotss", "samples": 40},
        {"content_loss": "self-similarity"},
        {"average_decay": 0.9},
        {"carry_optimizer": True},
        {"variable_range": 255.0, "learning_rate": 5.0, "clip": True},
        {"saturation": 0.9, "iterations": 30},
        {"optimizer": "lbfgs", "line_search": True, "learning_rate": 1.0},
        {"optimizer": "lbfgs", "style_loss": "strotss", "samples": 40, "learning_rate": 1.0},
    ],
    ids=lambda changes: " ".join(f"{name}={value}" for name, value in changes.items()),
)
@pytest.mark.parametrize("after", [4, 8])
def test_so_does_one_with_chance_averages_or_an_early_end(
    encoder: Encoder, tmp_path: Path, changes: dict[str, Any], after: int
) -> None:
    options = ADAM.replace(**changes)
    straight = painting(encoder, options)
    kept = interrupted(encoder, options, tmp_path / "it.state", after)
    resumed = painting(encoder, options, checkpointer=FileCheckpointer(tmp_path / "it.state", JOB, kept=kept))
    assert np.array_equal(resumed.pixels, straight.pixels)
    assert resumed.iterations == straight.iterations


@pytest.mark.parametrize("after", [8, 19, 40])
@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "lbfgs", "learning_rate": 1.0},
        {"optimizer": "lbfgs", "learning_rate": 1.0, "line_search": True},
        {"optimizer": "adam"},
        {"optimizer": "sgd"},
        {"optimizer": "sgd", "line_search": True},
        {"optimizer": "adam", "style_loss": "sliced-wasserstein"},
    ],
    ids=lambda changes: " ".join(map(str, changes.values())),
)
def test_so_does_one_that_was_stopped_within_an_iteration(
    encoder: Encoder, tmp_path: Path, changes: dict[str, Any], after: int
) -> None:
    options = ADAM.replace(tile=32, **changes)  # in windows, each of which listens
    straight = painting(encoder, options)
    asked = steps = 0

    def cancel() -> bool:
        nonlocal asked
        asked += 1
        return asked > after

    def count(_: Progress) -> None:
        nonlocal steps
        steps += 1

    path = tmp_path / "it.state"
    checkpointer = FileCheckpointer(path, JOB, every=1e9)
    stopped = painting(encoder, options, checkpointer=checkpointer, cancel=cancel, on_progress=count)
    assert (stopped.cancelled, asked) == (True, after + 1), "it went on after it was told to stop"
    kept = read_checkpoint(path)[1] if path.exists() else None
    assert (kept is None) == (steps == 0)
    resumed = painting(encoder, options, checkpointer=FileCheckpointer(path, JOB, kept=kept))
    assert np.array_equal(resumed.pixels, straight.pixels)
    assert resumed.iterations == straight.iterations


def test_a_level_that_was_cut_short_at_its_early_end_does_not_go_on(encoder: Encoder, tmp_path: Path) -> None:
    options = ADAM.replace(threshold=1e9)  # met by the first iteration of each level
    kept = interrupted(encoder, options, tmp_path / "it.state", 1)
    resumed = painting(encoder, options, checkpointer=FileCheckpointer(tmp_path / "it.state", JOB, kept=kept))
    assert resumed.iterations == painting(encoder, options).iterations == 2


def test_seconds_and_progress_count_on(encoder: Encoder, tmp_path: Path) -> None:
    kept = interrupted(encoder, ADAM, tmp_path / "it.state", 7)
    kept["seconds"] = 1000.0
    seen = []
    checkpointer = FileCheckpointer(tmp_path / "it.state", JOB, kept=kept)
    resumed = painting(encoder, ADAM, checkpointer=checkpointer, on_progress=seen.append)
    assert resumed.seconds > 1000
    assert [(e.level, e.step) for e in seen] == [(2, n) for n in range(2, 7)]
    assert seen[0].elapsed > 1000
    assert seen[-1].done == pytest.approx(1)


def test_the_state_is_written_as_often_as_asked_and_when_painting_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "it.state"
    checkpointer = FileCheckpointer(path, JOB, every=1e9)
    checkpointer.save_if_due(lambda: STATE)
    assert not path.exists()
    checkpointer.save_if_due(lambda: STATE, last=True)
    assert path.exists()
    path.unlink()
    FileCheckpointer(path, JOB, every=0).save_if_due(lambda: STATE)
    assert path.exists()


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "it.state", JOB, STATE)
    job, state = read_checkpoint(tmp_path / "it.state")
    assert job == json.loads(json.dumps(JOB))
    assert torch.equal(state.pop("image"), STATE["image"])
    assert state == {"rows": [1.5, None], "name": "é"}
    assert [p.name for p in tmp_path.iterdir()] == ["it.state"]


def test_any_damage_is_noticed(tmp_path: Path) -> None:
    """Every file cut short, and every file with one bit of its content changed, is refused or reads as
    it was written (torch itself takes most of the latter as they are)."""
    path = tmp_path / "it.state"
    write_checkpoint(path, JOB, STATE)
    whole = path.read_bytes()
    chance = random.Random(0)
    said = []
    for turn in range(120):
        damaged = bytearray(whole)
        if turn % 2:
            del damaged[chance.randrange(len(whole)) :]
        else:
            damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            job, state = read_checkpoint(path)
        except InputError as error:
            said.append(str(error))
        else:
            assert job == JOB
            assert torch.equal(state["image"], STATE["image"])
    assert len(said) > 100
    assert all(str(path) in words and len(words.splitlines()) == 1 for words in said)


class Trap:
    """What runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return eval, ("1/0",)


def test_files_that_are_no_checkpoints_are_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "it.state"

    def refused(words: str) -> None:
        with pytest.raises(InputError, match=words) as caught:
            read_checkpoint(path)
        assert len(str(caught.value).splitlines()) == 1

    refused("there is no checkpoint")
    path.touch()
    refused("is not a checkpoint, or is damaged")
    path.write_text("hello")
    refused("is not a checkpoint, or is damaged")
    torch.save({"weights": torch.zeros(3)}, path)
    refused("not a checkpoint made by impasto")
    torch.save([1, 2], path)
    refused("not a checkpoint made by impasto")
    torch.save({"format": 99, "job": {}, "state": {}}, path)
    refused("checkpoint format 99; this version of impasto reads format 1")
    torch.save({"format": 1, "job": {}, "state": Trap()}, path)
    refused("is not a checkpoint, or is damaged")
    path.unlink()
    path.mkdir()
    refused("there is no checkpoint")


def test_a_checkpoint_is_never_half_there(tmp_path: Path) -> None:
    """Read again and again while it is written again and again, it is always a whole one."""
    path = tmp_path / "it.state"
    write_checkpoint(path, JOB, {"number": 0, "image": torch.zeros(20_000)})
    done = threading.Event()

    def write() -> None:
        for number in range(1, 60):
            write_checkpoint(path, JOB, {"number": number, "image": torch.full((20_000,), float(number))})
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = [0]
    while not done.is_set():
        # From one open file: another may take its name between two readings.
        with path.open("rb") as file:
            found = torch.load(file, weights_only=True)
        assert bool((found["state"]["image"] == found["state"]["number"]).all())
        seen.append(found["state"]["number"])
    writer.join()
    assert seen == sorted(seen)


def test_when_writing_fails_the_earlier_checkpoint_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "it.state"
    write_checkpoint(path, JOB, STATE)
    before = path.read_bytes()

    def full(raw: local._Remembering, _: object) -> int:
        raw.error = OSError(errno.ENOSPC, "No space left on device")
        raise raw.error

    monkeypatch.setattr(local._Remembering, "write", full)
    with pytest.raises(OutputError, match=r"^cannot write .*it\.state: the disk is full$"):
        write_checkpoint(path, JOB, STATE)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["it.state"]


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_painting(tmp_path: Path) -> None:
    folder = tmp_path / "away"
    checkpointer = FileCheckpointer(folder / "it.state", JOB, every=0)
    checkpointer.save_if_due(lambda: STATE)
    assert "cannot write" in checkpointer.problem
    folder.mkdir()
    checkpointer.save_if_due(lambda: STATE)
    assert (checkpointer.problem, (folder / "it.state").exists()) == ("", True)


def test_finishing_removes_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "it.state"
    checkpointer = FileCheckpointer(path, JOB, every=0)
    checkpointer.save_if_due(lambda: STATE)
    checkpointer.finish()
    assert list(tmp_path.iterdir()) == []
    checkpointer.finish()
