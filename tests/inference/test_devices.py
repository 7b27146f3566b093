from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from impasto.errors import CorruptWeightsError, ImpastoError, OptionError
from impasto.inference.any_painting import AnyPaintingPainter
from impasto.inference.one_style import OneStylePainter
from impasto.inference.onnx_runtime import onnxruntime
from impasto.inference.sessions import choose_device
from impasto.types import Pixels
from tests.conftest import blobs, stripes
from tests.inference.devices import CPU, CUDA, FakeCuda
from tests.inference.networks import negative

PIXELS, PAINTING = blobs(48, 40, seed=1), stripes(48, 48)


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


def test_cuda_without_its_provider_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    with pytest.raises(OptionError, match=r"device cuda:1 needs .*pip install 'onnxruntime-gpu") as refusal:
        AnyPaintingPainter(device="cuda:1")
    assert "\n" not in str(refusal.value)


def painted(painter: AnyPaintingPainter) -> Pixels:
    return painter.paint(PIXELS, painter.measure(PAINTING))[0]


def test_every_session_is_opened_on_the_device(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    wanted = painted(AnyPaintingPainter(threads=1, device="cpu"))
    fake = FakeCuda().install(monkeypatch)
    found = AnyPaintingPainter(threads=1, device="cuda:1")
    assert found.device == "cuda:1"
    assert np.array_equal(painted(found), wanted)
    in_bands = AnyPaintingPainter(threads=1, device="cuda:1", band_pixels=1000)
    assert np.abs(painted(in_bands) - wanted).max() < 1e-3
    assert len(fake.asked) > 10
    for named in fake.asked:
        assert list(named) == [CUDA, CPU]
        assert named[CUDA]["device_id"] == "1"
        assert named[CUDA]["use_tf32"] == "0"
    assert capfd.readouterr().out == ""  # whatever ONNX Runtime prints while it looks for libraries


def test_auto_takes_cuda_where_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeCuda().install(monkeypatch)
    assert AnyPaintingPainter(threads=1).device == "cuda"
    assert fake.asked[0][CUDA]["device_id"] == "0"


def test_the_processor_asked_for_is_taken_where_there_is_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeCuda().install(monkeypatch)
    assert AnyPaintingPainter(threads=1, device="cpu").device == "cpu"
    assert fake.asked == [{CPU: {}}]


BROKEN = [
    (FakeCuda(works=False), "libraries"),
    (FakeCuda(raises=RuntimeError("CUDA failure 100:\n no CUDA-capable device")), "100: no CUDA-capable"),
]


@pytest.mark.parametrize(("fake", "why"), BROKEN, ids=["silent", "loud"])
def test_cuda_that_cannot_be_used_is_refused_where_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, fake: FakeCuda, why: str
) -> None:
    fake.install(monkeypatch)
    with pytest.raises(OptionError, match=rf"cannot use device cuda .*{why}.*pip install") as refusal:
        AnyPaintingPainter(threads=1, device="cuda")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("fake", "why"), BROKEN, ids=["silent", "loud"])
def test_auto_goes_on_with_the_processor_and_warns(
    monkeypatch: pytest.MonkeyPatch, fake: FakeCuda, why: str
) -> None:
    fake.install(monkeypatch)
    fake.asked.clear()
    with pytest.warns(RuntimeWarning, match=rf"on the processor: .*{why}"):
        found = AnyPaintingPainter(threads=1, device="auto")
    assert found.device == "cpu"
    painted(found)
    assert [CUDA in named for named in fake.asked] == [True] + [False] * (len(fake.asked) - 1)


def test_a_damaged_network_is_not_blamed_on_the_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = negative(tmp_path / "n.onnx")
    path.write_bytes(path.read_bytes().replace(b"Sub", b"Bus"))
    FakeCuda().install(monkeypatch)
    with pytest.raises(CorruptWeightsError, match="ONNX Runtime cannot use it"):
        OneStylePainter(path, device="cuda")


def test_a_device_that_fails_while_painting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeCuda().install(monkeypatch)
    found = AnyPaintingPainter(threads=1, device="cuda")
    fake.failing = RuntimeError("CUDA out of memory\nsomewhere")
    with pytest.raises(ImpastoError, match=r"device cuda failed .*CUDA out of memory somewhere.*cpu"):
        painted(found)
