"""The report's tables: words for columns, intervals with their figures."""

from __future__ import annotations

import pandas as pd

from changedet.outputs.report.tables import anchor, ground_table, plain_text, series_table
from changedet.outputs.sentences.words import Calendar

DAY_BY_DAY = Calendar(years_only=False)


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "date": ["2023-03-12", "2023-06-12"],
            "zone": ["", ""],
            "valid_fraction": [1.0, 0.655],
            "containers": pd.array([40, pd.NA], dtype="Int64"),
            "containers_expected": [40.8, 44.0],
            "containers_low": [36.5, 40.0],
            "containers_high": [45.7, 49.0],
            "changed_area_m2": [None, 7237.6],
            "changed_area_low_m2": [None, 4920.8],
            "changed_area_high_m2": [None, 13978.5],
            "occupancy": [0.5, 0.55],
            "occupancy_low": [0.45, 0.5],
            "occupancy_high": [0.56, 0.6],
            "shift_east_m": [0.0, 0.1],
        }
    )


def test_series_table_has_columns_in_words_and_each_figure_with_its_interval() -> None:
    made = series_table(rows(), DAY_BY_DAY)
    assert made.columns == [
        "Date", "Clear", "Containers seen", "Containers expected", "Changed area", "Occupancy"]  # fmt: skip
    assert made.rows[1].cells == [
        "12 June 2023", "66 %", "–", "44 (40–49)", "7,240 m² (4,920–13,980)", "55 % (50–60)"]  # fmt: skip
    assert [row.id for row in made.rows] == ["row-2023-03-12", "row-2023-06-12"]


def test_series_table_of_zones_names_them_and_has_no_anchor_twice() -> None:
    made = series_table(rows().assign(zone=["a", "b"]), DAY_BY_DAY, zones=True)
    assert [row.cells[1] for row in made.rows] == ["a", "b"]
    assert {row.id for row in made.rows} == {""}


def test_ground_table_has_words_and_areas_that_fit() -> None:
    ground = pd.DataFrame({"date": ["2023-03-12"], "kind": ["paving"], "area_m2": [12167.3], "gained_m2": [None]})
    made = ground_table(ground, DAY_BY_DAY)
    assert made.columns == ["Date", "Ground", "Area", "Gained since the look before"]
    assert made.rows[0].cells == ["12 March 2023", "paving", "1.22 ha", "–"]
    assert ground_table(None, DAY_BY_DAY).rows == []


def test_anchor_and_plain_text_take_any_text() -> None:
    assert anchor('zone "a b"<c>') == "zone-a-b-c"
    assert plain_text({"a_m": 2.0, "b": None}) == "a_m = 2, b = –"
    assert plain_text(["red", "nir"]) == "red, nir"
