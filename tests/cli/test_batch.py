from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from typer.testing import CliRunner, Result

import impasto
from impasto import extras, imaging
from impasto.cli import app
from impasto.cli.batch import spread_styles, with_address
from impasto.optimize.checkpoints import read_checkpoint
from impasto.types import Picture
from tests.conftest import blobs, stripes
from tests.inference.networks import darker
from tests.killing import run_killed
from tests.stopping import environment, stopping
from tests.waiting import PATIENCE

FAST = ["--size", "48", "--iterations", "2"]
NAMES = ["one-starry-night.png", "one-art.png", "two-starry-night.png", "two-art.png"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["batch", *(str(a) for a in arguments)])


def manifest() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("out/manifest.jsonl").read_text().splitlines()]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with two photographs and a painting."""
    (tmp_path / "photos").mkdir()
    imaging.write(Picture(blobs(96, 64, seed=1)), tmp_path / "photos" / "one.png")
    imaging.write(Picture(blobs(64, 96, seed=2)), tmp_path / "photos" / "two.png")
    imaging.write(Picture(stripes(80, 80)), tmp_path / "art.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_paints_all_pairs_and_skips_what_is_done() -> None:
    command = ["photos", "--style", "starry-night", "art.png", "-o", "out", *FAST]
    result = run(*command)
    assert result.exit_code == 0, result.output
    assert result.stdout == "done: out (4 painted, 0 already done, 0 failed)\n"
    assert [row["output"] for row in manifest()] == NAMES
    assert [row["size"] for row in manifest()] == [[48, 32], [48, 32], [32, 48], [32, 48]]
    for row in manifest():
        assert row["status"] == "done"
        assert row["losses"]["total"] > 0
        assert row["job"]["options"]["size"] == 48
        assert imaging.read(f"out/{row['output']}").width == row["size"][0]
    before = [Path(f"out/{name}").stat().st_mtime_ns for name in NAMES]
    assert run(*command).stdout == "done: out (0 painted, 4 already done, 0 failed)\n"
    assert [Path(f"out/{name}").stat().st_mtime_ns for name in NAMES] == before


def test_a_result_is_what_stylize_paints() -> None:
    run("photos/one.png", "--style", "art.png", "-o", "out", *FAST, "--seed", 3, "--init", "noise")
    options = ["--size", "48", "--iterations", "2", "--seed", "3", "--init", "noise"]
    CliRunner().invoke(app, ["stylize", "photos/one.png", "art.png", "-o", "alone.png", *options])
    assert np.array_equal(imaging.read("out/one-art.png").pixels, imaging.read("alone.png").pixels)
    assert imaging.read_parameters("out/one-art.png") == imaging.read_parameters("alone.png")


def test_a_bad_file_is_reported_in_the_end_and_tried_again() -> None:
    Path("photos/bad.jpg").write_text("this is no picture")
    command = ["photos", "--style", "art.png", "-o", "out", *FAST]
    result = run(*command)
    assert result.exit_code == 1
    assert result.stdout == "done: out (2 painted, 0 already done, 1 failed)\n"
    assert "impasto: bad-art.png failed: photos/bad.jpg: expected a JPEG" in result.stderr
    assert "Traceback" not in result.stderr
    assert {row["output"]: row["status"] for row in manifest()} == {
        "bad-art.png": "failed",
        "one-art.png": "done",
        "two-art.png": "done",
    }
    quiet = run(*command, "--quiet")
    assert (quiet.exit_code, quiet.stdout) == (1, "")
    assert quiet.stderr.startswith("impasto: bad-art.png failed")
    imaging.write(Picture(blobs(64, 64, seed=3)), "photos/bad.jpg")
    assert run(*command).stdout == "done: out (1 painted, 2 already done, 0 failed)\n"


def test_other_parameters_are_painted_again_and_named() -> None:
    command = ["photos/one.png", "--style", "art.png", "-o", "out", *FAST]
    run(*command)
    result = run(*command, "--style-weight", 3)
    assert "painting again: one-art.png: style_weight was 8.0, is 3.0" in result.stderr
    assert result.stdout == "done: out (1 painted, 0 already done, 0 failed)\n"
    assert [row["job"]["options"]["style_weight"] for row in manifest()] == [3.0]


def test_json_prints_one_event_a_line_and_the_counts_last() -> None:
    Path("photos/bad.jpg").write_text("this is no picture")
    result = run("photos", "--style", "art.png", "-o", "out", *FAST, "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    events = [e for e in lines if "state" in e]
    assert [(e["state"], e.get("number")) for e in events] == [
        ("started", 1),
        ("failed", 1),
        *[(state, n) for n in (2, 3) for state in ("started", "done")],
    ]
    assert "expected a JPEG" in events[1]["error"]
    progress = [e for e in lines if e["event"] == "progress"]
    assert [(e["step"], e["failed"]) for e in progress] == [(0, 0), (1, 1)] + [(1, 1)] * 3 + [(2, 1)] * 4 + [
        (3, 1)
    ]
    (part,) = progress[3]["parts"]
    assert (part["stage"], part["step"]) == ("one-art.png", 1)
    assert part["losses"]["total"] > 0
    counts = {"painted": 2, "skipped": 0, "failed": 1, "left_out": [], "cancelled": False}
    assert lines[-1] == {"event": "result", "command": "batch", **counts}


def test_quiet_prints_nothing() -> None:
    result = run("photos/one.png", "--style", "art.png", "-o", "out", "-q", *FAST)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_format_and_quality_are_those_asked_for() -> None:
    command = ["photos/one.png", "--style", "art.png", "-o", "out", *FAST, "--format", "jpg", "--quality"]
    assert run(*command, 90).exit_code == 0
    fine = Path("out/one-art.jpg").stat().st_size
    assert "quality was 90, is 20" in run(*command, 20).stderr
    assert Path("out/one-art.jpg").stat().st_size < fine


def test_results_among_the_photographs_are_left_out_and_said_so() -> None:
    photos = ["photos/one.png", "photos/two.png"]
    run(*photos, "--style", "art.png", "-o", "photos", *FAST)
    result = run("photos", "--style", "art.png", "-o", "photos", *FAST)
    assert result.exit_code == 0
    assert "2 already done" in result.stdout
    assert "left out, as results of an earlier batch: photos/one-art.png, photos/two-art.png" in (
        result.stdout
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "missing argument: CONTENTS"),
        (["photos"], "missing option: --style STYLE"),
        (["photos", "--style", "art.png"], "missing option: -o DIR"),
        (["--style", "art.png", "-o", "out"], "missing argument: CONTENTS"),
        (["missing.jpg", "--style", "art.png", "-o", "out"], "no photograph or folder missing.jpg"),
        (["photos", "--style", "monet", "-o", "out"], "unknown style 'monet'; the named styles are"),
        (["photos", "--style", "art.png", "-o", "art.png"], "expected a folder for the results"),
        (["photos", "--style", "art.png", "-o", "out", "--format", "bmp"], ".png"),
        (["photos", "--style", "art.png", "-o", "out", "--size", "big"], "'big'"),
        (["photos", "--style", "art.png", "-o", "out", "--size", "20"], "at least 32 pixels on each side"),
        (["photos", "--style", "mine.onnx", "-o", "out"], "impasto fast PHOTO --model"),
        (["photos", "--style", "art.png", "-o", "art.png/of/it"], "art.png is a file"),
        (["photos", "--style", "art.png", "-o", "out", "--preset", "monet"], "default, draft, best"),
        (["photos", "--style", "art.png", "-o", "out", "--style-scales", "1,2"], "one style at a time"),
        (["photos", "--style", "art.png", "-o", "out", "--style-layers", "relu9_1"], "relu9_1"),
        (["photos", "--style", "art.png", "-o", "out", "--encoder", "none"], "none"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused_in_one_line_before_work(
    arguments: list[str], words: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert words in result.stderr
    assert not list(Path().glob("out/*.png"))


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("a.jpg b.jpg --style s t -o out", "a.jpg b.jpg --style s --style t -o out"),
        ("a.jpg --style s t --size 9 b.jpg -o out", "a.jpg --style s --style t --size 9 b.jpg -o out"),
        ("a.jpg -o out --style s --style t u", "a.jpg -o out --style s --style t --style u"),
        ("--style s a.jpg b.jpg -o out", "--style s a.jpg b.jpg -o out"),
        ("-o out --style s a.jpg", "-o out --style s a.jpg"),
        ("--size 9 --quiet --style s a.jpg", "--size 9 --quiet --style s a.jpg"),
        ("a.jpg --style=s b.jpg", "a.jpg --style=s b.jpg"),
        ("a.jpg --style s t -- b.jpg", "a.jpg --style s --style t -- b.jpg"),
        ("a.jpg --style", "a.jpg --style"),
    ],
)
def test_after_photographs_all_words_behind_style_are_styles(typed: str, understood: str) -> None:
    assert spread_styles(typed.split(), {"--style", "--size", "-o"}) == understood.split()


def test_the_function_does_what_the_command_does() -> None:
    done = impasto.batch("photos", ["art.png", "starry-night"], "out", size=48, iterations=2)
    assert len(done.records) == 4
    assert done.failed == ()
    result = run("photos", "--style", "starry-night", "art.png", "-o", "out", "--size", "48")
    assert "iterations was 2, is 12" in result.stderr
    with pytest.raises(impasto.ImpastoError, match="at least one style"):
        impasto.batch("photos", [], "out")


def test_normalised_networks_are_each_pairs_own() -> None:
    more: dict[str, Any] = {"size": 48, "iterations": 2, "normalise_activations": True}
    impasto.batch("photos", "art.png", "out", **more)
    alone = impasto.stylize("photos/two.png", "art.png", **more)
    alone.save("alone.png")
    assert np.array_equal(imaging.read("out/two-art.png").pixels, imaging.read("alone.png").pixels)
    assert impasto.batch("photos", "art.png", "out", **more).skipped == 2


ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}
WORDS = ["batch", "photos", "--style", "starry-night", "art.png", "-o", "out", "--size", "64"]
WORDS += ["--iterations", "40", "--precision", "float32", "--checkpoint-every", "0"]
SLOW = [sys.executable, "-m", "impasto", *WORDS]


def begun(command: list[str], **more: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment(**more))


@pytest.mark.slow
def test_ctrl_c_writes_nothing_half_painted_and_the_batch_goes_on() -> None:
    command = stopping("wait", 3, NAMES[1], *WORDS, "--json")
    with begun(command) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if any(part["step"] and part["stage"] == NAMES[1] for part in json.loads(line).get("parts", ())):
                break
        os.kill(process.pid, signal.SIGINT)
        rest, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, errors
    last = json.loads(rest.splitlines()[-1])
    assert (last["cancelled"], last["painted"]) == (True, 1)
    assert [row["output"] for row in manifest()] == NAMES[:1]
    assert sorted(p.name for p in Path("out").iterdir()) == [".impasto", "manifest.jsonl", NAMES[0]]
    (checkpoint,) = Path("out/.impasto").iterdir()
    assert read_checkpoint(checkpoint)[1]["iterations"] >= 1


@pytest.mark.slow
def test_a_batch_killed_again_and_again_has_every_pair_exactly_once() -> None:
    """No finished picture is painted again, and those cut short go on and are in the end what an undisturbed
    batch paints."""
    undisturbed = [word if word != "out" else "whole" for word in SLOW]
    subprocess.run([*undisturbed, "-q"], check=True, env=ONE_THREAD)
    made: dict[str, int] = {}
    for finished, (place, count, when) in ((0, (0, 5, "torn")), (0, (0, 6, "before")), (2, (2, 7, "after"))):
        run_killed(f"{NAMES[place]}.checkpoint", count, when, *SLOW[3:], "-q")
        (left,) = checkpoints()
        assert read_checkpoint(left)[1]["iterations"] >= 1
        for name, moment in made.items():
            assert Path(f"out/{name}").stat().st_mtime_ns == moment
        for path in Path("out").glob("*.png"):
            imaging.read(path)  # a whole picture, always
        recorded = {json.loads(line)["output"] for line in finished_lines()}
        assert recorded == set(NAMES[:finished])
        made = {name: Path(f"out/{name}").stat().st_mtime_ns for name in recorded}
    subprocess.run([*SLOW, "-q"], check=True, env=ONE_THREAD)
    for name, moment in made.items():
        assert Path(f"out/{name}").stat().st_mtime_ns == moment
    assert sorted(row["output"] for row in manifest()) == sorted(NAMES)
    assert checkpoints() == []
    for name in NAMES:
        assert np.array_equal(imaging.read(f"out/{name}").pixels, imaging.read(f"whole/{name}").pixels)


def checkpoints() -> list[Path]:
    return list(Path("out").glob(".impasto/*.checkpoint"))


def finished_lines() -> list[str]:
    """The manifest's lines that were written to their end."""
    path = Path("out/manifest.jsonl")
    return path.read_text().split("\n")[:-1] if path.exists() else []


