from __future__ import annotations

import os
from pathlib import Path

import pytest

from impasto.errors import OptionError
from impasto.jobs import machine
from impasto.jobs.machine import Node, WorkerSlot, count_workers, share_cluster, slots


def test_threads_add_up_to_the_cores() -> None:
    assert [s.threads for s in slots(3, 8, [], {})] == [3, 3, 2]
    assert [s.threads for s in slots(4, 2, [], {})] == [1, 1, 1, 1]
    assert [s.threads for s in slots(2, 8, [], {"OMP_NUM_THREADS": "1"})] == [1, 1]
    assert [s.threads for s in slots(2, 8, [], {"OMP_NUM_THREADS": "x"})] == [4, 4]


def test_graphics_processors_go_round() -> None:
    assert [s.gpu for s in slots(3, 8, ["0", "GPU-5f"], {})] == ["0", "GPU-5f", "0"]
    assert WorkerSlot(2, "1").environment()["CUDA_VISIBLE_DEVICES"] == "1"
    assert "CUDA_VISIBLE_DEVICES" not in WorkerSlot(2).environment()
    assert WorkerSlot(2).environment()["OMP_NUM_THREADS"] == "2"


@pytest.mark.parametrize(
    ("asked", "gpus", "memory", "items", "expected"),
    [
        ("auto", 0, 100.0, 50, 8),
        ("auto", 0, 3.5, 50, 3),
        ("auto", 0, 0.5, 50, 1),
        ("auto", 2, 0.5, 50, 2),
        ("auto", 0, 100.0, 5, 5),
        (20, 0, 0.5, 50, 20),
        (20, 0, 0.5, 3, 3),
        (1, 4, 0.5, 3, 1),
        (2, 0, 0.5, 0, 1),
    ],
)
def test_auto_is_as_many_as_cores_processors_memory_and_items_make_sensible(
    asked: int | str, gpus: int, memory: float, items: int, expected: int
) -> None:
    assert count_workers(asked, items, cores=8, gpus=gpus, memory=memory, each=1.0) == expected


@pytest.mark.parametrize("asked", [0, -1, "many", True, 2.5])
def test_other_counts_are_refused(asked: int) -> None:
    with pytest.raises(OptionError, match="a number from 1, or auto; got"):
        count_workers(asked, 5, cores=8, gpus=0, memory=1.0, each=1.0)


@pytest.mark.parametrize(
    ("text", "cores"), [("150000 100000", 2), ("50000 100000", 1), ("max 100000", 65536)]
)
def test_a_containers_share_of_time_counts(tmp_path: Path, text: str, cores: int) -> None:
    (tmp_path / "cpu.max").write_text(text)
    assert machine._quota(tmp_path / "cpu.max") == cores
    assert 1 <= machine.cores() <= (os.cpu_count() or 1)


def test_processors_that_are_named_or_not_wanted_are_not_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert machine.gpus("cuda:1") == machine.gpus("cpu") == []
    assert machine.gpus("auto") == ["0", "1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, 5")
    assert machine.gpus("cuda") == ["3", "5"]


GB = 1e9


@pytest.mark.parametrize(
    ("asked", "nodes", "memory", "workers", "threads", "gpu"),
    [
        ("auto", [Node(4, 0, 64 * GB), Node(4, 0, 64 * GB)], GB, 8, 1, False),
        (4, [Node(4, 0, 64 * GB), Node(4, 0, 64 * GB)], GB, 4, 2, False),
        (3, [Node(4, 0, 64 * GB), Node(4, 0, 64 * GB)], GB, 3, 2, False),
        (1, [Node(4, 0, 64 * GB), Node(8, 0, 64 * GB)], GB, 1, 8, False),
        ("auto", [Node(8, 0, 3 * GB)], GB, 3, 2, False),
        ("auto", [Node(8, 0, 3 * GB)], 100 * GB, 1, 8, False),
        ("auto", [Node(8, 2, 64 * GB), Node(8, 0, 64 * GB)], GB, 2, 8, True),
        (50, [Node(2, 0, 64 * GB)], GB, 50, 1, False),
    ],
)
def test_a_cluster_is_shared_so_that_every_worker_finds_room_on_a_node(
    asked: int | str, nodes: list[Node], memory: float, workers: int, threads: int, gpu: bool
) -> None:
    share = share_cluster(asked, 1000, nodes, memory)
    assert (share.workers, share.slot.threads, share.gpu) == (workers, threads, gpu)
    assert share.memory <= max(node.memory for node in nodes), "or it would wait for ever"
    assert share.bundle() == {"CPU": threads} | ({"GPU": 1} if gpu else {})


def test_graphics_processors_of_a_node_count_where_they_are_wanted() -> None:
    resources = {"CPU": 8.0, "GPU": 2.0, "memory": 5e9, "node:10.0.0.1": 1.0}
    assert Node.of(resources, gpus=True) == Node(8, 2, 5e9)
    assert Node.of(resources, gpus=False) == Node(8, 0, 5e9)
