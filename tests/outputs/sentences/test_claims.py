"""Claims in words."""

from __future__ import annotations

from changedet.outputs.sentences.claims import chance, claim_text
from changedet.outputs.sentences.words import Calendar

CALENDAR = Calendar(years_only=False)


def test_bounds_are_rounded_down_and_say_where() -> None:
    bound = {"kind": "at_least", "about": "footprint_area_m2", "zone": "east", "date": "2023-12-17", "value": 7689}
    assert claim_text(bound, CALENDAR) == "Zone east: Built ground covered at least 7,680 m² on 17 December 2023"
    wide = bound | {"value": 2_847_600.0, "zone": ""}
    assert claim_text(wide, CALENDAR) == "Built ground covered at least 2.84 km² on 17 December 2023"
    assert "at least 1.00 ha on" in claim_text(bound | {"value": 10_003}, CALENDAR)
    assert "at least 9,990 m² on" in claim_text(bound | {"value": 9_999}, CALENDAR)
    small = bound | {"about": "containers", "zone": "", "value": 31.9}
    assert claim_text(small, CALENDAR) == "At least 31 containers stood there on 17 December 2023"
    moved = small | {"about": "departures"}
    assert claim_text(moved, CALENDAR) == "At least 31 containers left between the looks up to 17 December 2023"
    assert claim_text(moved | {"value": 1.4}, CALENDAR).startswith("At least 1 container left")


def test_a_record_of_years_names_the_year() -> None:
    record = {
        "kind": "record", "about": "footprint_area_m2", "zone": "", "date": "2020-01-01", "value": 52_300.0,
        "low": 50_000.0, "high": 54_000.0, "probability": 0.957, "rows": {"dates": ["2018-01-01"] * 4},
    }  # fmt: skip
    said = claim_text(record, Calendar(years_only=True))
    assert said == "Of 4 looks, built ground was largest in 2020: 5.23 ha (5.00–5.40), probability .95"
    assert chance(0.99) == "probability .99"
