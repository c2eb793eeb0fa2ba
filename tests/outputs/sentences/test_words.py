"""How dates and figures of a site are written."""

from __future__ import annotations

from changedet.outputs.sentences.words import Scale, calendar_of, interval_text


def test_calendar_of_writes_one_day_in_full_also_where_each_zone_has_its_row() -> None:
    assert calendar_of(["2020-01-01", "2020-01-01"]).day("2020-01-01") == "1 January 2020"
    assert calendar_of(["1985-01-01", "2020-01-01"]).day("2020-01-01") == "2020"


def test_interval_text_gives_no_sign_to_what_rounds_to_nothing() -> None:
    assert interval_text(0.04, -46, 39, Scale(1, "TEU", 0), signed=True) == "0 TEU (\N{MINUS SIGN}46 to 39)"
    assert interval_text(30, -46, 59, Scale(1, "TEU", 0), signed=True).startswith("+30 TEU")
    assert interval_text(40.0, -46, 90, Scale(1e4, "ha", 2), signed=True).startswith("0.00 ha")