@pytest.mark.parametrize("words", [("photos", "no-such-style"), ("no-such-photo", "art.png")])
def test_what_is_refused_leaves_no_folder(words: tuple[str, str], here: Path) -> None:
    assert run(words[0], "--style", words[1], "-o", "out", *FAST).exit_code == 2
    assert not (here / "out").exists()


@pytest.mark.slow
def test_several_workers_paint_what_one_paints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # another number of threads sums in another order
    command = ["photos", "--style", "starry-night", "art.png", *FAST, "--precision", "float32", "-o"]
    Path("photos/bad.jpg").write_text("this is no picture")
    result = run(*command, "out", "--workers", 2, "--json")
    assert result.exit_code == 1, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines[-1] == {
        "event": "result",
        "command": "batch",
        "painted": 4,
        "skipped": 0,
        "failed": 2,
        "left_out": [],
        "cancelled": False,
    }
    last = lines[-2]
    assert (last["step"], last["failed"], last["steps"]) == (6, 2, 6)
    assert (last["done"], last["left"]) == (1, 0)
    assert sorted(row["output"] for row in manifest() if row["status"] == "done") == sorted(NAMES)
    subprocess.run([sys.executable, "-m", "impasto", "batch", *command, "alone"], env=ONE_THREAD, check=False)
    for name in NAMES:
        out, alone = imaging.read(f"out/{name}"), imaging.read(f"alone/{name}")
        assert np.array_equal(out.pixels, alone.pixels)
        assert imaging.read_parameters(f"out/{name}") == imaging.read_parameters(f"alone/{name}")
    assert (
        run(*command, "out", "--workers", "auto").stdout
        == "done: out (0 painted, 4 already done, 2 failed)\n"
    )


