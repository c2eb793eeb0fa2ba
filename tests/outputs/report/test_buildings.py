"""Table of halls: gaps in which they were built and gone, areas with their error."""

from __future__ import annotations

import pandas as pd

from changedet.outputs.report.buildings import building_table
from changedet.outputs.sentences.words import calendar_of


def test_gaps_in_words() -> None:
    rows = pd.DataFrame(
        {
            "building_id": [1, 2],
            "area_m2": [600.0, 800.0],
            "area_low_m2": [450.0, 600.0],
            "area_high_m2": [800.0, 1070.0],
            "stood_before": [True, False],
            "not_before": [None, "2024-02-01"],
            "first_seen": ["2024-01-01", "2024-03-01"],
            "last_seen": ["2024-03-01", "2024-05-01"],
            "not_after": ["2024-04-01", None],
            "probability": [0.97, 0.8],
        }
    )
    first, second = building_table(rows, calendar_of(["2024-01-01", "2024-05-01"])).rows
    assert first.cells[1] == "600 (450 to 800)"
    assert first.cells[2].startswith("by ")
    assert "1 Jan" in first.cells[2]
    assert "1 Mar" in first.cells[3]
    assert "1 Apr" in first.cells[3]
    assert "1 Feb" in second.cells[2]
    assert second.cells[3:] == ["", "0.80"]
    assert not building_table(None, calendar_of([])).rows
