"""All pairs of photographs and styles as jobs with unique names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from impasto.catalogue.blends import Blend, read_blends
from impasto.catalogue.lookup import find_style, is_named
from impasto.errors import InputError, OptionError
from impasto.files import places, real_path
from impasto.files.places import is_address
from impasto.imaging import check_writable, is_picture, pictures_in
from impasto.jobs.job import Job, PaintOptions, Reference
from impasto.jobs.output_names import PAIRED, fitted, plain


def photographs(
    given: Iterable[str], results: Collection[Path | str] = (), *, recursive: bool = False
) -> tuple[list[str], list[str]]:
    """Return the ``given`` files and the pictures in given folders, without duplicates: photographs, and
    those that are among the ``results`` (as returned by ``location``). ``recursive``: also in subfolders.

    Raises InputError for a missing file, a folder without pictures, or no photographs.
    """
    found: dict[Path | str, str] = {}
    for name in given:
        for picture in _pictures(name, recursive):
            found.setdefault(location(picture), picture)
    photos = [name for path, name in found.items() if path not in results]
    if not photos:
        raise InputError(
            f"expected photographs; got {len(found)} results of an earlier batch in the output folder"
        )
    return photos, [name for path, name in found.items() if path in results]


def location(name: str) -> Path | str:
    """Return the absolute path of a file on this machine, or its address."""
    return name if is_address(name) else real_path(name)


def _pictures(name: str, recursive: bool) -> list[str]:
    """Return the photograph ``name``, or those in the folder of that name."""
    if is_address(name):
        is_folder, is_there = places.is_folder(name), places.exists(name)
    else:
        is_folder, is_there = Path(name).is_dir(), Path(name).exists()
    if not is_folder and not is_there:
        raise InputError(f"there is no photograph or folder {name}")
    if not is_folder:
        return [name if is_address(name) else str(Path(name))]
    if is_address(name):
        pictures = [address for address in places.listing(name) if is_picture(places.name_of(address))]
    else:
        pictures = [str(path) for path in pictures_in(Path(name), recursive=recursive)]
    if not pictures:
        raise InputError(f"expected a folder of photographs; {name} has no pictures")
    return pictures


def known_styles(given: Sequence[str]) -> list[Blend]:
    """Return the styles of each painting, without duplicates; those with a weight are one blend.

    Raises StyleError for an unknown one.
    """
    found: dict[object, Blend] = {}
    for blend in read_blends(given):
        sources = map(find_style, blend.styles)
        own = [one.place if one.kind == "address" else real_path(one.path) for one in sources]
        found.setdefault((*own, blend.weights), blend)
    return list(found.values())


def blend_of(job: Job) -> Blend:
    """Return the styles of ``job``, with their weights."""
    return Blend(tuple(style.place for style in job.styles), job.options.style_weights)


def pairs(
    contents: Sequence[str],
    styles: Sequence[Blend],
    folder: Path | str,
    options: PaintOptions,
    *,
    suffix: str = ".png",
    template: str = PAIRED,
    is_new: bool = False,
    **more: Any,
) -> list[Job]:
    """Return a job for every photograph and style, photograph by photograph: CONTENT-STYLE.png in ``folder``.

    ``template``: of their names, without suffix. ``is_new``: the folder is still to be made. ``more``:
    further fields of the jobs.

    Raises OptionError for options of several styles, InputError if a result would replace an input,
    OutputError if results cannot be written to ``folder``.
    """
    for name in ("style_weights", "style_scales", "blend_layers"):
        if len(getattr(options, name, ())) > 1:
            raise OptionError(f"a batch paints with one style at a time: expected no {name}")
    where = str(folder)
    apart = is_address(where) or is_new
    check_writable((places.scratch() if apart else Path(where)) / f"result{suffix}")
    titles, style_labels = labels(contents), _blend_labels(styles)
    size = getattr(options, "size", None)
    shown = "x".join(map(str, size)) if isinstance(size, tuple) else str(size or "own")
    if set(template) & set("/\\:"):
        raise OptionError(f"expected names without folders in --output-template; got {template!r}")
    fields = [
        {"name": plain(title), "style": plain(style_label), "size": shown}
        for title in titles
        for style_label in style_labels
    ]
    stems = numbered([fitted(template, one, suffix) for one in fields])
    outputs = [places.join(where, f"{stem}{suffix}") for stem in stems]
    rows = [(content, blend) for content in contents for blend in styles]
    jobs = [
        Job(
            Reference(content),
            tuple(map(Reference, blend.styles)),
            output,
            options.replace(style_weights=blend.weights),
            **more,
        )
        for (content, blend), output in zip(rows, outputs, strict=True)
    ]
    inputs = {location(one.place) for job in jobs for one in job.inputs()}
    for output in outputs:
        if location(output) in inputs:
            raise InputError(f"the result {output} is also an input; it would be overwritten")
    return jobs


def labels(given: Sequence[str]) -> list[str]:
    """Return a short label for each of ``given``, unique even ignoring case.

    It is the name without suffix; if that is ambiguous, with its suffix, then with its folder, and so on:
    x, x_jpg, holidays_x, holidays_x_jpg.
    """
    candidates = [_candidates(name) for name in given]
    steps = [0] * len(given)
    while True:
        found = [names[step] for names, step in zip(candidates, steps, strict=True)]
        shared = _shared(found)
        ambiguous = [n for n, label in enumerate(found) if label.casefold() in shared]
        ambiguous = [n for n in ambiguous if steps[n] + 1 < len(candidates[n])]
        if not ambiguous:
            return numbered(found)
        for n in ambiguous:
            steps[n] += 1


def blend_label(blend: Blend) -> str:
    """Return a short label for styles painted together, in per cent where their shares are not even."""
    return _blend_labels([blend])[0]


def _blend_labels(blends: Sequence[Blend]) -> list[str]:
    names = iter(labels([name for blend in blends for name in blend.styles]))
    found = []
    for blend in blends:
        own, weights = list(islice(names, len(blend.styles))), blend.weights
        if len(set(weights)) > 1:
            whole = sum(map(abs, weights))
            own = [f"{name}{100 * w / whole:.4g}" for name, w in zip(own, weights, strict=True)]
        found.append("-".join(own))
    return found


def _candidates(name: str) -> list[str]:
    path: PurePath
    if is_address(name):
        path, is_folder = PurePosixPath("/" + name.partition("://")[2]), False
    else:
        if is_named(name):
            return [name]
        path, is_folder = Path(name).absolute(), Path(name).is_dir()
    stem = path.name if is_folder else path.stem
    suffix = "" if is_folder else path.suffix.replace(".", "_")
    parents = [p.name for p in path.parents if p.name]
    found = []
    for count in range(len(parents) + 1):
        whole = "_".join([*reversed(parents[:count]), stem])
        found += [whole, whole + suffix]
    return found


def _shared(found: Sequence[str]) -> set[str]:
    counts = Counter(label.casefold() for label in found)
    return {label for label, count in counts.items() if count > 1}


def numbered(found: Sequence[str]) -> list[str]:
    """Return ``found`` with -2, -3 and so on appended to repeated labels."""
    used: set[str] = set()
    result = []
    for label in found:
        number, own = 1, label
        while own.casefold() in used:
            number += 1
            own = f"{label}-{number}"
        used.add(own.casefold())
        result.append(own)
    return result
