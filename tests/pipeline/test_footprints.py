"""Footprints of a run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry
from small_scenes import write_scene, write_workflow

from changedet.pipeline import footprints
from changedet.pipeline.run import run
from changedet.pipeline.season_footprints import no_surer_than_change
from changedet.plan import Plan
from changedet.stages.footprint.outlines import Footprint
from changedet.stages.registry import Facts
from changedet.stages.series.estimates import Estimate
from changedet.stages.series.onsets import CEILING_M2, FLOOR_M2
from changedet.stages.series.table import DateMeasurements, timeseries

DATES = ("2023-01-01", "2023-03-01")


def test_footprint_layer_has_a_row_for_every_date(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for day in DATES:
        meadow = np.array([300, 500, 350, 3500])[:, None, None] * (1 + 0.05 * rng.normal(size=(4, 150, 160)))
        write_scene(tmp_path / f"{day}.tif", meadow, resolution_m=1.0)
    finished = run(write_workflow(tmp_path, DATES, objects={"method": "none"}), out=str(tmp_path / "out"))
    layer = finished.footprint
    assert layer["date"].dt.strftime("%Y-%m-%d").tolist() == list(DATES)
    assert (layer.geometry.area >= 0).all()
    assert (layer["area_m2"] == finished.series["footprint_area_m2"]).all()


def test_ground_told_by_its_colour_is_no_sure_built_ground(tmp_path: Path) -> None:
    """In pixels of 2 m a bare field passes for a yard: of what no mask marks nothing is surely built."""
    rng = np.random.default_rng(0)
    for day in DATES:
        field = np.full((90, 90), False)
        field[20:60, 20:60] = True
        soil, meadow = (np.array(values)[:, None, None] for values in ([900, 1100, 1300, 1700], [300, 500, 350, 3500]))
        image = np.where(field, soil, meadow) * (1 + 0.03 * rng.normal(size=(4, 90, 90)))
        write_scene(tmp_path / f"{day}.tif", image, resolution_m=2.0)
    finished = run(write_workflow(tmp_path, DATES), out=str(tmp_path / "out"))
    assert (finished.series["footprint_area_m2"] > 5000).all()
    assert (finished.series["footprint_low_m2"] == 0).all()
    assert not [one for one in finished.summary["claims"] if one["about"] == "footprint_area_m2"]
    assert footprints.BY_COLOUR in finished.summary["warnings"]


@pytest.mark.parametrize(("resolution_m", "low"), [(10.0, 300.0), (0.5, 500.0)])
def test_ground_told_by_its_colour_is_no_surer_than_what_changed(resolution_m: float, low: float) -> None:
    built, changed = Estimate(900.0, 500.0, 1200.0), Estimate(600.0, 300.0, 800.0)
    look = DateMeasurements(
        dt.date(2023, 2, 1),
        changed_area_m2={"": changed, "yard": built},
        footprint_m2={"": built, "east": built, "yard": built},
    )
    plan = cast("Plan", SimpleNamespace(facts=Facts(resolution_m, ("blue", "green", "red", "nir"), 5)))
    (found,) = no_surer_than_change([look], plan)
    assert found.footprint_m2[""] == Estimate(900.0, low, 1200.0)
    assert found.footprint_m2["yard"].low == low, "no zone has surely more than the site"
    assert found.footprint_m2["east"].low == (0.0 if low < 500 else low), "of a zone that no date compares"


def test_the_reference_has_no_mask_and_shows_all_that_was_gained_since_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ground that an earlier date has and the reference lacks: the reference itself shows it wholly."""
    monkeypatch.setattr(footprints, "_marked", lambda _plan, index, _ground: (0.0, {0: 0.25, 2: 0.75}[index]))
    plan = cast("Plan", SimpleNamespace(reference=1))
    assert [footprints._shown(plan, index, shapely.box(0, 0, 9, 9)) for index in range(3)] == [0.25, 1.0, 0.75]


