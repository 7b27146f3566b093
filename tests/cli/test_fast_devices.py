from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from impasto import imaging
from impasto.cli import app
from impasto.inference.onnx_runtime import onnxruntime
from impasto.jobs import machine
from impasto.jobs.executors.choice import WorkerRequest
from impasto.pipelines import batch as works
from impasto.pipelines.video import workers as video_workers
from impasto.types import Picture
from tests.clips.clips import moving, write_clip
from tests.conftest import blobs
from tests.inference.devices import CPU, CUDA, FakeCuda
from tests.inference.networks import darker


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    imaging.write(Picture(blobs(48, 32, seed=1)), tmp_path / "photo.png")
    write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(2)])
    darker(tmp_path / "mine.style")
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


FAST = ("fast", "photo.png", "starry-night", "-o", "out.png")
CAMERA = ("fast", "--camera", "clip.mp4", "starry-night", "--size", "48", "-o", "frames")
VIDEO = ("video", "clip.mp4", "--style", "starry-night", "-o", "out.mkv")
REFINED = ("fast", "photo.png", "mine.style", "-o", "out.png")
BATCH = ("batch", "photo.png", "--style", "starry-night", "-o", "out", "--fast")


@pytest.mark.parametrize("words", [FAST, CAMERA, VIDEO, REFINED, BATCH])
def test_a_device_that_is_not_there_is_refused_in_one_line(words: tuple[str, ...], here: Path) -> None:
    before = set(here.iterdir())
    result = run(*words, "--device", "cuda")
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1
    assert "pip install 'onnxruntime-gpu" in result.stderr
    assert "got 'mps'" in run(*words, "--device", "mps").stderr
    assert set(here.iterdir()) == before


@pytest.mark.parametrize("words", [FAST, CAMERA, VIDEO, REFINED])
def test_the_device_reaches_the_network_and_is_said(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeCuda().install(monkeypatch)
    result = run(*words, "--device", "cuda:1", "--json")
    assert result.exit_code == 0, result.output
    assert fake.asked[-1][CUDA]["device_id"] == "1"
    lines = map(json.loads, result.stdout.splitlines())
    assert [line["device"] for line in lines if "device" in line] == ["cuda:1"]


@pytest.mark.parametrize("words", [FAST, CAMERA, VIDEO])
def test_cuda_is_taken_and_named_where_it_is(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    FakeCuda().install(monkeypatch)
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert " on cuda" in result.stdout.splitlines()[-1]
    if words is FAST:
        found = imaging.read_parameters("out.png")
        assert found is not None
        assert found["options"]["device"] == "cuda"


@pytest.mark.filterwarnings("default:painting on the processor:RuntimeWarning")
@pytest.mark.parametrize("words", [FAST, VIDEO, BATCH])
def test_broken_cuda_is_warned_of_once_and_the_processor_paints(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeCuda(works=False).install(monkeypatch)
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert result.stderr.count("impasto: warning: painting on the processor") == 1
    assert " on c" not in result.stdout


class Wished(Exception):  # noqa: N818 - nothing went wrong
    """Carries what was wished, before a worker is hired."""


def wished(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[WorkerRequest, Any]:
    def choose_executor(wish: WorkerRequest, painter: Any, _: Any) -> Any:
        raise Wished(wish, painter(2))

    for module in (works, video_workers):
        monkeypatch.setattr(module, "choose_executor", choose_executor)
    result = run(*words)
    assert isinstance(result.exception, Wished), result.output
    return result.exception.args  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("device", "expected"), [("auto", "cuda"), ("cuda", "cuda"), ("cuda:1", "cuda:1"), ("cpu", "cpu")]
)
def test_workers_are_seated_by_graphics_processor_where_the_network_uses_them(
    device: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeCuda().install(monkeypatch)
    wish, painter = wished(monkeypatch, *BATCH, "--workers", "auto", "--device", device)
    assert wish.device == expected
    wish, painter = wished(monkeypatch, *VIDEO, "--workers", "auto", "--device", device)
    assert wish.device == expected
    assert json.loads(Path(painter.settings["plan"]).read_text())["job"]["options"]["device"] == expected


def test_torch_s_graphics_processors_do_not_count_for_a_runtime_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    for words in (BATCH, VIDEO):
        wish, _ = wished(monkeypatch, *words, "--workers", "auto")
        assert machine.gpus(wish.device) == []


@pytest.mark.parametrize(("device", "expected"), [("auto", "cpu"), ("cuda", "cuda"), ("cpu", "cpu")])
def test_on_ray_the_workers_have_the_device_and_not_this_machine(
    device: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    wish, painter = wished(monkeypatch, *BATCH, "--ray", "10.0.0.1:6379", "--device", device)
    assert wish.device == expected
    wish, painter = wished(monkeypatch, *VIDEO, "--ray", "10.0.0.1:6379", "--device", device)
    assert wish.device == expected
    assert json.loads(Path(painter.settings["plan"]).read_text())["job"]["options"]["device"] == expected
