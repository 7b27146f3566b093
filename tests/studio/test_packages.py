"""What the extra ``studio`` installs is enough for everything the studio does."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"
ELSEWHERE = {
    "ray": "the extra ray, asked for by IMPASTO_STUDIO_RAY_ADDRESS",
    "timm": "the networks of timm, which the studio offers none of",
}


def source(module: str) -> Path | None:
    place = SRC.joinpath(*module.split("."))
    return next((p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file()), None)


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, also in functions and by extras.load; not those for annotations."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    annotations = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in annotations:
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "extras.load")):
            yield from (
                a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)
            )


def reached() -> set[str]:
    """The packages of others that the studio's modules import, directly or by other modules of ours."""
    left = [
        f"impasto.{'.'.join(path.relative_to(SRC / 'impasto').with_suffix('').parts)}"
        for path in (SRC / "impasto" / "studio").rglob("*.py")
    ]
    seen: set[Path] = set()
    found: set[str] = set()
    while left:
        name = left.pop()
        if name.partition(".")[0] != "impasto":
            found.add(name.partition(".")[0])
            continue
        path = source(name)
        if path is not None and path not in seen:
            seen.add(path)
            left += imports(path)
        if "." in name:
            left.append(name.rpartition(".")[0])
    return found - set(sys.stdlib_module_names)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_with(requirements: list[str]) -> set[str]:
    """The distributions that come with ``requirements``."""
    left, found = list(requirements), set()
    while left:
        match = re.match(r"[\w.-]+", left.pop())
        assert match is not None
        name = normal(match[0])
        if name in found:
            continue
        found.add(name)
        try:
            more = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        left += [line for line in more if "extra ==" not in line]
    return found


def test_the_studio_s_packages_are_those_its_extra_installs() -> None:
    project = tomllib.loads((SRC.parent / "pyproject.toml").read_text())["project"]
    there = installed_with(project["dependencies"] + project["optional-dependencies"]["studio"])
    by_module = metadata.packages_distributions()
    missing = {name for name in reached() if not {normal(d) for d in by_module.get(name, ())} & there}
    assert missing == set(ELSEWHERE)
