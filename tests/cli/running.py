"""Commands run in this process, and what a refusal looks like."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from impasto.cli import app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def refused(result: Result, *words: str) -> None:
    """One short message, exit code 2, no traceback."""
    assert result.exit_code == 2, result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("impasto: ")
    for word in words:
        assert word in lines[0]
