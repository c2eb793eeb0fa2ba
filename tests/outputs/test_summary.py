"""What is wrong in a summary.json is named."""

from __future__ import annotations

import copy
import json
from typing import Any

from changedet.outputs.summary import ONSETS, TOTAL_PARTS, TOTALS, summary_problems


def summary() -> dict[str, Any]:
    figure = {"value": 3, "low": 2, "high": 5, "date": "2023-06-04"}
    totals: dict[str, Any] = {name: dict.fromkeys(TOTAL_PARTS, figure) for name in TOTALS}
    onset = {"date": "2023-07-04", "low": "2023-06-05", "high": "2023-07-04", "probability": 0.9, "reason": ""}
    made = {
        "schema_version": 1,
        "site": {"id": "a"},
        "grid": {"crs": "EPSG:32651", "resolution_m": 0.5, "shape": [1, 2]},
        "dates": ["2023-06-04"],
        "reference_date": "2023-06-04",
        "totals": {**totals, "arrivals": figure, "departures": figure},
        "onset": dict.fromkeys(ONSETS, onset),
        "warnings": [],
    }
    return copy.deepcopy(json.loads(json.dumps(made)))


def test_summary_problems_a_right_summary_has_no_problems() -> None:
    assert summary_problems(summary()) == []


def test_summary_problems_each_wrong_summary_is_named() -> None:
    def problems(change: Any) -> list[str]:
        made = summary()
        change(made)
        return summary_problems(made)

    assert problems(lambda s: s.pop("warnings")) == ["warnings: missing"]
    assert problems(lambda s: s["grid"].pop("shape")) == ["grid.shape: missing"]
    assert problems(lambda s: s["totals"].pop("arrivals")) == ["totals.arrivals: missing"]
    assert problems(lambda s: s["totals"]["teu"].pop("peak")) == ["totals.teu.peak: expected value, low, high and date"]
    assert problems(lambda s: s["totals"]["teu"]["last"].update(low=4)) == ["totals.teu.last: 3 lies outside 4 to 5"]
    assert problems(lambda s: s["totals"]["teu"]["last"].update(value=None, low=None, high=None)) == []
    assert problems(lambda s: s["onset"]["footprint"].update(date=None)) == ["onset.footprint: no date and no reason"]
    assert problems(lambda s: s["onset"]["footprint"].update(date=None, reason="flat")) == []
    assert problems(lambda s: s["onset"]["footprint"].update(date="2023-08-01")) == [
        "onset.footprint: 2023-08-01 lies outside 2023-06-05 to 2023-07-04"
    ]
