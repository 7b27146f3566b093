from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import Result

from impasto import imaging
from impasto.inference import FastStyle, load_gallery, onnx_files
from impasto.networks.files import load_network, save_network
from impasto.networks.gallery import GalleryNetwork
from impasto.networks.johnson import read_johnson
from impasto.types import Picture
from tests.cli.running import refused, run
from tests.conftest import blobs, stripes

SHORT = ["--steps", "2", "--batch", "1", "--size", "64", "--precision", "float32"]


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with photographs, a painting, and a gallery of one style to begin with."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for seed in range(3):
        imaging.write(Picture(blobs(80, 70, seed=seed)), tmp_path / "photos" / f"{seed}.png")
    imaging.write(Picture(stripes(96, 96)), tmp_path / "My Art.png")
    torch.manual_seed(0)
    save_network("start.safetensors", GalleryNetwork(3), [FastStyle("old-style", "Old style")])
    return tmp_path


def train(*more: object) -> Result:
    return run(
        "train", "My Art.png", "--content-dir", "photos", "--start", "start.safetensors", *SHORT, *more
    )


def test_a_taught_style_joins_the_gallery_in_both_formats(here: Path) -> None:
    result = train("-o", "mine.safetensors", "--preview", "look.png")
    assert result.exit_code == 0, result.output
    assert "trained: my-art, 2 steps on 3 pictures" in result.stdout
    network, styles = load_network(here / "mine.safetensors")
    assert [(s.name, s.title) for s in styles] == [("old-style", "Old style"), ("my-art", "My Art")]
    pixels = blobs(40, 32, seed=9)
    painted = load_gallery(here / "mine.onnx").paint(pixels, "my-art")
    with torch.no_grad():
        image = torch.from_numpy(pixels).permute(2, 0, 1)[None]
        expected = network(image, torch.tensor([[0, 0, 0, 0, 1.0]]))[0].permute(1, 2, 0).clamp(0, 1)
    assert np.abs(painted - expected.numpy()).max() < 1e-3
    about = json.loads(onnx_files.read_constants((here / "mine.onnx").read_bytes())[1]["impasto"])
    assert (about["precision"], about["licence"]) == ("fp16", "")
    sizes = [(here / name).stat().st_size for name in ("mine.onnx", "mine.safetensors")]
    assert sizes[0] < 1.1 * sizes[1]  # halves, too
    assert imaging.read(here / "look.png").width == 2 * 256
    assert not (here / "mine.checkpoint").exists()


def test_the_losses_are_logged_and_drawn(here: Path) -> None:
    assert train("-o", "mine.safetensors", "--log", "losses.csv").exit_code == 0
    rows = rows_of(here / "losses.csv")
    assert [(row["level"], row["iteration"], row["width"]) for row in rows] == [
        ("1", "1", "64"),
        ("1", "2", "64"),
    ]
    assert float(rows[0]["content"]) > 0
    pytest.importorskip("matplotlib")
    assert imaging.read(here / "losses.png").width > 400


def test_the_curves_do_not_take_the_place_of_a_painting_of_the_networks_name(here: Path) -> None:
    painting = (here / "My Art.png").read_bytes()
    assert train("-o", "My Art.safetensors", "--quiet").exit_code == 0
    assert (here / "My Art.png").read_bytes() == painting
    refused(train("-o", "m.safetensors", "--plot", "My Art.png"), "also an input")
    pytest.importorskip("matplotlib")
    assert imaging.read(here / "My Art-losses.png").width > 400


def test_full_training_keeps_the_new_style_only(here: Path) -> None:
    result = train("-o", "mine.safetensors", "--full", "--json")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(e["level"], e["levels"], e["step"]) for e in lines[:-1] if "step" in e] == [
        (1, 2, 1),
        (2, 2, 1),
        (2, 2, 2),
    ]
    assert lines[-1]["styles"] == ["my-art"]
    assert lines[-1]["began_as"] == ["old-style"]
    before, _ = load_network(here / "start.safetensors")
    after, styles = load_network(here / "mine.safetensors")
    assert [s.name for s in styles] == ["my-art"]
    assert not torch.equal(before.down8.convolution.weight, after.down8.convolution.weight)


