"""Zones in the summary: since when they are full, and why sums differ."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from changedet.pipeline.zone_records import (
    OFTEN_MISSED,
    deck_note,
    full_since,
    notes_on_figures,
)

DAYS = pd.to_datetime(["2023-03-01", "2023-04-01", "2023-05-01", "2023-06-01"])


def occupied(*shares: float, error: float = 0.05) -> pd.DataFrame:
    known = pd.Series(shares, dtype="float64")
    return pd.DataFrame(
        {"date": DAYS, "occupancy": known, "occupancy_low": known - error, "occupancy_high": known + error}
    )


def test_full_since_is_the_first_look_from_which_all_later_ones_are_full() -> None:
    assert full_since(occupied(0.3, 0.92, 0.97, 1.0)) == {
        "date": "2023-04-01", "low": "2023-03-02", "high": "2023-05-01"}  # fmt: skip
    assert full_since(occupied(0.95, 0.3, 0.97, 1.0))["date"] == "2023-05-01", "full before does not count"
    assert full_since(occupied(0.95, 0.97, 0.97, 0.6)) is None
    assert full_since(occupied(0.91, 0.91, 0.91, 0.91)) == {"date": "2023-03-01", "low": None, "high": None}
    assert full_since(occupied(0.3, 0.95, float("nan"), 1.0))["date"] == "2023-04-01", "what is not seen is no break"
    assert full_since(pd.DataFrame({"date": DAYS})) is None


def series(zones: dict[str, float], listed: float = 10, expected: float = 10) -> pd.DataFrame:
    rows = [{"date": DAYS[-1], "zone": "", "containers_expected": 100.0}]
    rows += [{"date": DAYS[-1], "zone": name, "containers_expected": count} for name, count in zones.items()]
    table = pd.DataFrame(rows)
    return table.assign(arrivals=listed, arrivals_expected=float(expected), departures_expected=0.0)


def followed(*kinds: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"kind": list(kinds)}, geometry=[shapely.Point(0, 0)] * len(kinds))


def test_notes_on_figures_say_where_the_rest_stands() -> None:
    assert notes_on_figures(series({"a": 60.0, "b": 40.2}), followed("20ft"), often_missed=False) == []
    (outside,) = notes_on_figures(series({"a": 60.0, "b": 20.0}), followed("20ft"), often_missed=False)
    assert "zones hold 80 of the site's 100 expected containers" in str(outside)
    (twice,) = notes_on_figures(series({"a": 60.0, "b": 70.0}), followed("20ft"), often_missed=False)
    assert "add up to 130" in str(twice)
    assert notes_on_figures(series({}), followed(), often_missed=False) == [], (
        "a site without zones has no sum over them"
    )


def test_notes_on_figures_tell_listed_from_expected_arrivals_and_other_boxes() -> None:
    (listed,) = notes_on_figures(series({}, listed=149, expected=99), followed("40ft"), often_missed=False)
    assert "tracks list 149 arrivals, 99 are expected: what is not sure counts by its probability" in str(listed)
    (one,) = notes_on_figures(series({}, listed=1, expected=9), followed("40ft"), often_missed=False)
    assert "tracks list 1 arrival, 9 are expected" in str(one)
    (fewer,) = notes_on_figures(series({}, listed=40, expected=60), followed("40ft"), often_missed=False)
    assert "some may have come to places that no single look shows for sure" in str(fewer)
    (other,) = notes_on_figures(series({}), followed("40ft", "other"), often_missed=False)
    assert str(other).startswith("1 of the 2 tracks is of kind other")
    (all_others,) = notes_on_figures(series({}), followed("other", "other"), often_missed=False)
    assert str(all_others).startswith("all 2 tracks are of kind other")


def test_notes_on_figures_say_that_boxes_set_on_others_do_not_raise_the_count() -> None:
    def noted(came: float, went: float, rise: float, clear: float = 1.0) -> list[str]:
        days = {"date": DAYS[:2], "zone": "", "containers_expected": [50.0, 50.0 + rise], "arrivals": [pd.NA, came]}
        days["valid_fraction"] = [1.0, clear]
        events = {"arrivals_expected": [pd.NA, came], "departures_expected": [pd.NA, went]}
        return [str(note) for note in notes_on_figures(pd.DataFrame(days | events), followed(), often_missed=False)]

    assert noted(40.0, 10.0, 30.2) == []
    assert noted(40.0, 10.0, 10.0, clear=0.3) == [], "what came to hidden places is in no arrival"
    assert noted(40.0, 10.0, 10.0) == [
        "40 arrivals less 10 departures are expected, the count of boxes to be seen rose by 10: boxes set on top of "
        "others arrive without raising it"
    ]
    (still,) = noted(10.0, 6.0, 0.2)
    assert "the count of boxes to be seen stayed as it was: boxes set on top" in still
    (uncovered,) = noted(10.0, 40.0, -20.0)
    assert "fell by 20: boxes taken from the top of others leave without lowering it" in uncovered
    assert noted(0.7, 0.6, 0.7) == [], "of less than a box or two nothing is explained"


def test_notes_on_figures_say_that_boxes_are_often_missed() -> None:
    assert notes_on_figures(series({}), followed("20ft"), often_missed=True) == [OFTEN_MISSED]


def test_deck_note_says_how_many_boxes_are_in_no_count() -> None:
    ashore = followed("20ft", "20ft", "40ft")
    assert deck_note(ashore) == deck_note(ashore.assign(on=None)) == []
    (one,) = deck_note(ashore.assign(on=["ship", None, None]))
    assert str(one).startswith("1 detected box lies on ships")
    (two,) = deck_note(ashore.assign(on=["ship", None, "ship"]))
    assert "2 detected boxes, of all looks, lie on ships" in str(two)
