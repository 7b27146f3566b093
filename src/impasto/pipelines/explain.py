"""The explanation page: computed here, written by ``inspection.page``."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Unpack, cast

from impasto import files, imaging
from impasto.catalogue.loader import StyleLike, load_style
from impasto.catalogue.measured import PictureStyle
from impasto.errors import OptionError
from impasto.extras import naming_missing
from impasto.files.places import readable
from impasto.imaging.inputs import PictureLike, load_picture, name_of, opaque
from impasto.imaging.read_options import READING, ReadOptions
from impasto.inspection.figures.canvas import require_matplotlib
from impasto.inspection.languages import PageLanguage, in_language, without_marks
from impasto.inspection.layers import paper_layers
from impasto.inspection.page import Story, page_html
from impasto.inspection.stages import Stages
from impasto.optimize.options import OptimizeOptions
from impasto.painters.sources import check_style_files, with_layer_names
from impasto.parameters import checked, taken
from impasto.pipelines.inspect.inputs import find_network
from impasto.pipelines.story import StoryBuilder, costs
from impasto.progress import Cancel, ProgressCallback
from impasto.tensors import with_gradients

if TYPE_CHECKING:
    from impasto.pipelines.keywords import OptimizeKeywords

SIZE = 448
"""The default long side of the painting: draft quality within three minutes on two cores."""


@dataclass(frozen=True)
class Page:
    """A written page: its path, its size in bytes, and the seconds it took."""

    path: Path
    size: int
    seconds: float


def check_page(path: str | os.PathLike[str]) -> None:
    """Raise OutputError if a page could not be written to ``path``, which ends in .html."""
    imaging.check_writable(path, suffixes=(".html", ".htm"))


def page_options(options: OptimizeOptions, *, sized: bool) -> OptimizeOptions:
    """Return ``options``, at draft size unless they or the user (``sized``) set a size."""
    return options if sized or options.size != OptimizeOptions().size else options.replace(size=SIZE)


@checked
@naming_missing()
@with_gradients()
def explain(
    content: PictureLike,
    style: StyleLike,
    output: str | os.PathLike[str],
    *,
    options: OptimizeOptions | None = None,
    language: PageLanguage | None = "en",
    command: str | None = None,
    names: tuple[str, str] | None = None,
    reading: ReadOptions = READING,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
    **changes: Unpack[OptimizeKeywords],
) -> Page | None:
    """Write a page to ``output`` that explains the algorithm on two pictures; return None if cancelled.

    ``content`` and ``style``: as for ``impasto.stylize``; for a style without a picture, such as a named
    one, a texture is shown. ``options``: those of the painting; ``changes`` override single fields,
    as for ``impasto.stylize``. ``language``: that of the page, en, de, es, fr or ja; None: all of them, from
    which ``impasto.inspection.languages.in_language`` selects one. ``command``: the command that paints the
    picture again, shown on the page; by default a Python call. ``names``: the names of the two
    pictures, if other than their file names. ``reading``: how they are read. ``on_progress`` and ``cancel``:
    as for ``impasto.stylize``.
    Raises InputError and its subclasses before any work, MissingExtraError without matplotlib, OutputError.
    """
    began = perf_counter()
    require_matplotlib()
    check_page(output)
    if language is not None:
        in_language("", language)
    found = cast("dict[str, Any]", changes)
    reading = taken(reading, found)
    if found:
        options = (options or page_options(OptimizeOptions(), sized="size" in found)).replace(**found)
    story = compute_story(
        content, style, options=options, names=names, reading=reading, on_progress=on_progress, cancel=cancel
    )
    if story is None:
        return None
    if command is not None:
        story = replace(story, command=without_marks(command))
    page = readable(page_html(story))
    text = (page if language is None else in_language(page, language)).encode()
    files.replace(Path(output), text)
    return Page(Path(output), len(text), perf_counter() - began)


@with_gradients()
def compute_story(
    content: PictureLike,
    style: StyleLike,
    *,
    options: OptimizeOptions | None = None,
    names: tuple[str, str] | None = None,
    reading: ReadOptions = READING,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Story | None:
    """Return the contents of the page, or None if cancelled."""
    chosen = options or page_options(OptimizeOptions(), sized=False)
    network = find_network(chosen.encoder, chosen)
    chosen = with_layer_names(chosen, network)
    if not chosen.content_layers or not chosen.style_layers:
        raise OptionError(
            "a page explains content and style: expected layers for both, --content-layers and --style-layers"
        )
    if not chosen.content_weight or not chosen.style_weight:
        raise OptionError(
            "a page compares content with style: expected a content weight and a style weight above 0; got "
            f"{chosen.content_weight:g} and {chosen.style_weight:g}"
        )
    photo, loaded = (
        opaque(load_picture(content, reading, chosen.size)),
        load_style(style, **chosen.style_sampling(), reading=reading),
    )
    check_style_files([loaded], network, chosen)
    sets = len(paper_layers(network)) if isinstance(loaded, PictureStyle) else len(chosen.style_layers)
    work = costs(chosen, len(paper_layers(network)), sets)
    builder = StoryBuilder(network, photo, loaded, chosen, Stages(work, on_progress), cancel)
    story = builder.build()
    if story is None:
        return None
    photo_name, painting_name = names or (name_of(content), name_of(style))
    return replace(
        story,
        photo_name=_title(photo_name),
        painting_name=_title(painting_name),
        command=without_marks(
            _python_call(photo_name or "photo.jpg", painting_name or "painting.jpg", story.options)
        ),
    )


def _title(path: str) -> str:
    words = without_marks(Path(path).stem.replace("_", " ").replace("-", " ")).strip() if path else ""
    return words[:1].upper() + words[1:]


def _python_call(content: str, style: str, options: OptimizeOptions) -> str:
    """Return the Python call that paints the picture again, with all options other than the defaults."""
    defaults = vars(OptimizeOptions())
    changed = {name: value for name, value in vars(options).items() if value != defaults[name]}
    words = [repr(content), repr(style), *(f"{name}={value!r}" for name, value in changed.items())]
    return f"impasto.stylize({', '.join(words)})"
