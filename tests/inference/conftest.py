from __future__ import annotations

from pathlib import Path

import pytest

from impasto.inference import Gallery, load_gallery
from tests.inference.networks import make_file


@pytest.fixture(scope="session")
def network_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_file(tmp_path_factory.mktemp("networks") / "mine.safetensors")


@pytest.fixture(scope="session")
def gallery(network_file: Path) -> Gallery:
    return load_gallery(network_file, threads=1)
