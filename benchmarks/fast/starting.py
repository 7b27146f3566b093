"""From a cold start to the painting on disk, and what a large photograph takes."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.commands import sample_photo
from benchmarks.fast.pictures import Settings

SIZES = ((512, 384), (1920, 1080), (4000, 3000), (6000, 4000))
_WATCHED = (
    "import sys\nfrom pathlib import Path\nfrom impasto.cli import main\n"
    "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
    "print(Path('/proc/self/status').read_text())\n"
)


def command(photo: Path, output: Path) -> tuple[float, float]:
    """Wall seconds and peak memory, in MB, of `impasto fast PHOTO starry-night`."""
    arguments = ["fast", str(photo), "starry-night", "-o", str(output), "--quiet"]
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, *arguments], capture_output=True, text=True, check=True, env=_plain()
    )
    seconds = time.perf_counter() - began
    peak = re.search(r"VmHWM:\s+(\d+) kB", done.stdout)
    assert peak is not None
    return seconds, int(peak[1]) / 1024


def _plain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def main(settings: Settings) -> None:
    print("| photograph, JPEG to JPEG | seconds, whole command | peak MB |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for width, height in SIZES:
            photo = _jpeg(sample_photo(folder, width, height))
            rounds = settings.rounds if width * height < 3e6 else 1
            found = [command(photo, folder / "out.jpg") for _ in range(rounds)]
            seconds, peak = (statistics.median(numbers) for numbers in zip(*found, strict=True))
            print(f"| {width}x{height} | {seconds:.2f} | {peak:.0f} |", flush=True)


def _jpeg(path: Path) -> Path:
    from PIL import Image

    target = path.with_suffix(".jpg")
    with Image.open(path) as image:
        image.save(target, quality=92)
    return target
