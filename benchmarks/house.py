"""Measures of the source: lines, docstrings that ask, class names used twice, import cycles."""

from __future__ import annotations

import ast
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
COVERAGE = ROOT / "coverage.json"  # of make coverage
QUESTIONS = ("What", "Where", "Who", "How", "Whether")
Definition = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def read(source: Path = SOURCE) -> dict[str, ast.Module]:
    """Return the syntax tree of every module by its dotted name."""
    trees = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        trees[".".join(parts).removesuffix(".__init__")] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


def lines(source: Path = SOURCE) -> Counter[str]:
    """Return the lines of Python in each room: a folder or a module of the package."""
    counts: Counter[str] = Counter()
    for path in source.rglob("*.py"):
        inside = path.relative_to(source).parts[1:]
        counts[inside[0].removesuffix(".py")] += len(path.read_text(encoding="utf-8").splitlines())
    return counts


def questions(trees: dict[str, ast.Module]) -> list[str]:
    """Return the modules, classes and functions whose docstrings begin with a question word."""
    found = []
    for module, tree in trees.items():
        for node in ast.walk(tree):
            words = ((isinstance(node, Definition) and ast.get_docstring(node)) or "").split()
            if words and words[0].rstrip(",:") in QUESTIONS:
                found.append(f"{module}.{getattr(node, 'name', '')}".rstrip("."))
    return found


def repeated_classes(trees: dict[str, ast.Module]) -> dict[str, list[str]]:
    """Return the class names that occur more than once, with their modules."""
    homes = defaultdict(list)
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(module)
    return {name: modules for name, modules in sorted(homes.items()) if len(modules) > 1}


def imported(module: str, tree: ast.Module, known: set[str], package: bool) -> Iterator[str]:
    """Yield the modules of ours that MODULE imports: at its head, in functions, for a type checker."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: len(module.split(".")) - node.level + package] if node.level else []
            home = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:
                full = f"{home}.{alias.name}"
                if full in known or home in known:
                    yield full if full in known else home


def cycles(trees: dict[str, ast.Module]) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or not.

    The package's face is left out: it resolves its names when they are asked for.
    """
    packages = {name.rpartition(".")[0] for name in trees}
    known = {name for name in trees if "." in name}
    graph = {name: set(imported(name, trees[name], known, name in packages)) - {name} for name in known}
    reached = {name: reachable(name, graph) for name in graph}
    groups = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in graph
        if name in reached[name]
    }
    return [list(group) for group in sorted(groups)]


def reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    """Return what can be reached from START in one step or more."""
    seen: set[str] = set()
    pending = list(graph[start])
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            pending.extend(graph[name])
    return seen


def covered(report: Path) -> dict[str, tuple[float, float]]:
    """Return what tests ran in each room and in all: statements; statements and branches, as shares."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for path, file in json.loads(report.read_text())["files"].items():
        inside = path.replace("\\", "/").rpartition("/impasto/")[2]
        room = inside.split("/")[0].removesuffix(".py")
        for name in (room, "all"):
            counts[name].update(
                {key: value for key, value in file["summary"].items() if isinstance(value, int)}
            )
    return {room: shares(found) for room, found in sorted(counts.items())}


def shares(found: Counter[str]) -> tuple[float, float]:
    lines_and_branches = found["num_statements"] + found["num_branches"]
    both = (found["covered_lines"] + found["covered_branches"]) / max(lines_and_branches, 1)
    return found["covered_lines"] / max(found["num_statements"], 1), both


def main() -> None:
    trees = read()
    rooms = lines()
    asking, repeated, circles = questions(trees), repeated_classes(trees), cycles(trees)
    print("| measure | value |\n|---|---|")
    print(f"| lines of Python in src | {rooms.total()} |")
    print(f"| modules | {len(trees)} |")
    print(f"| docstrings that begin with {', '.join(QUESTIONS)} | {len(asking)} |")
    print(f"| class names that occur more than once | {len(repeated)} |")
    print(f"| import cycles | {len(circles)} |")
    print("\nLines by room:", ", ".join(f"{room} {count}" for room, count in rooms.most_common()))
    if COVERAGE.exists():
        print("\n| room | statements run by tests | with branches |\n|---|---|---|")
        for room, (statements, both) in covered(COVERAGE).items():
            print(f"| {room} | {statements:.1%} | {both:.1%} |")
    print("\nClass names that occur more than once:")
    for name, modules in repeated.items():
        print(f"- {name}: {', '.join(modules)}")
    print("\nImport cycles:")
    for group in circles:
        print(f"- {', '.join(group)}")
