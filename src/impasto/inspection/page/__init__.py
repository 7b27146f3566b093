"""One page that tells the whole algorithm on two pictures: HTML that needs nothing but itself."""

from __future__ import annotations

from impasto.inspection.page.document import page_html
from impasto.inspection.page.story import Frame, GramView, Story

__all__ = ["Frame", "GramView", "Story", "page_html"]
