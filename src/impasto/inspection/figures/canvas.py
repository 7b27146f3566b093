"""The canvas of all figures: colours, fonts, and conversion to files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from impasto import extras, files
from impasto.errors import OptionError
from impasto.files.places import readable
from impasto.imaging import check_writable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
DPI = 160
FALLBACKS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "IPAGothic", "Hiragino Sans"),
    *(
        "Microsoft YaHei",
        "Yu Gothic",
        "Malgun Gothic",
        "PingFang SC",
        "WenQuanYi Zen Hei",
        "Droid Sans Fallback",
    ),
    *("Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Arial Unicode MS", "Unifont"),
)
"""Fonts installed on common systems for characters that DejaVu Sans does not have."""

Look = Literal["light", "dark"]


@dataclass(frozen=True)
class Palette:
    """The colours of a figure: ``paper``, ``ink``, ``faint`` (rules, minor text), and those of lines, which
    colour-blind readers can distinguish as well."""

    paper: str
    ink: str
    faint: str
    lines: tuple[str, ...]


PALETTES: dict[str, Palette] = {
    "light": Palette(
        "#ffffff",
        "#1d1b26",
        "#8a8794",
        ("#7a1f6b", "#d9772b", "#1f6fa8", "#2f8f5b", "#b8860b", "#c0392b", "#5b5b73"),
    ),
    "dark": Palette(
        "#17161d",
        "#ece8f2",
        "#8d8a99",
        ("#d98fd0", "#f2a65e", "#74b6e6", "#77cf9c", "#e5c65b", "#ef8a80", "#b4b2c6"),
    ),
}


def require_matplotlib() -> Any:
    """Return the module matplotlib.

    Raises MissingExtraError, with the command that installs it, if it is missing.
    """
    return extras.load("matplotlib", "figures need matplotlib", "inspect")


@contextmanager
def drawing(look: Look = "light", **settings: Any) -> Iterator[Palette]:
    """Apply our fonts and colours while figures are drawn, whatever the user's matplotlibrc says."""
    if look not in PALETTES:
        raise OptionError(f"expected look to be light or dark; got {look!r}")
    matplotlib = require_matplotlib()
    palette = PALETTES[look]
    own = {
        "figure.facecolor": palette.paper,
        "savefig.facecolor": palette.paper,
        "axes.facecolor": palette.paper,
        "axes.edgecolor": palette.faint,
        "axes.labelcolor": palette.ink,
        "axes.titlecolor": palette.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "text.color": palette.ink,
        "xtick.color": palette.ink,
        "ytick.color": palette.ink,
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 9.0,
        "svg.fonttype": "path",
        "svg.hashsalt": "impasto",
    }
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(own | settings)
        yield palette


def blank(width: float, height: float, **more: Any) -> Figure:
    """Return an empty figure of this size in inches, with Agg's canvas: no display, no pyplot."""
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, **more)
    FigureCanvasAgg(figure)
    return figure


def figure_bytes(figure: Figure, kind: str = "png", dpi: int = DPI, *, as_text: bool = False) -> bytes:
    """Return ``figure`` as a "png", "svg" or "pdf"; the same figure gives the same bytes.

    ``as_text``: an SVG's words remain text, in the reader's fonts, and are not converted to outlines.
    """
    stream = io.BytesIO()
    about: dict[str, dict[str, Any]] = {
        "png": {"Software": "impasto"},
        "svg": {"Date": None, "Creator": "impasto"},
        "pdf": {"CreationDate": None, "Creator": "impasto"},
    }
    matplotlib = require_matplotlib()
    for text in figure.findobj(matplotlib.text.Text):
        text.set_parse_math(False)  # names may contain dollars
        text.set_text(readable(text.get_text()))
        text.set_family(_families())
    late: dict[str, Any] = {"text.parse_math": False, "font.family": _families()}
    letters = "none" if as_text else "path"
    with matplotlib.rc_context({"svg.fonttype": letters, "svg.hashsalt": "impasto", **late}):
        figure.savefig(stream, format=kind, dpi=dpi, metadata=about[kind])
    return stream.getvalue()


@cache
def _families() -> list[str]:
    """Return the fonts of all figures: matplotlib's own, and installed ones with other characters."""
    from matplotlib.font_manager import fontManager

    there = {entry.name for entry in fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in FALLBACKS if name in there)]


def check_figure(path: str | Path) -> None:
    """Raise MissingExtraError or OutputError, before any work, if a figure could not be written."""
    require_matplotlib()
    check_writable(path, suffixes=SUFFIXES)


def save_figure(figure: Figure, path: str | Path, *, dpi: int = DPI) -> None:
    """Write ``figure`` atomically to ``path``, a .png, .svg or .pdf. Raises OutputError."""
    check_figure(path)
    files.replace(Path(path), figure_bytes(figure, Path(path).suffix.lower()[1:], dpi))
