from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import impasto


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_importing_impasto_loads_neither_torch_nor_numpy() -> None:
    heavy = "[m for m in ('torch', 'numpy', 'PIL', 'cv2', 'typer', 'rich') if m in sys.modules]"
    assert run(f"import sys, impasto; print({heavy})").strip() == "[]"


def test_the_help_loads_neither_torch_nor_opencv() -> None:
    code = (
        "import sys\nfrom impasto.cli import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('torch', 'cv2', 'tifffile') if m in sys.modules])"
    )
    assert run(code).strip().splitlines()[-1] == "[]"


def test_the_options_of_films_know_the_codecs_without_opencv() -> None:
    code = (
        "import sys, impasto.pipelines.video.options; print([m for m in ('cv2', 'av') if m in sys.modules])"
    )
    assert run(code).strip() == "[]"


@pytest.mark.parametrize(
    ("library", "home", "rooms"),
    [
        ("onnxruntime", "src/impasto/inference/onnx_runtime.py", ("src", "tests", "benchmarks")),
        ("ray", "src/impasto/jobs/executors/ray.py", ("src", "benchmarks")),
    ],
)
def test_libraries_that_report_to_their_makers_are_imported_where_that_is_forbidden(
    library: str, home: str, rooms: tuple[str, ...]
) -> None:
    root = Path(__file__).parents[1]
    pattern = re.compile(rf"^\s*(import|from) {library}\b", re.MULTILINE)
    files = [path for room in rooms for path in (root / room).rglob("*.py")]
    found = [path for path in files if pattern.search(path.read_text(encoding="utf-8"))]
    assert [path.relative_to(root).as_posix() for path in found] == [home]


@pytest.mark.parametrize("before", ["", "0"])
def test_onnx_runtime_sends_nothing_whatever_the_environment_says(
    before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", before)
    code = "import os, impasto.inference.onnx_runtime; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    assert run(code).strip() == "1"


@pytest.mark.parametrize(
    "module",
    [
        "imaging",
        "pipelines.batch",
        "pipelines.video",
        "jobs.executors.process",
        "jobs.executors.ray",
        "studio.server",
        "studio.worker.process",
        "studio.worker.ray_executor",
    ],
)
def test_what_only_hands_over_work_loads_no_torch(module: str) -> None:
    if "ray" in module:
        pytest.importorskip("ray", reason="Ray is not installed: the extra ray")
    assert run(f"import sys, impasto.{module}; print('torch' in sys.modules)").strip() == "False"


def test_every_exported_name_exists() -> None:
    for name in impasto.__all__:
        assert getattr(impasto, name) is not None
    assert set(impasto.__all__) == set(dir(impasto))


def test_an_unknown_name_is_an_attribute_error() -> None:
    code = "import impasto\ntry:\n    impasto.nonsense\nexcept AttributeError as e:\n    print(e)"
    assert "nonsense" in run(code)


def test_no_public_function_has_the_name_of_a_room() -> None:
    rooms = {path.stem for path in Path(impasto.__file__).parent.iterdir() if not path.name.startswith("_")}
    assert not rooms & set(impasto.__all__)
