"""Single values of tables and records."""

from __future__ import annotations

import pandas as pd

from changedet.outputs.values import iso_dates, left_to_right, rows_of


def test_left_to_right_keeps_the_numbers_after_a_name_in_their_order() -> None:
    arabic = "\u0645\u062f\u064a\u0646\u0629"
    assert left_to_right(arabic) == f"\u200e{arabic}\u200e"
    assert left_to_right("D\u00e9p\u00f4t 7 \u53f0") == "D\u00e9p\u00f4t 7 \u53f0"


def test_rows_of_a_zone_are_in_order_and_a_table_without_zones_is_of_the_site() -> None:
    table = pd.DataFrame(
        {"date": ["2023-05-01", "2023-01-01", "2023-01-01"], "zone": [pd.NA, "", "quay"], "count": [3, 2, 1]}
    )
    assert [*rows_of(table)["count"]] == [2, 3]
    assert [*rows_of(table, "quay")["count"]] == [1]
    assert [*rows_of(table.drop(columns="zone"))["count"]] == [2, 1, 3]
    assert rows_of(table.drop(columns="zone"), "quay").empty


def test_a_missing_date_is_no_text() -> None:
    assert iso_dates(pd.Series(["2023-05-01T23:30:00Z", None])).tolist() == ["2023-05-01", ""]
