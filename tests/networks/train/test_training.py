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
from impasto.networks.train.evaluation import judge
from impasto.networks.train.learners import AnyPaintingLearner, JohnsonLearner, Learner, begin
from impasto.networks.train.painting_loss import CONTENT_LAYERS, STYLE_LAYERS, StyleTarget
from impasto.networks.train.training import Trainer, TrainingSchedule
from impasto.optimize import options
from impasto.progress import Progress

SHORT = TrainingSchedule(3, 1, 64)


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def kept(learner: Learner) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in learner.learnt().items()}


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def test_the_layers_are_those_of_the_optimiser_which_weighs_them_alike() -> None:
    for layers, weighed in ((STYLE_LAYERS, options.STYLE_LAYERS), (CONTENT_LAYERS, options.CONTENT_LAYERS)):
        assert layers == tuple(weighed)
        assert len(set(weighed.values())) == 1


def test_a_resumed_training_is_the_uninterrupted_one_to_the_bit(
    learner: AnyPaintingLearner, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    begun, other = copy.deepcopy(learner), copy.deepcopy(learner)
    Trainer(learner, encoder, [target], photos, SHORT).run()
    first = Trainer(begun, encoder, [target], photos, SHORT)
    first.run(stop=2)
    state = copy.deepcopy(first.state())
    second = Trainer(other, encoder, [target], photos, SHORT)
    second.restore(state)
    second.run()
    assert second.step == 3
    assert same(kept(learner), kept(other))


def test_refining_changes_the_decoder_and_not_the_encoder(
    learner: AnyPaintingLearner, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    seen = copy.deepcopy(learner.network.encoder.state_dict())
    before = kept(learner)
    Trainer(learner, encoder, [target], photos, SHORT).run()
    assert same(seen, learner.network.encoder.state_dict())
    after = kept(learner)
    assert [name for name in before if torch.equal(before[name], after[name])] == []


def test_refining_brings_held_out_paintings_nearer_to_the_style(
    learner: AnyPaintingLearner, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    before = judge(learner, encoder, target, photos[3:], 64)
    Trainer(learner, encoder, [target], photos[:3], TrainingSchedule(25, 1, 64)).run()
    after = judge(learner, encoder, target, photos[3:], 64)
    assert after.style < 0.85 * before.style


def test_the_published_network_learns_by_the_same_trainer(
    encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    learner = begin("johnson2016", torch.device("cpu"))
    assert isinstance(learner, JohnsonLearner)
    before = kept(learner)
    trainer = Trainer(learner, encoder, [target], photos, TrainingSchedule(2, 1, 64))
    trainer.run()
    assert set(trainer.losses) == {"content", "style"}
    after = kept(learner)
    unchanged = [name for name in before if torch.equal(before[name], after[name])]
    # A shift before an instance normalisation is subtracted again, so it has no gradient to speak of.
    assert all(name.endswith("bias") for name in unchanged), unchanged


def test_a_step_whose_gradient_is_not_finite_changes_nothing(
    learner: AnyPaintingLearner, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    with torch.no_grad():
        learner.network.colours.bias[0] = torch.nan  # type: ignore[index]
    before = kept(learner)["coarsest.enter.weight"]
    Trainer(learner, encoder, [target], photos, SHORT).run(stop=1)
    assert torch.equal(kept(learner)["coarsest.enter.weight"], before)


def test_at_least_half_of_the_crops_have_the_first_size(
    learner: AnyPaintingLearner, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    names = list(range(3))
    sizes = [copy.deepcopy(target) for _ in names]
    for name, size in zip(names, sizes, strict=True):
        size.whole["relu1_1"].energy.fill_(name)
    trainer = Trainer(learner, encoder, sizes, photos, TrainingSchedule(1, 40, 64))
    drawn = trainer.draw()[1].whole["relu1_1"].energy.numpy()
    counts = [int((drawn == name).sum()) for name in names]
    assert sum(counts) == 40
    assert counts[0] > 20
    assert min(counts) > 0


def test_rates_warm_up_and_end_at_nothing() -> None:
    long, short = TrainingSchedule(1000, rate=0.1), TrainingSchedule(20, rate=0.1)
    assert long.rate_at(0) == pytest.approx(0.1 / 30)
    assert long.rate_at(500) == pytest.approx(0.05)
    assert short.rate_at(1) == pytest.approx(0.095)
    assert short.rate_at(20) == 0


def test_progress_says_what_is_left_and_cancelling_stops_between_steps(
    learner: AnyPaintingLearner, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    events: list[Progress] = []
    trainer = Trainer(learner, encoder, [target], photos, TrainingSchedule(4, 1, 64))
    trainer.run(events.append, cancel=lambda: len(events) == 2)
    assert [e.step for e in events] == [1, 2]
    assert events[-1].left == pytest.approx(events[-1].elapsed)  # two of four are done
    assert trainer.step == 2


def test_timing_some_steps_leaves_no_trace(
    learner: AnyPaintingLearner, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    trainer = Trainer(learner, encoder, [target], photos, TrainingSchedule(1000, 1, 64))
    before, random = kept(learner), trainer.random.bit_generator.state
    assert trainer.steps_in(1e-3) == 1
    assert (trainer.step, trainer.random.bit_generator.state) == (0, random)
    assert same(before, kept(learner))


def test_the_state_of_another_number_of_processes_is_refused(
    learner: AnyPaintingLearner, encoder: Encoder, target: StyleTarget, photos: list[Tensor]
) -> None:
    trainer = Trainer(learner, encoder, [target], photos, SHORT)
    state = trainer.state()
    with pytest.raises(OptionError, match="begun by 2 processes"):
        trainer.restore(state | {"random": state["random"] * 2})


def test_unusable_schedules_and_no_photographs_are_refused(
    learner: AnyPaintingLearner, encoder: Encoder, target: StyleTarget
) -> None:
    with pytest.raises(OptionError, match="photographs"):
        Trainer(learner, encoder, [target], [], SHORT)
    with pytest.raises(OptionError, match="multiple of 16; got 70"):
        TrainingSchedule(1, 1, 70)
    with pytest.raises(OptionError, match="learning rate"):
        TrainingSchedule(1, rate=np.nan)
