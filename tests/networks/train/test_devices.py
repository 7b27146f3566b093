from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, distributed

from impasto import imaging
from impasto.errors import InputError, OptionError
from impasto.networks.train.plan import TrainingPlan
from impasto.networks.train.team import Team, join_team
from impasto.optimize.checkpoints import read_checkpoint
from impasto.pipelines.train import TrainingResult, materials, train_network
from impasto.progress import Progress
from impasto.types import Picture
from tests.conftest import blobs, stripes
from tests.networks.train.elsewhere import Elsewhere, all_elsewhere


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with photographs and a painting."""
    monkeypatch.chdir(tmp_path)
    for seed in range(20):  # as many as it takes for some to be held out
        imaging.write(Picture(blobs(80, 70, seed=seed)), tmp_path / f"{seed}.png")
    imaging.write(Picture(stripes(96, 96)), tmp_path / "art.png")
    (tmp_path / "photos").mkdir()
    for path in tmp_path.glob("[0-9]*.png"):
        path.rename(tmp_path / "photos" / path.name)
    monkeypatch.setattr(materials, "choose_device", torch.device)
    return tmp_path


def plan(device: str, **more: Any) -> TrainingPlan:
    given: dict[str, Any] = {"photos": ("photos",), "steps": 2, "batch": 1}
    given |= {"size": 64, "precision": "float32", "device": device}
    return TrainingPlan("art.png", **given | more)


def learn(device: str, output: str, **more: Any) -> TrainingResult:
    watching = {name: more.pop(name) for name in ("checkpoint", "cancel", "on_progress") if name in more}
    if device == "cpu":
        return train_network(plan(device, **more), Path(output), **watching)
    with Elsewhere():
        return train_network(plan(device, **more), Path(output), **watching)


def check_alike(one: str, other: str) -> None:
    first, second = load_file(one), load_file(other)
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert (tensor.float() - second[name].float()).abs().max() < 2e-3, name


def test_a_second_device_shows_what_was_left_behind() -> None:
    layer, image = torch.nn.Conv2d(3, 3, 3), torch.rand(1, 3, 16, 16)
    with Elsewhere() as device:
        there = layer.to("cuda")
        assert all_elsewhere(there)
        assert there(image.to("cuda")).device.type == "cuda"
        assert device.calls > 0
        with pytest.raises(AssertionError, match="two devices"):
            there(image)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("architecture", "output"),
    [
        ("any-painting", "m.style"),
        pytest.param("johnson2016", "m.safetensors", marks=pytest.mark.slow),
    ],
)
def test_everything_of_a_training_is_on_its_device(architecture: str, output: str) -> None:
    seen: list[Any] = []

    def look(event: Progress) -> None:
        assert event.preview is not None
        seen.append(event.preview().shape)

    done = learn("cuda", f"there-{output}", on_progress=look, architecture=architecture)
    assert done.device == "cuda"
    assert done.after is not None
    assert seen
    plain = learn("cpu", f"here-{output}", architecture=architecture)
    assert plain.after is not None
    # The same batches, by the same arithmetic but for the order of the optimiser's.
    assert done.after.style == pytest.approx(plain.after.style, rel=1e-2)
    check_alike(f"there-{output}", f"here-{output}")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("first", "second"), [("cuda", "cpu"), ("cpu", "cuda")])
def test_a_training_goes_on_on_another_device(first: str, second: str) -> None:
    keep = Path("it.checkpoint")
    steps: list[Progress] = []
    watching: dict[str, Any] = {"on_progress": steps.append, "cancel": lambda: len(steps) >= 1}
    assert learn(first, "moved.style", checkpoint=keep, **watching).cancelled
    assert read_checkpoint(keep)[1]["trainer"]["step"] == 1
    done = learn(second, "moved.style", checkpoint=keep)
    assert (done.device, done.cancelled) == (second, False)
    learn("cpu", "whole.style")
    check_alike("moved.style", "whole.style")


@pytest.mark.usefixtures("here")
def test_a_training_keeps_the_precision_it_was_begun_in(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = Path("it.checkpoint")
    steps: list[Progress] = []
    watching: dict[str, Any] = {"on_progress": steps.append, "cancel": lambda: len(steps) >= 1}
    monkeypatch.setattr(materials, "multiplies_bfloat16", lambda: True)
    learn("cpu", "m.style", precision="auto", checkpoint=keep, **watching)
    assert read_checkpoint(keep)[0]["reduced"] is True
    monkeypatch.setattr(materials, "multiplies_bfloat16", lambda: False)
    found = materials.gather(plan("cpu", precision="auto"), keep, lambda _: None)
    assert found.reduced
    with pytest.raises(InputError, match="precision"):
        materials.gather(plan("cpu", precision="float32"), keep, lambda _: None)


@pytest.mark.usefixtures("here")
def test_bfloat16_is_the_processor_s_choice_and_not_a_graphics_processor_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(materials, "multiplies_bfloat16", lambda: True)
    assert materials.gather(plan("cpu", precision="auto"), None, lambda _: None).reduced
    with Elsewhere():
        assert not materials.gather(plan("cuda", precision="auto"), None, lambda _: None).reduced
        assert materials.gather(plan("cuda", precision="bfloat16"), None, lambda _: None).reduced


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "auto:1"])
def test_a_device_of_another_name_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match=f"auto, cpu, cuda or mps; got '{name}'"):
        TrainingPlan("art.png", device=name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines without CUDA")
def test_a_device_that_is_not_there_is_refused_before_anything_is_read() -> None:
    with pytest.raises(OptionError, match="device cuda is not on this machine"):
        train_network(TrainingPlan("no-such.png", device="cuda"), Path("x.style"))


class Torchrun:
    """An environment as torchrun makes it, on a machine with so many CUDA devices."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, devices: int, rank: int = 1, beside: int = 2):
        self.joined: list[tuple[str, dict[str, Any]]] = []
        self.current: list[str] = []
        given = {"RANK": rank, "WORLD_SIZE": 4, "LOCAL_RANK": rank % beside, "LOCAL_WORLD_SIZE": beside}
        for name, value in (given | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": 1}).items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.setattr(torch.cuda, "is_available", lambda: devices > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: devices)
        monkeypatch.setattr(torch.cuda, "set_device", self.current.append)
        monkeypatch.setattr(
            distributed, "init_process_group", lambda backend, **more: self.joined.append((backend, more))
        )


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_each_process_of_a_machine_has_a_cuda_device_of_its_own(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Torchrun(monkeypatch, devices=2, rank=3)
    assert join_team(device) == Team(3, 4, "cuda:1")
    backend, more = run.joined[0]
    assert (backend, more["device_id"], run.current) == ("nccl", torch.device("cuda:1"), ["cuda:1"])


@pytest.mark.parametrize(("device", "devices"), [("auto", 0), ("cpu", 2)])
def test_processes_without_cuda_devices_talk_by_gloo(
    device: str, devices: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Torchrun(monkeypatch, devices=devices)
    assert join_team(device) == Team(1, 4, "cpu")
    assert run.joined[0][0] == "gloo"
    assert "device_id" not in run.joined[0][1]


@pytest.mark.parametrize(
    ("device", "devices", "words"),
    [
        ("auto", 1, "each of the 2 processes of this machine; it has 1"),
        ("cuda", 0, "device cuda is not on this machine"),
        ("cuda:1", 2, "expected device cpu or cuda, got cuda:1"),
        ("mps", 0, "got mps"),
    ],
)
def test_a_team_whose_devices_are_not_there_is_refused(
    device: str, devices: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Torchrun(monkeypatch, devices=devices)
    with pytest.raises(OptionError, match=words):
        join_team(device)
    assert not run.joined


def test_votes_and_gradients_are_on_the_team_s_device(monkeypatch: pytest.MonkeyPatch) -> None:
    reduced: list[Tensor] = []
    monkeypatch.setattr(distributed, "all_reduce", lambda tensor, **_: reduced.append(tensor))
    team = Team(0, 2, "cuda")
    with Elsewhere():
        parameter = torch.nn.Linear(3, 1).to("cuda").weight
        parameter.grad = torch.full((1, 3), 4.0, device="cuda")
        assert team.all_agree(True)
        team.average_gradients([parameter])
        assert [tensor.device.type for tensor in reduced] == ["cuda", "cuda"]
        assert parameter.grad.tolist() == [[2.0, 2.0, 2.0]]
