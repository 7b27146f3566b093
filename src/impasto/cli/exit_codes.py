"""The exit codes of commands, other than 0."""

from __future__ import annotations

SOME_FAILED = 1
"""Some of several paintings failed."""
BAD_INPUT = 2
"""The input, options or output cannot be used, or not on this machine."""
INTERRUPTED = 130
"""Ctrl-C or a signal stopped the command; finished work is kept."""
