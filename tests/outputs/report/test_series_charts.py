"""Charts of a series: what they say where nothing is counted."""

from __future__ import annotations

import pandas as pd
import pytest

from changedet.outputs.report.data import ReportData
from changedet.outputs.report.series_charts import series_charts
from changedet.outputs.sentences.words import Calendar

DAYS = ["2023-03-12", "2023-06-12", "2023-12-17"]


@pytest.mark.parametrize(
    ("expected", "first", "note"),
    [
        ([3.0, 4.0, 5.0], "Containers", "Expected count with its 95 % band; rings: boxes seen on the day."),
        (
            [None] * 3,
            "Changed area",
            "Rings: boxes seen on the day; they are in no count. Counts are not available: f.",
        ),
    ],
)
def test_series_charts_do_not_begin_with_boxes_that_are_in_no_count(
    expected: list[float | None], first: str, note: str
) -> None:
    made = ReportData({"unavailable": {"containers": "f"}}, pd.DataFrame())
    rows = pd.DataFrame(
        {
            "date": DAYS,
            "zone": "",
            "containers": [2, 3, 4],
            "containers_expected": pd.Series(expected, dtype="float64"),
            "containers_low": pd.Series(expected, dtype="float64"),
            "containers_high": pd.Series(expected, dtype="float64"),
            "changed_area_m2": [None, 100.0, 200.0],
            "changed_area_low_m2": [None, 0.0, 0.0],
            "changed_area_high_m2": [None, 900.0, 900.0],
        }
    )
    drawn = series_charts(rows, made, Calendar(years_only=False))
    assert drawn[0].title == first
    (boxes,) = [chart for chart in drawn if chart.title == "Containers"]
    assert boxes.note == note
