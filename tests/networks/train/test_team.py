from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from impasto.errors import OptionError
from impasto.networks.train.team import ALONE, join_team, leave_team
from tests.waiting import PATIENCE

# Two processes learn; each says what it has in the end, and the first what one alone would have learnt.
MEMBER = """
import copy, hashlib
import torch
from impasto.encoders import load_encoder
from impasto.networks.any_painting_files import load_network
from impasto.networks.train.learners import AnyPaintingLearner
from impasto.networks.train.painting_loss import STYLE_LAYERS, StyleTarget, layer_targets
from impasto.networks.train.synthetic_photos import make_photos
from impasto.networks.train.team import join_team, leave_team
from impasto.networks.train.training import Trainer, TrainingSchedule
from impasto.networks.transport import gaussian

torch.set_num_threads(1)
team = join_team()
encoder = load_encoder("tiny")
photos = make_photos(3, side=80)
with torch.no_grad():
    seen = encoder(photos[0][None].float() / 255, STYLE_LAYERS)
sizes = layer_targets({name: gaussian(found) for name, found in seen.items()})
network = load_network()
with torch.no_grad():
    network.colours.bias += 0.1 * team.rank  # different at first: the team begins with the leading one's
learner = AnyPaintingLearner(network)
targets = [StyleTarget(sizes, sizes)]
trainer = Trainer(learner, encoder, targets, photos, TrainingSchedule(4, 1, 64), team=team)
crops = trainer.draw()[0]
trainer.run(stop=2)
middle = copy.deepcopy(trainer.state())
trainer.run()
end = {n: t.detach().clone() for n, t in learner.learnt().items()}
trainer.restore(middle)
trainer.run()
again = all(torch.equal(t, end[n]) for n, t in learner.learnt().items())
digest = hashlib.sha256(b"".join(t.numpy().tobytes() for t in end.values())).hexdigest()
drawn = hashlib.sha256(crops.numpy().tobytes()).hexdigest()
rows = team.gather((digest, drawn, again))
if team.is_leader:
    print("same network:", rows[0][0] == rows[1][0])
    print("own batches:", rows[0][1] != rows[1][1])
    print("resumed exactly:", rows[0][2] and rows[1][2])
leave_team(team)
"""


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


def environment(rank: int, port: int) -> dict[str, str]:
    return os.environ | {
        "RANK": str(rank),
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "OMP_NUM_THREADS": "1",
    }


def test_one_process_is_a_team_of_one_for_which_nothing_happens() -> None:
    assert join_team() == ALONE
    assert ALONE.is_leader
    assert ALONE.gather(3) == [3]
    assert ALONE.tell("x") == "x"
    assert not ALONE.all_agree(False)
    leave_team(ALONE, 1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"WORLD_SIZE": "2"}, "RANK"),
        ({"WORLD_SIZE": "two"}, "'two'"),
        ({"WORLD_SIZE": "2", "RANK": "2"}, "RANK"),
    ],
)
def test_half_a_torchrun_is_refused(
    given: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RANK", "MASTER_ADDR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(OptionError, match=words):
        join_team()


@pytest.mark.slow
def test_two_processes_learn_one_network_from_lessons_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "member.py").write_text(MEMBER)
    port = free_port()
    members = [
        subprocess.Popen(
            [sys.executable, str(tmp_path / "member.py")],
            env=environment(rank, port),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    said = [member.communicate(timeout=PATIENCE) for member in members]
    assert [member.returncode for member in members] == [0, 0], said
    assert said[0][0].splitlines() == ["same network: True", "own batches: True", "resumed exactly: True"]


@pytest.mark.slow
def test_torchrun_teaches_a_style_from_the_command_line(tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"),
        *("--master-port", str(free_port()), "-m", "impasto", "train", "straw-hat"),
        *("--steps", "2", "--batch", "1", "--size", "64", "-o", str(tmp_path / "two.style")),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("trained: Self-Portrait with a Straw Hat, 2 steps") == 1
    assert (tmp_path / "two.style").exists()
    assert not (tmp_path / "two.checkpoint").exists()
