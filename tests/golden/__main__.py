"""Run the commands; compare what they make with the record, or record it."""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from pathlib import Path

from tests.golden.commands import COMMANDS, Place
from tests.golden.outcome import compare, machine, read_digests, record


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("names", nargs="*", help="commands; without names, all")
    parser.add_argument("--record", action="store_true", help="store what they make as what is expected")
    parser.add_argument("--keep", type=Path, help="leave all files in this new folder")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in COMMANDS]
    if unknown:
        parser.error(f"unknown {', '.join(unknown)}; expected some of {', '.join(COMMANDS)}")
    known = machine() in read_digests()
    print(f"{machine()}: compared by {'digest' if known else 'tolerance'}")
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        root = asked.keep or Path(folder)
        root.mkdir(parents=True, exist_ok=True)
        place = Place.make(root)
        for name in asked.names or COMMANDS:
            start, command = time.monotonic(), COMMANDS[name]
            try:
                outcome = command.run(place)
                if asked.record:
                    record(name, outcome)
                found = compare(name, outcome)
                bad = [each.words for each in found if not each.fits(command.mean, command.largest)]
                far = max(each.mean for each in found), max(each.largest for each in found)
            except Exception as error:  # the others are still worth knowing
                bad, far = [f"{type(error).__name__}: {error}"], (math.inf, math.inf)
            wrong += bool(bad)
            seconds = time.monotonic() - start
            said = f"{name}: {'DIFFERS' if bad else 'ok'}, {seconds:.1f} s, apart {far[0]:.1e}, {far[1]:.1e}"
            print("\n    ".join([said, *bad]), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
