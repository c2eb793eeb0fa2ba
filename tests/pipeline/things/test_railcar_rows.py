"""Rows of railcars: where they lie, which train they belong to, and what detected containers say of their load."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely import box

from changedet.pipeline.things.kernels.siding_pictures import Turned
from changedet.pipeline.things.kernels.siding_tracks import CLASSES, Car, TrackCars
from changedet.pipeline.things.railcar_rows import ReadTrack, rows_of, with_boxes

CRS = "EPSG:32636"
PICTURE = Turned(
    np.zeros((3, 20, 200), np.float32), np.array([100.0, 200.0]), np.array([1.0, 0.0]), np.array([0.0, -1.0])
)
DAY = np.datetime64("2024-05-01").item()


def cars(*kinds: str, share: float = 0.95, confidence: float = 0.9) -> gpd.GeoDataFrame:
    """A track with cars of 15 m and, 10 m beyond, one more train of one car."""
    made = [Car(15 * k, 15 * (k + 1), CLASSES.index(kind), share, confidence) for k, kind in enumerate(kinds)]
    made[-1] = made[-1]._replace(first=made[-1].first + 10, last=made[-1].last + 10)
    track = ReadTrack(2, np.zeros((8, 20, 100), np.float32), np.full(100, 9.0), PICTURE)
    found = rows_of(DAY, "siding", [(track, TrackCars(made, np.ones(1)))], 1.0)
    return found.set_crs(CRS)


def containers(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    """Containers of 12 m on a date."""
    shapes = [box(x - 6, y - 1.2, x + 6, y + 1.2) for x, y in places]
    columns = {"date": ["2024-05-01"] * len(shapes), "kind": ["40ft"] * len(shapes)}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def test_rows_of_places_cars_and_parts_trains() -> None:
    found = cars("locomotive", "tank", "tank")
    assert found["train_id"].tolist() == [1, 1, 2]
    assert found["car_id"].tolist() == [1, 2, 1]
    assert found["length_m"].tolist() == [15.0] * 3
    assert found["angle_deg"].tolist() == pytest.approx([90.0] * 3)
    assert found.geometry.iloc[1].bounds == pytest.approx((115, 193.8, 130, 196.7), abs=0.01)
    assert found["kind"].tolist() == ["locomotive", "tank", "tank"]
    assert found["loaded"].isna().all()


def test_rows_of_names_no_kind_in_doubt() -> None:
    found = cars("flat", "with boxes", "flat", share=0.5)
    assert set(found["kind"]) == {"car"}
    assert found["loaded"].isna().all()


def test_rows_of_names_no_kind_of_a_car_that_was_filled_in() -> None:
    found = cars("flat", "tank", confidence=0.4)
    assert set(found["kind"]) == {"car"}
    assert found["loaded"].isna().all()


def test_with_boxes_takes_the_word_of_detected_containers() -> None:
    found = with_boxes(cars("flat", "flat", "tank", "open"), containers((107.5, 195.2), (137.5, 195.2), (500.0, 0.0)))
    assert found["boxes"].tolist() == [1, 0, 1, 0]
    assert found["kind"].tolist() == ["with boxes", "flat", "tank", "open"]
    assert found["loaded"].tolist()[:2] == [True, False]
    doubtful = with_boxes(cars("tank", "tank", share=0.7), containers((107.5, 195.2)))
    assert doubtful["kind"].tolist()[0] == "with boxes"


def test_with_boxes_counts_a_box_between_two_cars_once() -> None:
    found = with_boxes(cars("flat", "flat", "flat"), containers((115.0, 195.2)))
    assert found["boxes"].sum() == 1
    other_day = containers((107.5, 195.2)).assign(date="2024-06-01")
    assert with_boxes(cars("flat", "flat"), other_day)["boxes"].sum() == 0
