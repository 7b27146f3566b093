"""What the page about a picture is made with, and that it is not made for nobody."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

pytest.importorskip("fastapi", reason="the extra studio is not installed")
pytest.importorskip("matplotlib", reason="the extra inspect is not installed")

from impasto.cli import app
from impasto.cli.choices import Choices
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset
from impasto.pipelines import inspect as inspections
from impasto.studio.requests import OPTIONS
from impasto.studio.web.schemas import JobRequest
from impasto.studio.worker.explained import MOST_STEPS, SIDE, UNTOLD, options, style_of, words
from tests.waiting import PATIENCE, until

PHOTO = f"p_{'a' * 22}"


def request(**more: Any) -> dict[str, Any]:
    given = {"photo": PHOTO, "styles": [{"name": "starry-night"}], **more}
    return JobRequest(**given).model_dump(exclude={"webhook"})


def explained_with(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> OptimizeOptions:
    """The options that ``impasto explain`` makes of its arguments."""
    found: list[OptimizeOptions] = []

    def explain(*_: Any, options: OptimizeOptions, **__: Any) -> SimpleNamespace:
        found.append(options)
        return SimpleNamespace(size=1, seconds=1.0)

    monkeypatch.setattr(inspections, "explain", explain)
    done = CliRunner().invoke(app, ["explain", *arguments, "--json", "photo.png", "starry-night"])
    assert done.exit_code == 0, done.output
    return found[0]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"size": 200, "strength": 1.5, "stroke_size": 0.5, "keep_color": 0.7, "seed": 3},
        {"kind": "draft", "size": 4096, "strength": 0.5},
        {"preset": "best", "size": 2048},
        {"options": {"style_layers": {"relu1_1": 2, "relu3_1": 0.5}, "clip": True, "threshold": 0.25}},
        {"options": {"color": "match-style", "normalise_weights": True, "init": "noise", "padding": "zeros"}},
        {"styles": [{"name": "great-wave", "weight": 3}, {"name": "cotopaxi"}], "options": {"tv_weight": 1}},
    ],
)
def test_the_page_is_made_with_the_settings_of_the_job(
    monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]
) -> None:
    wanted = options(request(**asked), draft_size=384)
    assert wanted.size == min(SIDE, asked.get("size", 512), 384 if "kind" in asked else 4096)
    assert explained_with(words(request(**asked), draft_size=384), monkeypatch) == wanted


def test_the_sliders_mean_on_the_page_what_they_mean_in_the_painting(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = request(size=4096, strength=1.5, stroke_size=0.5, keep_color=0.7, seed=3, mask_feather=9)
    found = explained_with(words(asked, draft_size=384), monkeypatch)
    default = OptimizeOptions()
    assert found == default.replace(
        size=448,
        style_weight=default.style_weight * 2.25,
        style_scale=0.5,
        color="luminance",
        color_strength=0.7,
        seed=3,
    )


@pytest.mark.parametrize(
    ("given", "steps"),
    [
        ({"iterations": 50}, (50, 30, 30)),
        ({"iterations": 50, "min_size": 0}, (50, 30, 50)),
        ({"iterations": 2000, "coarse_iterations": None}, (MOST_STEPS, MOST_STEPS, MOST_STEPS)),
        ({"first_iterations": 7}, (20, 30, 7)),
    ],
)
def test_the_page_takes_the_steps_of_the_job_up_to_a_limit(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], steps: tuple[int, int, int]
) -> None:
    found = explained_with(words(request(options=given), draft_size=384), monkeypatch)
    assert (found.iterations, found.coarse_iterations, found.first_iterations) == steps


def test_every_option_has_a_word_or_is_known_to_have_none() -> None:
    assert set(OPTIONS) - {field.name for field in dataclasses.fields(Choices)} == UNTOLD
    # A preset's own are in the preset.
    assert "--encoder" not in words(request(preset="best"), draft_size=384)
    assert preset("best").options.iterations <= MOST_STEPS


def test_of_several_paintings_the_main_one_is_told_of() -> None:
    several = [{"name": "cotopaxi"}, {"name": "great-wave", "weight": 2}, {"name": "metzinger", "weight": 2}]
    assert style_of(request(styles=several))["name"] == "great-wave"


PARENT = """
import sys
from pathlib import Path
from impasto.studio.worker import explanation as explaining

explaining.command = lambda: [sys.executable, "-m", "impasto.studio.worker.tied", "long"]
with open("log", "wb") as output:
    process = explaining.start(["words"], Path.cwd(), output)
print(process.pid, flush=True)
process.wait()
"""


def test_who_explains_ends_with_a_worker_that_is_killed(tmp_path: Path) -> None:
    told = "import pathlib, sys, time\npathlib.Path('told').write_text(sys.argv[1])\ntime.sleep(60)\n"
    (tmp_path / "long.py").write_text(told)
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=tmp_path, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        until(lambda: (tmp_path / "told").is_file() and (tmp_path / "told").read_text() == "words")
        assert child.status() != psutil.STATUS_ZOMBIE
        os.kill(parent.pid, signal.SIGKILL)
        until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_who_explains_ends_by_itself_too(tmp_path: Path) -> None:
    (tmp_path / "short.py").write_text("import sys\nprint(sys.argv[1:])\nraise SystemExit(7)\n")
    command = [sys.executable, "-m", "impasto.studio.worker.tied", "short", "--json", "it.png"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.read() == "['--json', 'it.png']\n"
        assert child.wait(PATIENCE) == 7
