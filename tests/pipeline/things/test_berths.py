"""Berths: boxes on decks apart, counts with bounds, days with a ship; nothing said where nothing is seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from mercator import NORTH, WEST, mercator_grid
from shapely import box

from changedet.grid.geodesy import transform_xy
from changedet.pipeline.area_sums import Area
from changedet.pipeline.boxes import with_deck
from changedet.pipeline.other_things import OtherThings, with_kept
from changedet.pipeline.things.berths import (
    berth_of,
    berth_records,
    boxes_ashore,
    count_ships,
    parted_boxes,
    reported_days,
    ship_of,
    ships_layer,
    why_no_ships,
    with_laden_berths,
)
from changedet.pipeline.things.ships import Ships

CRS = "EPSG:32636"
DAYS = [dt.date(2024, 5, 1), dt.date(2024, 5, 11), dt.date(2024, 5, 21)]
SITE = box(0, 0, 400, 300)
BERTH = box(0, 100, 200, 130)


def table(rows: list[dict[str, object]], geometry: list[object]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(rows, geometry=geometry, crs=CRS)
    return frame.assign(date=pd.to_datetime(frame["date"], utc=True))


def ships(seen: list[dt.date] = DAYS, unclear: frozenset[tuple[dt.date, str]] = frozenset()) -> Ships:
    """A ship in the berth on the first date, a boat and a barge afloat on the second."""
    rows = [
        {"date": "2024-05-01", "ship_id": 1, "kind": "ship"},
        {"date": "2024-05-11", "ship_id": 1, "kind": "boat"},
        {"date": "2024-05-11", "ship_id": 2, "kind": "barge"},
    ]
    layer = table(rows, [box(20, 102, 140, 122), box(50, 105, 60, 110), box(300, 200, 340, 210)])
    berths = gpd.GeoDataFrame({"name": ["quay"]}, geometry=[BERTH], crs=CRS)
    return Ships(layer, dict.fromkeys(seen, SITE), {}, berths, unclear)


def boxes() -> gpd.GeoDataFrame:
    days = ["2024-05-01", "2024-05-01", "2024-05-21"]
    at = [box(50, 110, 62, 112), box(50, 50, 62, 52), box(50, 110, 62, 112)]
    same = {"counted": True, "confidence": 1.0, "kind": "40ft"}
    return table([{"date": day, "object_id": k + 1, **same} for k, day in enumerate(days)], at)


def test_boxes_on_a_ship_of_their_date_are_apart() -> None:
    assert ship_of(boxes(), ships().layer).tolist() == [0, -1, -1]
    ashore, on_deck = parted_boxes(boxes(), ships(), 1.0)
    assert ashore is not None
    assert on_deck is not None
    assert (ashore["object_id"].tolist(), on_deck["object_id"].tolist()) == ([2], [1, 3])
    both = with_deck(ashore.drop(columns="counted"), on_deck, None)
    assert both["on"].tolist() == ["ship", None, "ship"]
    assert ships_layer(ships(), both)["boxes"].tolist() == [1, 0, 0]


def test_boxes_on_the_water_of_a_berth_lie_on_a_ship_that_is_not_found() -> None:
    days = ["2024-05-21"] * 3
    at = [box(50, 110, 62, 112), box(70, 110, 82, 112), box(100, 128, 112, 130)]
    found = table([{"date": day, "object_id": k, "kind": "40ft"} for k, day in enumerate(days)], at)
    assert berth_of(found, ships().berths, 1.0).tolist() == [0, 0, -1]
    assert berth_of(found, ships().berths, 20.0).tolist() == [-1, -1, -1]
    laden = with_laden_berths(ships(), found, 1.0)
    assert laden is not None
    assert laden.unclear == {(DAYS[2], "quay")}
    record = berth_records(laden, DAYS, None)
    assert record is not None
    assert record["quay"]["dates"][str(DAYS[2])] is None  # type: ignore[index, call-overload]
    for area in (BERTH, None):
        assert np.isnan(count_ships(laden, DAYS[2], area)).all()
    one = with_laden_berths(ships(), found[:1], 1.0)
    assert one is not None
    assert not one.unclear


def test_without_ships_boxes_are_as_they_were() -> None:
    found = boxes()
    assert parted_boxes(found, None, 1.0) == (found, None)
    same, none = boxes_ashore(found[1:].reset_index(drop=True), ships().layer, None, 1.0)
    assert none is None
    assert with_deck(same, None, None) is same


def series(zones: tuple[str, ...] = ("", "quay")) -> pd.DataFrame:
    rows = [{"date": pd.Timestamp(day), "zone": zone} for day in DAYS for zone in zones]
    return pd.DataFrame(rows)


def with_ships(table: pd.DataFrame, found: Ships, areas: Mapping[str, Area]) -> pd.DataFrame:
    return OtherThings(found).with_figures(table, areas)


def test_count_ships_counts_those_of_25_m_by_date_and_zone() -> None:
    found = with_ships(series(), ships(), {"": None, "quay": BERTH})
    assert found["ships"].tolist() == [1, 1, 1, 0, 0, 0]
    assert (found["ships_low"] <= found["ships"]).all()
    assert (found["ships_high"] >= found["ships"]).all()


def test_what_is_not_seen_is_no_zero() -> None:
    dark = with_ships(series(), ships(DAYS[:1]), {"": None, "quay": BERTH})
    assert dark["ships"].isna().tolist() == [False, False, True, True, True, True]
    half = Ships(ships().layer, {DAYS[0]: box(0, 100, 100, 130)}, {}, ships().berths)
    assert np.isnan(with_ships(series(), half, {"": None, "quay": BERTH})["ships"][1])
    crowded = with_ships(series(), ships(unclear=frozenset({(DAYS[2], "quay")})), {"": None, "quay": BERTH})
    assert crowded["ships"].isna().tolist() == [False] * 4 + [True] * 2


def test_days_with_a_ship_are_bounded_by_the_looks() -> None:
    found = berth_records(ships(), DAYS, None)
    assert found == {
        "quay": {
            "dates": {"2024-05-01": True, "2024-05-11": False, "2024-05-21": False},
            "days": 21,
            "days_low": 1,
            "days_high": 19,
        }
    }
    unsure = berth_records(ships(DAYS[:1], frozenset({(DAYS[0], "quay")})), DAYS, None)
    assert unsure is not None
    assert unsure["quay"]["dates"] == {"2024-05-01": True, "2024-05-11": None, "2024-05-21": None}


def test_a_reason_is_given_where_no_date_can_tell() -> None:
    blind = Ships(ships().layer[:0], {}, {DAYS[0]: "ships need finer pixels"}, ships().berths)
    assert why_no_ships(blind) == {"ships": "ships need finer pixels"}
    assert why_no_ships(ships()) == {}


def test_without_a_berth_ships_at_quays_are_said_to_be_missing_and_no_days_are_bounded() -> None:
    everywhere = replace(ships(), berths=None)
    nothing = replace(everywhere, layer=everywhere.layer.iloc[:0])
    assert with_ships(series(), nothing, {"": None})[["ships", "ships_low", "ships_high"]].isna().all(axis=None)
    assert (with_ships(series(), replace(nothing, berths=ships().berths), {"": None})["ships"] == 0).any()
    assert list(why_no_ships(everywhere)) == ["ships at quays"]
    assert "draw one along each quay" in why_no_ships(everywhere)["ships at quays"]
    blind = replace(everywhere, seen={}, reasons={DAYS[0]: "no open water is found"})
    assert why_no_ships(blind) == {"ships": "no open water is found"}
    assert berth_records(everywhere, DAYS, None) is None
    frame = pd.DataFrame({"date": pd.to_datetime([str(day) for day in DAYS]), "zone": [""] * 3})
    assert with_ships(frame, everywhere, {"": None})["ships"].fillna(-1).tolist() == [1, 1, -1]


def test_days_with_a_ship_and_no_position_near_are_bounded(tmp_path: Path) -> None:
    east, north = transform_xy(CRS, "EPSG:4326", [100.0, 100.0], [110.0, 1000.0])
    lines = ["time,mmsi,lon,lat,length"]
    lines += [f"2024-05-{day:02d}T10:00:00Z,1,{east[k]},{north[k]},100" for day, k in ((1, 1), (5, 0), (11, 0))]
    path = tmp_path / "positions.csv"
    path.write_text("\n".join(lines))
    found = berth_records(ships(), DAYS, reported_days(ships(), str(path), 1.0))
    assert found is not None
    # Of 21 days two have a position near, and one more look shows no ship.
    assert {key: found["quay"][key] for key in ("silent_dates", "silent_low", "silent_high")} == {
        "silent_dates": ["2024-05-01"],
        "silent_low": 1,
        "silent_high": 18,
    }
    path.write_text("\n".join([lines[0], *lines[2:]]))
    gap = berth_records(ships(), DAYS, reported_days(ships(), str(path), 1.0))
    assert gap is not None
    assert gap["quay"]["silent_low"] == 0
    assert reported_days(ships(), None, 1.0) is None


def test_positions_are_as_near_on_the_ground_in_web_mercator(tmp_path: Path) -> None:
    grid, quay = mercator_grid(100, 100), box(WEST, NORTH - 30, WEST + 200, NORTH)
    east, north = transform_xy(grid.crs, "EPSG:4326", [WEST + 100.0] * 2, [NORTH + 430.0, NORTH + 560.0])
    lines = [f"2024-05-{k + 1:02d}T10:00:00Z,1,{east[k]},{north[k]},100" for k in range(2)]  # 250 m and 320 m
    path = tmp_path / "positions.csv"
    path.write_text("\n".join(["time,mmsi,lon,lat,length", *lines]))
    berths = gpd.GeoDataFrame({"name": ["quay"], "kind": ["berth"]}, geometry=[quay], crs=grid.crs)
    found = reported_days(replace(ships(), berths=berths), str(path), grid.ground_metre)
    assert found is not None
    assert found.near["quay"] == {dt.date(2024, 5, 1)}


def test_a_review_keeps_the_ships_of_the_run() -> None:
    run = with_ships(series(), ships(DAYS[:2]), {"": None, "quay": BERTH})
    again = series().iloc[::-1].assign(containers=3)
    kept = with_kept(again, run, ["ships"])
    assert kept["ships"].fillna(-1).tolist() == run["ships"].fillna(-1).tolist()[::-1]
    assert kept["containers"].tolist() == [3] * 6
    assert with_kept(again, series(), ["ships"]) is again
