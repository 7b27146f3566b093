"""Films painted: a clip read, its frames painted so that they fit together, and written, with its sound."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from impasto import __version__, imaging
from impasto.errors import InputError, MissingExtraError, OptionError, OutputError, WeightsMissingError
from impasto.film_painters import (
    NEXT_ITERATIONS,
    TEMPORAL_WEIGHT,
    CutShort,
    FastPainter,
    Gallery,
    OptimisedPainter,
)
from impasto.optimize.options import Options
from impasto.optimize.presets import preset as find_preset
from impasto.progress import Progress
from impasto.types import Picture, Pixels
from impasto.video import (
    Blended,
    Clip,
    ClipInfo,
    Coherence,
    Damage,
    Frame,
    Guided,
    Painted,
    Request,
    open_clip,
)
from impasto.video.blended import KEEP
from impasto.video.codecs import VIDEO_SUFFIXES, Target, find_target
from impasto.video.guided import LONG_TERM
from impasto.video.joining import Segment, Sound, join
from impasto.video.pictures import is_pattern, numbered
from impasto.video.pipeline import ahead
from impasto.video.segments import Begun, Store, folder_of
from impasto.video.writing import SegmentWriter

PathLike = str | os.PathLike[str]
Engine = Literal["fast", "optimize"]
OPTIMISED_SIZE = 512
"""Long side, in pixels, of films painted by optimisation, unless another is asked for."""
SEGMENTS = {"fast": 120, "optimize": 24}
"""How many frames a segment has: what a crash costs at most."""


@dataclass(frozen=True)
class FilmOptions:
    """What a film has that a picture has not.

    ``size``: long side in pixels or exact (width, height); None: the clip's own, and at most 512 where it
    is optimised. ``start``, ``end``: in seconds. ``rate``: frames a second of a sequence of pictures.
    ``bits``: 8 or 10, None as the clip. ``codec``, ``quality``: see docs/video.md; None for the output's
    own. ``damage``: "conceal" damaged frames, or "refuse" them. ``sound``: copy it.
    ``long_term``, ``passes``: as in ``video.Guided``; ``temporal_weight``, ``next_iterations``: as in
    ``OptimisedPainter``; ``keep``: as in ``video.Blended``; ``strength``, ``stroke_size``,
    ``keep_color``: as the gallery takes them. ``segment``: frames in each; None for the engine's.
    """

    size: int | tuple[int, int] | None = None
    start: Fraction | None = None
    end: Fraction | None = None
    rate: Fraction = Fraction(25)
    bits: int | None = None
    codec: str | None = None
    quality: int | None = None
    damage: Damage = "conceal"
    sound: bool = True
    long_term: tuple[int, ...] = LONG_TERM
    passes: int = 1
    temporal_weight: float = TEMPORAL_WEIGHT
    next_iterations: int = NEXT_ITERATIONS
    keep: float = KEEP
    strength: float = 1.0
    stroke_size: float = 1.0
    keep_color: bool = False
    segment: int | None = None

    def __post_init__(self) -> None:
        if self.bits not in (None, 8, 10):
            raise OptionError(f"bits must be 8 or 10; it is {self.bits!r}")
        if self.segment is not None and self.segment < 2:
            raise OptionError(f"segment must be 2 frames or more; it is {self.segment!r}")


@dataclass(frozen=True)
class FilmProgress:
    """What a film tells whoever watches: ``frame`` of ``frames`` are painted (None: nobody knows how many),
    ``elapsed`` and ``left`` in seconds. ``painting``: of the frame at hand, where it is optimised.
    ``preview``: gives the last painting, (H, W, 3)."""

    frame: int
    frames: int | None
    elapsed: float
    left: float | None = None
    painting: Progress | None = None
    preview: Callable[[], Pixels] | None = field(default=None, repr=False, compare=False)

    @property
    def done(self) -> float:
        """The finished share in [0, 1]; 0 where nobody knows."""
        within = 0.0 if self.painting is None else self.painting.done
        return min(1.0, (self.frame + within) / self.frames) if self.frames else 0.0


@dataclass(frozen=True)
class Film:
    """How a film went: ``frames`` in it, ``resumed`` of them from an earlier run; ``cuts``: numbers of the
    frames that scenes found in this run begin with; ``notes``: damage, sound, and what else was unlike the
    clip. ``cancelled``: cut short, and nothing written but finished segments."""

    path: Path
    engine: Engine
    width: int
    height: int
    frames: int
    resumed: int
    seconds: float
    cuts: tuple[int, ...]
    notes: tuple[str, ...]
    cancelled: bool = False


class _Paints(Protocol):
    def finish(self, pixels: Pixels, frame: Pixels) -> Pixels: ...


def film(
    source: PathLike,
    styles: PathLike | Sequence[PathLike],
    output: PathLike,
    *,
    engine: Engine | None = None,
    preset: str = "default",
    options: Options | None = None,
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
    optimise, as for ``stylize``. ``gallery``: fast networks of your own.

    The film is made in segments, kept in ``.impasto/`` beside the output. Called again after it was
    killed, with the same arguments, it goes on after the last finished one, and its frames are those of an
    uninterrupted run. ``cancel``, once it returns True, stops it; finished segments stay.

    Raises InputError (and its kin) for what cannot be used, before any work, and for damage that is to be
    refused; OutputError where the output cannot be written; MissingExtraError without PyAV.
    """
    wanted = film_options or FilmOptions()
    names = [styles] if isinstance(styles, (str, os.PathLike)) else list(styles)
    given = [os.fspath(name) for name in names]
    if not given:
        raise InputError("expected at least one style; got none")
    chosen = (options or find_preset(preset).options).replace(**changes)
    painting_by, fast = choose_engine(engine, given, gallery)
    clip, target = _opened(Path(source), Path(output), wanted, painting_by)
    _check_place(Path(source), target)
    begun = time.monotonic()
    watch = _Watch(clip.info.frames, on_progress)
    first = next(iter(clip.frames())).pixels
    painter, coherence = _engine(painting_by, given, chosen, wanted, first, fast, watch, cancel)
    described = _described(Path(source), given, chosen, wanted, painting_by, painter, target)
    store = Store(folder_of(target.path), "" if target.kind == "frames" else target.segment_suffix)
    with store.alone():
        earlier = store.begin(described)
        run = _Run(clip, target, coherence, painter, store, wanted.segment or SEGMENTS[painting_by], watch)
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


