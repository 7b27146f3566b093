"""``-``: pictures from standard input and on standard output."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from impasto.catalogue.cards import read_card
from impasto.cli import app
from impasto.imaging import read, read_parameters
from tests.cli.running import refused

FAST = ["--size", "48", "--iterations", "2"]
PNG, JPEG = b"\x89PNG", b"\xff\xd8\xff"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: object, given: bytes = b"") -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], input=given)


def test_a_photograph_comes_from_standard_input_and_its_painting_goes_to_standard_output(
    photo_file: Path, tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    result = run("stylize", "-", "starry-night", "-o", "-", *FAST, given=photo_file.read_bytes())
    assert result.exit_code == 0, result.stderr
    assert result.stdout_bytes.startswith(PNG)
    assert "painted: standard output (48x32" in result.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_the_painting_is_that_of_the_same_file(photo_file: Path, tmp_path: Path) -> None:
    run("stylize", photo_file, "starry-night", "-o", "out.png", *FAST)
    result = run("stylize", "-", "starry-night", *FAST, given=photo_file.read_bytes())
    (tmp_path / "piped.png").write_bytes(result.stdout_bytes)
    assert np.array_equal(read("piped.png").pixels, read("out.png").pixels)
    stored = read_parameters("piped.png")
    assert stored is not None
    assert stored["content"] == "-"
    refused(run("stylize", "--from", "piped.png", "-o", "again.png"), "missing argument: CONTENT")
    assert run("stylize", photo_file, "--from", "piped.png", "-o", "again.png").exit_code == 0


def test_the_format_on_standard_output_can_be_chosen(photo_file: Path) -> None:
    result = run("fast", "-", "starry-night", "-o", "-", "--format", "jpg", given=photo_file.read_bytes())
    assert result.exit_code == 0, result.stderr
    assert result.stdout_bytes.startswith(JPEG)
    assert Image.open(io.BytesIO(result.stdout_bytes)).size == (96, 64)


def test_events_go_to_standard_error_while_the_picture_goes_to_standard_output(photo_file: Path) -> None:
    result = run("fast", photo_file, "starry-night", "-o", "-", "--json")
    assert result.stdout_bytes.startswith(PNG)
    painted, _ = map(json.loads, result.stderr.splitlines())
    assert painted["output"] == "standard output"


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        ("texture - --size 64 --iterations 1 -o -", PNG),
        ("style - -o -", b""),
        ("inspect features - --size 48 --layers relu1_1 -o -", PNG),
        ("inspect style - starry-night --size 48 -o -", PNG),
    ],
)
def test_every_command_with_pictures_takes_them(words: str, begins: bytes, painting_file: Path) -> None:
    result = run(*words.split(), given=painting_file.read_bytes())
    assert result.exit_code == 0, result.stderr
    assert result.stdout_bytes.startswith(begins)
    assert len(result.stdout_bytes) > 1000
    assert not Path("-").exists()


def test_a_style_file_comes_from_standard_input(photo_file: Path, painting_file: Path) -> None:
    style = run("style", painting_file, "-o", "-").stdout_bytes
    result = run("stylize", photo_file, "-", "-o", "out.png", *FAST, given=style)
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize(
    ("words", "given", "message"),
    [
        ("stylize - starry-night -o out.png", b"", "standard input; it is empty"),
        ("stylize - starry-night -o out.png", b"words", "standard input: expected a JPEG"),
        ("stylize - - -o out.png", b"x", "expected - for one input only; got it for content, style"),
        ("stylize - starry-night -o - --format bmp", b"x", ".bmp"),
        ("stylize photo.png starry-night -o out.png --format jpg", b"", "--format is for standard output"),
        ("stylize photo.png starry-night -o out.png --log -", b"", "expected a file for LOG"),
        ("stylize photo.png starry-night -o - --save-every 1", b"", "expected -o FILE"),
        ("batch photo.png --style starry-night -o -", b"", "expected a file for OUTPUT"),
        ("video - --style starry-night -o out.mp4", b"", "expected a film on standard input; it is empty"),
        ("video - --style starry-night -o out.mp4", b"words", "standard input: expected a video file"),
        ("video - --style - -o out.mp4", b"x", "expected a file for STYLE of impasto video; got -"),
        ("video film.mp4 --style starry-night -o out.mp4 --format y4m", b"", "--format is for standard"),
        ("train art.png --content-dir . -o -", b"", "expected a file for OUTPUT"),
        ("watch . out --style starry-night --once --move -", b"", "expected a file for MOVE"),
        ("studio --backup -", b"", "expected a file for BACKUP of impasto studio; got -"),
    ],
)
def test_what_cannot_be_a_stream_is_refused(
    words: str, given: bytes, message: str, photo_file: Path, tmp_path: Path
) -> None:
    refused(run(*words.split(), given=given), message)
    assert sorted(tmp_path.iterdir()) == [photo_file]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_pictures_come_from_pipes_with_names(photo_file: Path, painting_file: Path) -> None:
    for name, path in (("one", photo_file), ("two", painting_file)):
        os.mkfifo(name)
        threading.Thread(target=Path(name).write_bytes, args=(path.read_bytes(),), daemon=True).start()
    result = run("fast", "one", "two", "-o", "out.png")
    assert result.exit_code == 0, result.stderr
    run("fast", photo_file, painting_file, "-o", "expected.png", "--no-recipe")
    assert np.array_equal(read("out.png").pixels, read("expected.png").pixels)


def test_standard_input_may_have_a_share(photo_file: Path, painting_file: Path) -> None:
    small = ("--size", "32", "--no-recipe")
    run("fast", photo_file, "starry-night:1", f"{painting_file}:3", "-o", "expected.png", *small)
    words = ("fast", photo_file, "starry-night:1", "-:3", "-o", "out.png", *small)
    result = run(*words, given=painting_file.read_bytes())
    assert result.exit_code == 0, result.stderr
    assert np.array_equal(read("out.png").pixels, read("expected.png").pixels)
    refused(run("fast", "-:3", "starry-night", "-o", "x.png"), "there is no photograph or folder -:3")
    refused(run("fast", "-", "the-kiss", "-:3", "-o", "x.png"), "expected - for one input only")
    again = run("batch", photo_file, "--style", "-:3", "the-kiss:1", "-o", "out")
    refused(again, "expected a file for STYLE of impasto batch; got -")


@pytest.mark.skipif(os.name != "posix", reason="open files have no names here")
@pytest.mark.parametrize("command", ["fast", "stylize"])
def test_a_painting_goes_into_a_pipe_or_an_open_file(command: str, photo_file: Path) -> None:
    small = ("--size", "48", "--no-recipe", *(("--iterations", "1") if command == "stylize" else ()))
    run(command, photo_file, "starry-night", "-o", "expected.png", *small)
    expected = Path("expected.png").read_bytes()
    assert run(command, photo_file, "starry-night", "-o", "/dev/stdout", *small).stdout_bytes == expected
    with Path("open.png").open("wb") as file:
        place = f"/dev/fd/{file.fileno()}"
        result = run(command, photo_file, "starry-night", "-o", place, *small)
    assert f"painted: {place} (48x" in result.stdout
    assert Path("open.png").read_bytes() == expected
    os.mkfifo("pipe")
    taken: list[bytes] = []
    reader = threading.Thread(target=lambda: taken.append(Path("pipe").read_bytes()), daemon=True)
    reader.start()
    assert run(command, photo_file, "starry-night", "-o", "pipe", *small).exit_code == 0
    reader.join(60)
    assert taken == [expected]


@pytest.mark.skipif(os.name != "posix", reason="open files have no names here")
def test_an_open_file_that_cannot_be_used_is_refused(photo_file: Path) -> None:
    refused(run("fast", photo_file, "the-kiss", "-o", "/dev/fd/987654"), "cannot write /dev/fd/987654")
    with photo_file.open("rb") as file:
        place = f"/dev/fd/{file.fileno()}"
        refused(run("fast", photo_file, "the-kiss", "-o", place), "it is open for reading only")
        assert run("fast", place, "the-kiss", "-o", "out.png", "--size", "32").exit_code == 0
    refused(run("batch", photo_file, "--style", "the-kiss", "-o", "/dev/stdout"), "file for OUTPUT of")
    os.mkfifo("pipe")
    refused(
        run("batch", photo_file, "--style", "pipe", "-o", "out"), "file for STYLE of impasto batch; got pipe"
    )
    refused(
        run("train", "pipe", "--content-dir", ".", "-o", "out.style"), "PAINTING of impasto train; got pipe"
    )


ALONE = [sys.executable, "-m", "impasto"]


@pytest.mark.skipif(os.name != "posix", reason="closed streams are of POSIX")
def test_a_reader_that_has_gone_stops_no_work(photo_file: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = [*ALONE, "fast", str(photo_file), "starry-night", "-o", "out.png", "--json"]
    done = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, check=False)
    refused = subprocess.run(
        [*ALONE, "fast", str(photo_file), "starry-night", "-o", "-"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
    assert read("out.png").width == 96
    assert refused.returncode == 2
    assert b"impasto: cannot write standard output: its reader has closed it" in refused.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_standard_output_that_is_full_is_said_in_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*ALONE, "styles"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr == b"impasto: cannot write standard output: the disk is full\n"


@pytest.mark.skipif(os.name != "posix", reason="closed streams are of POSIX")
def test_without_buffers_a_line_is_there_before_the_command_ends() -> None:
    words = (
        "import sys; from impasto.cli.standard_streams import open_all; "
        "open_all(); print('now'); sys.stdin.read()"
    )
    command = [sys.executable, "-u", "-c", words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(120, process.kill)
        late.start()
        assert process.stdout.readline() == b"now\n"
        assert process.poll() is None, "it was still running"
        process.stdin.close()
        late.cancel()


def test_streams_may_be_closed(photo_file: Path) -> None:
    command = "exec " + " ".join(map(shlex.quote, [*ALONE, "fast"]))
    for words, code, message in (
        (f"{photo_file} starry-night -o out.png <&- >&-", 0, b""),
        ("- starry-night -o in.png <&-", 2, b"a picture on standard input; it is empty"),
        (f"{photo_file} starry-night -o - >&-", 2, b"it is closed: use -o FILE"),
    ):
        done = subprocess.run(["sh", "-c", f"{command} {words}"], stderr=subprocess.PIPE, check=False)
        assert done.returncode == code, done.stderr
        assert message in done.stderr
    assert read("out.png").width == 96


def film(path: Path) -> bytes:
    from tests.clips.clips import moving, write_clip

    return write_clip(path, [moving(n) for n in range(4)], sound=True).read_bytes()


@pytest.mark.parametrize(
    ("source", "options", "begins"),
    [
        ("a.mkv", [], b"\x1aE\xdf\xa3"),
        ("a.ts", ["-o", "-"], b"\x1aE\xdf\xa3"),
        ("a.mp4", ["-o", "-", "--format", "y4m"], b"YUV4MPEG2 W64 H48 F25:1"),
        ("a.mkv", ["--format", "gif"], b"GIF89a"),
    ],
)
def test_a_film_comes_from_standard_input_and_goes_to_standard_output(
    tmp_path: Path, source: str, options: list[str], begins: bytes
) -> None:
    given = film(tmp_path / source)
    before = sorted(tmp_path.iterdir())
    result = run("video", "-", "--style", "starry-night", *options, given=given)
    assert result.exit_code == 0, result.stderr
    assert result.stdout_bytes.startswith(begins)
    assert "painted: standard output (64x48, 4 frames" in result.stderr
    assert sorted(tmp_path.iterdir()) == before
    (tmp_path / "piped").write_bytes(result.stdout_bytes)
    from impasto.clips import open_clip

    assert len(list(open_clip(tmp_path / "piped").frames())) == 4
    if source == "a.mkv" and not options:
        from tests.clips.clips import sound_packets

        assert sound_packets(tmp_path / "piped") == sound_packets(tmp_path / source)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_film_comes_from_a_pipe_with_a_name(tmp_path: Path) -> None:
    given = film(tmp_path / "a.mkv")
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(given,))
    writer.start()
    result = run("video", "pipe", "--style", "starry-night", "-o", "out.mkv")
    writer.join()
    assert result.exit_code == 0, result.stderr
    assert "painted: out.mkv (64x48, 4 frames" in result.stdout


def test_a_style_of_a_piped_painting_is_called_like_its_file(photo_file: Path) -> None:
    result = run("style", "-", "-o", "mine.style", "--json", given=photo_file.read_bytes())
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["title"] == "mine"
    assert read_card(Path("mine.style")).paintings == ("picture",)
