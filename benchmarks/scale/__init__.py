"""Machines and money from measured costs, and a thousand workers that are not there (docs/scale.md)."""
