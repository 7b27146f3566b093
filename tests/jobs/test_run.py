"""Runs: whether one is the one before, and what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from impasto.errors import InputError, OutputError
from impasto.files import places
from impasto.files.locks import LEASE
from impasto.jobs.run import RemoteRunStore, Run, RunStore, run_store

FILM = {"clip": "abc", "film": {"size": 64, "start": None}, "styles": ("a", "b")}


def film(folder: Path) -> RunStore:
    return RunStore(folder, "film", hidden=folder)


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        (FILM, []),
        ({**FILM, "styles": ["a", "b"]}, []),
        ({**FILM, "clip": "x" * 64}, ["clip was xxxxxxxxxxxxxxxx..., is abc"]),
        ({**FILM, "film": {"size": 80, "start": None}}, ["film size was 80, is 64"]),
        ({**FILM, "film": {"size": 64, "start": "1/2"}}, ["film start was 1/2, is none"]),
        (
            {"clip": "d", "styles": []},
            [
                "clip was d, is abc",
                "film was none, is {'size': 64, 'start': None}",
                "styles was [], is ['a', 'b']",
            ],
        ),
        ({**FILM, "by": "hand"}, ["by was hand, is none"]),
    ],
)
def test_a_run_is_another_where_its_description_is(earlier: dict[str, object], expected: list[str]) -> None:
    run = Run("film", FILM)
    assert run.differences(earlier) == expected
    if not expected:
        run.check_same(earlier, "it.state")
        return
    with pytest.raises(InputError) as caught:
        run.check_same(earlier, "it.state")
    assert str(caught.value) == f"it.state belongs to another film: its {expected[0]}"


@pytest.mark.parametrize("cut", [1, 5])
def test_a_line_that_a_crash_cut_short_does_not_count(tmp_path: Path, cut: int) -> None:
    store = film(tmp_path)
    store.write([{"n": 0}])
    store.add({"n": 1})
    lines = tmp_path / "run.jsonl"
    lines.write_bytes(lines.read_bytes()[:-cut])
    assert store.parts(dict) == [{"n": 0}]
    lines.write_text("nonsense\n")
    with pytest.raises(InputError, match=r"run\.jsonl, line 1, is not a film's"):
        store.parts(dict)


def test_one_process_at_a_time_is_at_a_run(tmp_path: Path) -> None:
    batch = RunStore(tmp_path, "batch", "manifest.jsonl")
    with batch.alone():
        with pytest.raises(InputError) as caught, RunStore(tmp_path, "batch").alone():
            pass
        assert str(caught.value) == f"another process is working on the batch in {tmp_path}"
        assert (tmp_path / ".impasto" / "lock").exists()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file is a file"), RunStore(tmp_path / "file", "film").alone():
        pass


@pytest.fixture
def memory() -> Iterator[str]:
    yield "memory://out"
    fsspec.filesystem("memory").rm("/", recursive=True)


def test_a_run_in_a_store_is_kept_in_pieces_that_end_up_as_one(memory: str) -> None:
    now = 1000.0
    store = RemoteRunStore(memory, "batch", "manifest.jsonl", clock=lambda: now)
    with store.alone():
        for number in range(3):
            store.add({"n": number})
            now += 1
            store.keep()
        assert len(places.listing(store.hidden)) == 4  # with the lock
        assert store.parts(dict) == [{"n": 0}, {"n": 1}, {"n": 2}]
        store.add({"n": 3})
    assert places.listing(memory) == ["memory://out/manifest.jsonl"]
    assert places.listing(store.hidden) == []
    again = run_store(memory, "batch", "manifest.jsonl")
    assert again.parts(lambda part: part["n"]) == [0, 1, 2, 3]
    assert json.loads(places.read(again.lines).splitlines()[0]) == {"n": 0}


def test_the_lock_in_a_store_has_to_be_renewed_and_ends_by_itself(memory: str) -> None:
    now = 1000.0
    first, second = (RemoteRunStore(memory, "batch", clock=lambda: now) for _ in range(2))
    with first.alone():
        with pytest.raises(InputError, match=r"working on the batch in memory://out \(.*try again in 60 s"):
            second.alone().__enter__()
        now += LEASE - 1
        first.keep()
        now += LEASE - 1
        with pytest.raises(InputError, match="another process"):
            second.alone().__enter__()
        now += 2
        with second.alone():
            pass
    assert not places.exists("memory://out/.impasto/lock")
