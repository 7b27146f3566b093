from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from impasto.cli import app
from impasto.cli.camera import Newest, capture
from impasto.cli.recordings import FrameServer
from impasto.errors import InputError
from tests.conftest import blobs


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for number in range(4):
        frame = np.rint(blobs(64, 48, seed=number) * 255).astype(np.uint8)
        writer.write(np.ascontiguousarray(frame[:, :, ::-1]))
    writer.release()
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["fast", *[str(a) for a in arguments]])


def test_frames_come_in_their_order_and_colours(film: Path) -> None:
    frames = list(capture(str(film), 32))
    assert [f.shape for f in frames] == [(24, 32, 3)] * 4
    small = blobs(64, 48, seed=2)[::2, ::2]
    assert np.abs(frames[2] / 255 - small).mean() < 0.05


def test_a_film_becomes_numbered_pictures_with_the_rate_reported(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "frames"
    for _ in range(2):
        result = run("--camera", film, "starry-night", "-o", out, "--frames", 2, "--json")
        assert result.exit_code == 0, result.output
    line = json.loads(result.stdout.splitlines()[-1])
    assert line["frames"] == 2
    assert line["painting_rate"] >= line["rate"] > 0
    assert sorted(p.name for p in out.iterdir()) == [f"frame-{k:06d}.jpg" for k in (1, 2, 3, 4)]


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_a_film_becomes_an_animation(film: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"me{suffix}"
    result = run("--camera", film, "starry-night", "-o", out, "--size", 32)
    assert result.exit_code == 0, result.output
    assert "4 frames" in result.stdout
    with Image.open(out) as image:
        assert (image.size, image.n_frames) == ((32, 24), 4)


def test_bad_requests_are_one_line(film: Path, tmp_path: Path) -> None:
    asked = ["starry-night"]
    for more, word in (
        ([], "--serve"),
        (["-o", tmp_path / "film.mp4"], ".gif"),
        (["-o", tmp_path / "none" / "me.gif"], "none"),
    ):
        result = run("--camera", film, *asked, *more)
        assert result.exit_code == 2, result.output
        assert word in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
    result = run("--camera", tmp_path / "none.avi", *asked, "-o", tmp_path / "f")
    assert "none.avi" in result.stderr


def test_a_camera_that_is_not_there_is_told_in_our_words_alone(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="cannot open camera 97"):
        capture("97", 64)
    assert capfd.readouterr() == ("", "")


def test_the_newest_frame_is_handed_out_and_each_only_once() -> None:
    given = iter([(True, 1), (True, 2), (True, 3), (False, None)])
    newest = Newest(lambda: next(given))
    newest._thread.join()
    assert newest.read() == (False, None)
    assert newest.read() == (False, None)
    newest.stop()


def test_a_browser_gets_a_page_and_the_frames() -> None:
    with FrameServer(0) as server:
        page = urllib.request.urlopen(server.address, timeout=10).read().decode()
        assert "/frames" in page
        answer = urllib.request.urlopen(f"{server.address}frames", timeout=10)
        assert "multipart/x-mixed-replace" in answer.headers["Content-Type"]
        server.add(np.full((24, 32, 3), 200, np.uint8))
        head = b"".join(answer.readline() for _ in range(4)).decode()
        length = int(re.search(r"Content-Length: (\d+)", head)[1])  # type: ignore[index]
        assert answer.read(length).startswith(b"\xff\xd8")
        answer.close()


@pytest.mark.slow
def test_the_command_serves_what_it_paints(film: Path) -> None:
    code = (
        "from impasto.cli import app\n"
        f"app(['fast', '--camera', {str(film)!r}, 'starry-night', "
        "'--serve', '0'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.search(r"painting at http://127.0.0.1:\d+/", done.stderr)
    assert "4 frames" in done.stdout
