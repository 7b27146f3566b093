"""List what the installation of a wheel contains, as CycloneDX: the distribution, and all that it needs.

    python .ci/contents.py dist/impasto_fast-0.1.0-py3-none-any.whl build/release/impasto-fast-0.1.0.cdx.json
    python .ci/contents.py dist/impasto-0.1.0-py3-none-any.whl out.cdx.json --extra video --extra studio

The wheel is installed into an environment of its own, without pip, which is no part of it. Needs pip and
cyclonedx-bom in the environment that runs this.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def project_of(wheel: Path, extras: list[str]) -> str:
    """Return the pyproject.toml of what is installed, ``wheel`` with ``extras``: the list begins with it."""
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith(".dist-info/METADATA"))
        about = Parser().parsestr(opened.read(name).decode())
    fields = {
        "name": about["Name"],
        "version": about["Version"],
        "description": about["Summary"],
        "license": about["License-Expression"],
    }
    needed = []
    for line in about.get_all("Requires-Dist", []):
        requirement, _, condition = line.partition(";")
        if not condition or any(f"'{extra}'" in condition for extra in extras):
            needed.append(requirement.strip())
    lines = [f"{key} = {json.dumps(value)}" for key, value in fields.items()]
    return "\n".join(["[project]", *lines, f"dependencies = {json.dumps(needed)}", ""])


def list_contents(wheel: Path, target: Path, extras: list[str]) -> None:
    """Install ``wheel`` with ``extras`` and write the list to ``target``."""
    with tempfile.TemporaryDirectory() as folder:
        environment, project = Path(folder) / "environment", Path(folder) / "pyproject.toml"
        project.write_text(project_of(wheel, extras), encoding="utf-8")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        python = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        constraints = ROOT / "constraints.txt"
        wanted = f"{wheel.resolve()}[{','.join(extras)}]" if extras else str(wheel.resolve())
        install = ["-m", "pip", "--python", python, "install", "--quiet", "-c", constraints, wanted]
        subprocess.run([sys.executable, *install], check=True)
        written = ["--output-reproducible", "--output-format", "JSON", "--output-file", target]
        tell = ["-m", "cyclonedx_py", "environment", python, "--pyproject", project, *written]
        subprocess.run([sys.executable, *tell], check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("wheel", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--extra", action="append", default=[])
    given = parser.parse_args()
    list_contents(given.wheel, given.target, given.extra)
