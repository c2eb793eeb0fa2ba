"""The time line: looks and beginnings, true to scale."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from changedet.outputs.report.axes import Backdrop, along
from changedet.outputs.report.timeline import Span, timeline

DAYS = ["2023-01-01", "2023-03-01", "2023-05-01", "2023-12-01"]


def test_timeline_draws_each_beginning_between_its_bounds_the_earliest_first() -> None:
    spans = [Span("boxes <b>", "2023-03-02", "2023-05-01"), Span("yard", "2022-12-01", "2023-03-01")]
    svg = ET.fromstring(str(timeline(DAYS, spans, Backdrop(hidden={DAYS[1]: 0.4}))))
    bars = [rect for rect in svg.findall("rect") if rect.get("class") == "began"]
    x = along(DAYS)
    ends = [float(bar.get("x") or 0) + float(bar.get("width") or 0) for bar in bars]
    assert ends == pytest.approx([x("2023-03-01"), x("2023-05-01")], abs=0.2)
    assert float(bars[0].get("x") or 0) == round(x(DAYS[0]), 1), "what began before the first look is cut there"
    kinds = [circle.get("class") for circle in svg.findall("circle")]
    assert kinds == ["look", "look cloudy", "look", "look"]
    assert "boxes <b> between 2 March and 1 May 2023" in (svg.get("aria-label") or "")


def test_timeline_text_stays_in_the_picture_where_neither_side_has_room() -> None:
    svg = ET.fromstring(str(timeline(DAYS, [Span("containers grow in number", DAYS[0], DAYS[-1])], Backdrop())))
    (said,) = [text for text in svg.findall("text") if text.get("class") == "said"]
    assert said.get("text-anchor") == "end"
    assert along(DAYS)(DAYS[0]) < float(said.get("x") or 0) < along(DAYS)(DAYS[-1])
