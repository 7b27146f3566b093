"""Files that are none: devices without an end, and links that lead round in a circle."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from impasto import imaging
from impasto.errors import InputError
from impasto.types import Picture
from tests.cli.running import refused, run
from tests.conftest import blobs

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such files there")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("impasto.files.local.LONGEST", 1 << 16)
    imaging.write(Picture(blobs(48, 40, seed=1)), "photo.png")
    for suffix in (".json", ".csv", ".icc", ".png", ".toml"):
        Path(f"zero{suffix}").symlink_to("/dev/zero")
        Path(f"loop{suffix}").symlink_to(f"loop{suffix}")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "stylize --from zero.json -o out.png",
            "cannot read parameters from zero.json: it has more than 0 MB",
        ),
        ("inspect losses zero.csv -o out.png", "cannot read the log zero.csv: it has more than"),
        ("fast zero.png starry-night -o out.png", "zero.png: expected a picture file, but it is not"),
    ],
)
def test_a_device_without_an_end_is_refused_and_not_read(line: str, words: str) -> None:
    refused(run(*line.split()), words)


def test_a_configuration_without_an_end_is_refused_and_an_empty_device_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IMPASTO_CONFIG", "zero.toml")
    refused(run("styles"), "cannot read zero.toml: it has more than")
    monkeypatch.setenv("IMPASTO_CONFIG", "/dev/null")
    assert run("styles").exit_code == 0


@pytest.mark.parametrize("how", ["", "--fast"])
def test_a_device_without_an_end_among_photographs_is_a_failed_painting(how: str) -> None:
    done = run(*f"batch zero.png --style starry-night -o out {how}".split())
    assert done.exit_code == 1
    assert "cannot read zero.png: expected a file, not a folder or a device" in done.stderr


def test_a_profile_of_a_press_without_an_end_is_refused() -> None:
    with pytest.raises(InputError, match=r"it cannot be read \(it has more than"):
        imaging.read_press_profile("zero.icc")


@pytest.mark.parametrize(
    "line",
    [
        "fast loop.png starry-night -o out.png",
        "batch photo.png loop.png --style starry-night -o out",
        "batch photo.png --style starry-night -o loop.png",
        "inspect losses loop.csv -o out.png",
        "stylize --from loop.json -o out.png",
    ],
)
def test_a_link_to_itself_is_no_input_and_no_folder(line: str) -> None:
    refused(run(*line.split()))


@pytest.mark.parametrize(
    "line",
    [
        "fast photo.png starry-night -o loop.png",
        "train photo.png --steps 1 -o out.style --log loop.csv --dry-run",
        "stylize photo.png starry-night -o out.png --checkpoint loop.json --iterations 1 --size 48 "
        "--min-size 0 --init content --preview loop.png",
    ],
)
def test_a_link_to_itself_is_replaced_by_what_is_written(line: str) -> None:
    done = run(*line.split())
    assert done.exit_code == 0, done.stderr
