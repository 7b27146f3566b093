"""Sweeps: a painting for every pair of values of two options, resumable in a folder."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator
from pathlib import Path

from impasto import imaging
from impasto.catalogue.loader import StyleLike, load_style
from impasto.encoders import FeatureExtractor
from impasto.errors import require_one_of
from impasto.imaging import fit
from impasto.imaging.inputs import PictureLike, load_picture
from impasto.inspection.layers import check_size, growing_sets
from impasto.inspection.stages import Stages
from impasto.inspection.sweeps import CONTENT_LAYER, RATIO, Axis, Sweep, SweepCell, cells
from impasto.jobs import Job, Reference
from impasto.jobs.identity import differences, with_digests
from impasto.jobs.manifest import Record, records
from impasto.jobs.run import RunStore
from impasto.jobs.unfinished import discard_other
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import GATYS_BALANCE, preset
from impasto.painters import Materials
from impasto.painters.sources import LoadedEncoder, check_style_files, fingerprint, with_layer_names
from impasto.pipelines.inspect.inputs import UNTRAINED, find_network
from impasto.pipelines.photo import paint_job
from impasto.pipelines.result import Result
from impasto.progress import Cancel, ProgressCallback

Networks = dict[tuple[object, ...], FeatureExtractor]

FIGURES = ("2015-3", "2016-4", "2016-5", "2016-6")
"""Figures of Gatys, Ecker and Bethge that are grids over two parameters."""


def paper_axes(figure: str, options: OptimizeOptions) -> tuple[Axis, Axis]:
    """Return the rows and columns of a paper's figure, for a painting by ``options``.

    "2015-3": growing sets of style layers by alpha / beta. "2016-4": alpha / beta. "2016-5": content at
    layer 2_2 or 4_2. "2016-6": the initial picture. With the papers' losses (a ``gatys`` preset) the ratios
    are the papers'; the relative losses of other presets have other ratios with similar results.
    Raises OptionError for another figure.
    """
    require_one_of("figure", figure, FIGURES)
    theirs = options.content_loss == "gatys"
    style = Axis("style_layers", (dict(options.style_layers),), ("all style layers",))
    if figure == "2015-3":
        sets = tuple(growing_sets(list(options.style_layers)))
        ratios = (1e-5, 1e-4, 1e-3, 1e-2) if theirs else (1 / 128, 1 / 32, 1 / 8, 1 / 2)
        return Axis("style_layers", sets), _ratio_axis(ratios, options)
    if figure == "2016-4":
        ratios = (1e-4, 1e-3, 1e-2, 1e-1) if theirs else (1 / 128, 1 / 32, 1 / 8, 1 / 2)
        return style, _ratio_axis(ratios, options)
    if figure == "2016-5":
        first = "conv" if next(iter(options.content_layers), "").startswith("conv") else "relu"
        one = (1e-3,) if theirs else (1 / 8,)
        return Axis(CONTENT_LAYER, (f"{first}2_2", f"{first}4_2")), _ratio_axis(one, options)
    return style, Axis("init", ("content", "statistics", "noise"))


def _ratio_axis(ratios: tuple[float, ...], options: OptimizeOptions) -> Axis:
    """Return the axis of the papers' ratios, converted to the balance of a ``gatys`` preset if ``options``
    are one."""
    balance = GATYS_BALANCE if options.content_loss == "gatys" and options.normalise_activations else 1.0
    return Axis(RATIO, tuple(ratio / balance for ratio in ratios), _ratios(ratios))


def sweep(
    content: PictureLike,
    style: StyleLike,
    rows: Axis,
    columns: Axis,
    *,
    options: OptimizeOptions | None = None,
    folder: str | Path | None = None,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Sweep:
    """Paint ``content`` in ``style`` with every pair of values of ``rows`` and ``columns``.

    ``options``: those that neither axis sets. ``folder``: store the paintings there, as PNG, with
    ``sweep.jsonl``; run again, a sweep paints only what is missing or was painted with other options, and
    resumes an unfinished painting if nothing has changed. Once ``cancel`` returns True, the missing cells are
    empty.

    Raises InputError and its subclasses before any work, and OutputError if the folder is not writable.
    """
    known: Networks = {}
    grid = [
        [with_layer_names(one, _network(one, known)) for one in line]
        for line in cells(options or preset("from-photo").options, rows, columns)
    ]
    photo, loaded = load_picture(content), load_style(style, **grid[0][0].style_sampling())
    for one in (one for line in grid for one in line):
        width, height = fit(photo.width, photo.height, one.size)
        check_size(_network(one, known), one.layers, width, height, "the painting")
        check_style_files([load_style(style, **one.style_sampling())], _network(one, known), one)
    positions = [(r, c) for r, line in enumerate(grid) for c in range(len(line))]
    stages = Stages({f"{r} {c}": _cost(grid[r][c]) for r, c in positions}, on_progress)
    inputs = [Reference(name="picture", digest=fingerprint([one])) for one in (photo, loaded)]
    found: dict[tuple[int, int], SweepCell] = {}
    skipped = 0
    with contextlib.ExitStack() as stack:
        kept = None if folder is None else stack.enter_context(_open(folder))
        for r, c in positions:
            one, name, title = grid[r][c], _file_name(rows, r, columns, c), _title(rows, r, columns, c)
            network = _network(one, known)
            job = Job(inputs[0], tuple(inputs[1:]), options=one)
            job = with_digests(job, network=str(network.describe()["sha256"]))
            before = None if kept is None else kept.find(name, job)
            if before is not None:
                found[r, c], skipped = before, skipped + 1
            elif cancel is not None and cancel():
                found[r, c] = MISSING
                continue
            else:
                note = "" if kept is None else discard_other(kept.checkpoint(name), job)
                result = paint_job(
                    job,
                    photo=photo,
                    materials=Materials(
                        [load_style(style, **one.style_sampling())], encoder=LoadedEncoder(network)
                    ),
                    checkpoint=None if kept is None else kept.checkpoint(name),
                    on_progress=stages.part(f"{r} {c}", f"{title} ({note})" if note else title),
                    cancel=cancel,
                )
                if result.cancelled:
                    found[r, c] = MISSING
                    continue
                found[r, c] = SweepCell(
                    result.picture.pixels, result.losses, result.iterations, result.seconds
                )
                if kept is not None:
                    kept.keep(name, job, result)
            stages.finish(f"{r} {c}", title)
    lines = tuple(tuple(found[r, c] for c in range(len(line))) for r, line in enumerate(grid))
    return Sweep(rows, columns, lines, skipped)


MISSING = SweepCell(None, {}, 0, 0.0, "not painted")


class _SweepFolder:
    """The paintings of a sweep in a folder, and how each was made, in ``sweep.jsonl``."""

    def __init__(self, store: RunStore) -> None:
        self.store = store
        self.records = records(store)
        store.write(record.to_dict() for record in self.records.values())

    def checkpoint(self, name: str) -> Path:
        return Path(self.store.hidden) / f"{name}.checkpoint"

    def find(self, name: str, job: Job) -> SweepCell | None:
        """Return the painting called ``name``, if it was made by the same ``job``."""
        record, path = self.records.get(name), Path(self.store.folder) / name
        if record is None or not path.is_file() or differences(record.job, job):
            return None
        return SweepCell(imaging.read(path).pixels, record.losses, record.iterations, record.seconds)

    def keep(self, name: str, job: Job, result: Result) -> None:
        result.save(Path(self.store.folder) / name)
        size = (result.picture.width, result.picture.height)
        record = Record(name, "done", job, size, result.iterations, result.seconds, result.losses)
        self.store.add(record.to_dict())


@contextlib.contextmanager
def _open(folder: str | Path) -> Iterator[_SweepFolder]:
    store = RunStore(folder, "sweep", "sweep.jsonl")
    with store.alone():
        yield _SweepFolder(store)


def _network(options: OptimizeOptions, known: Networks) -> FeatureExtractor:
    seed = options.seed if options.encoder.partition(":")[0] == UNTRAINED else 0  # the seed of its weights
    key = (options.encoder, options.pooling, options.rescale_pooling, options.padding, seed)
    if key not in known:
        known[key] = find_network(options.encoder, options)
    layers = [*options.content_layers, *options.style_layers]
    known[key].minimum_side(layers)  # raises LayerError for missing layers
    return known[key]


def _cost(options: OptimizeOptions) -> float:
    return (math.prod(options.sides) + 10_000) * options.iterations


def _title(rows: Axis, r: int, columns: Axis, c: int) -> str:
    return f"{rows.title} {rows.labels[r]}, {columns.title} {columns.labels[c]}"


def _file_name(rows: Axis, r: int, columns: Axis, c: int) -> str:
    words = f"{rows.name} {rows.labels[r]} {columns.name} {columns.labels[c]}"
    plain = re.sub(r"[^A-Za-z0-9.+=-]+", "-", words).strip("-")[:90]
    return f"{r + 1}-{c + 1}-{plain}.png"


def _ratios(values: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(_ratio(value) for value in values)


def _ratio(value: float) -> str:
    """Return powers of two as fractions and other ratios as in the papers: 1/8, 1e-4."""
    turned = 1 / value
    if turned > 1 and turned == round(turned) and round(turned).bit_count() == 1:
        return f"1/{turned:.0f}"
    return f"{value:.0e}".replace("e-0", "e-")
