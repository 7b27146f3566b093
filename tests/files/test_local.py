"""Files on this machine: whole or not at all, whoever dies over them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from impasto import files
from impasto.errors import InputError, OutputError
from impasto.files import digests, local
from impasto.files.locks import locked

DIE = """
import os, signal, sys
from impasto import files
with files.Draft(sys.argv[1]) as stream:
    stream.write(b"half of it")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_within_a_block_is_there_after_it(tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_bytes(b"before")
    with files.Draft(path) as stream:
        stream.write(b"after!")
        stream.seek(5)
        stream.write(b"wards")
        stream.seek(0)
        assert stream.read() == b"afterwards"
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"afterwards"
    assert names(tmp_path) == ["it"]


def test_a_block_that_raises_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_bytes(b"before")

    def half(error: Exception) -> None:
        with files.Draft(path) as stream:
            stream.write(b"half")
            raise error

    with pytest.raises(RuntimeError, match="mine"):
        half(RuntimeError("mine"))
    with pytest.raises(InputError, match="its own words"):
        half(InputError("its own words"))
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["it"]


def test_the_first_error_counts_whatever_a_library_makes_of_it(tmp_path: Path) -> None:
    draft = files.Draft(tmp_path / "it")
    draft._raw.error = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OutputError, match=r"^cannot write .*it: the disk is full$"):
        draft.__exit__(RuntimeError, RuntimeError("file write failed"), None)
    passed_over = files.Draft(tmp_path / "it")
    passed_over._raw.error = OSError(errno.EIO, "Input/output error")
    with pytest.raises(OutputError, match=r"^cannot write .*it: Input/output error$"):
        passed_over.commit()
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's full device")
def test_a_full_disk_is_remembered() -> None:
    raw = local._Remembering("/dev/full", "r+b")
    with pytest.raises(OSError, match="No space"):
        raw.write(b"x")
    assert raw.error is not None
    assert raw.error.errno == errno.ENOSPC
    raw.close()


def test_what_a_killed_process_left_is_removed_by_the_next_one_to_write_there(tmp_path: Path) -> None:
    path = tmp_path / "it"
    subprocess.run([sys.executable, "-c", DIE, str(path)], check=False)
    (left,) = names(tmp_path)
    assert local.is_stale(left)
    again = f"import sys; from impasto import files; files.replace({str(path)!r}, b'all of it')"
    subprocess.run([sys.executable, "-c", again], check=True)
    assert names(tmp_path) == ["it"]
    assert path.read_bytes() == b"all of it"


def test_only_what_nobody_writes_any_more_is_swept(tmp_path: Path) -> None:
    mine = files.Draft(tmp_path / "it")
    other = f".impasto-0123abcd-{os.getpid()}-0123abcd.tmp"  # of another machine
    old = f".impasto-0123abcd-{os.getpid()}-ffffffff.tmp"
    for name in (other, old, ".impasto-notes.tmp", "it.tmp"):
        (tmp_path / name).touch()
    long_ago = time.time() - local.STALE - 1
    for name in (old, ".impasto-notes.tmp", "it.tmp"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    files.sweep(tmp_path)
    assert names(tmp_path) == sorted([Path(mine.stream.name).name, other, ".impasto-notes.tmp", "it.tmp"])
    mine.discard()
    files.sweep(tmp_path / "nowhere")


def test_a_place_that_takes_no_files_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"^cannot write .*/no/it: No such file or directory$"):
        files.replace(tmp_path / "no" / "it", b"")
    with pytest.raises(OutputError, match=r"^cannot write .*: embedded null byte$"):
        files.replace("a\0b", b"")
    with pytest.raises(OutputError, match=r"^cannot write .*/no/it: No such file or directory$"):
        files.append(tmp_path / "no" / "it", b"")
    (tmp_path / "file").touch()
    with pytest.raises(
        OutputError, match=r"^cannot write .*/file/in: .*/file is a file; expected a folder for the results$"
    ):
        files.make_folder(tmp_path / "file" / "in", "the results")


def test_what_is_appended_follows_what_is_there(tmp_path: Path) -> None:
    files.append(tmp_path / "log", b"one\n")
    files.append(tmp_path / "log", b"two\n", durable=False)
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\n"


def test_digests_are_of_what_files_hold_or_of_what_they_are_called(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"abc")
    two.write_bytes(b"")
    # FIPS 180-2, appendix B.1
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digests.of_file(one) == digests.of_bytes(b"abc") == abc
    assert digests.of_file(one, known=True) == abc
    stat = one.stat()
    one.write_bytes(b"abd")
    os.utime(one, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert digests.of_file(one, known=True) == abc  # of the same time and size: it is not read again
    assert digests.of_file(one) == digests.of_bytes(b"abd")
    assert digests.of_files([one, two]) != digests.of_files([two, one])
    listed = digests.of_listing([one, two], times=True)
    os.utime(two, (1, 1))
    assert digests.of_listing([one, two], times=True) != listed
    assert digests.of_listing([one, two]) == digests.of_bytes(b"one 3\ntwo 0\n")
    with pytest.raises(InputError, match="there is no file"):
        digests.of_file(tmp_path / "three")
    with pytest.raises(InputError, match="cannot read"):
        digests.of_file(tmp_path)


def test_a_lock_is_one_process_s_at_a_time(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "lock", "it is taken"),
        pytest.raises(InputError, match="it is taken"),
        locked(tmp_path / "lock", "it is taken"),
    ):
        pass
    assert names(tmp_path) == []
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"), locked(tmp_path / "file" / "lock"):
        pass


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="waits without reaping")
def test_what_a_process_that_ended_has_left_is_removed_even_before_it_is_waited_for(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    own = local.temporary_name()
    left = own.replace(f"-{os.getpid()}-", f"-{ended.pid}-")
    for name in (own, left):
        (tmp_path / name).touch()
    local.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [own]
    ended.wait()