def test_a_date_that_shows_too_little_has_no_figure_in_any_layer_of_its_ground() -> None:
    """Its outline is that of the other dates, and gains are measured between dates that show the site."""
    yards = [shapely.MultiPolygon([shapely.box(0, 0, width, 20)]) for width in (20, 60, 60)]
    none = shapely.MultiPolygon()
    days = [dt.date(2023, month, 1) for month in (1, 2, 3)]
    made = {
        day: Footprint(yard, yard, yard, yard.area, {"paving": yard, "stored": none})
        for day, yard in zip(days, yards, strict=True)
    }
    looks = [
        DateMeasurements(day, valid_fraction={"": share}, footprint_m2={} if share < 0.5 else {"": Estimate(1, 1, 1)})
        for day, share in zip(days, (1.0, 0.22, 1.0), strict=True)
    ]
    plan = cast("Plan", SimpleNamespace(grid=SimpleNamespace(crs="EPSG:32633", ground_metre=1.0)))
    assert footprints.footprint_layer(made, looks, plan)["area_m2"].isna().tolist() == [False, True, False]
    ground = footprints.ground_layer(made, looks, plan)
    assert ground is not None
    paving = ground[ground["kind"] == "paving"]
    assert paving["area_m2"].isna().tolist() == [False, True, False]
    assert paving["gained_m2"].isna().tolist() == [True, True, False]
    assert paving["gained_m2"].iloc[2] == pytest.approx(800, rel=0.01)


def test_ground_that_a_date_hides_is_in_its_footprint_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ground that is built on some dates alone; old ground that it hides is built whatever it shows."""
    yards = [shapely.MultiPolygon([shapely.box(500_000, 0, 500_000 + width, 20)]) for width in (20, 60, 60)]
    days = [dt.date(2023, month, 1) for month in (1, 2, 3)]
    made = {day: Footprint(yard, yard, yard, yard.area) for day, yard in zip(days, yards, strict=True)}
    looks = [
        DateMeasurements(day, valid_fraction={"": share}, footprint_m2={"": Estimate(yard.area, 0.0, 2000.0)})
        for day, share, yard in zip(days, (0.9, 0.6, 1.0), yards, strict=True)
    ]
    shares = {str(days[0]): [float("nan"), 0.75], str(days[1]): [0.25, float("nan")]}
    monkeypatch.setattr(footprints, "clear_fraction", lambda path, _grid, _parts: shares[path])
    plan = cast("Plan", SimpleNamespace(grid=SimpleNamespace(crs="EPSG:32633"), quality_file=str))
    told = footprints.with_hidden_ground(plan, timeseries(looks, None), made)
    np.testing.assert_allclose(told[FLOOR_M2], [400.0, 1200.0 - 600.0, 1200.0], rtol=2e-3)
    np.testing.assert_allclose(told[CEILING_M2], [400.0 + 200.0, 1200.0, 1200.0], rtol=2e-3)


def test_hidden_ground_is_not_outlined_where_no_date_hides_any(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a wide site of many dates the outlines of what some alone have take seconds."""
    yard = shapely.MultiPolygon([shapely.box(500_000, 0, 500_020, 20)])
    days = [dt.date(2023, month, 1) for month in (1, 2)]
    made = {day: Footprint(yard, yard, yard, yard.area) for day in days}
    known = {"": Estimate(1.0, 0.0, 2.0)}
    looks = [DateMeasurements(day, valid_fraction={"": 1.0}, footprint_m2=known) for day in days]
    asked: list[int] = []

    def _alone(shapes: Sequence[BaseGeometry]) -> BaseGeometry:
        asked.append(len(shapes))
        return shapely.MultiPolygon()

    monkeypatch.setattr(footprints, "on_some_alone", _alone)
    plan = cast("Plan", SimpleNamespace(grid=SimpleNamespace(crs="EPSG:32633"), quality_file=str))
    told = footprints.with_hidden_ground(plan, timeseries(looks, None), made)
    assert asked == [0]
    assert told[FLOOR_M2].tolist() == told[CEILING_M2].tolist() == [1.0, 1.0]
