"""Pictures and networks that tests make for themselves."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings

from impasto.cli.defaults import NO_DEFAULTS, PREFIX
from impasto.encoders.network import CENTRED, TINY, Encoder
from impasto.imaging import resize, write
from impasto.types import Picture, Pixels

TESTS = Path(__file__).parent
PLAIN = {
    "cli",
    "clips",
    "files",
    "golden",
    "imaging",
    "inspection/test_figures.py",
    "inspection/test_page.py",
    "jobs",
    "networks/export/test_any_painting.py",
    "networks/export/test_examples_onnx.py",
    "pipelines/video",
    "plugins",
    "recipes",
    "studio",
    "studio_page",
    "weights",
}
"""Rooms, and parts of them, whose tests compute nothing that a processor's kernels change, or nothing of
their own: films are OpenCV's and libav's, the bundled network is ONNX Runtime's.
All others' are marked numerical: make test-kernels runs them with kernels of another kind."""

# What a developer has set for their own commands is not the tests'.
for _name in [v for v in os.environ if v.startswith(PREFIX) and v not in NO_DEFAULTS | {"IMPASTO_CHROMIUM"}]:
    del os.environ[_name]
os.environ["IMPASTO_FORCE"] = "1"  # tests of overwriting take it away
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # of the clusters that tests start themselves

# Where Python may not write byte code beside its modules, hundreds of processes would compile torch anew.
if sys.dont_write_bytecode:
    sys.dont_write_bytecode = False
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(TESTS.parent / "build" / "bytecode")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

gc.disable()  # until the tests are found: they, and the modules they import, stay to the end

# A busy machine is no fault of the code.
settings.register_profile("impasto", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("impasto")


# Who starts the tests in the background, or with nohup, has these ignored, and children would inherit that.
for _name, _usual in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    _number = getattr(signal, _name, None)  # Windows has no SIGHUP
    if _number is not None and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _usual)


@pytest.hookimpl(tryfirst=True)  # before marks are chosen by -m
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        place = item.path.relative_to(TESTS)
        if len(place.parts) > 1 and not any(place.is_relative_to(each) for each in PLAIN):
            item.add_marker(pytest.mark.numerical)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where the time for slow tests is up (seconds since 1970), those not begun are skipped, and say so."""
    until = os.environ.get("SLOW_TESTS_UNTIL")
    if until and item.get_closest_marker("slow") and time.time() > float(until):
        pytest.skip("the time for slow tests is up on this machine: make test-slow runs them all")


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_report_header() -> str:
    level = torch.backends.cpu.get_cpu_capability()
    onednn = os.environ.get("ONEDNN_MAX_CPU_ISA", "all")
    return f"kernels: ATen {level}, oneDNN {onednn}, {torch.get_num_threads()} threads"


def blobs(width: int, height: int, seed: int, coarse: int = 6) -> Pixels:
    """A smooth random picture with colours, (height, width, 3) in [0, 1]."""
    random = np.random.default_rng(seed)
    small = random.random((coarse, coarse, 3), dtype=np.float32)
    return np.clip(resize(small, width, height), 0, 1)


def stripes(width: int, height: int, period: int = 8) -> Pixels:
    """Diagonal red and blue stripes."""
    y, x = np.mgrid[:height, :width]
    wave = ((x + y) % period < period / 2).astype(np.float32)
    return np.stack([wave, np.full_like(wave, 0.3), 1 - wave], axis=-1)


@pytest.fixture
def photo() -> Picture:
    return Picture(blobs(96, 64, seed=1))


@pytest.fixture
def painting() -> Picture:
    return Picture(stripes(80, 80))


@pytest.fixture
def photo_file(tmp_path: Path, photo: Picture) -> Path:
    path = tmp_path / "photo.png"
    write(photo, path)
    return path


@pytest.fixture
def painting_file(tmp_path: Path, painting: Picture) -> Path:
    path = tmp_path / "painting.png"
    write(painting, path)
    return path


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """A network of the tiny encoder's shape with random weights."""
    torch.manual_seed(0)
    network = Encoder(TINY, CENTRED, padding="reflect")
    for layer in network.children():
        assert isinstance(layer, torch.nn.Conv2d)
        torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        assert layer.bias is not None
        torch.nn.init.zeros_(layer.bias)
    return network.eval().requires_grad_(False)
