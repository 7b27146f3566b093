"""What a job reads: which files, where they lie, and whether they still are what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

from impasto.errors import InputError
from impasto.imaging import READABLE_SUFFIXES
from impasto.jobs.job import Job
from impasto.optimize.options import Initialisation


def measure(job: Job, *, network: str = "") -> Job:
    """``job`` with what it begins with: the current folder, its inputs' digests, and the ``network``'s.

    Raises InputError for an input that is not there or cannot be read.
    """
    found = {name: digest(name) for name in names(job)}
    return replace(job, folder=str(Path.cwd()), inputs=found, network=network)


def names(job: Job) -> Iterator[str]:
    """Every picture, mask, folder and style that ``job`` reads, as it names them."""
    given = (
        job.content,
        *job.styles,
        *job.content_masks,
        *job.style_masks,
        job.protect,
        job.strokes,
        start(job),
    )
    yield from dict.fromkeys(name for name in given if name)


def start(job: Job) -> str | None:
    """The picture that painting begins with, where it is one of its own."""
    return None if job.options.init in get_args(Initialisation) else job.options.init


def digest(name: str) -> str:
    """The SHA-256 of a file, of a folder's pictures in the order of their names, or of a named style."""
    path = Path(name)
    if path.is_dir():
        pictures = [p for p in sorted(path.iterdir()) if p.suffix.lower() in READABLE_SUFFIXES]
        return hashlib.sha256("".join(map(_of_file, pictures)).encode()).hexdigest()
    if not path.exists():
        from impasto.optimize.style_files import named_styles

        path = named_styles().get(name, path)
    return _of_file(path)


def _of_file(path: Path) -> str:
    try:
        about = path.stat()
        return _of_bytes(str(path.resolve()), about.st_mtime_ns, about.st_size)
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


@lru_cache(maxsize=4096)
def _of_bytes(path: str, changed: int, size: int) -> str:  # noqa: ARG001  (part of what is cached by)
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def located(job: Job) -> Job:
    """``job`` as seen from the current folder: names relative to ``job.folder`` made whole where that
    is another one."""
    folder = Path(job.folder)
    if not job.folder or folder == Path.cwd():
        return job

    def whole(name: str) -> str:
        # What is neither there nor looks like a file's name is a named style's.
        is_file = (folder / name).exists() or "." in name or "/" in name
        return str(folder / name) if name and is_file else name

    options = job.options.replace(encoder=_of_network(job.options.encoder, folder))
    if start(job) is not None:
        options = options.replace(init=whole(options.init))
    return replace(
        job,
        content=whole(job.content),
        styles=tuple(map(whole, job.styles)),
        output=whole(job.output),
        options=options,
        content_masks=tuple(map(whole, job.content_masks)),
        style_masks=tuple(map(whole, job.style_masks)),
        protect=None if job.protect is None else whole(job.protect),
        folder=str(Path.cwd()),
        inputs={whole(name): found for name, found in job.inputs.items()},
    )


def _of_network(encoder: str, folder: Path) -> str:
    is_file = bool(Path(encoder).suffix) and (folder / encoder).is_file()
    return str(folder / encoder) if is_file else encoder


def check_unchanged(job: Job, where: str) -> None:
    """Raise InputError when an input of ``job`` is not there any more, or not what it was.

    ``where``: who remembers the job, for the message.
    """
    for name, expected in job.inputs.items():
        try:
            now = digest(name)
        except InputError as error:
            raise InputError(f"{where} was begun with {name}, which cannot be read now: {error}") from error
        if now != expected:
            raise InputError(
                f"{where} was begun with another {name}: its SHA-256 was {expected[:16]}..., is {now[:16]}..."
            )


def differences(earlier: Job, now: Job) -> list[str]:
    """What decides the picture and differs between two measured jobs, as "NAME was A, is B".

    Files count by what they hold, wherever they lie; the output and its quality do not count.
    """
    before, after = _decisive(earlier), _decisive(now)
    # A network counts by its weights where they are known, and by its name otherwise.
    for found in (before, after):
        del found["encoder" if earlier.network and now.network else "network"]
    return [
        f"{name} was {_short(before[name])}, is {_short(after[name])}"
        for name in before
        if before[name] != after[name]
    ]


def _decisive(job: Job) -> dict[str, Any]:
    def held(name: str) -> str:
        return job.inputs.get(name, name)

    found = {
        "content": held(job.content),
        "styles": list(map(held, job.styles)),
        "content masks": list(map(held, job.content_masks)),
        "style masks": list(map(held, job.style_masks)),
        "protect": None if job.protect is None else held(job.protect),
        **job.options.to_dict(),
        "network": job.network,
    }
    if start(job) is not None:
        found["init"] = held(job.options.init)
    return found


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:16]}..."
