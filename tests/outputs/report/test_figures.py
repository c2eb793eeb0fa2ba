"""Figures of the report's table, in units that fit them."""

from __future__ import annotations

from changedet.outputs.report.figures import interval_text


def test_interval_text_of_a_difference_is_in_the_unit_of_its_bounds() -> None:
    change = {"value": -4140.0, "low": -153370.0, "high": 136550.0}
    assert interval_text(change, "m²", signed=True) == "−0.4 ha (−15.3 to 13.7)"
    area = {"value": 9810.0, "low": 0.0, "high": 67150.0}
    assert interval_text(area, "m²") == "9,810 m² (0–67,150)", "as the sentences have it"
