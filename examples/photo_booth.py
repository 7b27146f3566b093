"""A photo booth's side of the studio: what the camera writes into a folder is painted, and shown.

    impasto studio
    python examples/photo_booth.py shots/ painted/ starry-night

Each photograph is shown at once, painted by the fast network (NAME-preview.jpg), and then painted in full
(NAME.jpg), at 1024 pixels. It ends with Ctrl-C; a photograph whose painting exists is not sent again. With
--once it ends when everything there is painted. The booth needs no torch: pip install 'impasto[studio]'.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import time
from pathlib import Path

from impasto.studio.client import StudioClient, StudioError

SUFFIXES = {".jpg", ".jpeg", ".png", ".heic"}


def main() -> None:
    parser = argparse.ArgumentParser(description="Paint what a camera writes into a folder.")
    parser.add_argument("shots", type=Path)
    parser.add_argument("painted", type=Path)
    parser.add_argument("style")
    parser.add_argument("--url", default="http://127.0.0.1:8321")
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--once", action="store_true")
    asked = parser.parse_args()
    asked.painted.mkdir(parents=True, exist_ok=True)
    token = os.environ.get("IMPASTO_STUDIO_TOKEN")
    with StudioClient(asked.url, token) as studio:
        while True:
            for shot in sorted(p for p in asked.shots.iterdir() if p.suffix.lower() in SUFFIXES):
                if not (asked.painted / f"{shot.stem}.jpg").exists():
                    serve(studio, shot, asked.painted, asked.style, asked.size)
            if asked.once:
                return
            time.sleep(0.5)


def serve(studio: StudioClient, shot: Path, folder: Path, style: str, size: int) -> None:
    """Show the preview of one photograph, and paint it."""
    data = shot.read_bytes()
    try:
        photo = studio.upload(data, name=shot.name)  # refused while the camera is still writing
        styles = [{"name": style}]
        with contextlib.suppress(StudioError):  # when many ask at once, there is no preview
            (folder / f"{shot.stem}-preview.jpg").write_bytes(studio.preview(photo, styles))
        # The key paints a photograph once, also if the booth was switched off in between.
        key = hashlib.sha256(data + f"{style} {size}".encode()).hexdigest()[:32]
        job = studio.wait(studio.submit(photo, styles, key=key, size=size)["id"])
        (folder / f"{shot.stem}.jpg").write_bytes(studio.result(job["id"], format="jpg"))
        print(f"painted: {shot.name}", flush=True)
    except StudioError as problem:
        print(f"{shot.name}: {problem}", flush=True)
        time.sleep(problem.retry_after or 0.5)


if __name__ == "__main__":
    main()
