"""Sentences of a report."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from changedet.outputs.report.data import ReportData
from changedet.outputs.report.page import write_report


def _cloudy_report(folder: Path, last_seen: float) -> str:
    dates = ["2000-01-01", "2005-01-01", "2010-01-01"]
    frame = pd.DataFrame({"date": dates, "zone": [""] * 3, "valid_fraction": [1.0, 1.0, last_seen]})
    first = {"value": 5e6, "low": 4e6, "high": 6e6, "date": dates[1]}
    last = {"value": 2e6, "low": 1e6, "high": 3e6, "date": dates[2]}
    net = {"value": -3e6, "low": -4e6, "high": -2e6, "date": dates[2]}
    summary = {
        "dates": dates,
        "totals": {"changed_area_m2": {"first": first, "last": last, "peak": first, "net_change": net}},
        "onset": {
            "changed_area": {
                "date": dates[1],
                "low": "2000-01-02",
                "high": dates[1],
                "probability": 0.95,
                "reason": "above its earlier level of 0 to the end, 5000000 on average since",
            }
        },
    }
    write_report(folder / "report.html", ReportData("a", "A", summary, frame))
    return (folder / "report.html").read_text(encoding="utf-8")


def test_story_a_changed_area_of_a_clouded_date_says_what_it_does_not_show(tmp_path: Path) -> None:
    words = _cloudy_report(tmp_path, 0.61)
    assert "5.00 km² (4.00 to 6.00) on 2005-01-01, 2.00 km² (1.00 to 3.00) on 2010-01-01, which shows 61 %;" in words
    assert "What was hidden on a date is not in its figure." in words
    assert "earlier level of 0 m² to the end, 5.00 km² on average since" in words
    assert "which shows" not in _cloudy_report(tmp_path, 1.0)
