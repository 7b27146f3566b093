"""The page that explains the whole algorithm on two pictures: self-contained HTML."""

from __future__ import annotations

from impasto.inspection.page.document import page_html
from impasto.inspection.page.story import GramView, IterationPicture, Story

__all__ = ["GramView", "IterationPicture", "Story", "page_html"]
