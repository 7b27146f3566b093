"""The exit codes of commands, other than 0."""

from __future__ import annotations

SOME_FAILED = 1
"""Some of several paintings failed."""
BAD_INPUT = 2
"""Something was typed that cannot be used, or cannot be done here."""
INTERRUPTED = 130
"""Ctrl-C or a signal ended it; what was finished is kept."""
