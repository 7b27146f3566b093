"""Optional dependencies, the package's extras: their import, and the command that installs them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType

from impasto.errors import MissingExtraError


def load(module: str, needs: str, extra: str) -> ModuleType:
    """Return the ``module`` of ``extra``. Raises MissingExtraError, which begins with ``needs``: "figures
    need matplotlib"."""
    try:
        return import_module(module)
    except ImportError as problem:
        raise missing(needs, extra) from problem


def missing(needs: str, extra: str) -> MissingExtraError:
    """Return the error for an ``extra`` that is not installed; ``needs``: as in ``load``."""
    return MissingExtraError(f"{needs}, which is not installed: {command(extra)}")


def command(extra: str) -> str:
    """Return the command that installs ``extra`` from where this package was installed.

    That is a folder, a repository or a file (PEP 610); the folder of the sources where they are run as they
    are; or an index of packages.
    """
    # Slow to import, and needed by few commands.
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    name, stored = _installed()
    sources = Path(__file__).parents[2]
    if not name and (sources / "pyproject.toml").exists():
        return f"pip install {_quoted(f'{sources}[{extra}]')}"
    name = name or "impasto"
    if stored is None:
        return f"pip install {_quoted(f'{name}[{extra}]')}"
    origin = json.loads(stored)
    url: str = origin["url"]
    if "dir_info" in origin:
        editable = "-e " if origin["dir_info"].get("editable") else ""
        return f"pip install {editable}{_quoted(f'{url2pathname(urlsplit(url).path)}[{extra}]')}"
    if "vcs_info" in origin:
        url = f"{origin['vcs_info']['vcs']}+{url}@{origin['vcs_info']['commit_id']}"
    return f"pip install {_quoted(f'{name}[{extra}] @ {url}')}"


def _installed() -> tuple[str, str | None]:
    """Return the distribution that is installed, "" for none, and where it is from, None for an index."""
    from importlib import metadata

    for name in ("impasto", "impasto-fast"):
        with suppress(metadata.PackageNotFoundError):
            return name, metadata.distribution(name).read_text("direct_url.json")
    return "", None


def _quoted(requirement: str) -> str:
    """Return ``requirement`` for a shell, always in quotes, as its brackets need them in some."""
    quoted = shlex.quote(requirement)
    return quoted if quoted != requirement else f"'{requirement}'"


@contextmanager
def naming_missing() -> Iterator[None]:
    """Turn the failure to import torch or OpenCV into MissingExtraError; a block, or the decorator of a
    function.

    The package paints with fast networks without them, and is also published so, as impasto-fast.
    """
    try:
        yield
    except ModuleNotFoundError as problem:
        if problem.name == "cv2":
            raise missing("films, cameras and measures need OpenCV", "video") from problem
        if problem.name != "torch":
            raise
        raise MissingExtraError(
            "everything but the fast engine needs torch, which is not installed: pip install torch"
        ) from problem
