"""Charts: where they put their points, and their units."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from changedet.outputs.report import charts
from changedet.outputs.report.axes import Figure


def test_line_chart_puts_the_values_where_they_belong_and_breaks_at_a_gap() -> None:
    figures = [Figure(day, value, low, high) for day, value, low, high in [
        ("2023-01-01", 10.0, 5.0, 15.0), ("2023-01-11", 20.0, 15.0, 25.0), ("2023-01-21", None, None, None),
        ("2023-01-31", 40.0, 35.0, 45.0), ("2023-02-10", 30.0, 25.0, 35.0)]]  # fmt: skip
    svg = ET.fromstring(str(charts.line_chart(figures, title="a <b>", unit="m²")))
    lines = [
        [tuple(map(float, p.split(","))) for p in (line.get("points") or "").split()]
        for line in svg.findall("polyline")
    ]
    assert [len(line) for line in lines] == [2, 2]
    (x0, y0), (x1, y1), (x3, y3), _ = lines[0] + lines[1]
    assert x3 - x1 == pytest.approx(2 * (x1 - x0), abs=0.2)
    assert (y0 - y3) == pytest.approx(3 * (y0 - y1), abs=0.2)
    assert len(svg.findall("polygon")) == 2
    assert (svg.get("aria-label") or "").startswith("a <b>. 1 January 2023: 10 m² (5–15)")


def test_line_chart_large_areas_are_told_in_square_kilometres_and_fit_their_chart() -> None:
    figures = [Figure("2000-01-01", 109_163_763.0, 582_393.0, 209_930_373.0)]
    svg = ET.fromstring(str(charts.line_chart(figures, title="Changed area", unit="m²")))
    told = [text.text or "" for text in svg.findall("text")]
    assert "km²" in told
    assert max(map(len, told)) <= 10
    assert "109 km² (1–210)" in (svg.get("aria-label") or "")


def test_line_chart_dates_close_to_each_other_are_not_written_over_each_other() -> None:
    days = ["2020-01-01", "2023-05-01", "2023-05-06", "2023-05-11", "2023-06-01"]
    svg = ET.fromstring(str(charts.line_chart([Figure(day, 1.0) for day in days], title="a", unit="")))
    places = [float(t.get("x") or 0) for t in svg.findall("text") if "May" in (t.text or "") or "Jan" in (t.text or "")]
    assert len(places) == 2
    assert np.diff(places).min() > 80


def test_charts_tell_readers_without_pictures_what_a_bar_is() -> None:
    came, left = [Figure("2023-05-06", 52.0, 16.0, 88.0)], [Figure("2023-05-06", 18.0, 0.0, 34.0)]
    verbs = "arrived", "left"
    svg = ET.fromstring(str(charts.bar_chart(came, left, title="Moves", unit="containers", verbs=verbs)))
    told = ["6 May 2023: 52 containers (16–88) arrived", "6 May 2023: 18 containers (0–34) left"]
    assert svg.get("aria-label") == f"Moves. {'; '.join(told)}"
    assert [tip.text for tip in svg.iter("title")] == told
    share = ET.fromstring(str(charts.share_chart([Figure("2023-05-06", 0.67)], title="Clear share")))
    assert [tip.text for tip in share.iter("title")] == ["6 May 2023: 67 %"]
