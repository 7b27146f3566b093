"""Make impasto-fast out of impasto: the same package, which does not ask for torch, and for OpenCV with films
only, and is without the studio's page.

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
PAGE = "impasto/studio/page/"
"""The studio's page, which paints in browsers by a runtime of 40 MB; the studio needs torch."""


def slim_wheel(wheel: Path) -> Path:
    """Return the path of the new wheel."""
    _, version, rest = wheel.name.split("-", 2)
    old, new = f"impasto-{version}.dist-info/", f"impasto_fast-{version}.dist-info/"
    made = wheel.with_name(f"impasto_fast-{version}-{rest}")
    rows = []
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            name = item.filename.replace(old, new)
            if name == f"{new}RECORD" or name.startswith(PAGE):
                continue
            data = source.read(item)
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
    lines, left = [], 0
    for line in head.split("\n"):
        whole = re.fullmatch(r"Requires-Dist: (torch|opencv-python-headless)\b[^;]*", line)
        left += whole is not None
        if whole is None:
            lines.append(re.sub(r"^(Name: |Requires-Dist: )impasto\b", rf"\1{NAME}", line))
        elif whole[1] != "torch":
            lines.append(f"{line}; extra == 'video'")
    if left != 2:
        raise SystemExit("expected a package that asks for torch and for OpenCV once")
    return "\n".join(lines) + blank + body


if __name__ == "__main__":
    print(slim_wheel(Path(sys.argv[1])))
