"""What ``summary.json`` always holds."""

from __future__ import annotations

from typing import Final

SCHEMA_VERSION: Final = 1
"""Of ``summary.json``."""
TOTAL_PARTS: Final = ("first", "last", "peak", "net_change")
"""Of each figure in ``totals`` but ``arrivals`` and ``departures``, which are sums."""
