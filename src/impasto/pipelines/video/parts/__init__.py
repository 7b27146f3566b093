"""Films painted in parts by several workers, here or on a cluster, and put together without a seam."""

from __future__ import annotations

from impasto.pipelines.video.parts.making import film_in_parts

__all__ = ["film_in_parts"]
