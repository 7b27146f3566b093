"""Peak memory of the whole default command, against a Python that imports torch."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.commands import measured, sample_photo


def main() -> None:
    base = measured(["-c", "import torch"])[1]
    print(f"`import torch` alone: {base:.0f} MB\n")
    print("| size | peak memory | seconds |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in (512, 1024, 2048):
            photo = sample_photo(folder, size, size * 3 // 4)
            command = ["-m", "impasto", "stylize", str(photo), "starry-night", "--quiet", "--force"]
            command += ["--size", str(size), "-o", str(folder / "out.png")]
            seconds, memory = measured(command)
            print(f"| {size}x{size * 3 // 4} | {memory:.0f} MB | {seconds:.1f} |", flush=True)
