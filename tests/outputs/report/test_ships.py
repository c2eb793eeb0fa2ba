"""Tables of berths and ships: looks counted by what they say, sizes with their errors, boats left out."""

import pandas as pd

from changedet.outputs.report.ships import berth_table, ship_table
from changedet.outputs.sentences.words import calendar_of

CALENDAR = calendar_of(["2024-05-01", "2024-05-11"])


def test_berth_table_counts_the_looks() -> None:
    record = {"dates": {"2024-05-01": True, "2024-05-11": None}, "days": 11, "days_low": 1, "days_high": 11}
    found = berth_table({"berths": {"quay": record}})
    assert [row.cells for row in found.rows] == [["quay", "1", "0", "1", "1 to 11 of 11"]]
    assert not berth_table({}).rows


def test_ship_table_lists_the_large_with_their_errors() -> None:
    row = {"date": "2024-05-01", "kind": "ship", "length_m": 112.4, "length_error_m": 3.6, "width_m": 18.0}
    row |= {"width_error_m": 1.0, "zone": None, "boxes": None, "confidence": 0.95, "is_whole": False}
    found = ship_table(pd.DataFrame([row, {**row, "kind": "boat"}]), CALENDAR)
    assert len(found.rows) == 1
    assert found.rows[0].cells[1:] == [
        "afloat", "ship", "112 ± 4 and more, cut by the picture's edge", "18 ± 1", "–", "0.95",
    ]  # fmt: skip
    assert not ship_table(None, CALENDAR).rows
