"""Table of vehicles: dates that do not tell are named so."""

from changedet.outputs.report.vehicles import vehicle_table
from changedet.outputs.sentences.words import calendar_of


def test_vehicle_table_lists_zones_and_dates() -> None:
    record = {"gate": {"2024-05-01": {"vehicles": 4, "low": 2, "high": 7, "queue_m": 63.2}, "2024-06-01": None}}
    found = vehicle_table({"vehicles": record}, calendar_of(["2024-05-01", "2024-06-01"]))
    assert [row.cells[1:] for row in found.rows] == [["gate", "4", "2 to 7", "63"], ["gate", "not seen", "", ""]]
    assert not vehicle_table({}, calendar_of(["2024-05-01"])).rows
