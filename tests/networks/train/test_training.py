from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from impasto.encoders.network import Encoder
from impasto.errors import OptionError
from impasto.networks.gallery import GalleryNetwork
from impasto.networks.johnson import JohnsonPainter
from impasto.networks.train.batches import LossWeights, TrainingBatch, batch_loss, draw, row_weights
from impasto.networks.train.targets import StyleTarget
from impasto.networks.train.training import Trainer, TrainingSchedule
from impasto.progress import Progress

FROZEN = TrainingSchedule(4, 2, 64, filters=0.0, rows=2e-2)


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize("schedule", [FROZEN, TrainingSchedule(4, 2, 64)])
def test_a_resumed_training_is_the_uninterrupted_one_to_the_bit(
    schedule: TrainingSchedule,
    gallery: GalleryNetwork,
    encoder: Encoder,
    target: StyleTarget,
    photos: list[Tensor],
) -> None:
    begun, other = copy.deepcopy(gallery), copy.deepcopy(gallery)
    Trainer(gallery, encoder, {1: target}, photos, schedule).run()
    first = Trainer(begun, encoder, {1: target}, photos, schedule)
    first.run(stop=2)
    state = copy.deepcopy(first.state())
    second = Trainer(other, encoder, {1: target}, photos, schedule)
    second.restore(state)
    second.run()
    assert second.step == 4
    assert same(gallery.state_dict(), other.state_dict())


def test_only_the_new_styles_rows_change_where_the_filters_stay(
    gallery: GalleryNetwork, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    before = copy.deepcopy(gallery.state_dict())
    Trainer(gallery, encoder, {1: target}, photos, FROZEN).run()
    after = gallery.state_dict()
    assert same({n: t for n, t in before.items() if n != "table"}, after)
    assert torch.equal(before["table"][:3], after["table"][:3])
    assert not torch.equal(before["table"][3], after["table"][3])
    assert not torch.equal(before["table"][4], after["table"][4])


def test_the_photograph_comes_out_as_it_went_in_after_all_was_trained(
    gallery: GalleryNetwork, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    Trainer(gallery, encoder, {0: target, 1: target}, photos, TrainingSchedule(2, 2, 64)).run()
    image = photos[0][None].float() / 255
    strokes = gallery.state_dict()["strokes.weight"]
    with torch.no_grad():
        assert torch.equal(gallery(image, row_weights(5, 0, 1.0, 0.0)[None]), image)
    assert strokes.abs().max() > 0


def test_training_lowers_the_style_loss(
    gallery: GalleryNetwork, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    def style() -> float:
        images = torch.stack([photo[:, :64, :64].float() / 255 for photo in photos])
        weights = row_weights(5, 1, 1.0, 1.0).expand(4, -1)
        batch = TrainingBatch(images, weights, [1] * 4, [2] * 4, [1.0] * 4)
        with torch.no_grad():
            return batch_loss(gallery, encoder, {1: target}, batch, LossWeights())[1]["style"]

    before = style()
    Trainer(gallery, encoder, {1: target}, photos, TrainingSchedule(40, 2, 64, filters=0.0, rows=3e-2)).run()
    assert style() < 0.9 * before


def test_a_network_without_a_table_learns_by_the_same_trainer(
    encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    torch.manual_seed(0)
    painter = JohnsonPainter()
    before = copy.deepcopy(painter.state_dict())
    schedule = TrainingSchedule(2, 1, 64, full_strength=1.0, often=(0.0, 0.0, 1.0))
    trainer = Trainer(painter, encoder, {0: target}, photos, schedule)
    trainer.run()
    assert set(trainer.losses) == {"content", "style"}
    unchanged = [n for n, t in painter.state_dict().items() if torch.equal(t, before[n])]
    # A shift before an instance normalisation is subtracted again, so it has no gradient to speak of.
    assert all(name.endswith("bias") for name in unchanged), unchanged


def test_rates_warm_up_and_end_at_nothing() -> None:
    long, short = TrainingSchedule(1000), TrainingSchedule(20)
    assert long.factor(0) == pytest.approx(1 / 30)
    assert long.factor(500) == pytest.approx(0.5)
    assert short.factor(1) == pytest.approx(0.95)
    assert short.factor(20) == 0


def test_progress_says_what_is_left_and_cancelling_stops_between_steps(
    gallery: GalleryNetwork, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    events: list[Progress] = []
    trainer = Trainer(gallery, encoder, {1: target}, photos, FROZEN)
    trainer.run(events.append, cancel=lambda: len(events) == 2)
    assert [e.step for e in events] == [1, 2]
    assert events[-1].left == pytest.approx(events[-1].elapsed)  # two of four are done
    assert trainer.step == 2


def test_the_state_of_another_number_of_processes_is_refused(
    gallery: GalleryNetwork, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    trainer = Trainer(gallery, encoder, {1: target}, photos, FROZEN)
    state = trainer.state()
    with pytest.raises(OptionError, match="begun by 2 processes"):
        trainer.restore(state | {"team": [state["random"]] * 2})


def test_checkpoints_from_before_there_were_teams_load(
    gallery: GalleryNetwork, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    trainer = Trainer(gallery, encoder, {1: target}, photos, FROZEN)
    trainer.run(stop=1)
    state = {name: value for name, value in trainer.state().items() if name != "team"}
    trainer.restore(state)
    assert trainer.step == 1


def test_training_without_photographs_is_refused(
    gallery: GalleryNetwork, encoder: Encoder, target: StyleTarget
) -> None:
    with pytest.raises(OptionError, match="photographs"):
        Trainer(gallery, encoder, {1: target}, [], FROZEN)


def flicker(gallery: GalleryNetwork, photos: list[Tensor]) -> float:
    """How far paintings of a photograph and of its noisy, moved copy are apart, root mean squared."""
    random = np.random.default_rng(5)
    batch = draw(photos, 5, [1], batch=8, size=64, random=random, full_strength=1.0, later=True)
    assert batch.later is not None
    later, side = batch.later, batch.later.images.shape[2]
    with torch.no_grad():
        painted, again = gallery(batch.images, batch.weights), gallery(later.images, batch.weights)
    cut = painted[:, :, later.top : later.top + side, later.left : later.left + side]
    return float((cut - again)[:, :, 16:-16, 16:-16].square().mean().sqrt())


def test_training_for_steadiness_makes_paintings_flicker_less(
    gallery: GalleryNetwork, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    other = copy.deepcopy(gallery)
    for network, steady in ((gallery, 0.0), (other, 300.0)):
        schedule = TrainingSchedule(25, 2, 64, loss=LossWeights(steady=steady))
        Trainer(network, encoder, {1: target}, photos, schedule).run()
    assert flicker(other, photos) < 0.8 * flicker(gallery, photos)
