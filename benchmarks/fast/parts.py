"""The command line of this benchmark."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from benchmarks.fast import refining, starting
from benchmarks.fast.pictures import SHARED, Settings

PARTS: dict[str, Callable[[Settings], None]] = {"starting": starting.main, "refining": refining.main}
NEED_PICTURES = {"refining"}


def main(arguments: Sequence[str] = ()) -> None:
    usual = Settings()
    parser = argparse.ArgumentParser("python -m benchmarks.fast")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS) + "; by default all")
    parser.add_argument("--judge", type=type(usual.judge), help="VGG-19, to relu3_4 at least, Caffe's range")
    parser.add_argument("--photos", type=type(usual.photos), help="folder of photographs to paint")
    parser.add_argument("--paintings", type=type(usual.photos), nargs="+", help="files of what is taught")
    parser.add_argument("--practice", type=type(usual.practice), help="folder of photographs to learn on")
    parser.add_argument("--keep", type=type(usual.photos), help="folder for what is taught and painted")
    parser.add_argument("--rounds", type=int, help="of timing")
    parser.add_argument("--count", type=int, help="photographs painted")
    parser.add_argument("--size", type=int, help="long side of what is judged")
    parser.add_argument("--minutes", type=float, help="how long a style is taught")
    parser.add_argument("--steps", type=int, help="how long a style is taught, instead of --minutes")
    found = vars(parser.parse_args(list(arguments)))
    names = found.pop("parts") or list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"no part called {unknown[0]}; there are {', '.join(PARTS)}")
    settings = Settings(**{name: value for name, value in found.items() if value is not None})
    for name in names:
        print(f"\n### {name}\n", flush=True)
        missing = settings.missing() if name in NEED_PICTURES else None
        if missing is not None:
            print(f"left out: there is no {missing} (pictures and judge are looked for in {SHARED})")
            continue
        PARTS[name](settings)
