"""Make impasto-fast out of impasto: the same package, which does not ask for torch.

    python .ci/slim_wheel.py dist/impasto-0.1.0-py3-none-any.whl

The new wheel is written beside the old one.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import zipfile
from pathlib import Path

NAME = "impasto-fast"


def slim_wheel(wheel: Path) -> Path:
    """Return the path of the new wheel."""
    _, version, rest = wheel.name.split("-", 2)
    old, new = f"impasto-{version}.dist-info/", f"impasto_fast-{version}.dist-info/"
    made = wheel.with_name(f"impasto_fast-{version}-{rest}")
    rows = []
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            name, data = item.filename.replace(old, new), source.read(item)
            if name == f"{new}RECORD":
                continue
            if name == f"{new}METADATA":
                data = _metadata(data.decode()).encode()
            target.writestr(zipfile.ZipInfo(name, item.date_time), data, zipfile.ZIP_DEFLATED)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.append(f"{name},sha256={digest},{len(data)}\n")
        target.writestr(f"{new}RECORD", "".join([*rows, f"{new}RECORD,,\n"]))
    return made


def _metadata(text: str) -> str:
    """Return the metadata of impasto as those of impasto-fast."""
    head, blank, body = text.partition("\n\n")
    lines = [line for line in head.split("\n") if not re.match(r"Requires-Dist: torch\b[^;]*$", line)]
    if len(lines) != head.count("\n"):
        raise SystemExit("expected a package that asks for torch once")
    return "\n".join(re.sub(r"^Name: impasto$", f"Name: {NAME}", line) for line in lines) + blank + body


if __name__ == "__main__":
    print(slim_wheel(Path(sys.argv[1])))
