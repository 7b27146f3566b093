"""schemathesis asks every route what its own description allows, and what it does not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.studio.conftest import TOKENS, House

pytestmark = pytest.mark.slow


def test_the_api_answers_as_it_says_it_does(make: Callable[..., House], tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    if not program.exists() and shutil.which("schemathesis") is None:
        pytest.skip("schemathesis is not installed: pip install -e '.[dev]'")
    many = 1_000_000
    house = make(
        accounts=True, requests_per_minute=many, uploads_per_minute=many, jobs_per_minute=many,
        sign_ins_per_minute=many, max_queue=many, max_active=many,
    )  # fmt: skip
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    done = subprocess.run(
        [
            *(str(program), "run", f"{house.url}/openapi.json", "--checks", checks),
            *("-H", f"Authorization: Bearer {TOKENS['anna']}", "--max-examples", "12", "--seed", "1"),
            # Streams do not end, and signing in is tested with the sessions.
            *("--exclude-path-regex", "/events$", "--phases", "examples,coverage,fuzzing"),
            *("--request-timeout", "30", "--no-color", "--generation-database", "none"),
        ],
        cwd=tmp_path,
        env={**os.environ, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "No test cases" not in done.stdout
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert tested is not None, done.stdout[-3000:]
    assert int(tested[1]) >= 20, done.stdout[-3000:]
