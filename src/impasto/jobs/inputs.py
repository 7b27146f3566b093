"""What a job reads: which files, where they lie, and whether they still are what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

from impasto.errors import InputError
from impasto.files.places import fetch, fetched_version, is_address
from impasto.jobs.job import Job
from impasto.optimize.options import Initialisation

# How a picture is come by, not which: a painting may go on with others of these.
_MEANS = ("max_memory", "tile", "device", "recoveries")

_FAST = ("strength", "stroke_size", "keep_color", "size")


def measure(
    job: Job, *, network: str = "", earlier: Job | None = None, look: Callable[[str], str] | None = None
) -> Job:
    """``job`` with what it begins with: the current folder, its inputs' digests, and the ``network``'s.

    Files in a store are read, unless ``look`` says that they are the version that they were when the job
    was measured ``earlier``. Raises InputError for an input that is not there or cannot be read.
    """
    found, versions = {}, {}
    for name in names(job):
        if is_address(name) and earlier is not None and look is not None:
            known = earlier.versions.get(name, "")
            if known and name in earlier.inputs and look(name) == known:
                found[name], versions[name] = earlier.inputs[name], known
                continue
        found[name] = digest(name)
        if is_address(name):
            versions[name] = fetched_version(name)
    return replace(job, folder=str(Path.cwd()), inputs=found, versions=versions, network=network)


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
    if is_address(name):
        return _of_file(fetch(name))
    path = Path(name)
    try:
        is_folder, is_there = path.is_dir(), path.exists()
    except OSError as error:  # such as a name too long to be one
        raise InputError(f"cannot read {_short(name)}: {error.strerror or error}") from error
    if is_folder:
        from impasto.imaging import READABLE_SUFFIXES  # NumPy's import is not for the command's help

        pictures = [p for p in sorted(path.iterdir()) if p.suffix.lower() in READABLE_SUFFIXES]
        return hashlib.sha256("".join(map(_of_file, pictures)).encode()).hexdigest()
    if not is_there:
        from impasto.catalogue.files import named_styles

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

    found = _renamed(job, whole, _network_in(folder))
    return replace(found, output=whole(job.output), folder=str(Path.cwd()))


def fetched(job: Job) -> Job:
    """``job`` with copies on this machine of the inputs that lie elsewhere. Raises InputError."""
    return _renamed(job, lambda name: str(fetch(name)) if is_address(name) else name, lambda name: name)


def beside(job: Job, folder: Path) -> Job:
    """``job`` with the inputs that are not in the current folder taken from ``folder``, where they are
    there."""

    def found(name: str) -> str:
        is_there_only = bool(name) and not Path(name).exists() and (folder / name).exists()
        return str(folder / name) if is_there_only else name

    network = _network_in(folder)
    return _renamed(job, found, lambda name: name if Path(name).is_file() else network(name))


def _renamed(job: Job, rename: Callable[[str], str], network: Callable[[str], str]) -> Job:
    """``job`` with other names for its inputs, and for the ``network``."""
    options = job.options.replace(encoder=network(job.options.encoder))
    if start(job) is not None:
        options = options.replace(init=rename(options.init))
    return replace(
        job,
        content=rename(job.content),
        styles=tuple(map(rename, job.styles)),
        options=options,
        content_masks=tuple(map(rename, job.content_masks)),
        style_masks=tuple(map(rename, job.style_masks)),
        protect=None if job.protect is None else rename(job.protect),
        strokes=None if job.strokes is None else rename(job.strokes),
        inputs={rename(name): found for name, found in job.inputs.items()},
    )


def _network_in(folder: Path) -> Callable[[str], str]:
    def whole(encoder: str) -> str:
        is_file = bool(Path(encoder).suffix) and (folder / encoder).is_file()
        return str(folder / encoder) if is_file else encoder

    return whole


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

    Files count by what they hold, wherever they lie; the output, its quality, the device and the memory
    do not count.
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
        "strokes": None if job.strokes is None else held(job.strokes),
        **{name: value for name, value in job.options.to_dict().items() if name not in _MEANS},
        "fast": job.fast is not None,
        **{f"fast {name}": (job.fast or {}).get(name) for name in _FAST},
        "network": job.network,
    }
    if start(job) is not None:
        found["init"] = held(job.options.init)
    return found


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:16]}..."