def test_several_styles_of_every_kind_are_taught_at_once(here: Path) -> None:
    (here / "works").mkdir()
    for seed in range(2):
        imaging.write(Picture(blobs(96, 96, seed=seed)), here / "works" / f"{seed}.png")
    result = run("style", "My Art.png", "-o", "file.style")
    assert result.exit_code == 0, result.output
    result = run(
        *("train", "My Art.png", "works", "file.style", "straw-hat", "--content-dir", "photos"),
        *("--start", "start.safetensors", "-o", "all.safetensors", *SHORT, "--quiet"),
    )
    assert result.exit_code == 0, result.output
    assert result.output == ""
    _, styles = load_network(here / "all.safetensors")
    assert [s.name for s in styles] == ["old-style", "my-art", "works", "file", "straw-hat"]
    assert styles[-1].artist == "Vincent van Gogh"


def test_the_published_network_is_taught_one_style(here: Path) -> None:
    result = run(
        *(
            "train",
            "My Art.png",
            "--content-dir",
            "photos",
            "--from-scratch",
            "--architecture",
            "johnson2016",
        ),
        *("-o", "paper.safetensors", *SHORT),
    )
    assert result.exit_code == 0, result.output
    assert sum(p.numel() for p in read_johnson(here / "paper.safetensors").parameters()) == 1_679_235
    assert not (here / "paper.onnx").exists()


