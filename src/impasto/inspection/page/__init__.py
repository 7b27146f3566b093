"""One page that tells the whole algorithm on two pictures: HTML that needs nothing but itself."""

from __future__ import annotations

from impasto.inspection.page.document import page_html
from impasto.inspection.page.story import GramView, IterationPicture, Story

__all__ = ["GramView", "IterationPicture", "Story", "page_html"]
