"""How long it takes before anything happens, against an empty Python."""

from __future__ import annotations

from benchmarks.commands import median_seconds


def main() -> None:
    empty = median_seconds(["-c", "pass"])
    rows = {
        "import impasto": median_seconds(["-c", "import impasto"]),
        "impasto --help": median_seconds(["-m", "impasto", "--help"]),
        "import torch": median_seconds(["-c", "import torch"]),
    }
    print("| command | above an empty Python | ratio to it |\n|---|---|---|")
    for name, seconds in rows.items():
        print(f"| `{name}` | {seconds - empty:.3f} s | {seconds / empty:.1f} |")