def test_photographs_and_results_may_lie_in_a_store(here: Path) -> None:
    import fsspec

    files = fsspec.filesystem("memory")
    for name in ("one.png", "two.png"):
        files.pipe_file(f"/photos/{name}", (here / "photos" / name).read_bytes())
    result = run("memory://photos", "--style", "starry-night", "-o", "memory://painted", *FAST)
    assert result.stdout == "done: memory://painted (2 painted, 0 already done, 0 failed)\n", result.output
    files.get_file("/painted/one-starry-night.png", "near.png")
    assert imaging.read("near.png").width == 48
    stored = imaging.read_parameters("near.png")
    assert stored is not None
    assert stored["content"] == "memory://photos/one.png"
    run("photos/one.png", "--style", "starry-night", "-o", "out", *FAST)
    assert np.array_equal(imaging.read("near.png").pixels, imaging.read("out/one-starry-night.png").pixels)
    files.rm("/", recursive=True)


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("photos --ray", "photos --ray local"),
        ("--ray photos --style s", "--ray local photos --style s"),
        ("--ray 10.0.0.1:6379 photos", "--ray 10.0.0.1:6379 photos"),
        ("--ray [::1]:6379 photos", "--ray [::1]:6379 photos"),
        ("--ray ray://head:10001 photos", "--ray ray://head:10001 photos"),
        ("--ray auto photos", "--ray auto photos"),
        ("--ray s3://bucket/photos", "--ray local s3://bucket/photos"),
        ("--ray=head:6379 photos", "--ray=head:6379 photos"),
    ],
)
def test_ray_without_an_address_is_one_of_its_own(typed: str, understood: str) -> None:
    assert with_address(typed.split()) == understood.split()


