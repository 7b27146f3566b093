from __future__ import annotations

import subprocess
import sys

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


def test_imaging_stays_free_of_torch() -> None:
    assert run("import sys, impasto.imaging; print('torch' in sys.modules)").strip() == "False"


def test_every_exported_name_exists() -> None:
    for name in impasto.__all__:
        assert getattr(impasto, name) is not None
    assert set(impasto.__all__) == set(dir(impasto))


def test_an_unknown_name_is_an_attribute_error() -> None:
    code = "import impasto\ntry:\n    impasto.nonsense\nexcept AttributeError as e:\n    print(e)"
    assert "nonsense" in run(code)
