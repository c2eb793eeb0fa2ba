"""Tables of works and cells: a story of states a work, looks counted by what they show a cell."""

import pandas as pd

from changedet.outputs.report.works import cell_table, work_table
from changedet.outputs.sentences.words import calendar_of

CALENDAR = calendar_of(["2024-05-01", "2024-05-11", "2024-05-21"])


def test_work_table_tells_the_states_in_order() -> None:
    row = {"work_id": 1, "kind": "pit", "area_m2": 412.3, "made_after": "2024-05-01", "made_by": "2024-05-11"}
    days = ["2024-05-11", "2024-05-21", "2024-05-31"]
    states = ["dug", None, "in use"]
    rows = [{**row, "date": day, "state": state} for day, state in zip(days, states, strict=True)]
    found = work_table(pd.DataFrame(rows), CALENDAR)
    assert len(found.rows) == 1
    cells = found.rows[0].cells
    assert cells[:3] == ["1", "pit", "412"]
    assert cells[4].startswith("dug ")
    assert cells[4].count(",") == 1
    assert "in use" in cells[4]
    assert not work_table(None, CALENDAR).rows


def test_cell_table_counts_the_looks() -> None:
    dates = {"2024-05-01": "empty", "2024-05-11": "full", "2024-05-21": None}
    found = cell_table({"cells": {"pad 1": {"dates": dates}}})
    assert [row.cells for row in found.rows] == [["pad 1", "1", "1", "0", "1", "full"]]
    assert not cell_table({}).rows
