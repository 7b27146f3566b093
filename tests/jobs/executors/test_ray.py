"""Batches on a real Ray cluster on this machine, whose workers and machines are killed in mid-run."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import PATIENCE, rest_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None,
        reason="Ray is not installed: pip install -c constraints.txt '.[ray]'",
    ),
]

# Each test has a Ray of its own, in a process of its own: Ray warns, and leaves threads behind.
MAIN = """
import json, sys, time
from pathlib import Path
from impasto.jobs.executors import ray as cluster
from impasto.jobs.batch import run_with
from impasto.jobs.pairs import known_styles, pairs, photographs
from impasto.jobs.schedule import Policy
from impasto.jobs.work import WorkerPainter
from impasto.optimize.options import OptimizeOptions

arguments = json.loads(sys.argv[1])
address, painter = arguments["address"], WorkerPainter(arguments["make"], arguments["settings"])
photos, _ = photographs([arguments["photos"]])
Path(arguments["out"].removeprefix("local://")).mkdir(exist_ok=True)
jobs = pairs(photos, known_styles(["starry-night"]), arguments["out"], OptimizeOptions())

def hire():
    found = cluster.join(address, arguments["workers"], len(jobs), gpus=False, memory=1e6)
    print(json.dumps({"about": found.about}), flush=True)
    return cluster.RayExecutor(painter, found, arguments["out"]), found.share.workers

def tell(event):
    said = {"state": event.state, "note": event.note, "worker": event.worker, "number": event.number}
    print(json.dumps(said), flush=True)

