"""Only the room of files writes; whoever else does is named here, with the reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import impasto

SOURCE = Path(impasto.__file__).parent
WRITING = {"write_text", "write_bytes", "touch", "mkstemp", "NamedTemporaryFile"}
SAVING = {"savefig", "save_file", "tofile"}
MODES = {"w", "wb", "a", "ab", "x", "xb", "r+", "r+b", "w+", "w+b", "a+b", "x+b"}

EXCEPTIONS = {
    "cli/standard_streams.py open": "the null device, in place of a standard stream that is closed",
    "jobs/executors/worker.py write_text": "an entry of /proc, which is no file",
    "networks/export/quantisation.py write_bytes": "the quantiser reads a file: one in a temporary folder",
    "pipelines/video/folder.py rename": "an unfinished film changes places with an earlier one",
    "plugins/client.py write_bytes": "a host's program, which has no part of the package but this module",
    "plugins/data/comfyui/nodes.py write_bytes": "the same, in the host's own folder for results",
    "studio/backup.py open": "a file of a backup, in a folder beside its place until all are there",
    "studio/backup.py rename": "the restored files take their places, the database last",
    "studio/web/routes/pictures.py open": "an upload on its way, whose name nobody knows",
    "studio/web/routes/films.py replace": "an upload that was found to be a film takes its name",
    "studio/results.py replace": "a picture cut short takes the result's name",
    "studio/logs.py open": "the audit, which nobody but its owner may read",
    "studio/settings.py open": "the secret, which nobody but its owner may read; whoever comes first wins",
    "studio/worker/ray_executor.py touch": "an empty file, which tells a worker elsewhere to stop",
    "weights/download.py open": "a transfer that broke off goes on where it was",
    "weights/download.py replace": "the file that was transferred takes its name once its digest is right",
}


def writers(tree: ast.AST) -> Iterator[str]:
    """The names of calls that write files, as far as they can be told by how they look."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function, arguments = node.func, node.args
        is_method = isinstance(function, ast.Attribute)
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        modes = [
            *arguments[0 if is_method else 1 :][:1],
            *[k.value for k in node.keywords if k.arg == "mode"],
        ]
        parts = [part for mode in modes for part in ast.walk(mode)]
        opens = any(isinstance(part, ast.Constant) and part.value in MODES for part in parts)
        is_stream = bool(arguments) and isinstance(arguments[0], ast.Name) and arguments[0].id == "stream"
        of_os = isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "os"
        moves = name in ("replace", "rename") and (
            of_os or (is_method and len(arguments) == 1 and not node.keywords)
        )
        if (
            name in WRITING
            or (name in SAVING and not is_stream)
            or (name == "open" and (opens or of_os))
            or moves
        ):
            yield name


def found(folder: Path) -> set[str]:
    return {
        f"{path.relative_to(folder).as_posix()} {name}"
        for path in folder.rglob("*.py")
        if path.relative_to(folder).parts[0] != "files"
        for name in writers(ast.parse(path.read_text(encoding="utf-8")))
    }


def test_only_the_room_of_files_writes() -> None:
    assert found(SOURCE) == set(EXCEPTIONS)


@pytest.mark.parametrize(
    "line",
    [
        "open(path, 'w')",
        "open(path, mode='ab')",
        "path.open('ab' if there else 'wb')",
        "path.open(mode='w+b')",
        "os.open(path, flags)",
        "path.write_text(text)",
        "os.replace(one, other)",
        "temporary.replace(path)",
        "tempfile.mkstemp(dir=folder)",
        "figure.savefig(path, dpi=110)",
        "save_file(tensors, path)",
    ],
)
def test_what_writes_is_seen(line: str) -> None:
    assert list(writers(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "open(path)",
        "path.open('rb')",
        "av.open(stream, 'w', format='mp4')",
        "text.replace('a', 'b')",
        "options.replace(size=3)",
        "replace(job, options=options)",
        "figure.savefig(stream, format='png')",
        "files.replace(path, data)",
    ],
)
def test_what_does_not_write_is_not(line: str) -> None:
    assert not list(writers(ast.parse(line)))
