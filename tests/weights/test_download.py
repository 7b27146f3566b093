from __future__ import annotations

import errno
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from failing_server import Served

from impasto.errors import CorruptWeightsError, DownloadError
from impasto.progress import Progress
from impasto.weights import download as module
from impasto.weights.download import download

CONTENT = np.random.default_rng(1).bytes(700_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def target(tmp_path: Path, served: Served) -> Path:
    served.content = CONTENT
    (tmp_path / "downloads").mkdir()
    return tmp_path / "downloads" / "network.pth"


def fetch(served: Served, target: Path, **options: Any) -> str:
    given = {"sha256": DIGEST, "pause": 0.0, "timeout": 5.0} | options
    return download(served.url, target, **given)


def test_a_whole_file_arrives_and_nothing_else_is_left(served: Served, target: Path) -> None:
    assert fetch(served, target) == DIGEST
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_progress_tells_bytes_done_and_in_all(served: Served, target: Path) -> None:
    told: list[Progress] = []
    fetch(served, target, on_progress=told.append)
    assert (told[0].step, told[0].steps, told[0].done, told[0].left) == (0, len(CONTENT), 0.0, None)
    assert (told[-1].step, told[-1].done, told[-1].left) == (len(CONTENT), 1.0, 0.0)
    assert [one.step for one in told] == sorted(one.step for one in told)


def test_progress_has_no_total_where_the_server_announces_none(served: Served, target: Path) -> None:
    served.announce = False
    told: list[Progress] = []
    fetch(served, target, on_progress=told.append)
    assert {(one.steps, one.done, one.left) for one in told} == {(None, 0.0, None)}


def test_a_cut_transfer_is_continued_where_it_stopped(served: Served, target: Path) -> None:
    served.cut_after = [300_000, 100_000]
    fetch(served, target)
    assert target.read_bytes() == CONTENT
    assert served.asked == [None, "bytes=300000-", "bytes=400000-"]


def test_a_later_call_continues_an_earlier_one(served: Served, target: Path) -> None:
    served.cut_after = [300_000]
    with pytest.raises(DownloadError, match="300,000 bytes are kept"):
        fetch(served, target, attempts=1)
    assert not target.exists()
    fetch(served, target)
    assert served.asked == [None, "bytes=300000-"]
    assert target.read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_fetched_from_the_beginning(served: Served, target: Path) -> None:
    served.content = bytes(len(CONTENT))
    served.cut_after = [300_000]
    with pytest.raises(DownloadError):
        fetch(served, target, attempts=1)
    served.content, served.etag = CONTENT, '"two"'
    fetch(served, target)
    assert target.read_bytes() == CONTENT


def test_a_part_of_another_address_is_not_continued(served: Served, target: Path) -> None:
    served.cut_after = [300_000]
    with pytest.raises(DownloadError):
        fetch(served, target, attempts=1)
    download(served.url + "?mirror", target, sha256=DIGEST)
    assert served.asked == [None, None]


def test_a_server_without_versions_is_continued_all_the_same(served: Served, target: Path) -> None:
    served.etag = None
    served.cut_after = [300_000]
    fetch(served, target)
    assert served.asked == [None, "bytes=300000-"]


def test_a_server_that_ignores_ranges_sends_the_whole_file_again(served: Served, target: Path) -> None:
    served.ranges = False
    served.cut_after = [300_000]
    fetch(served, target)
    assert target.read_bytes() == CONTENT


def test_a_server_that_always_stops_at_the_same_place_is_given_up(served: Served, target: Path) -> None:
    served.ranges = False
    served.cut_after = [300_000] * 9
    with pytest.raises(DownloadError, match="closed after 300,000 of 700,000 bytes"):
        fetch(served, target, attempts=3)
    assert len(served.asked) == 3


def test_a_part_that_is_already_complete_is_used(served: Served, target: Path) -> None:
    served.cut_after = [300_000]
    with pytest.raises(DownloadError):
        fetch(served, target, attempts=1)
    target.with_name("network.pth.part").write_bytes(CONTENT)
    fetch(served, target)
    assert target.read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_fetched_again(served: Served, target: Path) -> None:
    served.cut_after = [300_000]
    with pytest.raises(DownloadError):
        fetch(served, target, attempts=1)
    target.with_name("network.pth.part").write_bytes(CONTENT + b"more")
    fetch(served, target)
    assert target.read_bytes() == CONTENT


def test_a_wrong_digest_is_refused_and_removed(served: Served, target: Path) -> None:
    with pytest.raises(CorruptWeightsError, match="expected SHA-256 00000000, got " + DIGEST) as caught:
        fetch(served, target, sha256="00000000")
    assert (caught.value.expected, caught.value.actual) == ("SHA-256 00000000", DIGEST)
    assert list(target.parent.iterdir()) == []


def test_the_beginning_of_a_digest_is_enough(served: Served, target: Path) -> None:
    assert fetch(served, target, sha256=DIGEST[:8]) == DIGEST


def test_another_length_than_the_published_one_is_refused_before_it_is_fetched(
    served: Served, target: Path
) -> None:
    with pytest.raises(CorruptWeightsError, match=r"expected 5 bytes .* offers 700,000"):
        fetch(served, target, size=5)
    assert list(target.parent.iterdir()) == []


def test_a_missing_file_is_reported_at_once(served: Served, target: Path) -> None:
    served.status = [404, 404]
    with pytest.raises(DownloadError, match="answered 404 Not Found"):
        fetch(served, target)
    assert len(served.asked) == 1


def test_a_busy_server_is_asked_again(served: Served, target: Path) -> None:
    served.status = [503, 429]
    fetch(served, target)
    assert target.read_bytes() == CONTENT


def test_waits_between_attempts_grow(served: Served, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(module.time, "sleep", waits.append)
    served.status = [503] * 4
    with pytest.raises(DownloadError, match="503"):
        fetch(served, target, attempts=4, pause=1.0)
    assert waits == [1.0, 2.0, 4.0]


def test_no_server_at_all_is_a_download_error(target: Path) -> None:
    with pytest.raises(DownloadError, match="no connection"):
        download("http://127.0.0.1:9/x.pth", target, sha256=DIGEST, attempts=1)


class FullDisk:
    """A file on a disk with no room."""

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, _: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_said_to_be_full(
    served: Served, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def full(self: Path, mode: str = "r", *args: Any, **options: Any) -> Any:
        return FullDisk() if self.suffix == ".part" and "b" in mode else real(self, mode, *args, **options)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(DownloadError, match="the disk is full"):
        fetch(served, target)
    assert len(served.asked) == 1
    assert not target.exists()


def test_too_little_room_is_noticed_beforehand(
    served: Served, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = module.shutil._ntuple_diskusage(10, 9, 1)  # type: ignore[attr-defined]
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DownloadError, match="expected 700,000 bytes free"):
        fetch(served, target)


def test_redirections_are_followed_but_not_from_secure_to_insecure() -> None:
    handler = module._SecureRedirects()
    secure = module.urllib.request.Request("https://a.example/x")
    plain = module.urllib.request.Request("http://a.example/x")
    with pytest.raises(DownloadError, match="not secure"):
        handler.redirect_request(secure, None, 302, "Found", {}, "http://b.example/x")
    for request, address in ((secure, "https://b.example/x"), (plain, "http://b.example/x")):
        followed = handler.redirect_request(request, None, 302, "Found", {}, address)
        assert followed is not None
        assert followed.full_url == address
