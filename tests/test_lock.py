"""requirements-dev.lock: what development and CI install, on every system and Python."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")


def wanted(extras: tuple[str, ...]) -> list[Requirement]:
    """The project's dependencies with these extras, and what those name of other extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    found = []
    for requirement in map(Requirement, lines):
        if requirement.name == "impasto":
            found += wanted(tuple(requirement.extras))
        else:
            found.append(requirement)
    return found


def test_every_dependency_is_locked_but_torch() -> None:
    versions: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([a-z0-9][\w.-]*)==(\S+)", LOCK, re.MULTILINE):
        versions.setdefault(name, []).append(version)
    assert "torch" not in versions, "its builds have hashes of their own: constraints.txt"
    for requirement in wanted(("demo", "dev", "ray")):
        if requirement.name != "torch":
            locked = versions.get(canonicalize_name(requirement.name), [])
            assert locked, f"{requirement} is not locked: make lock"
            assert all(map(requirement.specifier.contains, locked)), f"{requirement} is {locked}: make lock"


def test_every_version_is_exact_has_hashes_and_comes_from_wherever_pip_is_set_up_to_look() -> None:
    entries = re.split(r"\n(?=[a-z])", LOCK.partition("make lock\n")[2])
    assert len(entries) > 60
    for entry in entries:
        assert re.match(r"[a-z0-9][\w.-]*(\[[\w,-]+\])?==[\w.+!]+ ", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
    assert "://" not in LOCK
    assert set(re.findall(r"^\s*(-+[\w-]+)", LOCK, re.MULTILINE)) == {"--hash"}, "no option says where from"
