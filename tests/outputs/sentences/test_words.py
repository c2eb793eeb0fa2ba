"""How dates of a site are written."""

from __future__ import annotations

from changedet.outputs.sentences.words import calendar_of


def test_calendar_of_writes_one_day_in_full_also_where_each_zone_has_its_row() -> None:
    assert calendar_of(["2020-01-01", "2020-01-01"]).day("2020-01-01") == "1 January 2020"
    assert calendar_of(["1985-01-01", "2020-01-01"]).day("2020-01-01") == "2020"
