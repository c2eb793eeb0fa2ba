"""The report without a run: no figures, too many pictures, where a chart puts its points."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from changedet.outputs import charts, pictures, report


def test_report_of_one_date_without_any_figure(tmp_path: Path) -> None:
    frame = pd.DataFrame({"date": ["2023-06-04"], "zone": [""]})
    report.write_report(tmp_path / "report.html", report.ReportData("a", "A", {}, frame))
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