policy = Policy(delay=0.1, **arguments["policy"])
batch = run_with(hire, jobs, arguments["out"], policy=policy, on_event=tell)
print(json.dumps({"done": sum(r.done for r in batch.records), "failed": [r.error for r in batch.failed]}))
"""

COUNT = 12


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with photographs and a diary of who began what."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "diary").mkdir()
    for number in range(COUNT):
        (tmp_path / "photos" / f"{number:02d}.jpg").write_bytes(f"photo {number}".encode())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    return tmp_path


class Batch:
    """A batch at work in another process. Iterating gives its events."""

    def __init__(self, *, address: str = "local", workers: int = 3, out: str = "out", **more: Any) -> None:
        diary = {"diary": str(Path("diary").absolute()), "steps": 20}
        arguments = {"address": address, "workers": workers, "out": out, "photos": "photos", "policy": {}}
        arguments |= {"make": "tests.jobs.painters:make", "settings": diary}
        arguments |= more
        self.out = out
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN, json.dumps(arguments)], stdout=subprocess.PIPE, text=True
        )
        self.events: list[dict[str, Any]] = []

    def __iter__(self) -> Batch:
        return self

    def __next__(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                self.events.append(json.loads(line))
                return self.events[-1]
        raise StopIteration

    def ended(self) -> dict[str, Any]:
        """The last event, when all is done."""
        for _ in self:
            pass
        assert self.process.wait(60) == 0
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.events[-1]

    def manifest(self) -> list[dict[str, Any]]:
        text = (Path(self.out.removeprefix("local://")) / "manifest.jsonl").read_text()
        return sorted(map(json.loads, text.splitlines()), key=lambda row: str(row["output"]))

    def check_complete(self) -> None:
        """Nothing lost, nothing twice, nothing but results in the folder."""
        rows = self.manifest()
        names = [f"{n:02d}-starry-night.png" for n in range(COUNT)]
        assert [(row["output"], row["status"]) for row in rows] == [(name, "done") for name in names]
        folder = Path(self.out.removeprefix("local://"))
        assert sorted(p.name for p in folder.iterdir() if p.is_file()) == [*names, "manifest.jsonl"]
        for number, name in enumerate(names):
            assert (folder / name).read_bytes() == f"painted from photo {number}".encode()
        assert not list(folder.glob(".impasto/*"))


def begun() -> Counter[str]:
    return Counter(path.name.partition(".")[0] for path in Path("diary").iterdir())


def test_workers_killed_in_mid_run_are_replaced_and_nothing_is_lost_and_nothing_twice() -> None:
    killed = {f"{number:02d}_starry_night": "die" for number in (0, 3, 7)}
    batch = Batch(settings={"diary": str(Path("diary").absolute()), "steps": 20, **killed})
    assert batch.ended() == {"done": COUNT, "failed": []}
    assert sum(event.get("state") == "replaced" for event in batch.events) == 3
    batch.check_complete()
    # What was begun twice was in the hands of one that was killed, and the manifest counts that.
    assert sum(begun().values()) <= COUNT + 3
    assert sum(row["attempts"] for row in batch.manifest()) == COUNT + sum(
        event.get("state") == "replaced" and event["number"] > 0 for event in batch.events
    )
    assert "Ray: 1 node" in batch.events[0]["about"]
    assert "dashboard" in batch.events[0]["about"]


def test_a_store_is_written_to_like_a_folder(here: Path) -> None:
    batch = Batch(out=f"local://{here}/out", photos=f"local://{here}/photos", workers=2)
    assert batch.ended() == {"done": COUNT, "failed": []}
    batch.check_complete()


def test_pictures_that_fail_or_kill_are_set_aside_with_the_reason() -> None:
    what = {"00_starry_night": "murder", "01_starry_night": "damaged", "02_starry_night": "fail"}
    settings = {"diary": str(Path("diary").absolute()), **what}
    batch = Batch(settings=settings, policy={"crashes": 2})
    ended = batch.ended()
    assert ended["done"] == COUNT - 2
    assert sorted(ended["failed"])[1] == "it is no picture"
    assert sorted(ended["failed"])[0].startswith(
        "2 workers died while painting it; the last one: the worker died"
    )
    assert {row["output"][:2]: row["attempts"] for row in batch.manifest()} == {
        **{f"{n:02d}": 1 for n in range(COUNT)},
        "00": 2,
        "02": 2,
    }


def test_workers_that_cannot_start_end_the_batch_with_the_reason() -> None:
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            MAIN,
            json.dumps(
                {
                    "address": "local",
                    "workers": 1,
                    "out": "out",
                    "photos": "photos",
                    "policy": {"starts": 2},
                    "make": "tests.jobs.painters:refuse",
                    "settings": {},
                }
            ),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        _, errors = process.communicate(timeout=PATIENCE)
    assert "ImpastoError: no worker can be started: there is no such network" in errors


MACHINES = """
import json, sys, time, warnings
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
other = cluster.add_node(num_cpus=2)
cluster.wait_for_nodes()
print(cluster.address, flush=True)
sys.stdin.readline()
cluster.remove_node(other, allow_graceful=False)
cluster.add_node(num_cpus=2)
print("replaced", flush=True)
sys.stdin.readline()
cluster.shutdown()
"""


def test_a_machine_that_goes_takes_no_picture_with_it(tmp_path: Path) -> None:
    """Two machines, one of which is cut off with its workers, and another that comes instead."""
    with subprocess.Popen(
        [sys.executable, "-c", MACHINES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as machines:
        assert machines.stdin is not None
        assert machines.stdout is not None
        try:
            address = next(line for line in machines.stdout if ":" in line and " " not in line).strip()
            settings = {"diary": str(Path("diary").absolute()), "steps": 100}
            batch = Batch(address=address, settings=settings)
            for event in batch:
                if event.get("state") == "done":
                    break
            machines.stdin.write("\n")
            machines.stdin.flush()
            assert batch.ended() == {"done": COUNT, "failed": []}
        finally:
            machines.stdin.close()
            machines.wait(PATIENCE)
    assert any(event.get("state") == "replaced" for event in batch.events)
    assert "Ray: 2 nodes, 3 cores" in batch.events[0]["about"]
    batch.check_complete()


def test_the_command_paints_on_ray_and_ctrl_c_is_clean(tmp_path: Path) -> None:
    import numpy as np

    from impasto import imaging
    from impasto.types import Picture
    from tests.conftest import blobs

    (tmp_path / "pictures").mkdir()
    for number in range(3):
        imaging.write(Picture(blobs(64, 48, seed=number)), tmp_path / "pictures" / f"{number}.png")
    command = [sys.executable, "-m", "impasto", "batch", "pictures", "--style", "starry-night"]
    command += ["--size", "48", "--precision", "float32"]
    on_ray = [*command, "-o", "out", "--workers", "1", "--ray", "--json"]
    slowly = [*on_ray, "--iterations", "100000", "--checkpoint-every", "0"]
    with subprocess.Popen(slowly, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{") and json.loads(line).get("parts"):
                break
        os.kill(process.pid, signal.SIGINT)
        rest, errors = rest_of(process)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert json.loads(rest.splitlines()[-1])["cancelled"]
    assert list(Path("out").glob("*.png")) == []
    few = ["--iterations", "2"]
    done = subprocess.run([*on_ray, *few], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines[-1]["painted"] == 3
    assert "1 worker" in next(line["about"] for line in lines if line.get("state") == "cluster")
    subprocess.run([*command, "-o", "alone", "-q", *few], check=True)
    for number in range(3):
        name = f"{number}-starry-night.png"
        out, alone = imaging.read(f"out/{name}").pixels, imaging.read(f"alone/{name}").pixels
        assert np.abs(out - alone).max() <= 1.01 / 255
