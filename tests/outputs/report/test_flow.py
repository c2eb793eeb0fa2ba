"""Table of flow: what cannot be told is named so."""

from changedet.outputs.report.flow import flow_table
from changedet.outputs.sentences.words import calendar_of


def test_flow_table_lists_bounds_in_order() -> None:
    known = {"least": 18.0, "likely": 24.4, "most": 41.0}
    open_ended = {"least": 1.0, "likely": 2.0, "most": None}
    days = {"from": "2024-05-01", "to": "2024-05-31", "days": 30}
    rows = [
        days | {"arrivals": known, "departures": known, "unseen": {"likely": 4.4, "most": 18.0}},
        days | {"arrivals": open_ended, "departures": open_ended, "unseen": None},
    ]
    found = flow_table({"flow": rows}, calendar_of(["2024-05-01", "2024-05-31"]))
    assert found.rows[0].cells[2:] == ["18, 24, 41", "18, 24, 41", "4, at most 18"]
    assert found.rows[1].cells[2:] == ["1, 2, no bound", "1, 2, no bound", "cannot be told"]
    assert not flow_table({"flow": rows[1:]}, calendar_of(["2024-05-01", "2024-05-31"])).rows, "no bound at all"
    assert not flow_table({}, calendar_of(["2024-05-01"])).rows
