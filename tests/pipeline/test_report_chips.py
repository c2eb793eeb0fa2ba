"""Chips of boxes that came and left: the right place, the right looks, what hides them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from mercator import UNIT
from written_rasters import writer

from changedet.blocks import Window
from changedet.kernels.pixel_classes import CLOUD
from changedet.outputs.rasters.reading import read_chips
from changedet.outputs.report.pictures import chip_picture
from changedet.pipeline.report_chips import ScenePictures, box_events, count_events, listed_events

DAYS = [f"2023-{month:02}-01" for month in (1, 3, 5, 7, 9)]


def tracks(*rows: tuple[int, str, str | None, str | None, str]) -> gpd.GeoDataFrame:
    names = ("track_id", "first_seen", "not_before", "not_after", "kind")
    columns: dict[str, Any] = {name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
    columns["last_seen"] = columns["first_seen"]
    return gpd.GeoDataFrame(columns, geometry=[shapely.Point(40, -30 - 5 * i) for i in range(len(rows))])


FOUND = tracks(
    (1, "2023-01-01", None, None, "40ft"), (2, "2023-05-01", "2023-03-01", None, "20ft"),
    (3, "2023-05-01", "2023-03-01", "2023-07-01", "40ft"), (4, "2023-05-01", "2023-03-01", None, "other"))  # fmt: skip
BOXES = gpd.GeoDataFrame(
    {"track_id": [2, 3], "zone": ["east", None]},
    geometry=[shapely.box(37, -36.5, 43, -33.5), shapely.box(34, -41.5, 46, -38.5)],
)


def test_listed_events_are_of_containers_that_came_or_left_the_longest_first() -> None:
    events = listed_events(FOUND)
    assert [(one.day, one.has_come, one.track) for one in events] == [
        ("2023-05-01", True, 3), ("2023-05-01", True, 2), ("2023-07-01", False, 3)]  # fmt: skip
    assert count_events(events) == {("2023-05-01", True): 2, ("2023-07-01", False): 1}
    assert [events[0].stands_on(day) for day in DAYS] == [False, False, True, False, False]


def test_box_events_show_the_looks_around_with_what_hides_them(tmp_path: Path) -> None:
    quality = {}
    for day in DAYS:
        classes = np.full((80, 80), CLOUD if day == DAYS[1] else 0, np.uint8)
        quality[day] = tmp_path / f"{day}.tif"
        with writer(quality[day], "quality", classes.shape, transform=Affine(1, 0, 0, 0, -1, 0)) as out:
            out.write(Window(0, 0, *classes.shape), classes)
    first, second, gone = box_events(listed_events(FOUND), BOXES, ScenePictures(DAYS, {}, quality, {}, 1.0))
    assert [chip.date for chip in first.chips] == ["2023-01-01", "2023-03-01", "2023-05-01", "2023-07-01"]
    assert [chip.shows for chip in first.chips] == ["clear", "cloud", "clear", "clear"]
    assert [chip.stands for chip in first.chips] == [False, False, True, False]
    assert [chip.is_seen for chip in gone.chips] == [False, True, False, False], "the look that showed it"
    assert [chip.date for chip in gone.chips] == ["2023-03-01", "2023-05-01", "2023-07-01", "2023-09-01"]
    assert (first.zone, second.zone) == ("", "east")
    xs, ys = zip(*second.outline, strict=True)
    assert (min(xs), max(xs)) == (pytest.approx(0.5 - 3 / 24), pytest.approx(0.5 + 3 / 24))
    assert (min(ys), max(ys)) == (pytest.approx(0.5 - 1.5 / 24), pytest.approx(0.5 + 1.5 / 24))


def test_box_events_show_as_much_ground_in_web_mercator(tmp_path: Path) -> None:
    """A gap of 3 units of the CRS between clouds is no 3 m."""
    plain = box_events(listed_events(FOUND), BOXES, ScenePictures(DAYS, {}, {}, {}, 1.0))
    found, boxes = (one.set_geometry(one.geometry.affine_transform([UNIT, 0, 0, UNIT, 0, 0])) for one in (FOUND, BOXES))
    classes = np.full((160, 160), CLOUD, np.uint8)
    for point in found.geometry:
        row, column = int(-point.y), int(point.x)
        classes[row - 1 : row + 2, column - 1 : column + 2] = 0
    with writer(tmp_path / "a.tif", "quality", classes.shape, transform=Affine(1, 0, 0, 0, -1, 0)) as out:
        out.write(Window(0, 0, *classes.shape), classes)
    events = box_events(
        listed_events(found), boxes, ScenePictures(DAYS, {}, dict.fromkeys(DAYS, tmp_path / "a.tif"), {}, UNIT)
    )
    for one, other in zip(events, plain, strict=True):
        np.testing.assert_allclose(one.outline, other.outline)
        assert {chip.shows for chip in one.chips} == {"cloud"}


def test_box_events_show_some_of_each_date() -> None:
    rows = [(i, "2023-05-01", "2023-03-01", None, "40ft") for i in range(40)]
    rows += [(100 + i, "2023-07-01", "2023-03-01", None, "40ft") for i in range(40)]
    shown = box_events(listed_events(tracks(*rows)), BOXES, ScenePictures(DAYS, {}, {}, {}, 1.0))
    assert {one.date for one in shown} == {"2023-05-01", "2023-07-01"}
    assert len(shown) == 10
    assert shown[0].chips[0].shows == "not known"


def test_read_chips_are_centred_and_nan_beyond_the_edge(tmp_path: Path) -> None:
    rows, columns = np.indices((60, 60))
    values = (rows + 100 * (columns == 30)).astype(np.uint8)
    with writer(tmp_path / "a.tif", "mask", values.shape, transform=Affine(1, 0, 0, 0, -1, 0)) as out:
        out.write(Window(0, 0, *values.shape), values)
    middle, corner = read_chips(tmp_path / "a.tif", [(30.5, -20.5), (0.0, 0.0)], 5.0)
    assert middle.shape == corner.shape == (1, 5, 5)
    assert middle[0, 2, 2] == 120
    assert np.isnan(corner[0, 0, 0])
    assert corner[0, 4, 4] in {1, 2}


def test_chip_pictures_show_what_lies_under_thin_cloud() -> None:
    names, limits = ("red", "green", "blue"), dict.fromkeys(("red", "green", "blue"), (0.0, 1.0))
    veiled = np.full((3, 48, 48), 3.0, np.float32)
    veiled[:, 20:28, 20:28] = np.array([1.6, 1.8, 2.4], np.float32)[:, None, None]

    def drawn(chip: np.ndarray) -> np.ndarray:
        return np.asarray(
            cv2.imdecode(np.frombuffer(chip_picture(chip, names, limits, 48), np.uint8), cv2.IMREAD_COLOR)
        )

    seen = drawn(veiled)
    assert seen[4, 4].min() > 240
    assert seen[24, 24, 0] - int(seen[24, 24, 2]) > 60, "the box below is blue"
    roofs = np.full((3, 48, 48), 0.6, np.float32)
    roofs[:, :10] = 3.0
    assert abs(int(drawn(roofs)[40, 24, 0]) - 153) < 6, "a few white roofs change nothing"


def test_chip_pictures_are_square_jpegs() -> None:
    chip = np.linspace(0, 1, 3 * 48 * 48, dtype=np.float32).reshape(3, 48, 48)
    names = ["red", "green", "blue"]
    picture = chip_picture(chip, names, dict.fromkeys(names, (0.0, 1.0)), 96)
    assert cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED).shape == (96, 96, 3)
    assert chip_picture(np.full_like(chip, np.nan), names, dict.fromkeys(names, (0.0, 1.0)), 96) == b""