@pytest.mark.parametrize("workers", ["0", "-1", "many", "1.5"])
def test_a_number_of_workers_that_is_none_is_refused(workers: str) -> None:
    result = run("photos", "--style", "art.png", "-o", "out", "--workers", workers)
    assert result.exit_code == 2
    assert f"expected --workers to be a number from 1, or auto; got '{workers}'" in result.stderr


def test_a_cluster_without_ray_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "impasto.jobs.executors.ray", raising=False)
    result = run("photos", "--style", "art.png", "-o", "out", "--ray")
    assert result.exit_code == 2
    assert (
        result.stderr.strip()
        == f"impasto: a cluster needs Ray, which is not installed: {extras.command('ray')}"
    )


WORKERS = ["--workers", "2"]


@pytest.mark.slow
def test_ctrl_c_with_workers_keeps_what_was_begun_and_leaves_no_process() -> None:
    command = stopping("wait", 3, ",".join(NAMES[1:]), *WORDS, *WORKERS, "--json")
    with begun(command) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event.get("step") == 1 and sum(part["step"] > 0 for part in event["parts"]) == 2:
                break
        workers = [child.pid for child in psutil.Process(process.pid).children()]
        os.kill(process.pid, signal.SIGINT)
        rest, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    last = json.loads(rest.splitlines()[-1])
    assert last["cancelled"]
    assert [row["output"] for row in manifest()] == NAMES[:1]
    assert [path.name for path in Path("out").glob("*.png")] == NAMES[:1]
    assert [read_checkpoint(path)[1]["iterations"] in (1, 2, 3) for path in checkpoints()] == [True, True]
    assert len(workers) == 2
    assert not any(psutil.pid_exists(pid) for pid in workers)
    assert subprocess.run([*SLOW, *WORKERS, "-q"], check=False).returncode == 0
    assert sorted(row["output"] for row in manifest()) == sorted(NAMES)
    assert checkpoints() == []


