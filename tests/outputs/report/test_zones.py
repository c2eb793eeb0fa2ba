"""The table of zones."""

from __future__ import annotations

from typing import Any

import pandas as pd

from changedet.outputs.report.data import ReportData
from changedet.outputs.report.zones import zone_rows
from changedet.outputs.sentences.words import Calendar


def figure(value: float, low: float, high: float) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "date": "2023-12-17"}


def test_zone_rows_give_occupancy_of_the_last_look_and_since_when_it_is_full() -> None:
    zones = {
        "east": {
            "containers": {"first": figure(0, 0, 2), "last": figure(97, 87, 107)},
            "arrivals": figure(99, 61, 130),
            "departures": {"value": None, "low": None, "high": None, "date": None},
            "onset": {"containers": {"date": None, "reason": "it was as high before"}},
            "capacity": 100.0,
            "full_since": {"date": "2023-10-27", "low": "2023-09-11", "high": None},
        },
        "west": {"capacity": None, "full_since": None, "onset": {}},
    }
    data = ReportData({"zones": zones}, pd.DataFrame())
    east, west = zone_rows(data, Calendar(years_only=False))
    assert (east.first, east.last, east.arrived, east.left) == ("0 (0–2)", "97 (87–107)", "99 (61–130)", "–")
    assert (east.occupancy, east.share) == ("97 % (87–107)", 0.97)
    assert east.full_since == "27 October 2023 (not before 11 September 2023); not surely"
    assert east.began == "it was as high before"
    assert (west.last, west.occupancy, west.full_since, west.began) == ("–", "", "", "–")


def test_zone_rows_of_what_is_not_counted_tell_of_its_ground() -> None:
    zones = {"east": {"footprint_area_m2": {"last": figure(22700, 12554, 22850)}, "onset": {}}, "west": {"onset": {}}}
    table = pd.DataFrame(
        {
            "date": ["2023-06-12", "2023-12-17", "2024-02-01"],
            "zone": "east",
            "changed_area_m2": [0.0, 23400.0, None],
            "changed_area_low_m2": [0.0, 12554.0, None],
            "changed_area_high_m2": [300.0, 142370.0, None],
        }
    )
    east, west = zone_rows(ReportData({"zones": zones}, table), Calendar(years_only=False))
    assert (east.changed, east.built) == ("2.34 ha (1.26–14.24)", "2.27 ha (1.26–2.29)")
    assert (west.changed, west.built) == ("–", "–")
