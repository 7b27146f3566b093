"""What is known of a run: which method painted which pair, how long that took, and its figures.

Lines of JSON that are only added to, so that a run goes on where it was stopped. A painting is known while
the method's code and weights, and figures while the code that measures, are what they were.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MEASURES = (Path(__file__).with_name("figures.py"), Path(__file__).parents[1] / "judges.py")
Key = tuple[str, str, str]


class Record:
    """``painted`` and ``judged``: (pair, method, digest of the method) to what is known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._measures = hashlib.sha256(b"".join(file.read_bytes() for file in MEASURES)).hexdigest()[:16]
        self.painted: dict[Key, Mapping[str, Any]] = {}
        self.judged: dict[Key, Mapping[str, float]] = {}
        for line in path.read_text().splitlines() if path.exists() else ():
            self._know(json.loads(line))

    def paint(self, key: Key, found: Mapping[str, Any]) -> None:
        self._add({"key": key, "painted": found})

    def judge(self, key: Key, found: Mapping[str, float]) -> None:
        self._add({"key": key, "judged": found, "measures": self._measures})

    def _add(self, line: dict[str, Any]) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        self._know(line)

    def _know(self, line: dict[str, Any]) -> None:
        pair, method, digest = line["key"]
        if "painted" in line:
            self.painted[pair, method, digest] = line["painted"]
            self.judged.pop((pair, method, digest), None)
        elif line["measures"] == self._measures:
            self.judged[pair, method, digest] = line["judged"]
