from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from typer.testing import Result

import impasto
from impasto import imaging
from impasto.catalogue.files import read_style
from impasto.inference.any_painting_numbers import BUNDLED
from impasto.networks.johnson import read_johnson
from impasto.types import Picture
from tests.cli.running import refused, run
from tests.conftest import blobs, stripes

SMALL = ["--batch", "1", "--size", "64"]
SHORT = ["--steps", "2", *SMALL, "--precision", "float32"]
PHOTOS = ["--content-dir", "photos"]


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with photographs and a painting."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for seed in range(3):
        imaging.write(Picture(blobs(80, 70, seed=seed)), tmp_path / "photos" / f"{seed}.png")
    imaging.write(Picture(stripes(96, 96)), tmp_path / "My Art.png")
    return tmp_path


def train(*more: object) -> Result:
    return run("train", "My Art.png", *PHOTOS, *SHORT, *more)


def test_what_is_learnt_is_a_style_file_that_fast_painting_takes(here: Path) -> None:
    result = train("-o", "mine.style", "--preview", "look.png")
    assert result.exit_code == 0, result.output
    assert "trained: My Art, 2 steps on 3 pictures" in result.stdout
    style = read_style(here / "mine.style")
    assert style.is_refined
    assert (style.card.title, style.card.training["steps"]) == ("My Art", 2)
    decoder = {n.removeprefix("decoder/"): a for n, a in load_file("mine.style").items() if "decoder/" in n}
    plain = load_file(BUNDLED)
    assert {n: (a.shape, a.dtype) for n, a in decoder.items()} == {
        n: (a.shape, a.dtype) for n, a in plain.items()
    }
    assert any(not np.array_equal(array, plain[name]) for name, array in decoder.items())
    assert imaging.read(here / "look.png").width == 2 * 256
    assert not (here / "mine.checkpoint").exists()
    for name, words in {"refined": ["mine.style"], "plain": ["My Art.png"]}.items():
        result = run("fast", "photos/0.png", *words, "-o", f"{name}.png")
        assert result.exit_code == 0, result.output
    refined, unrefined = (imaging.read(here / f"{name}.png").pixels for name in ("refined", "plain"))
    assert np.abs(refined - unrefined).max() > 0.02


def test_the_losses_are_logged_and_drawn(here: Path) -> None:
    assert train("-o", "mine.style", "--log", "losses.csv").exit_code == 0
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
    assert train("-o", "My Art.style", "--quiet").exit_code == 0
    assert (here / "My Art.png").read_bytes() == painting
    refused(train("-o", "m.style", "--plot", "My Art.png"), "also an input")
    pytest.importorskip("matplotlib")
    assert imaging.read(here / "My Art-losses.png").width > 400


@pytest.mark.parametrize("kind", ["folder", "file", "named"])
def test_styles_of_every_kind_are_taught(here: Path, kind: str) -> None:
    (here / "works").mkdir()
    for seed in range(2):
        imaging.write(Picture(blobs(96, 96, seed=seed)), here / "works" / f"{seed}.png")
    painting, title = {
        "folder": ("works", "Works"),
        "file": ("file.style", "Both"),
        "named": ("straw-hat", "Self-Portrait with a Straw Hat"),
    }[kind]
    if kind == "file":
        assert run("style", "My Art.png", "-o", "file.style", "--title", "Both").exit_code == 0
    result = run("train", painting, *PHOTOS, "-o", "mine.style", *SHORT, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout.splitlines()[-1])["style"] == title
    assert read_style(here / "mine.style").card.title == title


@pytest.mark.usefixtures("here")
def test_a_painting_in_memory_is_taught_as_its_file_is() -> None:
    def learnt(painting: Any) -> tuple[str, dict[str, Any]]:
        more: dict[str, Any] = {"steps": 1, "batch": 1, "size": 64, "precision": "float32"}
        done = impasto.train(painting, "mine.style", photos="photos", **more)
        return done.style, load_file("mine.style")

    _, expected = learnt("My Art.png")
    with Path("My Art.png").open("rb") as file:
        for given in (imaging.read("My Art.png"), file):
            title, found = learnt(given)
            assert title == "Painting"
            assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_the_published_network_is_taught_one_style(here: Path) -> None:
    result = train("--architecture", "johnson2016", "-o", "paper.safetensors")
    assert result.exit_code == 0, result.output
    assert sum(p.numel() for p in read_johnson(here / "paper.safetensors").parameters()) == 1_679_235