def choose_engine(
    engine: Engine | None, styles: Sequence[str], gallery: Gallery | None = None
) -> tuple[Engine, Gallery | None]:
    """The engine to paint with, and the fast networks where it is "fast".

    Raises OptionError for another engine, StyleError or its kin where "fast" is asked for and its networks
    are not installed or do not know a style.
    """
    if engine is not None and engine not in get_args(Engine):
        raise OptionError(f"engine must be one of {', '.join(get_args(Engine))}; it is {engine!r}")
    if engine == "optimize":
        return "optimize", None
    found = gallery
    if found is None:
        from impasto.runtime import load_gallery

        try:
            found = load_gallery()
        except (WeightsMissingError, MissingExtraError):
            if engine == "fast":
                raise
            return "optimize", None
    known = [style.name for style in found.styles]
    unknown = [name for name in styles if name not in known]
    if not unknown:
        return "fast", found
    if engine == "fast":
        raise OptionError(
            f"the fast networks do not know the style {unknown[0]!r}; they know {', '.join(known)}. "
            "Expected one of these, or engine optimize, which takes any painting"
        )
    return "optimize", None


def _opened(source: Path, output: Path, wanted: FilmOptions, engine: Engine) -> tuple[Clip, Target]:
    """The clip at the size asked for, and what is to be written."""
    request = Request(start=wanted.start, end=wanted.end, even=False, damage=wanted.damage, rate=wanted.rate)
    own = open_clip(source, request).info
    target = find_target(output, wanted.bits or own.bits, codec=wanted.codec, quality=wanted.quality)
    size = wanted.size
    if size is None and engine == "optimize":
        size = min(OPTIMISED_SIZE, max(own.width, own.height))
    request = dataclasses.replace(request, size=size, even=target.even)
    return open_clip(source, request), target


