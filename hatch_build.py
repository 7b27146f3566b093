"""Builds the studio's page (studio-page/, TypeScript) into the package when the package is built.

IMPASTO_BUILD_PAGE=1 builds it or fails, =0 leaves it. Unset: it is built where Node is there and left out
where it is not; an editable install goes on without it when it cannot be built. A page built from the
sources as they are is never built again. ``python hatch_build.py`` builds it alone, ``python hatch_build.py
lint test`` runs these scripts of its package.json. docs/studio-page.md tells more.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NEEDED = (20, 19)
SWITCH = "IMPASTO_BUILD_PAGE"
STAMP = ".built-from"
SOURCES = ("src", "public", "licences")
FILES = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")


class PageHook(BuildHookInterface[Any]):
    """hatchling's build hook."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Called before a wheel ("standard") or an editable install ("editable") is put together."""
        wanted = os.environ.get(SWITCH, "")
        if wanted not in ("", "0", "1"):
            raise ValueError(f"{SWITCH} must be 1 (build the page), 0 (do not) or unset; it is {wanted!r}")
        root = Path(self.root)
        source, built = root / "studio-page", root / "src" / "impasto" / "studio" / "page"
        if wanted == "0" or not source.is_dir() or is_fresh(source, built):
            return
        missing = missing_node()
        if wanted == "1" and missing is not None:
            raise RuntimeError(f"the studio's page cannot be built: {missing}")
        if missing is not None:
            self._note(f"the studio's page is left out: {missing}; `make studio` builds it")
            return
        try:
            build_page(source, built)
        except RuntimeError as problem:
            if wanted == "1" or version != "editable":
                raise
            self._note(f"the studio's page is left out: {problem}")

    def _note(self, words: str) -> None:
        self.app.display_warning(words)


def missing_node() -> str | None:
    """Why Node cannot build the page, in words; None where it can."""
    needed = ".".join(map(str, NEEDED))
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return f"Node {needed} or newer, with npm, is needed and is not installed"
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    try:
        version = tuple(int(part) for part in answer.lstrip("v").split(".")[:2])
    except ValueError:
        version = (0, 0)
    return None if version >= NEEDED else f"Node {needed} or newer is needed; this is {answer or 'unknown'}"


def digest(source: Path) -> str:
    """The SHA-256 of everything the page is built from."""
    paths = [source / name for name in FILES]
    for folder in SOURCES:
        paths += sorted(path for path in (source / folder).rglob("*") if path.is_file())
    found = hashlib.sha256()
    for path in paths:
        found.update(f"{path.relative_to(source).as_posix()}\0".encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def is_fresh(source: Path, built: Path) -> bool:
    """Whether the page in ``built`` was built from ``source`` as it is now."""
    stamp = built / STAMP
    return stamp.is_file() and stamp.read_text() == digest(source)


def build_page(source: Path, built: Path) -> None:
    """Install what the page is built with, as locked, and build it. Raises RuntimeError."""
    install_packages(source)
    _npm(source, "run", "build")
    (built / STAMP).write_text(digest(source))


def install_packages(source: Path) -> None:
    """Install what the page is built and tested with, as locked, where it is not yet. Raises RuntimeError."""
    # npm writes this file last; older than the lock, what is installed is something else.
    installed, lock = source / "node_modules" / ".package-lock.json", source / "package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        _npm(source, "ci")


def _npm(source: Path, *arguments: str) -> None:
    command = [shutil.which("npm") or "npm", *arguments]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()[-15:]
        raise RuntimeError(
            f"`npm {' '.join(arguments)}` in {source.name}/ ended with {done.returncode} "
            f"({SWITCH}=0 installs without the page):\n" + "\n".join(lines)
        )


def main(scripts: list[str]) -> None:
    """Build the page or run its ``scripts``. Without Node say so, and fail only where ``SWITCH`` is 1."""
    source = Path(__file__).parent / "studio-page"
    built = source.parent / "src" / "impasto" / "studio" / "page"
    missing = missing_node()
    if missing is None:
        try:
            install_packages(source)
        except RuntimeError as problem:
            missing = str(problem)
    if missing is not None:
        words = f"the studio's page, {' and '.join(scripts) or 'build'}: {missing}"
        if os.environ.get(SWITCH) == "1":
            sys.exit(words)
        print(f"skipped: {words}")
        return
    for script in scripts:
        command = [shutil.which("npm") or "npm", "run", "--silent", script]
        if code := subprocess.run(command, cwd=source, check=False).returncode:
            sys.exit(code)
    if not scripts and not is_fresh(source, built):
        build_page(source, built)


if __name__ == "__main__":
    main(sys.argv[1:])
