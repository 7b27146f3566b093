"""All pairs of photographs and styles as jobs, each with a name of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from impasto.errors import InputError, OptionError, StyleError
from impasto.imaging import READABLE_SUFFIXES, check_writable
from impasto.jobs.inputs import names
from impasto.jobs.job import Job
from impasto.optimize.options import Options


def photographs(given: Iterable[str], results: Collection[Path] = ()) -> tuple[list[str], list[str]]:
    """The files ``given`` and the pictures in the folders given, each once: photographs, and what is
    among the ``results``.

    Raises InputError for a name that is neither, a folder without pictures, or nothing at all.
    """
    found: dict[Path, str] = {}
    for name in given:
        path = Path(name)
        if not path.exists():
            raise InputError(f"there is no photograph or folder {name}")
        pictures = [path]
        if path.is_dir():
            pictures = [p for p in sorted(path.iterdir()) if p.suffix.lower() in READABLE_SUFFIXES]
            if not pictures:
                raise InputError(f"the folder {name} has no pictures in it; expected photographs")
        for picture in pictures:
            found.setdefault(picture.resolve(), str(picture))
    photos = [name for path, name in found.items() if path not in results]
    if not photos:
        raise InputError(f"expected photographs; got {len(found)} results of an earlier batch in that folder")
    return photos, [name for path, name in found.items() if path in results]


def known_styles(given: Iterable[str]) -> list[str]:
    """The styles ``given``, each once. Raises StyleError for one that is neither a file nor a name."""
    from impasto.optimize.style_files import named_styles

    found: dict[object, str] = {}
    for name in given:
        if not Path(name).exists() and name not in named_styles():
            raise StyleError(
                f"there is no style or file called {name!r}; the named styles are {', '.join(named_styles())}"
            )
        found.setdefault(Path(name).resolve() if Path(name).exists() else name, name)
    if not found:
        raise InputError("expected at least one style; got none")
    return list(found.values())


def pairs(
    contents: Sequence[str],
    styles: Sequence[str],
    folder: Path,
    options: Options,
    *,
    suffix: str = ".png",
    quality: int = 95,
) -> list[Job]:
    """One job for every photograph and style, photograph by photograph: CONTENT-STYLE.png in ``folder``.

    Raises OptionError for options that are about several styles at once, InputError when a result would
    replace an input, OutputError when results cannot be written to ``folder``.
    """
    for name in ("style_weights", "style_scales", "blend_layers"):
        if len(getattr(options, name)) > 1:
            raise OptionError(f"a batch paints with one style at a time; {name} is for several")
    check_writable(folder / f"result{suffix}")
    titles, manners = labels(contents), labels(styles)
    stems = _numbered([f"{title}-{manner}" for title in titles for manner in manners])
    outputs = [str(folder / f"{stem}{suffix}") for stem in stems]
    rows = [(content, style) for content in contents for style in styles]
    jobs = [
        Job(content, (style,), output, options, quality=quality)
        for (content, style), output in zip(rows, outputs, strict=True)
    ]
    inputs = {Path(name).resolve() for job in jobs for name in names(job)}
    for output in outputs:
        if Path(output).resolve() in inputs:
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
    path = Path(name)
    if not path.exists():
        return [name]  # a named style
    path = path.absolute()
    stem = path.name if path.is_dir() else path.stem
    suffix = "" if path.is_dir() else path.suffix.replace(".", "_")
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
