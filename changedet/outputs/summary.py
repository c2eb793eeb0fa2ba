"""What ``summary.json`` always holds, and which columns of ``timeseries.csv`` its figures come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SCHEMA_VERSION: Final = 1
"""Of ``summary.json``."""
TOTAL_PARTS: Final = ("first", "last", "peak", "net_change")
"""Of each figure in ``totals`` but ``arrivals`` and ``departures``, which are sums."""
FIGURE_COLUMNS: Final[Mapping[str, tuple[str, str, str]]] = {
    "containers": ("containers_expected", "containers_low", "containers_high"),
    "teu": ("teu_expected", "teu_low", "teu_high"),
    "arrivals": ("arrivals_expected", "arrivals_low", "arrivals_high"),
    "departures": ("departures_expected", "departures_low", "departures_high"),
    "changed_area_m2": ("changed_area_m2", "changed_area_low_m2", "changed_area_high_m2"),
    "footprint_area_m2": ("footprint_area_m2", "footprint_low_m2", "footprint_high_m2"),
}
"""Columns of ``timeseries.csv`` with a figure's value and the bounds of its 95 % interval, by its key in ``totals``."""
UNMEASURED: Final = "as on simulated sites"
"""Begins the reason of a placebo that no date of the site measured."""


def marked_words(placebo: Mapping[str, object]) -> str:
    """Whether a share of the site was seen to be marked where nothing happened, or may be.

    Parameters
    ----------
    placebo : mapping
        As ``summary.json`` keeps it.

    Returns
    -------
    str
        ``is marked`` where dates of the site itself show it, else ``may be marked``.
    """
    return "may be marked" if str(placebo.get("reason")).startswith(UNMEASURED) else "is marked"
