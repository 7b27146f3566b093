"""``impasto explain``: everything is computed here, and told in ``inspection.page``."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from impasto import files, imaging
from impasto.catalogue.measured import PictureStyle
from impasto.errors import OptionError
from impasto.inspection.figures.canvas import require_matplotlib
from impasto.inspection.layers import paper_layers
from impasto.inspection.page import Story, page_html
from impasto.inspection.stages import StageCallback, Stages
from impasto.optimize.options import OptimizeOptions
from impasto.painters.sources import (
    PictureLike,
    StyleLike,
    check_style_files,
    load_picture,
    load_style,
    name_of,
    opaque,
    with_layer_names,
)
from impasto.pipelines.inspect.inputs import find_network
from impasto.pipelines.inspect.telling import Teller, costs
from impasto.progress import Cancel

SIZE = 448
"""Long side of the painting where none is asked for: draft quality within three minutes on two cores."""


@dataclass(frozen=True)
class Page:
    """Where it is, how large (bytes), and how long it took."""

    path: Path
    size: int
    seconds: float


def check_page(path: str | os.PathLike[str]) -> None:
    """Raise OutputError where a page could not be written to ``path``, an .html."""
    imaging.check_writable(path, suffixes=(".html", ".htm"))


def page_options(options: OptimizeOptions, *, sized: bool) -> OptimizeOptions:
    """``options`` at draft quality where no size was asked for, nor is any their preset's own."""
    return options if sized or options.size != OptimizeOptions().size else options.replace(size=SIZE)


def explain(
    content: PictureLike,
    style: StyleLike,
    output: str | os.PathLike[str],
    *,
    options: OptimizeOptions | None = None,
    command: str | None = None,
    names: tuple[str, str] | None = None,
    on_stage: StageCallback | None = None,
    cancel: Cancel | None = None,
) -> Page | None:
    """Write a page to ``output`` that tells the whole algorithm on two pictures; None if ``cancel`` said so.

    ``style``: as for ``impasto.stylize``; of one that is no picture, such as a named style, a texture is
    shown in its place. ``options``: of the painting; looks inside
    are drafts. ``command``: what paints the picture again, for the page to show; by default a call from
    Python. ``names``: what a person calls the two, where those of the files are others. Raises InputError
    and its kin before any work, MissingExtraError without matplotlib.
    """
    began = perf_counter()
    require_matplotlib()
    check_page(output)
    story = tell(content, style, options=options, names=names, on_stage=on_stage, cancel=cancel)
    if story is None:
        return None
    if command is not None:
        story = replace(story, command=command)
    text = page_html(story).encode()
    files.replace(Path(output), text)
    return Page(Path(output), len(text), perf_counter() - began)


def tell(
    content: PictureLike,
    style: StyleLike,
    *,
    options: OptimizeOptions | None = None,
    names: tuple[str, str] | None = None,
    on_stage: StageCallback | None = None,
    cancel: Cancel | None = None,
) -> Story | None:
    """Everything the page tells of, computed; None if ``cancel`` said so."""
    chosen = options or page_options(OptimizeOptions(), sized=False)
    network = find_network(chosen.encoder, chosen)
    chosen = with_layer_names(chosen, network)
    if not chosen.content_layers or not chosen.style_layers:
        raise OptionError(
            "a page tells of content and of style: expected layers for both, --content-layers and "
            "--style-layers"
        )
    if not chosen.content_weight or not chosen.style_weight:
        raise OptionError(
            "a page compares content with style: expected a content weight and a style weight above 0; they "
            f"are {chosen.content_weight:g} and {chosen.style_weight:g}"
        )
    photo, loaded = opaque(load_picture(content)), load_style(style, **chosen.style_sampling())
    check_style_files([loaded], network, chosen)
    sets = len(paper_layers(network)) if isinstance(loaded, PictureStyle) else len(chosen.style_layers)
    work = costs(chosen, len(paper_layers(network)), sets)
    teller = Teller(network, photo, loaded, chosen, Stages(work, on_stage), cancel)
    story = teller.tell()
    if story is None:
        return None
    photo_name, painting_name = names or (name_of(content), name_of(style))
    return replace(
        story,
        photo_name=_words(photo_name),
        painting_name=_words(painting_name),
        command=_call(photo_name or "photo.jpg", painting_name or "painting.jpg", story.options),
    )


def _words(path: str) -> str:
    words = Path(path).stem.replace("_", " ").replace("-", " ").strip() if path else ""
    return words[:1].upper() + words[1:] if words else "A picture"


def _call(content: str, style: str, options: OptimizeOptions) -> str:
    """What paints the picture again, from Python: every option that is not the default."""
    defaults = vars(OptimizeOptions())
    changed = {name: value for name, value in vars(options).items() if value != defaults[name]}
    words = [repr(content), repr(style), *(f"{name}={value!r}" for name, value in changed.items())]
    return f"impasto.stylize({', '.join(words)})"
