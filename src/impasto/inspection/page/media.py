"""Pictures in the page: data URLs, figures with captions, pictures for light and dark pages."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from PIL import Image

from impasto.imaging.samples import to_bytes
from impasto.inspection.figures.canvas import Look, figure_bytes
from impasto.inspection.figures.losses import draw_losses
from impasto.inspection.languages import encoded, number, t
from impasto.inspection.logs import LossLog
from impasto.inspection.walks import animation, even, thinned
from impasto.types import Pixels

QUALITY = 88
FRAMES = 36


def address(data: bytes, kind: str) -> str:
    """Return ``data`` as a data URL."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def picture(pixels: Pixels, alt: str, *, cells: bool = False) -> str:
    """Return an <img> of ``pixels`` (H, W, 3); ``cells`` keeps single values sharp when enlarged."""
    height, width = pixels.shape[:2]
    image = Image.fromarray(to_bytes(pixels))
    stream = io.BytesIO()
    if cells:
        image.save(stream, "PNG", optimize=True)
        source, kind = address(stream.getvalue(), "png"), ' class="cells"'
    else:
        image.save(stream, "JPEG", quality=QUALITY, subsampling=0)
        source, kind = address(stream.getvalue(), "jpeg"), ""
    return _img(source, alt, width, height, kind)


def _img(source: str, alt: str, width: int, height: int, more: str = "") -> str:
    words = escape(alt, quote=True)
    return f'<img{more} src="{source}" alt="{words}" width="{width}" height="{height}" decoding="async">'


def figure(img: str, caption: str = "") -> str:
    """Return a <figure>; ``caption`` is HTML."""
    below = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f"<figure>{img}{below}</figure>"


def grid(figures: Sequence[str], kind: str = "") -> str:
    return f'<div class="grid {kind}">{"".join(figures)}</div>'


def moving(frames: Sequence[Pixels], alt: str) -> str:
    """Return an animation of ``frames``; only the last one for readers who prefer reduced motion."""
    chosen = [frames[index] for index in thinned(len(frames), FRAMES)]
    moves = address(animation(even(chosen), "webp", 0.13), "webp")
    height, width = frames[-1].shape[:2]
    still = io.BytesIO()
    Image.fromarray(to_bytes(frames[-1])).save(still, "JPEG", quality=QUALITY)
    calm = address(still.getvalue(), "jpeg")
    first = f'<source media="(prefers-reduced-motion: reduce)" srcset="{calm}">'
    return f'<picture class="walk">{first}{_img(moves, alt, width, height)}</picture>'


_LABELS = {
    "Total": t("Total"),
    "Content, by layer": t("Content, by layer"),
    "Style, by layer": t("Style, by layer"),
    "total": t("total"),
    "content": t("content"),
    "style": t("style"),
    "tv": t("smooth"),
    "iteration": t("iteration"),
    "none": t("none"),
}
_LABEL = re.compile(r"(?<=>)([^<>]+)(?=</text>)")
_FIGURE = re.compile(r"[\d.]+")


def _with_texts(svg: str) -> str:
    """Return a chart whose labels and numbers can be translated later."""

    def said(found: re.Match[str]) -> str:
        label = found[1]
        return number(label) if _FIGURE.fullmatch(label) else _LABELS.get(label, label)

    return _LABEL.sub(said, svg.replace("'DejaVu Sans'", "'DejaVu Sans', sans-serif"))


def chart(log: LossLog, alt: str) -> str:
    """Return a chart of the losses for light and dark pages, large and small screens."""
    drawn: dict[tuple[str, str], str] = {}
    looks: tuple[Look, ...] = ("light", "dark")
    for look in looks:
        for place, width in (("wide", 10.5), ("narrow", 4.0)):
            made = draw_losses(log, title="", width=width, look=look)
            lines = _with_texts(figure_bytes(made, "svg", as_text=True).decode())
            drawn[look, place] = f"data:image/svg+xml;base64,{encoded(lines)}"
    dark, narrow = "(prefers-color-scheme: dark)", "(max-width: 640px)"
    sources = [
        f'<source media="{narrow} and {dark}" srcset="{drawn["dark", "narrow"]}">',
        f'<source media="{narrow}" srcset="{drawn["light", "narrow"]}">',
        f'<source media="{dark}" srcset="{drawn["dark", "wide"]}">',
    ]
    img = f'<img src="{drawn["light", "wide"]}" alt="{escape(alt, quote=True)}">'
    return f"<picture>{''.join(sources)}{img}</picture>"


def table(heads: Sequence[str], rows: Sequence[Sequence[object]], caption: str = "", numbers: int = 1) -> str:
    """Return a table that scrolls independently; columns from ``numbers`` on are right-aligned."""

    def cells(kind: str, row: Sequence[object]) -> str:
        return "".join(
            f"<{kind}{' class=n' if number >= numbers else ''}>{escape(str(value))}</{kind}>"
            for number, value in enumerate(row)
        )

    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    head = f"<thead><tr>{cells('th', heads)}</tr></thead>"
    return f'<div class="scroll" tabindex="0"><table>{above}{head}<tbody>{body}</tbody></table></div>'


def options_table(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    rows = []
    for name, value in values.items():
        changed = "" if value == defaults[name] else t("preset: {0}", _plain(defaults[name]))
        rows.append((name, _plain(value), changed))
    heads = (t("parameter"), t("value"), t("changed from"))
    return f'<div class="options">{table(heads, rows, numbers=9)}</div>'


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {number(f'{v:g}')}" for k, v in value.items()) or t("none")
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value)) or t("none")
    return number(f"{value:g}") if isinstance(value, float) else str(value)