@pytest.mark.slow
def test_workers_killed_in_mid_painting_are_replaced_and_every_pair_is_there_once() -> None:
    """Killed twice; what they had goes on from its checkpoint."""
    command = stopping("die", 3, ",".join(NAMES[:2]), *WORDS, *WORKERS, "--json")
    with begun(command, OMP_NUM_THREADS="1") as process:
        assert process.stdout is not None
        events = [json.loads(line) for line in process.stdout]
    assert process.returncode == 0
    assert sum(event.get("state") == "replaced" for event in events) == 2
    assert not any("started over" in event.get("note", "") for event in events)
    assert sorted(row["output"] for row in manifest()) == sorted(NAMES)
    assert {row["status"] for row in manifest()} == {"done"}
    undisturbed = [word if word != "out" else "whole" for word in SLOW]
    subprocess.run([*undisturbed, "-q"], check=True, env=ONE_THREAD)
    for name in NAMES:
        assert np.array_equal(imaging.read(f"out/{name}").pixels, imaging.read(f"whole/{name}").pixels)
    assert checkpoints() == []


def test_a_fast_batch_is_one_like_any_other() -> None:
    command = ["photos", "--style", "starry-night", "great-wave", "-o", "out", "--fast", "--size", 64]
    Path("photos/bad.jpg").write_text("this is no picture")
    result = run(*command)
    assert result.exit_code == 1, result.output
    assert result.stdout == "done: out (4 painted, 0 already done, 2 failed)\n"
    done = {row["output"]: row for row in manifest() if row["status"] == "done"}
    assert sorted(done) == [f"{p}-{s}.png" for p in ("one", "two") for s in ("great-wave", "starry-night")]
    assert done["one-great-wave.png"]["size"] == [64, 43]
    assert imaging.read("out/two-great-wave.png").width == 43
    Path("photos/bad.jpg").unlink()
    assert run(*command).stdout == "done: out (0 painted, 4 already done, 0 failed)\n"
    other = run(*command, "--strength", 0.5, "--json")
    first = json.loads(other.stdout.splitlines()[0])
    assert first["note"] == "strength was 1.0, is 0.5"
    assert json.loads(other.stdout.splitlines()[-1])["painted"] == 4


