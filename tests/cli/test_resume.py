from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

import impasto
from impasto import imaging
from impasto.cli.painting import ENDING, Interrupts
from impasto.inspection import read_log
from impasto.jobs import Job
from impasto.optimize.checkpoints import read_checkpoint, write_checkpoint
from impasto.optimize.options import OptimizeOptions
from impasto.pipelines.photo import paint_job
from impasto.progress import Progress
from impasto.types import Picture
from tests.cli.running import refused, run
from tests.conftest import blobs, stripes
from tests.killing import run_killed
from tests.waiting import rest_of

OPTIONS = OptimizeOptions(
    size=48, iterations=4, coarse_iterations=4, first_iterations=4, precision="float32", style_weight=4.0
)
COMMAND = ["--size", "48", "--iterations", "4", "--precision", "float32", "--style-weight", "4"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a photograph and a painting."""
    imaging.write(Picture(blobs(96, 64, seed=1)), tmp_path / "photo.png")
    imaging.write(Picture(stripes(80, 80)), tmp_path / "art.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def after(count: int) -> Callable[[], bool]:
    """Says True when asked for the ``count``-th time."""
    asked = iter(range(1, count + 1))
    return lambda: next(asked) == count


def begin(job: Job | None = None) -> Path:
    """The checkpoint of a painting cut short after two iterations."""
    job = job or Job("photo.png", ("art.png",), "out.png", OPTIONS)
    assert paint_job(job, checkpoint="it.state", cancel=after(2)).cancelled
    return Path("it.state")


@pytest.mark.usefixtures("here")
def test_a_painting_is_finished_from_its_checkpoint_alone() -> None:
    whole = run("stylize", "photo.png", "art.png", "-o", "whole.png", *COMMAND)
    assert whole.exit_code == 0, whole.output
    begin()
    assert not Path("out.png").exists()
    resumed = run("resume", "it.state")
    assert resumed.exit_code == 0, resumed.output
    assert resumed.stdout.startswith("resumed from it.state and painted: out.png (48x32")
    assert np.array_equal(imaging.read("out.png").pixels, imaging.read("whole.png").pixels)
    assert imaging.read_parameters("out.png") == imaging.read_parameters("whole.png")
    assert sorted(p.name for p in Path().iterdir()) == ["art.png", "out.png", "photo.png", "whole.png"]


@pytest.mark.usefixtures("here")
def test_the_same_command_again_goes_on_too() -> None:
    begin()
    command = ["stylize", "photo.png", "art.png", "-o", "out.png", *COMMAND, "--checkpoint", "it.state"]
    result = run(*command, "--json")
    assert result.exit_code == 0, result.output
    *events, done = map(json.loads, result.stdout.splitlines())
    assert [event["step"] for event in events] == [2, 3, 4], "one iteration of four was done"
    assert done["event"] != "progress"
    assert not Path("it.state").exists()
    begin()
    refused(run(*command, "--seed", "5"), "it.state belongs to another painting", "seed was 0, is 5")
    assert Path("it.state").exists()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@pytest.mark.parametrize("word", ["stylize", "resume"])
def test_a_log_and_its_pictures_go_on_where_they_were(suffix: str, word: str) -> None:
    log = Path(f"run{suffix}")
    watched = ["--log", log, "--save-every", "2", "-q"]
    whole = ["stylize", "photo.png", "art.png", "-o", "out.png", *COMMAND]
    assert run(*whole, *watched).exit_code == 0
    before, pictures = read_log(log), sorted(Path().glob("out_*.png"))
    assert before.iteration.tolist() == [1, 2, 3, 4]
    lines = log.read_text().splitlines(keepends=True)
    # Cut short after two iterations, while the fourth line was being written.
    log.write_text("".join(lines[:-1]) + lines[-1][:9])
    pictures[-1].unlink()
    begin()
    command = [*whole, "--checkpoint", "it.state"] if word == "stylize" else ["resume", "it.state"]
    done = run(*command, *watched)
    assert done.exit_code == 0, done.output
    after = read_log(log)
    assert after.iteration.tolist() == [1, 2, 3, 4]
    assert np.allclose(after.losses["total"], before.losses["total"], rtol=1e-4)
    assert sorted(Path().glob("out_*.png")) == pictures


@pytest.mark.usefixtures("here")
def test_a_painting_that_is_refused_leaves_its_log_alone() -> None:
    begin()
    Path("run.csv").write_text("as it was")
    command = ["stylize", "photo.png", "art.png", "-o", "out.png", *COMMAND, "--checkpoint", "it.state"]
    refused(run(*command, "--seed", "5", "--log", "run.csv"), "belongs to another painting")
    assert Path("run.csv").read_text() == "as it was"


def test_it_goes_on_from_another_folder_and_to_another_place(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "elsewhere").mkdir()
    state = begin().absolute()
    monkeypatch.chdir(here / "elsewhere")
    assert run("resume", state, "-o", "here.jpg", "-q").exit_code == 0
    assert imaging.read("here.jpg").width == 48
    assert not (here / "out.png").exists()


@pytest.mark.usefixtures("here")
def test_masks_protection_and_quality_are_in_the_checkpoint() -> None:
    mask = np.zeros((64, 96, 3), np.float32)
    mask[:, 48:] = 1
    imaging.write(Picture(mask), "right.png")
    imaging.write(Picture(1 - mask), "left.png")
    imaging.write(Picture(np.roll(mask, 24, axis=1)), "edges.png")
    job = Job(
        "photo.png",
        ("art.png", "starry-night"),
        "out.jpg",
        OPTIONS,
        content_masks=("left.png", "right.png"),
        protect="edges.png",
        quality=30,
    )
    paint_job(job)
    whole = Path("out.jpg").read_bytes()
    Path("out.jpg").unlink()
    begin(job)
    stored = Job.from_dict(read_checkpoint(Path("it.state"))[0])
    assert (stored.output, stored.quality) == ("out.jpg", 30)
    assert all(one.digest for one in stored.inputs())
    names = {"photo.png", "art.png", "starry-night", "left.png", "right.png", "edges.png"}
    assert {one.place for one in stored.inputs()} == names
    assert run("resume", "it.state").exit_code == 0
    assert Path("out.jpg").read_bytes() == whole


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "how", [signal.SIGINT, *(pytest.param(one, marks=pytest.mark.slow) for one in ENDING[1:])]
)
def test_ctrl_c_and_the_system_s_signals_keep_the_state_of_the_last_iteration(how: signal.Signals) -> None:
    command = [sys.executable, "-m", "impasto", "stylize", "photo.png", "art.png", "-o", "out.png"]
    command += ["--size", "64", "--iterations", "100000", "--json", "--checkpoint", "it.state"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, how)
        rest, errors = rest_of(process)
    assert process.returncode == 130, errors
    assert imaging.read("out.png").width == 64
    events = 1 + len(rest.splitlines()) - 1  # the one read before; the last line is the result
    assert read_checkpoint(Path("it.state"))[1]["iterations"] == events


@pytest.mark.parametrize("how", ENDING)
def test_a_signal_asks_to_stop_and_a_second_one_stops(how: signal.Signals) -> None:
    before = signal.getsignal(how)
    with Interrupts() as interrupts:
        os.kill(os.getpid(), how)
        assert interrupts.seen
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), how)
    assert signal.getsignal(how) is before


@pytest.mark.usefixtures("here")
def test_what_is_no_checkpoint_is_refused() -> None:
    refused(run("resume", "missing.state"), "there is no checkpoint missing.state")
    refused(run("resume", "photo.png"), "photo.png is not a checkpoint, or is damaged")
    state = begin()
    data = state.read_bytes()
    state.write_bytes(data[: len(data) // 2])
    refused(run("resume", state), "it.state is not a checkpoint, or is damaged")
    state.write_bytes(data.replace(b"photo.png", b"photo.pig"))
    refused(run("resume", state), "checksum")
    write_checkpoint(state, {"video": "x.mp4"}, {})
    refused(run("resume", state), "it.state has a job that this version of Impasto cannot read")
    assert not Path("out.png").exists()


def test_inputs_that_went_or_changed_are_refused_by_name(here: Path) -> None:
    state = begin()
    (here / "art.png").rename(here / "moved.png")
    refused(run("resume", state), "it.state was started with art.png, which cannot be read")
    imaging.write(Picture(stripes(80, 80, period=10)), here / "art.png")
    refused(run("resume", state), "it.state was started with another art.png", "SHA-256")
    (here / "moved.png").replace(here / "art.png")
    assert run("resume", state).exit_code == 0


@pytest.mark.usefixtures("here")
def test_a_painting_begun_with_arrays_goes_on_in_python_only() -> None:
    photo = imaging.read("photo.png").pixels
    more = {"options": OPTIONS, "checkpoint": "it.state"}
    impasto.stylize(photo, "art.png", **more, cancel=after(2))  # type: ignore[arg-type]
    refused(run("resume", "it.state"), "started from Python", "resume=True")
    resumed = impasto.stylize(photo, "art.png", **more, resume=True)  # type: ignore[arg-type]
    assert np.array_equal(
        resumed.picture.pixels, impasto.stylize(photo, "art.png", options=OPTIONS).picture.pixels
    )


@pytest.mark.usefixtures("here")
def test_another_network_than_it_was_begun_with_is_refused() -> None:
    from impasto.encoders import load_extractor

    network = load_extractor("tiny", pooling="average")
    next(iter(network.parameters())).mul_(1.5)
    impasto.stylize(
        "photo.png",
        "art.png",
        options=OPTIONS,
        encoder=network,
        checkpoint="it.state",
        output="o.png",
        cancel=after(1),
    )
    refused(run("resume", "it.state"), "was a network passed from Python")


@pytest.mark.usefixtures("here")
def test_without_an_output_it_asks_for_one() -> None:
    impasto.stylize("photo.png", "art.png", options=OPTIONS, checkpoint="it.state", cancel=after(1))
    refused(run("resume", "it.state"), "missing option: -o OUT")
    assert run("resume", "it.state", "-o", "out.png", "-q").exit_code == 0


def test_a_checkpoint_never_takes_the_place_of_anything_else(here: Path) -> None:
    def tried(*more: object) -> Result:
        return run("stylize", "photo.png", "art.png", "-o", "out.png", *COMMAND, *more)

    before = (here / "photo.png").read_bytes()
    (here / "notes.txt").write_text("notes")
    refused(tried("--checkpoint", "photo.png"), "photo.png is also an input")
    refused(tried("--checkpoint", "out.png"), "expected two files for the checkpoint and the result")
    refused(tried("--checkpoint", "notes.txt"), "notes.txt is not a checkpoint")
    refused(tried("--checkpoint", "missing/it.state"), "missing")
    refused(tried("--checkpoint-every", "5"), "missing option: --checkpoint FILE")
    assert (here / "photo.png").read_bytes() == before
    assert (here / "notes.txt").read_text() == "notes"
    begin()
    refused(run("resume", "it.state", "-o", "it.state"), "it.state")
    refused(run("resume", "it.state", "-o", "photo.png"), "photo.png is also an input")
    assert (here / "photo.png").read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_painting_killed_again_and_again_is_the_same_in_the_end(here: Path, optimizer: str) -> None:
    """The checkpoint is written after every iteration, and killed after, within and before the replacing."""
    # One thread: two of them may add up in another order, and the pictures be others.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    common = ["stylize", "photo.png", "art.png", "--size", "64", "-q", "--iterations", "12"]
    common += ["--precision", "float32", "--optimizer", optimizer]
    common += ["--learning-rate", "0.02" if optimizer == "adam" else "1"]
    impasto = [sys.executable, "-m", "impasto"]
    subprocess.run([*impasto, *common, "-o", "whole.png"], check=True, env=environment)
    begun = [*common, "-o", "out.png", "--checkpoint", "it.state", "--checkpoint-every", "0"]
    resume = ["resume", "it.state", "-q", "--checkpoint-every", "0"]
    reached = []
    for command, count, when in ((begun, 4, "after"), (resume, 3, "torn"), (resume, 4, "before")):
        run_killed("it.state", count, when, *command)
        reached.append(int(read_checkpoint(here / "it.state")[1]["iterations"]))  # always a whole one
    assert reached == [4, 6, 9]
    assert not (here / "out.png").exists()
    subprocess.run([*impasto, *resume], check=True, env=environment)
    assert [p.name for p in here.glob("*.state*")] == []
    assert np.array_equal(imaging.read("out.png").pixels, imaging.read("whole.png").pixels)


@pytest.mark.usefixtures("here")
def test_strokes_belong_to_the_painting_and_are_found_from_another_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imaging.write(Picture(blobs(80, 80, seed=3)), "fine.png")
    imaging.write(Picture(blobs(80, 80, seed=4)), "other.png")
    job, state = Job("photo.png", ("art.png",), "out.png", OPTIONS, strokes="fine.png"), here / "it.state"
    seen: list[Progress] = []
    more = {"on_progress": seen.append, "cancel": lambda: len(seen) > 1}
    assert paint_job(job, checkpoint=state, **more).cancelled  # type: ignore[arg-type]
    command = ["stylize", "photo.png", "art.png", "-o", "out.png", *COMMAND, "--checkpoint", "it.state"]
    refused(run(*command, "--strokes", "other.png"), "belongs to another painting", "strokes was")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    resumed = run("resume", state)
    assert resumed.exit_code == 0, resumed.output


@pytest.mark.usefixtures("here")
def test_it_goes_on_with_other_memory_and_on_another_device() -> None:
    begin()
    resumed = run("resume", "it.state", "--max-memory", "2", "--device", "cpu", "--tile", "64")
    assert resumed.exit_code == 0, resumed.output
    stored = imaging.read_parameters("out.png")
    assert stored is not None
    options = stored["options"]
    assert (options["max_memory"], options["device"], options["tile"]) == (2, "cpu", 64)  # type: ignore[index]
