from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from impasto import imaging
from impasto.runtime import load_gallery
from impasto.runtime.gallery import SHIPPED

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_python_example_paints_as_impasto_does(photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.png"
    command = [sys.executable, EXAMPLES / "onnx_python.py", SHIPPED, photo_file, out]
    subprocess.run([*command, "starry-night:0.7", "great-wave:0.3"], check=True, capture_output=True)
    pixels = imaging.read(photo_file).pixels
    wanted = load_gallery().paint(pixels, {"starry-night": 0.7, "great-wave": 0.3})
    assert np.abs(imaging.read(out).pixels - wanted).max() < 1 / 255


def test_the_python_example_needs_nothing_else() -> None:
    text = (EXAMPLES / "onnx_python.py").read_text()
    modules = set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE))
    assert modules == {"json", "sys", "numpy", "onnxruntime", "PIL"}


def test_the_web_example_uses_the_names_in_the_file() -> None:
    text = (EXAMPLES / "onnx_web.html").read_text()
    session = load_gallery()._session
    names = [value.name for value in (*session.get_inputs(), *session.get_outputs())]
    assert names == ["image", "weights", "painting"]
    for name in names:
        assert re.search(rf"\b{name}\b", text)
