"""Styles of finished rasters."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from changedet.outputs.rasters.classes import date_classes
from changedet.outputs.rasters.styling import style


def test_style_dates_are_classes_up_to_a_legend_that_is_read() -> None:
    few = [f"2023-{month:02d}-01" for month in range(1, 13)]
    found = date_classes(few)
    assert [c.value for c in found][:2] == [0, 19358]
    assert [c.label for c in found][-1] == "2023-12-01"
    many = [f"{year}-01-01" for year in range(1950, 2020)]
    drawn = style(Path("never-opened.tif"), "first_change", dates=many)
    items = ET.fromstring(f"<x>{drawn}</x>").findall(".//item")
    assert [item.get("label") for item in items][2::7] == ["1950-01-01", "2019-01-01"]
    assert len(items) == 10