def _check_place(source: Path, target: Target) -> None:
    """Raise OutputError or InputError where the film could not be written, or would replace its source."""
    path = target.path
    if target.kind != "frames":
        imaging.check_writable(path, suffixes=VIDEO_SUFFIXES)
        if path.exists() and source.exists() and path.samefile(source):
            raise InputError(f"the output {path} is also the input; it would be overwritten")
        return
    folder = path.parent if is_pattern(path.name) else path
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"expected a folder for the frames; cannot make {folder}: {error}") from error
    imaging.check_writable(_frame_path(path, 0))
    sources = source if source.is_dir() else source.parent
    if sources.is_dir() and folder.samefile(sources) and (source.is_dir() or is_pattern(source.name)):
        raise InputError(f"the frames would go among those of the clip, in {folder}; expected another folder")


def _frame_path(path: Path, number: int) -> Path:
    return (
        path.with_name(numbered(path.name, number)) if is_pattern(path.name) else path / f"{number:06d}.png"
    )


def _engine(
    engine: Engine,
    styles: Sequence[str],
    options: Options,
    wanted: FilmOptions,
    first: Pixels,
    gallery: Gallery | None,
    watch: _Watch,
    cancel: Callable[[], bool] | None,
) -> tuple[OptimisedPainter | FastPainter, Coherence]:
    if engine == "fast":
        assert gallery is not None
        shares = options.style_weights or (1.0,) * len(styles)
        if len(shares) != len(styles):
            raise OptionError(f"expected one share per style ({len(styles)}); got {len(shares)}")
        mixed = {name: share / sum(shares) for name, share in zip(styles, shares, strict=True)}
        fast = FastPainter(gallery, mixed, wanted.strength, wanted.stroke_size, wanted.keep_color)
        return fast, Blended(fast, keep=wanted.keep)
    painter = OptimisedPainter(
        styles,
        options,
        first,
        temporal_weight=wanted.temporal_weight,
        next_iterations=wanted.next_iterations,
        on_progress=watch.painting,
        cancel=cancel,
    )
    run = wanted.segment or SEGMENTS[engine]
    return painter, Guided(painter, long_term=wanted.long_term, passes=wanted.passes, run=run)


def _described(
    source: Path,
    styles: Sequence[str],
    options: Options,
    wanted: FilmOptions,
    engine: Engine,
    painter: OptimisedPainter | FastPainter,
    target: Target,
) -> dict[str, Any]:
    """All that decides what the film looks like: where any of it differs, it is another film."""
    own = {name: str(value) for name, value in dataclasses.asdict(wanted).items()}
    network = painter.network.describe() if isinstance(painter, OptimisedPainter) else ""
    return {
        "clip": _digest(source),
        "styles": [[name, _digest(Path(name)) if Path(name).exists() else ""] for name in styles],
        "engine": engine,
        "network": str(network),
        "options": {name: str(value) for name, value in options.to_dict().items()},
        "film": own,
        "output": [str(target.path.absolute()), target.kind, str(target.codec)],
        "version": __version__,
    }


