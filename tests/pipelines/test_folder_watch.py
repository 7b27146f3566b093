"""What arrives in a folder is painted, once, whatever happens in between."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from impasto import imaging
from impasto.errors import InputError, OutputError
from impasto.inference.options import FastOptions
from impasto.jobs.manifest import Record
from impasto.pipelines import folder_watch
from impasto.pipelines.folder_watch import watch
from impasto.types import Picture
from tests.cli.running import refused, run
from tests.conftest import blobs
from tests.waiting import until

FAST = FastOptions(size=32)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()


def photo(name: str, seed: int = 1) -> None:
    imaging.write(Picture(blobs(48, 40, seed=seed)), Path("in") / name)


def encoded(seed: int) -> bytes:
    imaging.write(Picture(blobs(48, 40, seed=seed)), Path("other.png"))
    return Path("other.png").read_bytes()


def paint(*styles: str, **more: object) -> tuple[int, list[Record]]:
    records: list[Record] = []
    made = watch(
        "in",
        styles or "starry-night",
        "out",
        options=FAST,
        once=True,
        every=0.1,
        settled=0,
        on_record=records.append,
        **more,
    )  # type: ignore[arg-type]
    return made, records


def names(folder: str) -> list[str]:
    return sorted(p.name for p in Path(folder).iterdir() if p.name[0] != "." and p.suffix != ".jsonl")


def test_what_is_there_is_painted_once() -> None:
    photo("a.jpg")
    photo("b.png", 2)
    assert paint()[0] == 2
    assert names("out") == ["a-starry-night.png", "b-starry-night.png"]
    assert names("in") == ["a.jpg", "b.png"]
    assert paint() == (0, [])
    assert imaging.read_size("out/a-starry-night.png") == (32, 27)


def test_a_folder_that_photographs_cannot_go_to_is_refused_before_any_is_painted() -> None:
    photo("a.jpg")
    Path("file").touch()
    with pytest.raises(OutputError, match="expected a folder for photographs that are done"):
        paint(move="file/done")
    assert names("out") == []


def test_an_empty_file_does_not_keep_once_from_ending_and_is_named() -> None:
    photo("a.jpg")
    Path("in/b.jpg").touch()
    made, records = paint()
    assert (made, len(records)) == (1, 2)
    assert "the file is empty" in str(records[1].error)


def test_styles_with_a_weight_are_blended() -> None:
    photo("a.jpg")
    assert paint("starry-night:3", "great-wave:1", "the-kiss")[0] == 2
    assert names("out") == ["a-starry-night75-great-wave25.png", "a-the-kiss.png"]


def test_a_photograph_that_changes_is_painted_again() -> None:
    photo("a.jpg")
    paint()
    before = imaging.read("out/a-starry-night.png").pixels
    photo("a.jpg", 2)
    assert paint()[0] == 1
    assert names("out") == ["a-starry-night.png"]
    assert not np.array_equal(imaging.read("out/a-starry-night.png").pixels, before)


def test_photographs_of_one_name_have_paintings_of_their_own() -> None:
    photo("a.jpg")
    paint()
    photo("a.png", 2)
    assert paint()[0] == 1
    assert names("out") == ["a-starry-night-2.png", "a-starry-night.png"]
    assert paint()[0] == 0


def test_what_is_painted_is_moved_and_the_same_name_comes_again() -> None:
    for seed in (1, 2):
        photo("a.jpg", seed)
        assert paint(move="done")[0] == 1
    assert names("in") == []
    assert names("done") == ["a-2.jpg", "a.jpg"]
    assert names("out") == ["a-starry-night-2.png", "a-starry-night.png"]


def test_a_photograph_that_changes_while_it_is_painted_is_painted_again_before_it_is_moved() -> None:
    photo("a.png")
    changes = iter([lambda: photo("a.png", 2)])
    made, records = paint(move="done", on_progress=lambda _: next(changes, lambda: None)())
    assert made == 2
    assert len({record.output for record in records}) == 2
    assert names("done") == ["a.png"]
    assert Path("done/a.png").read_bytes() == encoded(2)
    assert names("in") == []


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_that_is_moved_still_leads_to_its_photograph() -> None:
    photo("a.png")
    Path("in/a.png").rename("real.png")
    Path("in/a.png").symlink_to("../real.png")
    assert paint(move="deep/done")[0] == 1
    assert names("in") == []
    assert Path("deep/done/a.png").is_symlink()
    assert Path("deep/done/a.png").samefile("real.png")


def test_a_photograph_that_is_taken_away_while_it_is_painted_stops_nothing() -> None:
    photo("a.png")
    photo("b.png", 2)

    def take_away(_: object) -> None:
        if Path("out/a-starry-night.png").exists():
            Path("in/a.png").unlink(missing_ok=True)

    assert paint(move="done", on_progress=take_away)[0] == 2
    assert names("out") == ["a-starry-night.png", "b-starry-night.png"]
    assert names("done") == ["b.png"]


def test_what_was_painted_but_not_moved_before_a_crash_is_moved() -> None:
    photo("a.jpg")
    paint()
    assert paint(move="done")[0] == 0
    assert (names("in"), names("done")) == ([], ["a.jpg"])


def test_a_file_that_is_no_picture_stays_and_does_not_stop_the_others() -> None:
    Path("in/a.jpg").write_bytes(b"not yet")
    photo("b.jpg")
    made, records = paint(move="done")
    assert made == 1
    assert [record.done for record in records] == [False, True]
    assert names("in") == ["a.jpg"]
    photo("a.jpg", 3)
    assert paint(move="done")[0] == 1


def test_a_result_of_somebody_else_is_kept() -> None:
    photo("a.jpg")
    Path("out").mkdir()
    Path("out/a-starry-night.png").write_text("mine")
    assert paint()[0] == 1
    assert Path("out/a-starry-night.png").read_text() == "mine"
    assert imaging.read_size("out/a-starry-night-2.png") == (32, 27)


def test_a_file_is_left_until_it_has_settled() -> None:
    photo("a.jpg")
    arrivals = folder_watch._Arrivals(Path("in"), settled=2.0)
    assert arrivals.look(now=0.0) == ([], True)
    assert arrivals.look(now=1.9) == ([], True)
    with Path("in/a.jpg").open("ab") as more:
        more.write(b"more")
    assert arrivals.look(now=2.5) == ([], True)
    assert arrivals.look(now=4.4) == ([], True)
    ready, arriving = arrivals.look(now=4.5)
    assert ([path.name for path in ready], arriving) == (["a.jpg"], False)
    arrivals.finish(ready[0])
    assert arrivals.look(now=9.0) == ([], False)


def test_a_watched_folder_is_watched_until_it_is_cancelled() -> None:
    end, done = threading.Event(), []
    options = {"options": FAST, "every": 0.05, "settled": 0, "cancel": end.is_set}

    def work() -> None:
        done.append(watch("in", "starry-night", "out", **options))  # type: ignore[arg-type]

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for number in range(2):
            photo(f"{number}.jpg", number)
            until(painted(f"out/{number}-starry-night.png"))
        with pytest.raises(InputError, match="another process paints what arrives into out"):
            paint()
    finally:
        end.set()
        thread.join()
    assert done == [2]


def painted(path: str) -> Callable[[], bool]:
    return lambda: Path(path).exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("nowhere",), "expected a folder to watch; got nowhere"),
        (("in", "--format", "txt"), ".png"),
        (("in", "--output-template", "{x}"), "expected --output-template with fields"),
        (("in", "--output-template", "{name}/{style}"), "expected names without folders"),
        (("in", "--size", "64x48"), "expected --size of the fast network to be the long side"),
        (("in", "--move", "in"), "expected a folder for the photographs that are done other than"),
        (("in", "--style", "monet"), "unknown style 'monet'"),
        (("in", "--iterations", "3"), "--iterations needs --optimize"),
        (("in", "--optimize", "--keep-color"), "--keep-color does not work with --optimize"),
    ],
)
def test_what_cannot_be_done_is_refused_before_it_watches(more: tuple[str, ...], words: str) -> None:
    result = run("watch", more[0], "out", "--style", "starry-night", *more[1:])
    refused(result, words)
    assert result.stdout == ""
    assert not Path("out").exists()


def test_a_folder_that_cannot_be_watched_is_refused() -> None:
    for place, words in (("nowhere", "expected a folder to watch"), ("in", "other than the watched one")):
        with pytest.raises(InputError, match=words):
            watch(place, "starry-night", "in", options=FAST)


def test_the_command_says_what_it_painted() -> None:
    photo("a.jpg")
    line = ("watch", "in", "out", "--style", "starry-night", "--once", "--settled", "0", "--size", "32")
    events = [json.loads(one) for one in run(*line, "--json").stdout.splitlines()]
    assert [event["event"] for event in events] == ["watching", "painted", "result"]
    assert events[1]["output"] == "a-starry-night.png"
    assert run(*line).stdout == "0 painted\n"
    refused(run("watch", "in", "out"), "missing option: --style STYLE")
