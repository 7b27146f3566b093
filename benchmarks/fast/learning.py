"""New styles: how near a network comes in how much time, beside optimisation; and both networks from
random filters, on equally many photographs."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import impasto
from benchmarks.fast.pictures import Judge, Settings, read, tensor
from impasto import imaging
from impasto.encoders import FeatureExtractor, load_encoder
from impasto.inference import load_gallery
from impasto.metrics import CONTENT_LAYER, STYLE_LAYERS
from impasto.networks.johnson import JohnsonPainter, read_johnson
from impasto.networks.train.batches import LossWeights, TrainingBatch, batch_loss
from impasto.networks.train.plan import TrainingPlan
from impasto.networks.train.targets import StyleTarget, make_target
from impasto.painters.sources import load_style
from impasto.pipelines.train import train_network
from impasto.progress import Progress
from impasto.types import Picture, Pixels

PHOTOS = 4
_COARSE = 2

Paint = Callable[[Pixels], Pixels]


@dataclass
class Marks:
    """What paintings are measured by: the loss that was learnt by, and another network's distances."""

    settings: Settings
    judge: Judge
    encoder: FeatureExtractor
    target: StyleTarget
    painting: Pixels
    photos: Sequence[Pixels]

    @classmethod
    def of(cls, settings: Settings) -> Marks:
        file = settings.painting_file(settings.painting)
        encoder = load_encoder("tiny")
        return cls(
            settings,
            Judge(settings.judge),
            encoder,
            make_target(encoder, load_style(str(file)).statistics),
            read(file, settings.size),
            [read(path, settings.size) for path in settings.held_out()[:PHOTOS]],
        )

    def line(self, paint: Paint) -> str:
        """Cells of a table: means over the photographs."""
        painting, rows = tensor(self.painting), []
        for pixels in self.photos:
            photo, painted = tensor(pixels), tensor(paint(pixels))
            self.judge.remember([photo, painting], [*STYLE_LAYERS, CONTENT_LAYER])
            lesson = TrainingBatch(photo, torch.zeros(1, 3), [0], [_COARSE], [1.0])
            with torch.inference_mode():
                losses = batch_loss(
                    lambda *_, painted=painted: painted, self.encoder, {0: self.target}, lesson, LossWeights()
                )[1]
            rows.append((losses["content"], losses["style"], *self.judge.distances(painted, photo, painting)))
        content, style, *judged = np.mean(rows, axis=0)
        return f"{content:.3f} | {style:.4f} | {judged[0]:.3f} | {judged[1]:.3f} |"


@dataclass
class Timed:
    """A training: its file, the whole time, and seconds a thousand steps."""

    file: Path
    seconds: float
    steps: int
    thousand: float


def taught(course: TrainingPlan, file: Path) -> Timed:
    """Train and time it; a step's time is the median, since the machine may be disturbed."""
    ends: list[float] = []

    def watch(event: Progress) -> None:
        ends.append(event.elapsed)

    began = time.perf_counter()
    done = train_network(course, file, on_progress=watch)
    seconds = time.perf_counter() - began
    each = statistics.median(np.diff(ends)) if len(ends) > 1 else float("nan")
    return Timed(file, seconds, done.steps, 1000 * float(each))


def gallery_painter(file: Path) -> Paint:
    gallery = load_gallery(file)
    return lambda pixels: gallery.paint(pixels, gallery.styles[-1].name)


def johnson_painter(file: Path) -> Paint:
    painter = JohnsonPainter(read_johnson(file)).eval()

    def paint(pixels: Pixels) -> Pixels:
        with torch.inference_mode():
            painted = painter(tensor(pixels), torch.zeros(1, 1))[0].clamp(0, 1)
        found: Pixels = painted.permute(1, 2, 0).contiguous().numpy()
        return found

    return paint


def main(settings: Settings) -> None:
    """A style that is not in the gallery, for several times; everything, if asked for; optimisation."""
    marks = Marks.of(settings)
    painting = str(settings.painting_file(settings.painting))
    practice = (str(settings.practice),)
    print(f"{settings.painting}, on {len(marks.photos)} held-out photographs of {settings.size} pixels.")
    print("Loss: what is minimised, by the tiny network; distance: by VGG-19.\n")
    print("| way | seconds | steps | content loss | style loss | content distance | style distance |")
    print("|---|---|---|---|---|---|---|")
    print(f"| the photograph itself | | | {marks.line(lambda pixels: pixels)}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        times = [("rows", minutes) for minutes in settings.minutes]
        if settings.full_minutes:
            times.append(("full", settings.full_minutes))
        for method, minutes in times:
            file = Path(name) / f"{method}-{minutes:g}.safetensors"
            course = TrainingPlan((painting,), practice, names=("new",), method=method, minutes=minutes)  # type: ignore[arg-type]
            done = taught(course, file)
            line = marks.line(gallery_painter(file))
            print(f"| {method}, {minutes:g} minutes | {done.seconds:.0f} | {done.steps} | {line}", flush=True)
    began = time.perf_counter()
    line = marks.line(lambda pixels: _optimised(pixels, painting, settings.size))
    each = (time.perf_counter() - began) / len(marks.photos)
    print(f"| impasto stylize, each picture | {each:.0f} | | {line}")


def _optimised(pixels: Pixels, painting: str, size: int) -> Pixels:
    return impasto.stylize(Picture(pixels), imaging.read(painting), size=size).picture.pixels


def equal(settings: Settings) -> None:
    """Both architectures from random filters, by the same losses, on the same photographs."""
    marks = Marks.of(settings)
    painting = str(settings.painting_file(settings.painting))
    print(f"{settings.painting}, from random filters, {settings.steps} steps of 4 photographs.\n")
    print("| network | s a thousand steps | content loss | style loss | content distance | style distance |")
    print("|---|---|---|---|---|---|")
    thousands = []
    with tempfile.TemporaryDirectory() as name:
        for architecture, painter in (("johnson2016", johnson_painter), ("gallery", gallery_painter)):
            file = Path(name) / f"{architecture}.safetensors"
            course = TrainingPlan(
                (painting,),
                (str(settings.practice),),
                names=("new",),
                method="scratch",
                architecture=architecture,  # type: ignore[arg-type]
                steps=settings.steps,
            )
            done = taught(course, file)
            thousands.append(done.thousand)
            print(f"| {architecture} | {done.thousand:.0f} | {marks.line(painter(file))}", flush=True)
    print(f"\nA step of johnson2016 takes {thousands[0] / thousands[1]:.1f} times one of the gallery's.")
