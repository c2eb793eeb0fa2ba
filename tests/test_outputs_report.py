"""The report without a run: no figures, too many pictures, where a chart puts its points."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from changedet.outputs.report import charts, pictures
from changedet.outputs.report.data import ReportData
from changedet.outputs.report.page import write_report


def test_report_of_one_date_without_any_figure(tmp_path: Path) -> None:
    frame = pd.DataFrame({"date": ["2023-06-04"], "zone": [""]})
    write_report(tmp_path / "report.html", ReportData("a", "A", {}, frame))
    words = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert words.count("not available: the run gave no figure") >= 8


def test_pictures_are_shrunk_until_they_fit() -> None:
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, (900, 900, 3), dtype=np.uint8)
    big = pictures._encoded(".jpg", noise, [])
    fitting = pictures.fitted({("q", str(i)): big for i in range(30)})
    assert sum(map(len, fitting.values())) <= pictures.PICTURE_BYTES < 30 * len(big)
    assert len(fitting) == 30


def test_chart_puts_the_values_where_they_belong_and_breaks_at_a_gap() -> None:
    figures = [charts.Figure(day, value, low, high) for day, value, low, high in [
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
    assert (svg.get("aria-label") or "").startswith("a <b>. 2023-01-01: 10 m² (95 %: 5 to 15)")


def test_large_areas_are_told_in_square_kilometres_and_fit_their_chart() -> None:
    figures = [charts.Figure("2000-01-01", 109_163_763.0, 582_393.0, 209_930_373.0)]
    svg = ET.fromstring(str(charts.line_chart(figures, title="Changed area", unit="m²")))
    told = [text.text or "" for text in svg.findall("text")]
    assert "km²" in told
    assert max(map(len, told)) <= 10
    assert "109.16 km² (95 %: 0.58 to 209.93)" in (svg.get("aria-label") or "")


def test_dates_close_to_each_other_are_not_written_over_each_other() -> None:
    days = ["2020-01-01", "2023-05-01", "2023-05-06", "2023-05-11", "2023-06-01"]
    svg = ET.fromstring(str(charts.line_chart([charts.Figure(day, 1.0) for day in days], title="a", unit="")))
    places = [float(t.get("x") or 0) for t in svg.findall("text") if (t.text or "").startswith("20")]
    assert len(places) == 2
    assert np.diff(places).min() > 80


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


def test_a_changed_area_of_a_clouded_date_says_what_it_does_not_show(tmp_path: Path) -> None:
    words = _cloudy_report(tmp_path, 0.61)
    assert "5.00 km² (4.00 to 6.00) on 2005-01-01, 2.00 km² (1.00 to 3.00) on 2010-01-01, which shows 61 %;" in words
    assert "What was hidden on a date is not in its figure." in words
    assert "earlier level of 0 m² to the end, 5.00 km² on average since" in words
    assert "which shows" not in _cloudy_report(tmp_path, 1.0)
