"""The identity of jobs: the digests of their inputs, and the paths at which inputs are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from impasto.catalogue.lookup import is_named, named_or_path
from impasto.errors import InputError
from impasto.files import digests
from impasto.files.places import fetch, fetched_version, is_address, is_there
from impasto.jobs.inputs import LISTS
from impasto.jobs.job import Job, Reference
from impasto.jobs.run import Run
from impasto.optimize.options import Initialisation, OptimizeOptions

_IGNORED = ("max_memory", "tile", "device", "recoveries", "model", "encoder")
"""Options that do not change the picture: a painting may resume with other values. A network is compared by
its weights."""


def with_digests(
    job: Job, *, network: str = "", earlier: Job | None = None, look: Callable[[str], str] | None = None
) -> Job:
    """Return ``job`` with the current folder, and the digests of its inputs and its network.

    Files in a store are read, unless ``look`` returns the version that they had when the job was measured
    ``earlier``. Raises InputError for an input that does not exist or cannot be read.
    """
    known = {} if earlier is None else {one.place: one for one in earlier.inputs()}

    def measured(one: Reference) -> Reference:
        if not one.place:
            return one
        before = known.get(one.place)
        if before is not None and before.digest and before.version and look is not None:
            unchanged = look(one.place) == before.version
            if unchanged:
                return replace(one, digest=before.digest, version=before.version)
        found = digest(one.place)
        return replace(one, digest=found, version=fetched_version(one.place) if is_address(one.place) else "")

    found = replace(job, start=start(job)).with_inputs(measured)
    return replace(found, folder=str(Path.cwd()), network=network)


def start(job: Job) -> Reference | None:
    """Return the initial picture, if the options name a file."""
    options = job.options
    if not isinstance(options, OptimizeOptions) or options.init in get_args(Initialisation):
        return None
    return job.start if job.start is not None and job.start.place == options.init else Reference(options.init)


def local_inputs(job: Job) -> list[str]:
    """Return the places of the inputs on this machine: pictures, styles, masks, the initial picture and the
    network."""
    options = job.options
    network = options.encoder if isinstance(options, OptimizeOptions) else options.model or ""
    first = start(job)
    found = [*(one.place for one in job.inputs()), network, "" if first is None else first.place]
    return [place for place in found if place and not is_address(place)]


def digest(name: str) -> str:
    """Return the SHA-256 of a file, of a folder's pictures sorted by name, or of a named style."""
    if is_address(name):
        return digests.of_file(fetch(name), known=True)
    path = named_or_path(name)
    if path.is_dir():
        from impasto.imaging import pictures_in  # slow to import

        return digests.of_files(pictures_in(path))
    return digests.of_file(path, known=True)


def _map_places(job: Job, move: Callable[[str], str], network: Callable[[str], str]) -> Job:
    """Return ``job`` with other places for its inputs and for its network's file."""
    found = replace(job, start=start(job)).with_inputs(
        lambda one: replace(one, place=move(one.place)) if one.place else one
    )
    options = job.options
    if isinstance(options, OptimizeOptions):
        options = options.replace(encoder=network(options.encoder))
        if found.start is not None:
            options = options.replace(init=found.start.place)
    elif options.model is not None:
        options = options.replace(model=network(options.model))
    return replace(found, options=options)


def resolve_places(job: Job) -> Job:
    """Return ``job`` with its paths as seen from the current folder: absolute, if begun in another."""
    folder = Path(job.folder)
    if not job.folder or folder == Path.cwd():
        return job

    def whole(place: str) -> str:
        return place if not place or is_address(place) or is_named(place, folder) else str(folder / place)

    found = _map_places(job, whole, _network_in(folder))
    return replace(found, output=whole(job.output), folder=str(Path.cwd()))


def fetch_inputs(job: Job) -> Job:
    """Return ``job`` with local copies of the inputs that are in stores. Raises InputError."""
    return _map_places(
        job, lambda place: str(fetch(place)) if is_address(place) else place, lambda name: name
    )


def look_beside(job: Job, folder: Path) -> Job:
    """Return ``job`` with inputs missing in the current folder taken from ``folder``, where they exist."""

    def found(place: str) -> str:
        is_there_only = bool(place) and not is_there(Path(place)) and is_there(folder / place)
        return str(folder / place) if is_there_only else place

    network = _network_in(folder)
    return _map_places(job, found, lambda name: name if is_there(Path(name)) else network(name))


def _network_in(folder: Path) -> Callable[[str], str]:
    def whole(network: str) -> str:
        is_file = bool(Path(network).suffix) and is_there(folder / network)
        return str(folder / network) if is_file else network

    return whole


def check_unchanged(job: Job, where: str) -> None:
    """Raise InputError if an input of ``job`` is missing or has changed.

    ``where``: the file that holds the job, for the message.
    """
    for one in job.inputs():
        if not one.place or not one.digest:
            continue
        try:
            now = digest(one.place)
        except InputError as error:
            raise InputError(
                f"{where} was started with {one.place}, which cannot be read: {error}"
            ) from error
        if now != one.digest:
            raise InputError(
                f"{where} was started with another {one.place}: its SHA-256 was {one.digest[:16]}..., "
                f"is {now[:16]}..."
            )


def differences(earlier: Job, now: Job) -> list[str]:
    """Return the differences between two measured jobs that change the picture, as "NAME was A, is B".

    Files are compared by contents, not by path; output, quality, device and memory are ignored. Networks are
    compared by their weights if these are known, else by name.
    """
    if earlier.engine != now.engine:
        return [f"engine was {earlier.engine}, is {now.engine}"]
    by_weights = bool(earlier.network and now.network)
    before, after = _compared(earlier, by_weights), _compared(now, by_weights)
    return Run("painting", after).differences(before)


def _compared(job: Job, by_weights: bool) -> dict[str, Any]:
    options = job.options
    name, network = (
        ("encoder", options.encoder) if isinstance(options, OptimizeOptions) else ("model", options.model)
    )
    found: dict[str, Any] = {}
    for field, several in job.inputs_by_name().items():
        held = [one.digest or one.place for one in several]
        found[field.replace("_", " ")] = held if field in ("styles", *LISTS) else next(iter(held), None)
    start = found.pop("start")
    found |= {key: value for key, value in options.to_dict().items() if key not in _IGNORED}
    found |= job.reading.differing()
    found |= {"network": job.network} if by_weights else {name: network}
    return found if start is None else found | {"init": start}
