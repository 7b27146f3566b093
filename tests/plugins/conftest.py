"""A stand-in for the program, and plug-ins installed into folders of stand-in hosts."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from impasto.plugins import client, hosts, installation

PROGRAM = Path(__file__).with_name("stand_in_program.py")


@dataclass
class StandIn:
    """The stand-in program of one test."""

    folder: Path

    def behave(self, **how: Any) -> None:
        """Set what it does: refuse with words, go on for ever, forget to write."""
        record = str(self.folder / "record.jsonl")
        (self.folder / "behaviour.json").write_text(json.dumps({"record": record} | how))

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(PROGRAM), str(self.folder / "behaviour.json")]

    @property
    def records(self) -> list[dict[str, Any]]:
        path = self.folder / "record.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def arguments(self) -> list[str]:
        """The arguments of its last start."""
        found: list[str] = self.records[-1]["arguments"]
        return found

    def settings(self) -> client.ClientSettings:
        values = installation.settings()
        return client.ClientSettings(
            tuple(self.command), None, None, dict(values["styles"]), dict(values["style_weights"])
        )

    def install(self, name: str, folder: Path) -> Path:
        """Install the plug-in ``name`` into ``folder``, to start this program."""
        place = installation.install(hosts.HOSTS[name], folder)
        path = place / client.SETTINGS
        path.write_text(json.dumps(json.loads(path.read_text()) | {"command": self.command}))
        return place


@pytest.fixture
def program(tmp_path: Path) -> StandIn:
    folder = tmp_path / "program"
    folder.mkdir()
    made = StandIn(folder)
    made.behave()
    return made
