"""Figures of railcars: columns by siding and in all, reasons, sums of trains."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from mercator import NORTH, WEST, mercator_grid
from shapely import LineString, box

from changedet.pipeline.other_things import OtherThings
from changedet.pipeline.things.found_rails import FoundBed
from changedet.pipeline.things.railcar_figures import railcar_records
from changedet.pipeline.things.railcars import Count, Railcars, TrackCount

FIRST, SECOND = dt.date(2024, 5, 1), dt.date(2024, 6, 1)


def layer() -> gpd.GeoDataFrame:
    """A train of three cars."""
    columns = {
        "date": ["2024-05-01"] * 3, "zone": ["siding"] * 3, "track": [2] * 3, "train_id": [1] * 3, "car_id": [2, 1, 3],
        "kind": ["with boxes", "locomotive", "flat"], "loaded": [True, None, False],
    }  # fmt: skip
    shapes = [box(20 * k, 0, 20 * k + 19, 3) for k in (1, 0, 2)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:32636")


def railcars() -> Railcars:
    """A date that shows both sidings, and one that shows but one."""
    counts = {(FIRST, "siding"): Count(3, 2, 4), (FIRST, "other"): Count(5, 5, 5), (SECOND, "siding"): Count(0, 0, 1)}
    tracks = [TrackCount(FIRST, "siding", 2, Count(3, 2, 4))]
    return Railcars(layer(), counts, tracks, {(SECOND, "other"): "hidden"}, {FIRST: Count(8, 7, 9)})


def test_count_railcars_fills_sidings_and_the_whole() -> None:
    days = pd.to_datetime([FIRST] * 4 + [SECOND] * 2)
    table = pd.DataFrame({"date": days, "zone": ["", "siding", "other", "yard", "", "siding"]})
    found = OtherThings(railcars=railcars()).with_figures(table, {})
    shown = found[["railcars", "railcars_low", "railcars_high"]].to_numpy()
    assert shown[:3].tolist() == [[8, 7, 9], [3, 2, 4], [5, 5, 5]]
    assert np.isnan(shown[3:5]).all()
    assert shown[5].tolist() == [0, 0, 1]


def test_railcar_records_sum_up_trains() -> None:
    found = railcar_records(railcars(), 1.0)
    assert found["tracks"] == [{"date": "2024-05-01", "zone": "siding", "track": 2, "railcars": 3, "low": 2, "high": 4}]
    assert found["trains"] == [
        {
            "date": "2024-05-01", "zone": "siding", "track": 2, "train": 1, "railcars": 3,
            "kinds": {"flat": 1, "locomotive": 1, "with boxes": 1}, "loaded": 1, "empty": 1, "length_m": 59.0,
            "sequence": "locomotive, with boxes, flat",
        }
    ]  # fmt: skip


def test_railcar_records_say_where_tracks_were_found() -> None:
    line = LineString([(500_000, 4_000_000), (500_050, 4_000_000), (500_100, 4_000_000)])
    beds = [FoundBed("tracks 1", line, (4.0, 6.5), 0.875)]
    found = railcar_records(replace(railcars(), beds=beds), 1.0)
    (one,) = found["found"]  # type: ignore[misc, union-attr]
    assert np.allclose(one.pop("line"), [[33.0, 36.1447], [33.00111, 36.1447]], atol=1e-4)
    assert one == {"zone": "tracks 1", "length_m": 100.0, "width_m": 10.5, "probability": 0.875}
    assert railcar_records(replace(railcars(), beds=[]), 1.0)["found"] == []  # type: ignore[index]


def test_railcar_records_have_lengths_on_the_ground_in_web_mercator() -> None:
    grid = mercator_grid(100, 100)
    line = LineString([(WEST, NORTH), (WEST + 174, NORTH)])
    cars = layer().set_crs(grid.crs, allow_override=True)
    found = railcar_records(
        replace(railcars(), layer=cars, beds=[FoundBed("tracks 1", line, (4.0, 6.5), 0.875)]), grid.ground_metre
    )
    assert found["found"][0]["length_m"] == pytest.approx(100, abs=1)  # type: ignore[index, call-overload]
    assert found["trains"][0]["length_m"] == pytest.approx(59 / 1.74, abs=0.5)  # type: ignore[index, call-overload]


def test_a_reason_is_given_only_where_no_date_tells() -> None:
    assert OtherThings(railcars=railcars()).reasons() == {}
    none = Railcars(layer().iloc[:0], reasons={(FIRST, "siding"): "too coarse"})
    assert OtherThings(railcars=none).reasons() == {"railcars": "too coarse"}
