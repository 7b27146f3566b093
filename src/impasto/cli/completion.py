"""Shell completion of values: names of styles, presets, networks and layers, and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path


def styles(incomplete: str) -> list[str]:
    """Return the named styles and the files that ``incomplete`` may become."""
    from impasto.catalogue.lookup import named_styles

    return _beginning(named_styles(), incomplete) + _files(incomplete)


def presets(incomplete: str) -> list[str]:
    """Return the presets that ``incomplete`` may become."""
    from impasto.optimize.presets import PRESETS

    return _beginning(PRESETS, incomplete)


def networks(incomplete: str) -> list[str]:
    """Return the networks, and files, that ``incomplete`` may become."""
    from impasto import weights

    return _beginning([*weights.REGISTRY, *weights.stored_names()], incomplete) + _files(incomplete)


def layers(incomplete: str) -> list[str]:
    """Return the lists that ``incomplete``, a list of layers, may become once its last layer is complete."""
    from impasto import weights

    before, comma, last = incomplete.rpartition(",")
    depths = weights.ARCHITECTURES["vgg19"].depths
    names = [f"relu{block}_{n}" for block, depth in enumerate(depths, 1) for n in range(1, depth + 1)]
    return [f"{before}{comma}{name}" for name in _beginning(names, last)]


BY_KIND: dict[str, Callable[[str], list[str]]] = {"layers": layers, "style": styles}
"""Completion functions of options by the kinds of their fields."""
BY_NAME: dict[str, Callable[[str], list[str]]] = {"encoder": networks}
"""Completion functions of options by the names of their fields."""


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted({name for name in names if name.startswith(incomplete)})


def _files(incomplete: str) -> list[str]:
    """Return the files and folders whose names begin with ``incomplete``."""
    before, slash, last = incomplete.rpartition("/")
    folder = Path(f"{before}{slash}").expanduser()
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    names = (f"{one.name}/" if one.is_dir() else one.name for one in found if one.name.startswith(last))
    return [f"{before}{slash}{name}" for name in names if last or not name.startswith(".")]
