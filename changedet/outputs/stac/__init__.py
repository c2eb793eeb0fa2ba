"""``stac/``: a self-contained STAC collection of a run's rasters, one item a date."""

from __future__ import annotations

from changedet.outputs.stac.catalog import bounds, write_stac
from changedet.outputs.stac.item_facts import THUMBNAIL, ItemFacts, SourceFile

__all__ = ["THUMBNAIL", "ItemFacts", "SourceFile", "bounds", "write_stac"]
