from __future__ import annotations

from pathlib import Path

import pytest

from tests.inference.networks import darker


@pytest.fixture(scope="session")
def refined_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return darker(tmp_path_factory.mktemp("styles") / "darker.style")
