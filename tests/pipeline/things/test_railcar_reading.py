"""Cars read on tracks: pictures along tracks join over strips of rows, hidden groups are left out."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from affine import Affine

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.pipeline.things import railcar_pictures, railcar_reading
from changedet.pipeline.things.found_rails import FoundBed
from changedet.pipeline.things.kernels.rail_strips import axis_of
from changedet.pipeline.things.kernels.siding_tracks import CLASSES, Car, TrackCars
from changedet.pipeline.things.railcar_pictures import covered_by, strips_along
from changedet.pipeline.things.railcar_reading import LEAST_CARS, ReadGroup, are_tracks, with_cars
from changedet.pipeline.things.railcar_rows import ReadTrack, rows_of

SHAPE = (300, 260)
GRID = Grid("EPSG:32636", Affine(0.5, 0, 500_000, 0, -0.5, 4_000_000), SHAPE)
DAYS = [dt.date(2024, 5, 1), dt.date(2024, 6, 1)]
ROLES = ("red", "green", "blue")


def bed(zone: str, *points: tuple[float, float]) -> FoundBed:
    """Tracks along columns and rows of the grid."""
    line = shapely.LineString([(500_000 + x / 2, 4_000_000 - y / 2) for x, y in points])
    return FoundBed(zone, line, (4.0, 6.0), 0.9)


def plan(monkeypatch: pytest.MonkeyPatch, hidden_rows: int) -> tuple[SimpleNamespace, dict[dt.date, SimpleNamespace]]:
    """Two looks of which the second hides the upper rows; a pixel's value is its column plus a thousand rows."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)

    def quality(day: dt.date, _: Grid, __: Grid, window: Window) -> np.ndarray:
        classes = np.zeros(SHAPE, np.uint8)
        classes[: hidden_rows if day == DAYS[1] else 0] = 9
        return classes[window.y : window.y + window.height]

    def read(_: Grid, window: Window, *__: object) -> tuple[np.ndarray, None]:
        image = np.stack([x, y, x + y])
        return image[:, window.y : window.y + window.height].copy(), None

    monkeypatch.setattr(railcar_pictures, "at_corners", quality)
    monkeypatch.setattr(railcar_pictures, "SHOWS_DARK", (0,))
    looks = [SimpleNamespace(date=day, gsd_m=0.5, read=read) for day in DAYS]
    models = {day: SimpleNamespace(alignment=SimpleNamespace(displacement=None)) for day in DAYS}
    return SimpleNamespace(grid=GRID, looks=looks, roles=ROLES, quality_file=lambda day: day), models