def test_unreadable_and_too_few_photographs_are_named_before_training(here: Path) -> None:
    (here / "photos" / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    imaging.write(Picture(blobs(20, 20, seed=1)), here / "photos" / "tiny.png")
    result = train("-o", "mine.style")
    assert result.exit_code == 0, result.output
    said = result.stderr
    assert "skipped torn.png: expected" in said
    assert "skipped tiny.png: expected 42 pixels a side at least; it has 20x20" in said
    assert "got 3" in said


@pytest.mark.usefixtures("here")
def test_photographs_that_are_all_too_small_are_refused() -> None:
    refused(train("-o", "m.style", "--size", "256"), "170 pixels a side", "none of 3")


@pytest.mark.usefixtures("here")
def test_a_time_is_kept_to_and_the_rates_end_at_nothing() -> None:
    result = run(
        "train",
        "My Art.png",
        *PHOTOS,
        "--minutes",
        "0.1",
        "--json",
        "-o",
        "m.style",
        "--batch",
        "1",
        "--size",
        "64",
    )
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
    result = run(
        "train", "My Art.png", *PHOTOS, "--minutes", "0.1", "-o", "m.style", "--batch", "1", "--size", "64"
    )
    assert result.exit_code == 0, result.output
    assert "read 2 of 3 photographs" in result.stderr
    assert "on 2 pictures" in result.stdout


@pytest.mark.usefixtures("here")
def test_a_time_spent_on_reading_is_made_longer_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from impasto.networks.train.learners import KINDS

    monkeypatch.setitem(KINDS, "any-painting", replace(KINDS["any-painting"], minutes=1e-3))
    result = run("train", "My Art.png", *PHOTOS, *SMALL, "-o", "m.style")
    assert result.exit_code == 0, result.output
    assert "took most of the 0.001 minutes" in result.stderr
    assert Path("m.style").is_file()


def test_a_training_that_was_cut_short_goes_on_and_ends_alike(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from impasto.pipelines import train as teaching

    assert train("-o", "whole.style", "--steps", "4").exit_code == 0
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
    first = train("-o", "parts.style", "--steps", "4")
    assert first.exit_code == 130
    assert "continue from parts.checkpoint" in first.stdout
    assert not (here / "parts.style").exists()
    monkeypatch.setattr(teaching, "train_network", genuine)
    second = train("-o", "parts.style", "--steps", "4")
    assert second.exit_code == 0, second.output
    assert "resuming from parts.checkpoint" in second.stderr
    assert (here / "parts.style").read_bytes() == (here / "whole.style").read_bytes()
    rows = rows_of(here / "parts.csv")
    assert [row["iteration"] for row in rows] == ["1", "2", "3", "4"]
    assert sorted(float(row["seconds"]) for row in rows) == [float(row["seconds"]) for row in rows]


@pytest.mark.parametrize("at", ["reading", "making", "judging"])
def test_ctrl_c_is_heard_before_the_first_step_too(
    here: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    from impasto.networks.train import evaluation, photos, synthetic_photos
    from impasto.networks.train.plan import TrainingPlan
    from impasto.pipelines.train import materials, train_network, training

    counts = {"reading": 0, "making": 0, "judging": 0}
    read, make, judge = photos._read, synthetic_photos.dead_leaves, evaluation.judge

    def count_read(path: Path, smallest: int) -> Any:
        counts["reading"] += 1
        return read(path, smallest)

    def count_made(*given: Any) -> Any:
        counts["making"] += 1
        return make(*given)

    def count_judged(*given: Any) -> Any:
        counts["judging"] += 1
        return judge(*given)

    monkeypatch.setattr(photos, "_read", count_read)
    monkeypatch.setattr(synthetic_photos, "dead_leaves", count_made)
    monkeypatch.setattr(training, "judge", count_judged)
    monkeypatch.setattr(materials, "hold_out", lambda photos: (photos, photos))
    given = () if at == "making" else ("photos",)
    plan = TrainingPlan("My Art.png", photos=given, steps=4, size=64, batch=1)
    done = train_network(plan, here / "m.style", cancel=lambda: counts[at] == 1)
    assert done.cancelled
    assert (done.steps, done.file, counts[at]) == (0, None, 1)
    assert not (here / "m.style").exists()


def test_the_checkpoint_of_another_training_is_refused(here: Path) -> None:
    from impasto.optimize.checkpoints import write_checkpoint

    job = {"seed": 3}
    write_checkpoint(here / "m.checkpoint", job, {})
    refused(train("-o", "m.style"), "m.checkpoint belongs to another training")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "m.onnx"], ".style"),
        (["-o", "m.style", "--architecture", "johnson2016"], ".safetensors"),
        (["-o", "m.style", "--minutes", "2"], "expected only one of them"),
        (["-o", "m.style", "--log", "m.style"], "given twice"),
        (["-o", "no/m.style"], "no"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(here: Path, arguments: list[str], words: str) -> None:
    refused(train(*arguments), words)
    assert not (here / "m.style").exists()


@pytest.mark.usefixtures("here")
def test_unknown_paintings_and_folders_are_refused() -> None:
    refused(run("train", "nothing", "-o", "m.style", *SHORT), "nothing")
    refused(run("train", "straw-hat", "--content-dir", "nowhere", "-o", "m.style", *SHORT), "nowhere")


@pytest.mark.slow
def test_a_training_whose_time_went_into_reading_learns_something(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from impasto.pipelines.train import training

    monkeypatch.setattr(training, "LEAST_LEARNING", 1.1)  # as if nothing were left
    result = run("train", "My Art.png", *PHOTOS, "--size", "64", "-o", "m.style", "--minutes", "0.1")
    assert result.exit_code == 0, result.output
    assert "reading the pictures took most of the 0.1 minutes" in result.stderr
    assert (here / "m.style").exists()
