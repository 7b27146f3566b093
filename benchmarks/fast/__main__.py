from __future__ import annotations

import sys

from benchmarks.fast import main

main(sys.argv[1:])