def test_a_fast_batch_paints_what_impasto_fast_paints() -> None:
    manner = ["--size", "64", "--strength", "0.7", "--keep-color"]
    assert run("photos/one.png", "--style", "the-kiss", *manner, "--fast", "-o", "out").exit_code == 0
    alone = CliRunner().invoke(app, ["fast", "photos/one.png", "the-kiss", *manner, "-o", "alone.png"])
    assert alone.exit_code == 0, alone.output
    assert (imaging.read("out/one-the-kiss.png").pixels == imaging.read("alone.png").pixels).all()
    assert imaging.read_parameters("out/one-the-kiss.png") == imaging.read_parameters("alone.png")
    darker(Path("mine.style"))
    assert run("photos/one.png", "--style", "mine.style", *manner, "--fast", "-o", "mine").exit_code == 0
    alone = CliRunner().invoke(app, ["fast", "photos/one.png", "mine.style", *manner, "-o", "alone.png"])
    assert alone.exit_code == 0, alone.output
    assert (imaging.read("mine/one-mine.png").pixels == imaging.read("alone.png").pixels).all()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("--style starry-night --fast --iterations 3", "--iterations does not work with --fast"),
        ("--style starry-night --fast --preset draft", "--preset does not work with --fast"),
        ("--style starry-night --fast --size 64x48", "--size of the fast network to be the long side"),
        ("--style starry-night --fast --checkpoint-every 3", "--checkpoint-every does not work with --fast"),
        ("--style starry-night --strength 0.5", "--strength needs --fast"),
        ("--style starry-night --model mine.onnx", "--model needs --fast"),
        ("--style starry-night:2 --fast", "expected another style besides starry-night:2"),
        ("--style starry-night --fast --style-scale 5", "stroke_size"),
    ],
)
def test_options_that_a_fast_batch_would_not_heed_are_refused(words: str, error: str, here: Path) -> None:
    result = run("photos", *words.split(), "-o", "out")
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert re.search(error, result.stderr)
    assert not (here / "out").exists()


@pytest.mark.slow
def test_a_fast_batch_in_several_processes() -> None:
    command = ["photos", "--style", "starry-night", "great-wave", "--fast", "--size", 64]
    assert run(*command, "-o", "out", "--workers", 2).exit_code == 0
    assert run(*command, "-o", "alone").exit_code == 0
    for path in Path("alone").glob("*.png"):
        assert (
            np.abs(imaging.read(path).pixels - imaging.read(Path("out") / path.name).pixels).max()
            <= 2.01 / 255
        )


def test_every_painting_of_a_batch_has_the_inputs_given(here: Path) -> None:
    left = np.zeros((64, 96, 3), np.float32)
    left[:, :48] = 1
    imaging.write(Picture(left), here / "left.png")
    result = run("photos/one.png", "--style", "art.png", "-o", "out", *FAST, "--protect", "left.png")
    assert result.exit_code == 0, result.output
    photo = imaging.resize(imaging.read("photos/one.png").pixels, 48, 32)
    apart = np.abs(imaging.read("out/one-art.png").pixels - photo)
    assert apart[:, :23].max() < 1.1 / 255 < apart[:, 25:].max()
    assert manifest()[0]["job"]["protect"]["place"] == "left.png"
    result = run("photos", "--style", "art.png", "-o", "out", "--fast", "--style-mask", "left.png")
    assert "--style-mask does not work with --fast" in result.stderr