def two_cars(image: np.ndarray) -> np.ndarray:
    """The network's answer of two cars that stand on one track, where the picture shows anything."""
    odds = np.full((len(CLASSES) + 1, image.shape[1], image.shape[2] // 2), -8.0, np.float32)
    odds[0] = 8.0
    odds[0, 13:16, 20:52], odds[3, 13:16, 20:52] = -8.0, 8.0
    odds[-1, 13:16, [20, 35, 36, 51]] = 8.0
    odds[:, ~np.isfinite(image).all(axis=0)[:, : odds.shape[2] * 2 : 2]] = np.nan
    return odds


def test_strips_join_over_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    site, models = plan(monkeypatch, 0)
    kept: list[np.ndarray] = []
    monkeypatch.setattr(railcar_pictures, "strip_of", lambda sampled, *_: kept.append(sampled))
    scale = GRID.ground_resolution_m / GRID.resolution_m
    axes = [axis_of(shapely.get_coordinates(bed("t", (40, 20), (220, 280)).line) * scale)]
    given = (site, models, site.looks[0], GRID, axes, [(4.0, 6.0)])
    strips_along(*given)  # type: ignore[arg-type]
    whole = kept.pop()
    windows = [(slice(a, min(a + 64, 300)), Window(a, 0, min(64, 300 - a), 260)) for a in range(0, 300, 64)]
    monkeypatch.setattr(railcar_pictures, "strips_of", lambda _: iter(windows))
    strips_along(*given)  # type: ignore[arg-type]
    assert np.isfinite(whole).all()
    assert np.allclose(kept.pop(), whole, atol=1e-3)
    middle = whole[:, 7:9].mean(axis=1)
    assert middle[:2, 0] == pytest.approx((40, 20), abs=1.5)
    assert middle[:2, -1] == pytest.approx((220, 279), abs=1.5)


def test_tracks_that_are_mostly_hidden_have_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    site, models = plan(monkeypatch, 100)

    monkeypatch.setattr(railcar_reading, "answer", two_cars)
    monkeypatch.setattr(railcar_reading, "LEAST_CARS", 2)
    beds = [bed("", (20, 40), (240, 40)), bed("", (20, 200), (240, 200))]
    given = list(railcar_reading.on_beds(site, models, beds, None, ["tracks 1"]))  # type: ignore[arg-type]
    assert [(one.zone, [group.date for group in groups]) for one, groups in given] == [
        ("tracks 2", DAYS[:1]), ("tracks 3", DAYS)
    ]  # fmt: skip
    found = [group for _, groups in given for group in groups]
    assert [one.zone for one in found] == ["tracks 2", "tracks 3", "tracks 3"]
    assert [[len(on.cars) for _, on in one.found] for one in found] == [[2]] * 3
    rows = rows_of(DAYS[1], "tracks 3", found[-1].found, GRID.ground_resolution_m / GRID.resolution_m)
    # The strip begins 4 m and a margin of 3 m north of the line; the cars' row is the fifteenth.
    assert shapely.centroid(rows.geometry).y.to_list() == pytest.approx([4_000_000 - 100.25] * 2, abs=0.2)
    assert shapely.centroid(rows.geometry).x.to_list() == pytest.approx([500_010 + 28, 500_010 + 44], abs=1.1)
    assert not list(railcar_reading.on_beds(site, models, [], None, []))  # type: ignore[arg-type]


def test_cars_in_a_drawn_siding_are_not_read_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    site, models = plan(monkeypatch, 0)
    monkeypatch.setattr(railcar_reading, "answer", two_cars)
    monkeypatch.setattr(railcar_reading, "LEAST_CARS", 1)
    drawn = shapely.box(500_000, 3_999_950, 500_046, 4_000_000)
    ((_, groups),) = railcar_reading.on_beds(site, models, [bed("", (20, 40), (240, 40))], drawn, [])  # type: ignore[arg-type]
    (car,) = groups[0].found[0][1].cars
    assert car.first >= 36


def test_covered_by_says_where_an_area_lies() -> None:
    axis = axis_of(np.array([[500_000.0, 4_000_000.0], [500_060.0, 4_000_000.0]]))
    over = covered_by(shapely.box(500_020, 4_000_001, 500_030, 4_000_009), axis, (4.0, 6.0), 1.0)
    assert over.shape == (20, 120)
    rows, columns = np.nonzero(over)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (0, 5, 40, 59)


def test_bare_lines_are_tracks_only_where_they_are_long_and_sure() -> None:
    def group(*confidences: float) -> ReadGroup:
        cars = [Car(15 * k, 15 * k + 14, 2, 0.9, one) for k, one in enumerate(confidences)]
        return ReadGroup(DAYS[0], "", [(None, TrackCars(cars, np.ones(1)))])  # type: ignore[list-item]

    assert are_tracks(0.75, 80, [group(), group(*[0.9] * LEAST_CARS)])
    assert not are_tracks(0.75, 80, [group(*[0.9] * (LEAST_CARS - 1)), group(*[0.3] * 9)])
    assert are_tracks(0.95, 200, [group()])
    assert are_tracks(0.95, 200, [])
    assert not are_tracks(0.95, 80, [group()])
    assert not are_tracks(0.8, 200, [group()])


def test_lines_without_any_car_are_no_tracks() -> None:
    line = ReadTrack(1, np.zeros((8, 9, 90), np.float32), np.full(90, 4.0), None)  # type: ignore[arg-type]
    lines = [replace(line, number=k) for k in (1, 2, 3)]
    one, none = TrackCars([Car(0, 14, 2, 0.9, 0.9)], np.ones(1)), TrackCars([], np.ones(1))
    groups = [
        ReadGroup(DAYS[0], "", [*zip(lines, (none, none, one), strict=True)]),
        ReadGroup(DAYS[1], "", [*zip(lines, (one, none, none), strict=True)]),
    ]
    found = with_cars(groups)
    assert [[(track.number, len(on.cars)) for track, on in group.found] for group in found] == [
        [(1, 0), (2, 1)], [(1, 1), (2, 0)]
    ]  # fmt: skip
    assert not with_cars([])