def test_unreadable_and_too_few_photographs_are_named_before_training(here: Path) -> None:
    (here / "photos" / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    imaging.write(Picture(blobs(20, 20, seed=1)), here / "photos" / "tiny.png")
    result = train("-o", "mine.safetensors")
    assert result.exit_code == 0, result.output
    said = result.stderr
    assert "skipped torn.png: expected" in said
    assert "skipped tiny.png: expected 42 pixels a side at least; it has 20x20" in said
    assert "got 3" in said


@pytest.mark.usefixtures("here")
def test_photographs_that_are_all_too_small_are_refused() -> None:
    refused(train("-o", "m.safetensors", "--size", "256"), "170 pixels a side", "none of 3")


@pytest.mark.usefixtures("here")
def test_a_time_is_kept_to_and_the_rates_end_at_nothing() -> None:
    arguments = ["--content-dir", "photos", "--start", "start.safetensors", "--minutes", "0.1", "--json"]
    result = run("train", "My Art.png", *arguments, "-o", "m.safetensors", "--batch", "1", "--size", "64")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines[-1]["steps"] == lines[-2]["step"] == lines[-2]["steps"]
    assert lines[-2]["left"] == 0


@pytest.mark.usefixtures("here")
def test_reading_photographs_ends_with_its_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from impasto.pipelines.train import materials, training

    monkeypatch.setattr(
        training, "LEAST_LEARNING", float("-inf")
    )  # a busy machine has nothing left of the time
    monkeypatch.setattr(materials, "READING", 0.0)
    monkeypatch.setattr(materials, "LEAST", 2)
    arguments = ["--content-dir", "photos", "--start", "start.safetensors", "--minutes", "0.1"]
    result = run("train", "My Art.png", *arguments, "-o", "m.safetensors", "--batch", "1", "--size", "64")
    assert result.exit_code == 0, result.output
    assert "read 2 of 3 photographs" in result.stderr
    assert "on 2 pictures" in result.stdout


@pytest.mark.usefixtures("here")
def test_a_time_that_is_too_short_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from impasto.networks.train import plan

    monkeypatch.setitem(plan.MINUTES, "rows", 1e-3)
    arguments = ["--content-dir", "photos", "--start", "start.safetensors", "--batch", "1", "--size", "64"]
    result = run("train", "My Art.png", *arguments, "-o", "m.safetensors")
    assert result.exit_code == 2, result.output
    assert "took most of the 0.001 minutes" in result.stderr


def test_a_training_that_was_cut_short_goes_on_and_ends_alike(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from impasto.pipelines import train as teaching

    assert train("-o", "whole.safetensors", "--steps", "4").exit_code == 0
    genuine = teaching.train_network

    def cut_short(*given: object, **more: object) -> teaching.TrainingResult:
        heard: list[object] = []
        watch: Any = more["on_progress"]

        def tell(event: object) -> None:
            heard.append(event)
            watch(event)

        more |= {"on_progress": tell, "cancel": lambda: len(heard) >= 2}
        return genuine(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(teaching, "train_network", cut_short)
    first = train("-o", "parts.safetensors", "--steps", "4")
    assert first.exit_code == 130
    assert "continue from parts.checkpoint" in first.stdout
    assert not (here / "parts.safetensors").exists()
    monkeypatch.setattr(teaching, "train_network", genuine)
    second = train("-o", "parts.safetensors", "--steps", "4")
    assert second.exit_code == 0, second.output
    assert "resuming from parts.checkpoint" in second.stderr
    assert (here / "parts.safetensors").read_bytes() == (here / "whole.safetensors").read_bytes()
    rows = rows_of(here / "parts.csv")
    assert [row["iteration"] for row in rows] == ["1", "2", "3", "4"]
    assert sorted(float(row["seconds"]) for row in rows) == [float(row["seconds"]) for row in rows]


@pytest.mark.parametrize("at", ["reading", "judging"])
def test_ctrl_c_is_heard_before_the_first_step_too(
    here: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    from impasto.networks.train import evaluation, photos
    from impasto.networks.train.plan import TrainingPlan
    from impasto.pipelines.train import materials, train_network, training

    counts = {"reading": 0, "judging": 0}
    read, judge = photos._read, evaluation.judge

    def count_read(path: Path, smallest: int) -> Any:
        counts["reading"] += 1
        return read(path, smallest)

    def count_judged(*given: Any) -> Any:
        counts["judging"] += 1
        return judge(*given)

    monkeypatch.setattr(photos, "_read", count_read)
    monkeypatch.setattr(training, "judge", count_judged)
    monkeypatch.setattr(materials, "hold_out", lambda photos: (photos, photos))
    plan = TrainingPlan(
        ("My Art.png", "straw-hat"),
        photos=("photos",),
        start="start.safetensors",
        steps=4,
        size=64,
        batch=1,
    )
    done = train_network(plan, here / "m.safetensors", cancel=lambda: counts[at] == 1)
    assert done.cancelled
    assert (done.steps, done.files, counts[at]) == (0, (), 1)
    assert not (here / "m.safetensors").exists()


def test_the_checkpoint_of_another_training_is_refused(here: Path) -> None:
    from impasto.optimize.checkpoints import write_checkpoint

    job = {"seed": 3}
    write_checkpoint(here / "m.checkpoint", job, {})
    refused(train("-o", "m.safetensors"), "m.checkpoint belongs to another training")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "m.onnx"], ".safetensors"),
        (["-o", "m.safetensors", "--full", "--from-scratch"], "expected one"),
        (["-o", "m.safetensors", "--minutes", "2"], "expected one of them"),
        (["-o", "m.safetensors", "--name", "old-style"], "already"),
        (["-o", "m.safetensors", "--name", "Mine"], "my-style"),
        (["-o", "start.safetensors"], "also an input"),
        (["-o", "m.safetensors", "--log", "m.onnx"], "asked for twice"),
        (["-o", "no/m.safetensors"], "no"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(here: Path, arguments: list[str], words: str) -> None:
    refused(train(*arguments), words)
    assert not (here / "m.safetensors").exists()


@pytest.mark.usefixtures("here")
def test_unknown_paintings_and_folders_are_refused() -> None:
    refused(run("train", "nothing", "-o", "m.safetensors", "--from-scratch", *SHORT), "nothing")
    refused(
        run(
            "train", "straw-hat", "--content-dir", "nowhere", "-o", "m.safetensors", "--from-scratch", *SHORT
        ),
        "nowhere",
    )
