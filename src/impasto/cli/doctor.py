"""``impasto doctor``: what a bug report should say about an installation."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto import __version__
from impasto.cli.common_options import Json
from impasto.cli.json_lines import print_result
from impasto.cli.standard_streams import print_lines
from impasto.parameters import counted

PACKAGES = (
    *(
        "torch",
        "onnxruntime",
        "numpy",
        "pillow",
        "opencv-python-headless",
        "tifffile",
        "safetensors",
        "typer",
    ),
    *("av", "matplotlib", "pillow-heif", "onnx", "ray", "fastapi", "h5py"),
)
"""Packages whose versions are reported; those after typer belong to extras."""
SIDE = 256
"""The width and height in pixels of the test painting."""


def doctor(
    no_test: Annotated[
        bool, typer.Option("--no-test", help="Do not paint a small picture with each engine.")
    ] = False,
    json: Json = False,
) -> None:
    """Check this installation: versions, processors, networks, and a short painting.

    \b
    impasto doctor
    impasto doctor --json > report.json

    The report names Impasto's folders, and none of your other files; include it in bug reports. The exit code
    is 1 if a part of the check failed.
    """
    checks: dict[str, Callable[[], Any]] = {
        "impasto": lambda: __version__,
        "python": lambda: f"{platform.python_version()} ({platform.python_implementation()})",
        "system": platform.platform,
        "processor": _processor,
        "memory": _memory,
        "packages": _packages,
        "gpu": _gpus,
        "onnx runtime": _providers,
        "networks": _networks,
        "folders": _folders,
        "settings": lambda: {n: v for n, v in sorted(os.environ.items()) if _is_told(n)},
    }
    if not no_test:
        checks |= {"fast painting": _paint_fast, "optimised painting": _paint}
    found, failed = {}, False
    for name, check in checks.items():
        try:
            found[name] = check()
        except Exception as problem:  # a broken installation may fail in any way
            found[name], failed = f"failed: {type(problem).__name__}: {problem}", True
        if not json:
            _print(name, found[name])
    if json:
        print_result(ok=not failed, **found)
    else:
        print("something failed" if failed else "all is well")
    if failed:
        raise typer.Exit(1)


def _print(name: str, value: Any) -> None:
    if isinstance(value, dict):
        print(f"{name}:", "" if value else "none")
        for key, one in value.items():
            print_lines(f"  {key}: {one}")
    else:
        print(f"{name}: {value}", flush=True)


def _is_told(name: str) -> bool:
    secret = any(word in name for word in ("TOKEN", "SECRET", "KEY", "PASSWORD", "DATABASE_URL"))
    return name.startswith("IMPASTO_") and not secret


def _processor() -> str:
    import psutil

    return f"{platform.machine()}, {psutil.cpu_count(logical=False)} cores, {os.cpu_count()} threads"


def _memory() -> str:
    import psutil

    memory = psutil.virtual_memory()
    return f"{memory.total / 1e9:.1f} GB, {memory.available / 1e9:.1f} GB free"


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def _gpus() -> dict[str, str] | str:
    if not _has_torch():
        return "unknown: torch is not installed"
    import torch

    if torch.cuda.is_available():
        names = (torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count()))
        return {f"cuda:{n}": f"{gpu.name}, {gpu.total_memory / 1e9:.0f} GB" for n, gpu in enumerate(names)}
    return "mps" if torch.backends.mps.is_available() else "none"


def _providers() -> str:
    from impasto.inference.onnx_runtime import onnxruntime

    return ", ".join(onnxruntime.get_available_providers())


def _networks() -> str:
    from impasto import weights

    return ", ".join(["tiny", *weights.stored_names()])


def _folders() -> dict[str, str]:
    from impasto import weights
    from impasto.cli import defaults

    place = Path(weights.folder())
    there = next(folder for folder in (place, *place.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    return {
        "networks": f"{place} ({free / 1e9:.1f} GB free)",
        "configuration": f"{defaults.config_file()}{'' if defaults.config_file().exists() else ' (none)'}",
        "program": str(Path(sys.modules["impasto"].__file__ or "").parent),
    }


def _picture() -> Any:
    import numpy as np

    down, across = np.mgrid[:SIDE, :SIDE] / SIDE
    return np.stack([down, across, (np.sin(12 * across) + 1) / 2], axis=2).astype(np.float32)


def _paint_fast() -> str:
    import impasto

    began = time.perf_counter()
    impasto.fast(_picture(), "starry-night")
    return f"ok, {time.perf_counter() - began:.1f} s"


def _paint() -> str:
    if not _has_torch():
        return "left out: torch is not installed"
    import impasto

    began = time.perf_counter()
    result = impasto.stylize(_picture(), "starry-night", size=SIDE, preset="draft")
    return f"ok, {counted(result.iterations, 'iteration')}, {time.perf_counter() - began:.1f} s"
