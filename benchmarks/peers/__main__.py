from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.judges import FILES
from benchmarks.peers import __doc__ as description
from benchmarks.peers.comparison import Comparison
from benchmarks.peers.figures import Judges
from benchmarks.peers.methods import BUNDLED, METHODS, PACKAGE, threads
from benchmarks.peers.pairs import own_pairs, styleid_pairs


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.peers", description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    add, shared = parser.add_argument, PACKAGE.parents[2] / "shared"
    add("--peers", type=Path, required=True, help="a folder with a folder for each peer")
    add("--shared", type=Path, default=shared, help="pictures, and VGG-19")
    add("--judge", type=Path, required=True, help="a folder with the files of benchmarks/judges.py")
    add("--output", type=Path, required=True, help="a folder for all that is made")
    add("--styleid", type=Path, help="StyleID's folder: its 800 pairs in place of our 20")
    add("--every", type=int, default=1, help="of StyleID's pairs one in so many")
    add("--pairs", type=int, help="only so many")
    add("--size", type=int, default=512, help="long side in pixels")
    add("--methods", nargs="+", default=list(METHODS), metavar="METHOD", help=", ".join(METHODS))
    add("--network", type=Path, default=BUNDLED, help="the decoder of our network")
    add("--timed", type=int, default=5, help="pairs timed beside johnson2016")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.methods if name not in METHODS]
    if unknown:
        parser.error(f"expected methods of {', '.join(METHODS)}; got {unknown[0]}")
    lost = [p for p in (options.network, *(options.judge / name for name in FILES)) if not p.exists()]
    if lost:
        parser.error(f"expected a file {lost[0]}; there is none")
    places = {}
    for name in options.methods:
        missing = METHODS[name].missing(options.peers)
        if missing:
            print(missing, file=sys.stderr)
        else:
            place = options.peers if METHODS[name].folder else PACKAGE
            places[name] = options.network if name == "fast" else place
    pairs = styleid_pairs(options.styleid, options.every) if options.styleid else own_pairs(options.shared)
    torch.set_num_threads(threads())
    folder = options.output / f"{'styleid' if options.styleid else 'own'}-{options.size}"
    judges = Judges(options.judge, options.shared)
    compared = Comparison(folder, pairs[: options.pairs], places, judges, options.size, options.timed)
    print("\n" + compared.run())


main(sys.argv[1:])
