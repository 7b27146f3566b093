"""The inputs of a training: the measured style, photographs, and a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from impasto.catalogue.files import FileStyle
from impasto.catalogue.loader import StyleLike
from impasto.encoders import FeatureExtractor, load_encoder
from impasto.errors import InputError
from impasto.files import digests
from impasto.inference.any_painting_numbers import BUNDLED
from impasto.jobs.run import Run
from impasto.networks.train.painting_loss import STYLE_LAYERS, StyleTarget, layer_targets
from impasto.networks.train.photos import PhotoSet, find_photos, hold_out, read_photos
from impasto.networks.train.plan import TrainingPlan
from impasto.networks.train.products import measured_file
from impasto.networks.train.synthetic_photos import make_photos, sample_photos
from impasto.networks.train.team import ALONE, Team
from impasto.networks.transport import Gaussian
from impasto.optimize.checkpoints import read_checkpoint
from impasto.optimize.device import choose_device, multiplies_bfloat16
from impasto.painters.sources import fingerprint

FEW = 40
"""With fewer photographs than this, a note warns the user."""
READING = 0.25
"""The largest share of the training time spent on reading photographs."""
LEAST = 8
"""The smallest number of photographs to read, regardless of time."""
SYNTHETIC = 150
"""The number of synthetic pictures if no photographs are given."""
SIZES = (512, 362, 724)
"""Long sides at which the style is used in training; the first is the default of fast paintings."""


@dataclass
class TrainingMaterials:
    """The inputs of a training. ``targets``: the style at ``SIZES``."""

    encoder: FeatureExtractor
    style: FileStyle
    targets: Sequence[StyleTarget]
    learnt: PhotoSet
    judged: PhotoSet
    identity: Mapping[str, Any]
    saved: Mapping[str, Any] | None
    """The state in a checkpoint of this training, if any."""
    reduced: bool
    device: torch.device
    """The device of the encoder and the targets."""


class Stopped(Exception):  # noqa: N818 - not an error
    """Raised when gathering is cancelled."""


def gather(
    plan: TrainingPlan,
    checkpoint: Path | None,
    note: Callable[[str], None],
    team: Team = ALONE,
    cancel: Callable[[], bool] = lambda: False,
    painting: StyleLike | None = None,
) -> TrainingMaterials:
    """Return the inputs that ``plan`` names, read and measured, and the state in ``checkpoint`` if it exists.

    ``painting``: one in memory, in place of the plan's.
    ``note`` is called with remarks about unsuitable photographs and about the checkpoint. Raises InputError
    and its subclasses for unusable input, such as a checkpoint of another training, and Stopped once
    ``cancel`` returns True.
    """
    device = choose_device(plan.device) if team.size == 1 else torch.device(team.device)
    encoder = load_encoder("tiny").requires_grad_(False)
    style = measured_file(plan.painting if painting is None else painting, encoder, plan.title)
    encoder = encoder.to(device)
    targets = [_target(style, encoder, size) for size in SIZES]
    paths = find_photos([Path(p) for p in plan.photos], plan.most_photos) if plan.photos else []
    native = device.type == "cpu" and multiplies_bfloat16()  # as ``optimize.device.choose_machine``
    reduced = native if plan.precision == "auto" else plan.precision == "bfloat16"
    about = asdict(plan) | {
        "style": fingerprint([style]),
        "photo_files": digests.of_listing(paths),
        "encoder": str(encoder.describe()["sha256"]),
        "begun_with": digests.of_file(BUNDLED) if plan.architecture == "any-painting" else None,
        "reduced": reduced,
        "minutes": None,  # the steps are in the state
        "device": None,  # it may differ
    }
    saved = _saved_state(checkpoint, about)
    if saved is not None:
        reduced = about["reduced"]
        note(f"resuming from {checkpoint}, step {saved['trainer']['step']} of {saved['steps']}")
    if cancel():
        raise Stopped
    learnt, judged = hold_out(_photos(plan, paths, note, cancel))
    encoder = encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if reduced:
        encoder = encoder.bfloat16()
    return TrainingMaterials(encoder, style, targets, learnt, judged, about, saved, reduced, device)


def _target(style: FileStyle, encoder: FeatureExtractor, long_side: int) -> StyleTarget:
    """Return ``style`` as a painting of ``long_side`` has it, and at half that size."""
    sizes = []
    for side in (long_side, long_side / 2):
        found = style.statistics(encoder, STYLE_LAYERS, side)
        moments = {name: (found[name].mean, found[name].gram) for name in STYLE_LAYERS}
        gaussians = {n: Gaussian(m[None], (g - m[:, None] * m)[None]) for n, (m, g) in moments.items()}
        sizes.append(layer_targets(gaussians))
    return StyleTarget(*sizes)


def _photos(
    plan: TrainingPlan, paths: Sequence[Path], note: Callable[[str], None], cancel: Callable[[], bool]
) -> PhotoSet:
    """Return the photographs to train on and to evaluate with; ``note`` those that are unsuitable."""
    smallest = plan.size * 2 // 3
    if not paths:
        photos = sample_photos(smallest)
        made = make_photos(SYNTHETIC, plan.seed, enough=lambda _: cancel())
        if cancel():
            raise Stopped
        note(
            f"no photographs given: training on {len(made)} synthetic pictures and {len(photos.photos)} "
            "samples; photographs (--content-dir) give better results, see docs/train.md"
        )
        return PhotoSet([*photos.photos, *made])
    photos = _read(plan, paths, smallest, cancel)
    if not photos.photos:
        raise InputError(
            f"expected photographs of at least {smallest} pixels a side; none of {len(photos.skipped)} can "
            f"be used ({photos.skipped[0][1]})"
        )
    for path, why in photos.skipped[:5]:
        note(f"skipped {path.name}: {why.removeprefix(f'{path}: ')}")
    if len(photos.skipped) > 5:
        note(f"skipped {len(photos.skipped) - 5} more")
    seen = len(photos.photos) + len(photos.skipped)
    if seen < len(paths):
        note(
            f"read {seen} of {len(paths)} photographs in a quarter of the time; for more, use more "
            "--minutes or smaller files"
        )
    if len(photos.photos) < FEW:
        note(
            f"expected some hundreds of photographs, at least {FEW}; got {len(photos.photos)}, and other "
            "photographs will be painted less well"
        )
    if len(photos.skipped) > len(photos.photos):
        note(f"most photographs could not be used: {len(photos.skipped)} of {seen}")
    return photos


def _read(plan: TrainingPlan, paths: Sequence[Path], smallest: int, cancel: Callable[[], bool]) -> PhotoSet:
    """Return the photographs in ``paths``; for a training of limited time, those read in a quarter of it."""
    ends = time.perf_counter() + READING * plan.seconds

    def enough(count: int) -> bool:
        if cancel():
            raise Stopped
        return plan.steps is None and count >= LEAST and time.perf_counter() > ends

    if plan.steps is None:
        paths = [paths[k] for k in np.random.default_rng(plan.seed).permutation(len(paths))]
    return read_photos(paths, smallest=smallest, enough=enough)


def _saved_state(checkpoint: Path | None, identity: dict[str, Any]) -> Mapping[str, Any] | None:
    """Return the state in ``checkpoint``, if any, and keep its precision, chosen on the machine where it was
    begun, in ``identity``. Raises InputError for another training."""
    if checkpoint is None or not checkpoint.exists():
        return None
    job, state = read_checkpoint(checkpoint)
    identity["reduced"] = job.get("reduced")
    Run("training", identity).check_same(job, str(checkpoint))
    return state
