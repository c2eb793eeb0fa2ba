"""STAC items as scenes: from a static catalog, an item, an item collection or an API."""

from __future__ import annotations

from changedet.imagery.stac.items import items

__all__ = ["items"]
