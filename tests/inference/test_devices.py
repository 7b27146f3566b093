from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from impasto.errors import CorruptWeightsError, ImpastoError, OptionError
from impasto.inference import gallery as module
from impasto.inference import load_gallery
from impasto.inference.onnx_runtime import onnxruntime
from impasto.inference.sessions import choose_device
from tests.conftest import blobs
from tests.inference.devices import CPU, CUDA, FakeCuda
from tests.inference.networks import make_file


@pytest.mark.parametrize(
    ("name", "providers", "chosen"),
    [
        ("auto", [CPU], "cpu"),
        ("auto", ["CoreMLExecutionProvider", CPU], "cpu"),
        ("auto", [CUDA, CPU], "cuda"),
        ("cuda", [CUDA, CPU], "cuda"),
        ("cuda:1", [CUDA, CPU], "cuda:1"),
        ("cpu", [CUDA, CPU], "cpu"),
        ("cpu:0", [CPU], "cpu"),
    ],
)
def test_auto_is_cuda_where_onnx_runtime_has_it(
    name: str, providers: list[str], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: providers)
    assert choose_device(name) == chosen


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_auto_leaves_hidden_graphics_processors_alone(hidden: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert choose_device("auto") == "cpu"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert choose_device("auto") == "cuda"


@pytest.mark.parametrize("name", ["gpu", "mps", "cuda:x", "cuda:", "cpu:1", "auto:0", ""])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(OptionError, match=rf"auto, cpu, cuda.*got '{name}'"):
        choose_device(name)


def test_cuda_without_its_provider_is_refused_with_what_to_install(
    network_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    with pytest.raises(OptionError, match=r"device cuda:1 needs .*pip install 'onnxruntime-gpu") as refusal:
        load_gallery(network_file, device="cuda:1")
    assert "\n" not in str(refusal.value)


def test_every_session_is_opened_on_the_device(
    network_file: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pixels = blobs(48, 40, seed=1)
    wanted = load_gallery(network_file, threads=1, device="cpu").paint(pixels, "red-dots")
    fake = FakeCuda().install(monkeypatch)
    found = load_gallery(network_file, threads=1, device="cuda:1")
    assert found.device == "cuda:1"
    assert np.array_equal(found.paint(pixels, "red-dots"), wanted)
    monkeypatch.setattr(module, "WHOLE_PIXELS", 1000)  # in bands, each of whose graphs is a session
    assert np.abs(found.paint(pixels, "red-dots") - wanted).max() < 2e-4
    assert len(fake.asked) > 10
    for named in fake.asked:
        assert list(named) == [CUDA, CPU]
        assert named[CUDA]["device_id"] == "1"
        assert named[CUDA]["use_tf32"] == "0"
    assert capfd.readouterr().out == ""  # whatever ONNX Runtime prints while it looks for libraries


def test_auto_takes_cuda_where_it_works(network_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeCuda().install(monkeypatch)
    found = load_gallery(network_file, threads=1)
    assert found.device == "cuda"
    assert fake.asked[0][CUDA]["device_id"] == "0"


def test_the_processor_asked_for_is_taken_where_there_is_cuda(
    network_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeCuda().install(monkeypatch)
    assert load_gallery(network_file, threads=1, device="cpu").device == "cpu"
    assert fake.asked == [{CPU: {}}]


BROKEN = [
    (FakeCuda(works=False), "libraries"),
    (FakeCuda(raises=RuntimeError("CUDA failure 100:\n no CUDA-capable device")), "100: no CUDA-capable"),
]


@pytest.mark.parametrize(("fake", "why"), BROKEN, ids=["silent", "loud"])
def test_cuda_that_cannot_be_used_is_refused_where_it_was_asked_for(
    network_file: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeCuda, why: str
) -> None:
    fake.install(monkeypatch)
    with pytest.raises(OptionError, match=rf"cannot use device cuda .*{why}.*pip install") as refusal:
        load_gallery(network_file, threads=1, device="cuda")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("fake", "why"), BROKEN, ids=["silent", "loud"])
def test_auto_goes_on_with_the_processor_and_warns(
    network_file: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeCuda, why: str
) -> None:
    fake.install(monkeypatch)
    fake.asked.clear()
    with pytest.warns(RuntimeWarning, match=rf"on the processor: .*{why}"):
        found = load_gallery(network_file, threads=1, device="auto")
    assert found.device == "cpu"
    monkeypatch.setattr(module, "WHOLE_PIXELS", 1000)
    found.paint(blobs(48, 40, seed=1), "red-dots")
    assert [CUDA in named for named in fake.asked] == [True] + [False] * (len(fake.asked) - 1)


def test_a_damaged_network_is_not_blamed_on_the_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_file(tmp_path / "mine.safetensors")
    monkeypatch.setattr("impasto.inference.network_files.whole", lambda *_: b"no graph at all")
    FakeCuda().install(monkeypatch)
    with pytest.raises(CorruptWeightsError, match="ONNX Runtime cannot use it"):
        load_gallery(path, device="cuda")


def test_a_device_that_fails_while_painting_is_named(
    network_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeCuda().install(monkeypatch)
    found = load_gallery(network_file, threads=1, device="cuda")
    fake.failing = RuntimeError("CUDA out of memory\nsomewhere")
    with pytest.raises(ImpastoError, match=r"device cuda failed .*CUDA out of memory somewhere.*cpu"):
        found.paint(blobs(32, 32, seed=1), "red-dots")