def _digest(path: Path) -> str:
    """The SHA-256 of a file; of a folder or a pattern, of its files' names, sizes and times."""
    digest = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()
    folder = path if path.is_dir() else path.parent
    for entry in sorted(folder.iterdir()):
        if entry.is_file():
            found = entry.stat()
            digest.update(f"{path.name} {entry.name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class _Watch:
    """Turns frames and iterations into ``FilmProgress``."""

    def __init__(self, frames: int | None, tell: Callable[[FilmProgress], None] | None) -> None:
        self.frames = frames
        self._tell = tell
        self._began = time.monotonic()
        self._count = self._resumed = 0
        self._last: Pixels | None = None

    def resume(self, count: int) -> None:
        """``count`` frames are there already."""
        self._count = self._resumed = count
        self._began = time.monotonic()

    def painted(self, pixels: Pixels) -> None:
        """One more frame is."""
        self._count += 1
        self._last = pixels
        self._report(None)

    def painting(self, event: Progress) -> None:
        """The frame at hand goes on."""
        self._report(event)

    def _report(self, event: Progress | None) -> None:
        if self._tell is None:
            return
        elapsed = time.monotonic() - self._began
        made, left, last = self._count - self._resumed, None, self._last
        if made and self.frames is not None:
            left = elapsed / (made + (event.done if event else 0)) * max(0, self.frames - self._count)
        preview = None if last is None else lambda: last
        self._tell(FilmProgress(self._count, self.frames, elapsed, left, event, preview))


class _Run:
    """One go at a film: paints what is missing, segment by segment."""

    def __init__(
        self,
        clip: Clip,
        target: Target,
        coherence: Coherence,
        painter: _Paints,
        store: Store,
        length: int,
        watch: _Watch,
    ) -> None:
        self.clip = clip
        self.target = target
        self.coherence = coherence
        self.painter = painter
        self.store = store
        self.length = length
        self.watch = watch
        self.segments: list[Segment] = []
        self.cuts: list[int] = []
        self.count = 0

    @property
    def _last(self) -> int:
        """How long the last frame is shown, in ticks."""
        info = self.clip.info
        return max(1, round(1 / (info.rate * info.time_base)))

    def paint(self, earlier: Begun, cancel: Callable[[], bool] | None) -> bool:
        """Paint what ``earlier`` lacks; whether all of it is there now."""
        self.segments = list(earlier.segments)
        self.count = earlier.frames
        self.watch.resume(self.count)
        frames = self.clip.frames(self.count)
        paintings = self.coherence.paint(frames, earlier.state)
        if isinstance(self.coherence, Blended):
            paintings = ahead(paintings)  # so that encoding has this thread to itself
        with contextlib.closing(paintings), contextlib.suppress(CutShort):  # type: ignore[type-var]
            return self._write(paintings, cancel)
        return False

    def _write(self, paintings: Iterator[Painted], cancel: Callable[[], bool] | None) -> bool:
        writer: SegmentWriter | None = None
        ticks: list[int] = []
        painted: Painted | None = None
        try:
            for painted in paintings:
                if cancel is not None and cancel():
                    return False
                pixels = self.painter.finish(painted.pixels, painted.frame.pixels)
                if self.target.kind == "frames":
                    self._write_picture(pixels, painted.frame)
                else:
                    writer = writer or self._writer(self.clip.info)
                    writer.write(pixels, painted.frame.ticks)
                ticks.append(painted.frame.ticks)
                self.count += 1
                self.cuts += [painted.frame.number] if painted.cut and painted.frame.number else []
                self.watch.painted(pixels)
                if len(ticks) == self.length:
                    self._commit(writer, ticks, painted.state)
                    writer, ticks = None, []
            if ticks:
                assert painted is not None
                self._commit(writer, ticks, painted.state)
                writer = None
        finally:
            if writer is not None:
                writer.discard()
        return True

    def _writer(self, info: ClipInfo) -> SegmentWriter:
        path = self.store.path(len(self.segments))
        return SegmentWriter(path, self.target, info.width, info.height, info.rate, info.time_base)

    def _write_picture(self, pixels: Pixels, frame: Frame) -> None:
        picture = Picture(pixels, bits=16 if self.target.bits > 8 else 8)
        imaging.write(picture, _frame_path(self.target.path, frame.number))

    def _commit(self, writer: SegmentWriter | None, ticks: list[int], state: Mapping[str, Any]) -> None:
        if writer is not None:
            writer.close(self._last)
        self.segments.append(self.store.commit(len(self.segments), ticks, state))

    def finish(self, wanted: FilmOptions) -> list[str]:
        """Put the segments together; what there is to say of it."""
        info = self.clip.info
        if self.target.kind == "frames":
            return ["frames have no sound; it was left out"] if info.audio and wanted.sound else []
        sound = None
        path = getattr(self.clip, "path", None)
        if wanted.sound and info.audio and path is not None:
            start = None if wanted.start is None else wanted.start + info.begin
            end = None if wanted.end is None else wanted.end + info.begin
            sound = Sound(path, info.origin, start, end)
        return join(self.segments, self.target, info.time_base, self._last, sound)
