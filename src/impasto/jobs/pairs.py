"""All pairs of photographs and styles as jobs, each with a name of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path, PurePath, PurePosixPath

from impasto.catalogue.cards import find_style
from impasto.errors import InputError, OptionError
from impasto.files import places
from impasto.files.places import is_address
from impasto.imaging import READABLE_SUFFIXES, check_writable
from impasto.jobs.job import Job, PaintOptions, Reference


def photographs(given: Iterable[str], results: Collection[Path | str] = ()) -> tuple[list[str], list[str]]:
    """The files ``given`` and the pictures in the folders given, each once: photographs, and what is
    among the ``results`` (see ``whereabouts``).

    Raises InputError for a name that is neither, a folder without pictures, or nothing at all.
    """
    found: dict[Path | str, str] = {}
    for name in given:
        for picture in _pictures(name):
            found.setdefault(whereabouts(picture), picture)
    photos = [name for path, name in found.items() if path not in results]
    if not photos:
        raise InputError(f"expected photographs; got {len(found)} results of an earlier batch in that folder")
    return photos, [name for path, name in found.items() if path in results]


def whereabouts(name: str) -> Path | str:
    """The one path of a file on this machine, or its address."""
    return name if is_address(name) else Path(name).resolve()


def _pictures(name: str) -> list[str]:
    """The photograph ``name``, or those in the folder of that name."""
    if is_address(name):
        is_folder, is_there = places.is_folder(name), places.exists(name)
    else:
        is_folder, is_there = Path(name).is_dir(), Path(name).exists()
    if not is_folder and not is_there:
        raise InputError(f"there is no photograph or folder {name}")
    if not is_folder:
        return [name if is_address(name) else str(Path(name))]
    inside = places.listing(name) if is_address(name) else [str(p) for p in sorted(Path(name).iterdir())]
    pictures = [p for p in inside if PurePosixPath(p).suffix.lower() in READABLE_SUFFIXES]
    if not pictures:
        raise InputError(f"the folder {name} has no pictures in it; expected photographs")
    return pictures


def known_styles(given: Iterable[str]) -> list[str]:
    """Return the styles ``given``, each once. Raises StyleError for one that is neither a file nor a name."""
    found: dict[object, str] = {}
    for name in given:
        style = find_style(name)
        found.setdefault(name if style.kind == "address" else style.path.resolve(), name)
    if not found:
        raise InputError("expected at least one style; got none")
    return list(found.values())


def pairs(
    contents: Sequence[str],
    styles: Sequence[str],
    folder: Path | str,
    options: PaintOptions,
    *,
    suffix: str = ".png",
    quality: int = 95,
) -> list[Job]:
    """One job for every photograph and style, photograph by photograph: CONTENT-STYLE.png in ``folder``.

    Raises OptionError for options that are about several styles at once, InputError when a result would
    replace an input, OutputError when results cannot be written to ``folder``.
    """
    for name in ("style_weights", "style_scales", "blend_layers"):
        if len(getattr(options, name, ())) > 1:
            raise OptionError(f"a batch paints with one style at a time; {name} is for several")
    where = str(folder)
    check_writable((places.scratch() if is_address(where) else Path(where)) / f"result{suffix}")
    titles, manners = labels(contents), labels(styles)
    stems = _numbered([f"{title}-{manner}" for title in titles for manner in manners])
    outputs = [places.join(where, f"{stem}{suffix}") for stem in stems]
    rows = [(content, style) for content in contents for style in styles]
    jobs = [
        Job(Reference(content), (Reference(style),), output, options, quality=quality)
        for (content, style), output in zip(rows, outputs, strict=True)
    ]
    inputs = {whereabouts(one.place) for job in jobs for one in job.inputs()}
    for output in outputs:
        if whereabouts(output) in inputs:
            raise InputError(f"the result {output} is also an input; it would be overwritten")
    return jobs


def labels(given: Sequence[str]) -> list[str]:
    """A short label for each of ``given``, no two alike even where upper and lower case are.

    The name without suffix; where that is not enough with its suffix, then with its folder, and so on:
    x, x_jpg, holidays_x, holidays_x_jpg. Which it is depends on ``given`` only.
    """
    ladders = [_ladder(name) for name in given]
    steps = [0] * len(given)
    while True:
        found = [ladder[step] for ladder, step in zip(ladders, steps, strict=True)]
        shared = _shared(found)
        climbing = [n for n, label in enumerate(found) if label.casefold() in shared]
        climbing = [n for n in climbing if steps[n] + 1 < len(ladders[n])]
        if not climbing:
            return _numbered(found)
        for n in climbing:
            steps[n] += 1


def _ladder(name: str) -> list[str]:
    path: PurePath
    if is_address(name):
        path, is_folder = PurePosixPath("/" + name.partition("://")[2]), False
    else:
        if not Path(name).exists():
            return [name]  # a named style
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


def _numbered(found: Sequence[str]) -> list[str]:
    """``found`` with -2, -3 and so on behind what was there before."""
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
