"""Boxes that came and left, as the page shows them."""

from __future__ import annotations

import pandas as pd

from changedet.outputs.report.data import BoxEvent, Chip, ReportData
from changedet.outputs.report.events import event_groups, moves_caution
from changedet.outputs.sentences.words import Calendar


def test_event_groups_say_where_the_rest_is_and_what_hides_a_chip() -> None:
    chips = [Chip("2023-03-12", b"\xff\xd8", "clear", False), Chip("2023-06-12", b"", "cloud", True)]
    square = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]
    chips += [Chip("2023-07-24", b"", "shade", True)]
    chips += [Chip("2023-09-10", b"", "shade", True, is_seen=True)]
    came = BoxEvent("2023-06-12", True, 7, "40ft", "east", square, chips)
    left = BoxEvent("2023-06-12", False, 8, "20ft", "", [], chips)
    listed = {("2023-06-12", True): 35, ("2023-06-12", False): 1}
    data = ReportData({}, pd.DataFrame(), events=[came, left], events_listed=listed)
    first, second = event_groups(data, Calendar(years_only=False))
    assert (first.id, first.title) == ("arrived-2023-06-12", "35 boxes first seen on 12 June 2023")
    assert first.rest == "1 of 35, the longest; the rest: layer tracks of objects.gpkg, first_seen = 2023-06-12"
    (box,) = first.boxes
    assert box.title == "40ft, track 7, east"
    assert box.points.startswith("25.0,25.0 75.0,25.0")
    assert [(chip.caption, chip.has_box) for chip in box.chips] == [
        ("not there", False),
        ("there, cloud", True),
        ("shade", True),
        ("there, shade", True),
    ]
    assert box.chips[1].picture == ""
    assert box.chips[1].alt == "40ft, track 7, east, 12 June 2023: there, cloud"
    assert (second.title, second.rest) == ("1 box gone by 12 June 2023", "")


def test_moves_caution_is_said_where_no_bound_says_that_a_box_moved() -> None:
    def said(came: float | None, left: float | None) -> str:
        return moves_caution({"totals": {"arrivals": {"low": came}, "departures": {"low": left}}})

    assert said(0.0, 0.4).startswith("No arrival or departure is beyond error")
    assert said(0.0, 2.0) == said(3.0, None) == moves_caution({}) == ""
    assert "not counted here" in said(None, None)


def test_moves_caution_contradicts_neither_growth_nor_a_claim() -> None:
    doubt = {"totals": {"arrivals": {"low": 0.65}, "departures": {"low": 0.0}}}
    assert moves_caution(doubt)
    assert moves_caution({**doubt, "onset": {"containers": {"date": None}}})
    assert not moves_caution({**doubt, "onset": {"containers": {"date": "2023-01-13"}}})
    claim = {"kind": "at_least", "about": "arrivals", "zone": "", "value": 3.0}
    assert not moves_caution({**doubt, "claims": [claim]})
