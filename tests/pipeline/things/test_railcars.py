"""Railcars of a run: wanted or not, on sidings and on tracks that are found, and why there are none."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from mercator import mercator_grid
from shapely import box

from changedet.grid import Grid
from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.things import railcars
from changedet.pipeline.things.found_rails import FoundBed
from changedet.pipeline.things.kernels.siding_pictures import Turned
from changedet.pipeline.things.kernels.siding_tracks import Car, TrackCars
from changedet.pipeline.things.railcar_pictures import car_looks
from changedet.pipeline.things.railcar_reading import ReadGroup
from changedet.pipeline.things.railcar_rows import ReadTrack
from changedet.pipeline.things.railcars import NO_TRACK, Railcars, find_railcars

GRID = Grid("EPSG:32636", Affine(0.5, 0, 500_000, 0, -0.5, 4_000_000), (300, 260))
DAYS = [dt.date(2024, 5, 1), dt.date(2024, 6, 1)]
CONTAINERS = vector_layers.empty("containers", GRID.crs)
BED = FoundBed("tracks 1", shapely.LineString([(500_000, 3_999_900), (500_100, 3_999_900)]), (4.0, 4.0), 0.9)


def plan(*, wanted: bool, gsd_m: float = 0.5, roles: tuple[str, ...] = ("red",)) -> SimpleNamespace:
    looks = [SimpleNamespace(date=day, gsd_m=gsd_m) for day in DAYS]
    workflow = SimpleNamespace(railcars=wanted)
    return SimpleNamespace(grid=GRID, looks=looks, dates=[*DAYS], roles=roles, workflow=workflow)


def siding() -> gpd.GeoDataFrame:
    columns = {"name": ["east"], "kind": ["siding"]}
    return gpd.GeoDataFrame(columns, geometry=[box(500_000, 3_999_950, 500_100, 3_999_960)], crs=GRID.crs)


def group(day: dt.date, zone: str, cars: int) -> ReadGroup:
    """A track with some cars."""
    picture = Turned(np.zeros((3, 0, 0), np.float32), np.array([5e5, 4e6]), np.array([1.0, 0.0]), np.array([0.0, -1.0]))
    on = TrackCars([Car(15 * k, 15 * k + 14, 2, 0.9, 0.9) for k in range(cars)], np.eye(9)[cars])
    return ReadGroup(day, zone, [(ReadTrack(1, np.zeros((8, 9, 90), np.float32), np.full(90, 4.0), picture), on)])


def found(monkeypatch: pytest.MonkeyPatch, beds: list[FoundBed], *, wanted: bool, drawn: bool) -> Railcars | None:
    monkeypatch.setattr(railcars, "find_beds", lambda *_: beds)
    monkeypatch.setattr(
        railcars, "on_beds", lambda _p, _m, some, _d, _n: [(one, [group(DAYS[0], one.zone, 3)]) for one in some]
    )
    monkeypatch.setattr(railcars, "on_sidings", lambda _p, _m, some: [group(d, n, 2) for n, _ in some for d in DAYS])
    zones = siding() if drawn else None
    return find_railcars(plan(wanted=wanted), {}, zones, CONTAINERS)  # type: ignore[arg-type]


def test_nothing_is_looked_for_unless_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, [BED], wanted=False, drawn=False) is None
    drawn = found(monkeypatch, [BED], wanted=False, drawn=True)
    assert drawn is not None
    assert drawn.beds is None
    assert {zone for _, zone in drawn.counts} == {"east"}


def test_found_tracks_stand_beside_sidings(monkeypatch: pytest.MonkeyPatch) -> None:
    both = found(monkeypatch, [BED], wanted=True, drawn=True)
    assert both is not None
    assert {key: one.number for key, one in both.counts.items()} == {
        (DAYS[0], "east"): 2, (DAYS[1], "east"): 2, (DAYS[0], "tracks 1"): 3
    }  # fmt: skip
    assert {day: one.number for day, one in both.sums.items()} == {DAYS[0]: 5}
    assert list(both.reasons) == [(DAYS[1], "tracks 1")]
    assert both.layer["zone"].value_counts().to_dict() == {"east": 4, "tracks 1": 3}


def test_without_tracks_there_is_no_figure_rather_than_none(monkeypatch: pytest.MonkeyPatch) -> None:
    none = found(monkeypatch, [], wanted=True, drawn=False)
    assert none is not None
    assert not none.counts
    assert not none.sums
    assert set(none.reasons.values()) == {NO_TRACK}


@pytest.mark.parametrize(("gsd_m", "roles"), [(1.2, ("red",)), (0.5, ("vv",))])
def test_pixels_that_cannot_show_cars_have_no_figure(gsd_m: float, roles: tuple[str, ...]) -> None:
    none = find_railcars(plan(wanted=True, gsd_m=gsd_m, roles=roles), {}, None, CONTAINERS)  # type: ignore[arg-type]
    assert none is not None
    assert len(none.layer) == 0
    assert set(none.reasons) == {(day, "") for day in DAYS}


def test_a_coarse_look_alone_has_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = plan(wanted=False)
    mixed.looks[1].gsd_m = 3.0
    assert car_looks(mixed) == mixed.looks[:1]  # type: ignore[arg-type]
    monkeypatch.setattr(railcars, "on_sidings", lambda _p, _m, some: [group(DAYS[0], n, 2) for n, _ in some])
    cars = find_railcars(mixed, {}, siding(), CONTAINERS)  # type: ignore[arg-type]
    assert cars is not None
    assert list(cars.counts) == [(DAYS[0], "east")]
    assert cars.reasons == {(DAYS[1], "east"): "pixels coarser than 1 m"}


def test_a_siding_reaches_as_far_on_the_ground_in_web_mercator() -> None:
    unit = mercator_grid(100, 100).ground_metre
    drawn = railcars._drawn(siding().set_crs("EPSG:3857", allow_override=True), unit)
    assert drawn is not None
    assert drawn.bounds[1] == pytest.approx(3_999_950 - 5 * unit)
