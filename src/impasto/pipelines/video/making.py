"""A film from beginning to end: the clip opened, painted segment by segment, put together, with its sound."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from impasto.clips.segments import Store, folder_of, parts_of
from impasto.optimize.options import OptimizeOptions
from impasto.painters.frames.fast import Gallery
from impasto.pipelines.video.engines import choose_engine, find_coherence
from impasto.pipelines.video.options import SEGMENTS, Engine, Film, FilmOptions, FilmProgress
from impasto.pipelines.video.places import PathLike, asked, check_encoders, check_place, describe, opened
from impasto.pipelines.video.runs import Run, Watch


def discard(output: PathLike) -> bool:
    """Remove the segments of an unfinished film that would have become ``output``; whether there were any.

    Raises InputError while that film is being painted.
    """
    store = Store(folder_of(Path(output)), "")
    if not store.folder.exists():
        return False
    with store.alone():
        found = any(path.name != "lock" for path in store.folder.iterdir())
        found = found or parts_of(Path(output)).exists()
    store.clear()
    return found


def film(
    source: PathLike,
    styles: PathLike | Sequence[PathLike],
    output: PathLike,
    *,
    engine: Engine | None = None,
    preset: str = "default",
    options: OptimizeOptions | None = None,
    film_options: FilmOptions | None = None,
    gallery: Gallery | None = None,
    on_progress: Callable[[FilmProgress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    **changes: Any,
) -> Film:
    """Paint the clip ``source`` in the manner of ``styles`` and write it to ``output``.

    ``source``: a video, a folder of pictures, or a pattern of their names. ``styles``: as for ``stylize``.
    ``output``: a video (.mp4, .m4v, .mov, .mkv, .webm), a .gif, a folder or a pattern of frames.
    ``engine``: "optimize" paints each frame by optimisation, held to those before it (Ruder et al.
    2016); "fast" by a feed-forward network whose paintings are laid over each other; None: fast where the
    fast networks are installed and know all styles. ``preset``, ``options`` and ``changes`` say how to
    optimise, as for ``stylize``; the ``device`` among them is the fast networks' too. ``gallery``: fast
    networks of your own, on the device they were loaded for.

    The film is made in segments, kept in ``.impasto/`` beside the output. Called again after it was
    killed, with the same arguments, it goes on after the last finished one, and its frames are those of an
    uninterrupted run. ``cancel``, once it returns True, stops it; finished segments stay.

    Raises InputError (and its kin) for what cannot be used, before any work, and for damage that is to be
    refused; OutputError where the output cannot be written; MissingExtraError without PyAV.
    """
    wanted = film_options or FilmOptions()
    given, chosen = asked(styles, preset, options, changes)
    painting_by, fast = choose_engine(engine, given, gallery, chosen.device)
    clip, target = opened(Path(source), Path(output), wanted, painting_by)
    check_place(Path(source), target)
    check_encoders(clip, target, wanted)
    begun = time.monotonic()
    watch = Watch(clip.info.frames, on_progress)
    first = next(iter(clip.frames())).pixels
    painter, coherence = find_coherence(
        painting_by, given, chosen, wanted, first, gallery=fast, on_progress=watch.painting, cancel=cancel
    )
    described = describe(Path(source), given, chosen, wanted, painting_by, painter.describe(), target)
    store = Store(folder_of(target.path), "" if target.kind == "frames" else target.segment_suffix)
    with store.alone():
        earlier = store.begin(described)
        run = Run(clip, target, coherence, painter, store, wanted.segment or SEGMENTS[painting_by], watch)
        whole = run.paint(earlier, cancel)
        notes = [*([earlier.note] if earlier.note else []), *clip.notes]
        if whole:
            notes += run.finish(wanted)
    if whole:
        store.clear()
    return Film(
        path=target.path,
        engine=painting_by,
        width=clip.info.width,
        height=clip.info.height,
        frames=run.count,
        resumed=earlier.frames,
        seconds=time.monotonic() - begun,
        cuts=tuple(run.cuts),
        notes=tuple(dict.fromkeys(notes)),
        cancelled=not whole,
    )
