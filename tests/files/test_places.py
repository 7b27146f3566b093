"""Photographs and results in a store: fsspec's own, in memory and on this machine."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest

from impasto.catalogue.blends import read_blends
from impasto.errors import InputError, MissingExtraError, OutputError, StyleError
from impasto.files import places
from impasto.jobs import Job
from impasto.jobs.batch import Batch, run
from impasto.jobs.identity import digest, fetch_inputs, with_digests
from impasto.jobs.pairs import known_styles, pairs, photographs
from impasto.jobs.run import RemoteRunStore
from impasto.jobs.schedule import Policy
from impasto.jobs.work import Painted, is_retryable
from impasto.optimize.options import OptimizeOptions
from tests.jobs.painters import make


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[fsspec.AbstractFileSystem]:
    """A store with two photographs and a painting, and a folder to be in."""
    files = fsspec.filesystem("memory")
    for name in ("photos/a.jpg", "photos/b.jpg", "photos/notes.txt", "art/art.jpg"):
        files.pipe_file(f"/{name}", name.encode())
    (tmp_path / "diary").mkdir()
    monkeypatch.chdir(tmp_path)
    yield files
    files.rm("/", recursive=True)


def jobs(out: str = "memory://out") -> list[Job]:
    places.make_folder(out)
    photos, _ = photographs(["memory://photos"])
    return pairs(photos, known_styles(["memory://art/art.jpg"]), out, OptimizeOptions())


def paint(todo: list[Job], out: str = "memory://out", **what: str) -> Batch:
    return run(todo, out, make("diary", **what), policy=Policy(delay=0))


def manifest(out: str = "memory://out") -> list[dict[str, object]]:
    return [json.loads(line) for line in places.read(f"{out}/manifest.jsonl").decode().splitlines()]


def everything() -> list[str]:
    return sorted(fsspec.filesystem("memory").find("/out"))


def test_a_batch_in_a_store_is_one_like_any_other(store: fsspec.AbstractFileSystem) -> None:
    batch = paint(jobs())
    assert [r.output for r in batch.records] == ["a-art.png", "b-art.png"]
    assert everything() == ["/out/a-art.png", "/out/b-art.png", "/out/manifest.jsonl"]
    assert places.read("memory://out/a-art.png") == b"painted from photos/a.jpg"
    assert [row["output"] for row in manifest()] == ["a-art.png", "b-art.png"]
    assert paint(jobs()).skipped == 2
    store.pipe_file("/photos/b.jpg", b"another")
    store.rm_file("/out/a-art.png")
    assert paint(jobs()).skipped == 0
    assert len(manifest()) == 2


def test_stores_that_show_files_half_written_get_them_by_renaming(tmp_path: Path) -> None:
    out = f"local://{tmp_path}/results"
    assert len(paint(jobs(out), out).records) == 2
    assert sorted(p.name for p in (tmp_path / "results").rglob("*") if p.is_file()) == [
        "a-art.png",
        "b-art.png",
        "manifest.jsonl",
    ]


def test_lines_that_were_not_joined_before_a_crash_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_in_the_end(*_: object) -> None:
        if any("lines-" in name for name in everything()):
            raise OutputError("gone")

    with monkeypatch.context() as patched:
        patched.setattr("impasto.jobs.run.EVERY", 0.0)
        patched.setattr(RemoteRunStore, "write", fail_in_the_end)
        with pytest.raises(OutputError, match="gone"):
            paint(jobs())
    pieces = [name for name in everything() if "lines-" in name]
    assert len(pieces) == 2
    assert "/out/manifest.jsonl" not in everything()
    assert paint(jobs()).skipped == 2
    assert [row["output"] for row in manifest()] == ["a-art.png", "b-art.png"]
    assert not [name for name in everything() if "lines-" in name]


def _raise(error: Exception) -> None:
    raise error


def test_inputs_are_fetched_once_as_long_as_they_stay_the_same(
    store: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    genuine = places.read
    monkeypatch.setattr(places, "read", lambda a: read.append(a) or genuine(a))
    job = Job("memory://photos/a.jpg", ("memory://art/art.jpg", "starry-night"), "memory://out/x.png")
    near = fetch_inputs(job)
    assert Path(near.content.place).read_bytes() == b"photos/a.jpg"
    assert Path(near.content.place).name == "a.jpg"
    assert near.styles[1].place == "starry-night"
    assert near.output == job.output
    measured = with_digests(job)
    assert read == ["memory://photos/a.jpg", "memory://art/art.jpg"]
    (Path.cwd() / "a.jpg").write_bytes(b"photos/a.jpg")
    assert measured.content.digest == digest("a.jpg")
    store.pipe_file("/photos/a.jpg", b"another and longer")
    assert Path(fetch_inputs(job).content.place).read_bytes() == b"another and longer"


def test_what_a_store_says_is_the_same_is_not_read_again(
    store: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paint(jobs()).skipped == 0
    read: list[str] = []
    genuine = places.read
    monkeypatch.setattr(places, "read", lambda a: read.append(a) or genuine(a))
    assert paint(jobs()).skipped == 2
    assert [address for address in read if not address.endswith("manifest.jsonl")] == []
    store.pipe_file("/photos/b.jpg", b"another")
    assert paint(jobs()).skipped == 1
    assert "memory://photos/b.jpg" in read
    assert "memory://photos/a.jpg" not in read
    # The same bytes put there again are read, and found to be the same.
    store.pipe_file("/photos/a.jpg", b"photos/a.jpg")
    assert paint(jobs()).skipped == 2
    assert "memory://photos/a.jpg" in read


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"ETag": '"abc"', "size": 3, "LastModified": "now"}, 'ETag "abc"'),
        ({"md5Hash": "x==", "updated": "now"}, "md5Hash x=="),
        ({"mtime": 12.5, "size": 3}, "mtime 12.5, 3 bytes"),
        ({"size": 3}, ""),
    ],
)
def test_a_version_is_a_checksum_or_a_time_and_a_size(entry: dict[str, object], expected: str) -> None:
    assert places._version(entry) == expected


def test_a_file_on_this_machine_may_be_named_by_an_address() -> None:
    assert places.plain("file:///a/b.jpg") == "/a/b.jpg"
    assert not places.is_address("file:///a/b.jpg")
    assert places.join("memory://out/", "x.png") == "memory://out/x.png"
    assert places.join("out", "x.png") == "out/x.png"
    assert places.name_of("s3://bucket/a/b.jpg") == places.name_of("a/b.jpg") == "b.jpg"


def test_names_that_would_be_alike_get_their_folders(store: fsspec.AbstractFileSystem) -> None:
    store.pipe_file("/other/a.jpg", b"")
    todo = pairs(
        ["memory://photos/a.jpg", "memory://other/a.jpg"],
        read_blends(["starry-night"]),
        "memory://out",
        OptimizeOptions(),
    )
    assert [job.output for job in todo] == [
        "memory://out/photos_a-starry-night.png",
        "memory://out/other_a-starry-night.png",
    ]


def test_what_is_not_there_is_refused_in_one_line() -> None:
    Path("art.jpg").touch()
    with pytest.raises(InputError, match="no photograph or folder memory://none"):
        photographs(["memory://none"])
    with pytest.raises(InputError, match=r"memory://out/x-art\.png is also an input"):
        pairs(
            ["memory://out/x.jpg", "memory://out/x-art.png"],
            read_blends(["art.jpg"]),
            "memory://out",
            OptimizeOptions(),
        )
    with pytest.raises(StyleError, match=r"memory://art/none\.jpg; there is no file"):
        known_styles(["memory://art/none.jpg"])
    with pytest.raises(InputError, match="got nonsense://"):
        photographs(["nonsense://x"])
    with pytest.raises(InputError, match="no file memory://none"):
        places.fetch("memory://none")
    with pytest.raises(OutputError, match=r"\.xyz"):
        pairs(
            ["memory://photos/a.jpg"],
            read_blends(["starry-night"]),
            "memory://out",
            OptimizeOptions(),
            suffix=".xyz",
        )


def test_a_store_whose_package_is_missing_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", refuse)
    with pytest.raises(MissingExtraError, match=r"s3:// needs a package .* Install s3fs"):
        photographs(["s3://bucket/photos"])


def test_a_store_that_is_away_is_asked_again_and_a_missing_file_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class StoreError(Exception):
        pass

    for raised, expected in (
        (StoreError("slow down"), True),
        (ConnectionResetError(errno.ECONNRESET, "reset"), True),
        (TimeoutError(), True),
        (FileNotFoundError(), False),
        (PermissionError(errno.EACCES, "denied"), False),
    ):
        monkeypatch.setattr(
            "fsspec.implementations.memory.MemoryFileSystem.cat_file", lambda *_, e=raised, **__: _raise(e)
        )
        with pytest.raises(InputError) as caught:
            places.read("memory://photos/a.jpg")
        assert is_retryable(caught.value) == expected, raised


def test_what_the_system_says_is_told_in_words_and_not_in_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a photo")
    (tmp_path / "out").mkdir()
    job = Job(str(tmp_path / "a.jpg"), ("starry-night",), str(tmp_path / "out" / "a.png"), OptimizeOptions())

    def perform(*_: object) -> Painted:
        raise PermissionError(errno.EACCES, "Permission denied", "/somewhere/else")

    (failed,) = run([job], tmp_path / "out", perform).failed
    assert failed.error == "/somewhere/else: Permission denied"


def test_memory_that_the_machine_does_not_have_is_not_asked_for_again() -> None:
    with pytest.raises(MemoryError) as caught:
        np.empty((1 << 30, 1 << 20), np.float64)
    assert not is_retryable(caught.value)
    assert is_retryable(MemoryError())  # others may have had it
