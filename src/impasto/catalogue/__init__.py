"""Styles: the named ones, style files, and styles measured from pictures."""
