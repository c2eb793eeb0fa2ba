"""Table of trains: each with its order in short, and the interval of its track."""

from changedet.outputs.report.railcars import railcar_table
from changedet.outputs.sentences.words import calendar_of


def test_railcar_table_gives_order_and_interval() -> None:
    train = {"date": "2024-05-01", "zone": "siding", "track": 2, "train": 1, "railcars": 3, "loaded": 2, "empty": 0}
    train |= {"length_m": 61.2, "sequence": "locomotive, with boxes, with boxes"}
    track = {"date": "2024-05-01", "zone": "siding", "track": 2, "railcars": 3, "low": 3, "high": 4}
    found = railcar_table({"railcars": {"tracks": [track], "trains": [train]}}, calendar_of(["2024-05-01"]))
    assert found.rows[0].cells[1:] == ["siding", "2", "3", "3 to 4", "2", "0", "61", "locomotive, 2 with boxes"]
    assert len(found.columns) == len(found.rows[0].cells)
    assert not railcar_table({}, calendar_of(["2024-05-01"])).rows
