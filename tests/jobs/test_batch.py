from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from impasto.catalogue.blends import Blend, read_blends
from impasto.errors import DivergedError, InputError, OptionError, OutputError, StyleError
from impasto.jobs import Job
from impasto.jobs.batch import Batch, BatchEvent, Cancel, run
from impasto.jobs.identity import with_digests
from impasto.jobs.manifest import Record, manifest, records
from impasto.jobs.pairs import known_styles, labels, pairs, photographs
from impasto.jobs.schedule import Policy
from impasto.jobs.work import lack_of_memory
from impasto.optimize.checkpoints import write_checkpoint
from impasto.optimize.options import OptimizeOptions
from impasto.progress import Progress, ProgressCallback
from tests.jobs.painters import Painted


class Painter:
    """Performs jobs without painting: ``made`` are the outputs written, ``before`` may raise."""

    def __init__(self, before: Callable[[Job, Path], None] = lambda *_: None) -> None:
        self.made: list[str] = []
        self.before = before

    def __call__(self, job: Job, checkpoint: Path, tell: ProgressCallback, stop: Cancel) -> Painted:
        self.before(job, checkpoint)
        tell(Progress(step=1, steps=1, done=1.0, losses={"total": 0.5}))
        if stop():
            return Painted(cancelled=True)
        Path(job.output).write_text("painted")
        self.made.append(Path(job.output).name)
        return Painted()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with two photographs, a painting and a folder for results."""
    for name in ("one.jpg", "two.jpg", "art.jpg"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


AT_ONCE = Policy(delay=0)
OUT = Path("out")
STYLES = ["starry-night", "art.jpg"]
NAMES = ["one-starry-night.png", "one-art.png", "two-starry-night.png", "two-art.png"]


def jobs(options: OptimizeOptions | None = None, **more: object) -> list[Job]:
    return pairs(["one.jpg", "two.jpg"], read_blends(STYLES), OUT, options or OptimizeOptions(), **more)  # type: ignore[arg-type]


def lines() -> list[str]:
    """The outputs in the manifest, line by line."""
    return [json.loads(line)["output"] for line in (OUT / "manifest.jsonl").read_text().splitlines()]


def painted(todo: list[Job], painter: Painter | None = None) -> tuple[Batch, list[str]]:
    painter = painter or Painter()
    return run(todo, OUT, painter, policy=AT_ONCE), painter.made


@pytest.mark.usefixtures("here")
def test_every_photograph_is_painted_in_every_style() -> None:
    batch, made = painted(jobs())
    assert made == NAMES
    assert [r.output for r in batch.records] == NAMES
    assert (batch.failed, batch.skipped, batch.cancelled) == ((), 0, False)
    assert sorted(p.name for p in OUT.iterdir()) == sorted([*NAMES, "manifest.jsonl"])


@pytest.mark.usefixtures("here")
def test_the_manifest_has_a_line_with_everything_for_each() -> None:
    todo = jobs(quality=80)
    painted(todo)
    rows = [json.loads(line) for line in (OUT / "manifest.jsonl").read_text().splitlines()]
    assert rows[1] == {
        "output": "one-art.png",
        "status": "done",
        "job": with_digests(todo[1]).to_dict(),
        "size": [4, 3],
        "iterations": 7,
        "seconds": 1.5,
        "losses": {"total": 0.5},
        "error": None,
        "attempts": 1,
    }
    assert list(records(manifest(str(OUT)))) == NAMES


@pytest.mark.usefixtures("here")
def test_what_is_done_is_not_done_again() -> None:
    painted(jobs())
    batch, made = painted(jobs())
    assert made == []
    assert batch.skipped == 4
    assert lines() == NAMES


def test_a_batch_that_moved_with_its_pictures_is_still_done(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted(jobs())
    monkeypatch.chdir(here.parent)
    moved = here.rename(here.parent / "moved")
    monkeypatch.chdir(moved)
    assert painted(jobs())[1] == []


@pytest.mark.usefixtures("here")
def test_other_parameters_make_everything_again_and_say_which() -> None:
    painted(jobs())
    said: list[BatchEvent] = []
    painter = Painter()
    run(jobs(OptimizeOptions(style_weight=3.0)), OUT, painter, on_event=said.append)
    assert painter.made == NAMES
    assert {e.note for e in said if e.state == "started"} == {"style_weight was 8.0, is 3.0"}
    assert lines() == NAMES
    painter = Painter()
    run(jobs(OptimizeOptions(style_weight=3.0)), OUT, painter, network="other weights")
    assert painter.made == NAMES[:0]  # no weights were known before: the name counts
    assert painted(jobs(OptimizeOptions(style_weight=3.0), quality=5))[1] == NAMES


def test_only_what_changed_failed_or_went_is_made_again(here: Path) -> None:
    painted(jobs())
    (here / "two.jpg").write_bytes(b"another")
    (OUT / "one-art.png").unlink()
    assert painted(jobs())[1] == ["one-art.png", *NAMES[2:]]
    assert sorted(lines()) == sorted(NAMES)


@pytest.mark.usefixtures("here")
def test_other_weights_of_the_network_make_everything_again() -> None:
    run(jobs(), OUT, Painter(), network="a" * 64)
    painter = Painter()
    run(jobs(), OUT, painter, network="a" * 64)
    assert painter.made == []
    run(jobs(), OUT, painter, network="b" * 64)
    assert painter.made == NAMES


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("error", "text"),
    [
        (InputError("it is\n  text"), "it is text"),
        (RuntimeError("odd"), "RuntimeError: odd"),
    ],
)
def test_what_fails_is_told_and_the_rest_goes_on(error: Exception, text: str) -> None:
    def refuse(job: Job, _: Path) -> None:
        if "one-art" in job.output:
            raise error

    batch, made = painted(jobs(), Painter(refuse))
    assert made == [NAMES[0], *NAMES[2:]]
    assert [(r.output, r.error) for r in batch.failed] == [("one-art.png", text)]
    assert records(manifest(str(OUT)))["one-art.png"].status == "failed"
    batch, made = painted(jobs())
    assert made == ["one-art.png"]
    assert batch.failed == ()
    assert sorted(lines()) == sorted(NAMES)


def test_too_little_memory_is_said_with_what_was_asked_for() -> None:
    with pytest.raises(MemoryError) as caught:
        np.empty((10**6, 10**6, 3), np.float32)
    words = str(lack_of_memory(caught.value))
    assert words.startswith("not enough memory (12000.0 GB asked for, ")
    assert words.endswith(" GB free); expected a smaller size or smaller pictures")
    assert lack_of_memory(RuntimeError("odd")) is None
    assert lack_of_memory(ValueError("odd")) is None
    with pytest.raises(ValueError, match="array is too big") as beyond:  # of all addresses there are
        np.empty((2**31, 2**31, 3), np.float32)
    assert str(lack_of_memory(beyond.value)).startswith("not enough memory (")


def test_a_photograph_that_went_meanwhile_fails_alone(here: Path) -> None:
    todo = jobs()
    (here / "one.jpg").unlink()
    batch, made = painted(todo)
    assert made == NAMES[2:]
    assert [r.output for r in batch.failed] == NAMES[:2]
    assert batch.failed[0].error == "there is no file one.jpg"


@pytest.mark.usefixtures("here")
def test_stopping_leaves_what_is_done_and_no_trace_of_what_is_not() -> None:
    painter = Painter()
    batch = run(jobs(), OUT, painter, cancel=lambda: len(painter.made) == 2)
    assert batch.cancelled
    assert painter.made == lines() == NAMES[:2]
    assert [r.output for r in batch.records] == NAMES[:2]
    assert painted(jobs())[1] == NAMES[2:]
    assert lines() == NAMES


@pytest.mark.usefixtures("here")
def test_a_second_interruption_ends_the_batch_at_once() -> None:
    def interrupt(job: Job, _: Path) -> None:
        if "two-starry" in job.output:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        painted(jobs(), Painter(interrupt))
    assert lines() == NAMES[:2]
    assert painted(jobs())[1] == NAMES[2:]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("cut", [1, 20, 500])
def test_a_line_that_a_crash_cut_short_does_not_count(cut: int) -> None:
    painted(jobs())
    manifest = OUT / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes()[:-cut])
    assert painted(jobs())[1] == NAMES[3:]
    assert lines() == NAMES


@pytest.mark.usefixtures("here")
def test_records_of_other_paintings_stay() -> None:
    painted(jobs())
    painted(pairs(["one.jpg"], read_blends(["great-wave"]), OUT, OptimizeOptions()))
    assert lines() == [*NAMES, "one-great-wave.png"]
    assert painted(jobs())[1] == []


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "text", ["hello\n", "[1]\n", '{"output": "a.png"}\n', '{"output": 1, "status": "done", "job": {}}\n']
)
def test_a_manifest_that_is_none_is_refused_by_line_and_left_alone(text: str) -> None:
    painted(jobs())
    manifest = OUT / "manifest.jsonl"
    damaged = manifest.read_text() + text
    manifest.write_text(damaged)
    with pytest.raises(InputError, match=r"manifest\.jsonl, line 5"):
        painted(jobs())
    assert manifest.read_text() == damaged


@pytest.mark.usefixtures("here")
def test_two_batches_do_not_work_in_one_folder_at_a_time() -> None:
    def begin_another(*_: object) -> None:
        with pytest.raises(InputError, match="another process is working on the batch in out"):
            painted(jobs())

    assert painted(jobs(), Painter(begin_another))[1] == NAMES
    assert not (OUT / ".impasto").exists()


@pytest.mark.usefixtures("here")
def test_a_painting_goes_on_from_its_own_checkpoint_only() -> None:
    places: list[Path] = []

    def leave(job: Job, checkpoint: Path) -> None:
        places.append(checkpoint)
        write_checkpoint(checkpoint, job.to_dict(), {})
        raise KeyboardInterrupt

    def look(_: Job, checkpoint: Path) -> None:
        found.append(checkpoint.exists())

    for options, expected in ((OptimizeOptions(), True), (OptimizeOptions(seed=5), False)):
        with pytest.raises(KeyboardInterrupt):
            painted(jobs(), Painter(leave))
        said: list[BatchEvent] = []
        found: list[bool] = []
        run(jobs(options)[:1], OUT, Painter(look), on_event=said.append)
        assert found == [expected]
        assert [e.note for e in said if e.state == "started"] == (
            [""] if expected else ["started over: its seed was 0, is 5"]
        )
        (OUT / NAMES[0]).unlink()
        (OUT / "manifest.jsonl").unlink()
    assert places[0] == OUT / ".impasto" / "one-starry-night.png.checkpoint"


@pytest.mark.usefixtures("here")
def test_a_damaged_checkpoint_is_left_behind_and_said_so() -> None:
    (OUT / ".impasto").mkdir()
    (OUT / ".impasto" / f"{NAMES[0]}.checkpoint").write_text("not one")
    said: list[BatchEvent] = []
    run(jobs()[:1], OUT, Painter(), on_event=said.append)
    assert "is not a checkpoint, or is damaged" in said[0].note
    assert not (OUT / ".impasto").exists()


@pytest.mark.usefixtures("here")
def test_what_diverged_begins_anew_next_time_and_what_failed_otherwise_goes_on() -> None:
    def fail(job: Job, checkpoint: Path) -> None:
        write_checkpoint(checkpoint, job.to_dict(), {})
        raise errors[Path(job.output).name]

    errors = {NAMES[0]: DivergedError("no number"), NAMES[1]: OutputError("the disk is full")}
    painted(jobs()[:2], Painter(fail))
    assert sorted(p.name for p in (OUT / ".impasto").iterdir()) == ["one-art.png.checkpoint"]


@pytest.mark.usefixtures("here")
def test_events_and_progress_tell_the_whole_story() -> None:
    said: list[BatchEvent] = []
    seen: list[Progress] = []
    painted(jobs()[:1])
    run(jobs()[:2], OUT, Painter(), on_event=said.append, on_progress=seen.append)
    assert [(e.state, e.number) for e in said] == [
        ("skipped", 1),
        ("started", 2),
        ("painting", 2),
        ("done", 2),
    ]
    assert said[2].progress is not None
    assert said[3].record is not None
    assert [(e.step, e.steps, e.failed, e.done) for e in seen] == [
        (1, 2, 0, 0.5),
        (1, 2, 0, 1.0),
        (2, 2, 0, 1.0),
    ]
    assert [[part.stage for part in e.parts] for e in seen] == [[NAMES[1]], [NAMES[1]], []]
    assert seen[-1].left == 0


@pytest.mark.usefixtures("here")
def test_a_record_comes_back_as_it_was() -> None:
    record = Record("x.png", "done", with_digests(jobs()[0]), (4, 3), 7, 1.5, {"total": 0.5})
    failed = replace(record, status="failed", error="é\n", size=None)
    for one in (record, failed):
        assert Record.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def touch(folder: Path, *names: str) -> list[str]:
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    return [str(folder / name) for name in names]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["x.jpg", "y.jpg"], ["x", "y"]),
        (["x.jpg", "x.png", "y.jpg"], ["x_jpg", "x_png", "y"]),
        (["a/x.jpg", "b/x.jpg"], ["a_x", "b_x"]),
        (["a/x.jpg", "b/X.jpg"], ["a_x", "b_X"]),
        (["a/x.jpg", "b/x.jpg", "b/x.png"], ["a_x", "b_x", "x_png"]),
        (["a/x.jpg", "b/x.jpg", "a_x.png"], ["a_x_jpg", "b_x", "a_x_png"]),
    ],
)
def test_labels_are_short_and_no_two_alike(tmp_path: Path, names: list[str], expected: list[str]) -> None:
    given = touch(tmp_path, *names)
    assert labels(given) == expected
    assert labels(given[::-1]) == expected[::-1]


def test_a_painting_called_like_a_named_style_gets_the_longer_label(tmp_path: Path) -> None:
    (painting,) = touch(tmp_path, "starry-night.jpg")
    assert labels(["starry-night", painting]) == ["starry-night", "starry-night_jpg"]


def test_results_that_would_be_called_alike_are_numbered(tmp_path: Path) -> None:
    contents = touch(tmp_path, "a.jpg", "a-b.jpg")
    styles = touch(tmp_path, "b-c.jpg", "c.jpg")
    names = [
        Path(job.output).name
        for job in pairs(contents, read_blends(styles), tmp_path, OptimizeOptions(), suffix=".webp")
    ]
    assert names == ["a-b-c.webp", "a-c.webp", "a-b-b-c.webp", "a-b-c-2.webp"]


def test_folders_give_their_pictures_and_nothing_comes_twice(here: Path) -> None:
    (here / "notes.txt").touch()
    found, left_out = photographs(["one.jpg", ".", str(here / "two.jpg")])
    assert found == ["one.jpg", "art.jpg", "two.jpg"]
    assert left_out == []
    assert known_styles(["art.jpg", "starry-night", "./art.jpg", "starry-night"]) == [
        Blend(("art.jpg",)),
        Blend(("starry-night",)),
    ]


def test_styles_with_a_weight_are_one_painting(here: Path) -> None:
    styles = known_styles(["art.jpg:3", "great-wave", "starry-night:-1"])
    one, other = pairs(["one.jpg"], styles, here / "out", OptimizeOptions())
    assert [style.place for style in one.styles] == ["art.jpg", "starry-night"]
    assert one.options.style_weights == (3.0, -1.0)
    assert Path(one.output).name == "one-art75-starry-night-25.png"
    assert other.options.style_weights == ()
    assert Path(other.output).name == "one-great-wave.png"


def test_results_are_not_photographs(here: Path) -> None:
    results = {(here / "two.jpg").resolve()}
    assert photographs(["one.jpg", "two.jpg"], results) == (["one.jpg"], ["two.jpg"])
    with pytest.raises(InputError, match="expected photographs; got 1 results"):
        photographs(["two.jpg"], results)


@pytest.mark.usefixtures("here")
def test_arguments_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(InputError, match=r"no photograph or folder three\.jpg"):
        photographs(["one.jpg", "three.jpg"])
    with pytest.raises(InputError, match="out has no pictures"):
        photographs(["out"])
    with pytest.raises(StyleError, match=r"unknown style .monet.; the named styles are .*starry-night"):
        known_styles(["monet"])
    with pytest.raises(InputError, match="at least one style"):
        known_styles([])
    with pytest.raises(OptionError, match="one style at a time: expected no style_weights"):
        jobs(OptimizeOptions(style_weights=(1, 2)))
    with pytest.raises(OutputError, match=r"\.png"):
        jobs(suffix=".xyz")
    with pytest.raises(OutputError, match="no missing"):
        pairs(["one.jpg"], read_blends(STYLES), Path("missing"), OptimizeOptions())


def test_a_result_never_replaces_an_input(here: Path) -> None:
    (here / "one-art.png").touch()
    with pytest.raises(InputError, match=r"one-art\.png is also an input"):
        pairs(["one.jpg", "one-art.png"], read_blends(["art.jpg"]), here, OptimizeOptions())
