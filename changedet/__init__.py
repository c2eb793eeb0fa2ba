"""Watch a site from above: change, counts, tracks and onset, each with its uncertainty."""

from __future__ import annotations

from importlib.metadata import version

__version__ = version("changedet")
