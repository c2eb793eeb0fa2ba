"""Whole runs in pixels of 10 m over a year: fields that turn are no change and no built ground; a depot is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import yaml
from small_scenes import BANDS, write_scene, write_workflow

from changedet import load_workflow
from changedet.pipeline.finished import Run
from changedet.pipeline.run import run
from changedet.plan import make_plan
from changedet.plan.seasons import knows_seasons

SIDE, FIELD = 120, 12
DAYS = tuple(f"202{2 + (3 + k) // 12}-{(3 + k) % 12 + 1:02d}-05" for k in range(12))
CROP, SOIL, CONCRETE, OLD = (
    (250, 600, 300, 4400),
    (750, 1050, 1500, 2250),
    (2000, 2250, 2400, 2700),
    (1000, 1080, 1120, 1250),
)
PAD, YARD = (slice(60, 72), slice(60, 75)), (slice(30, 42), slice(40, 60))
FIRST = 4
"""Look from which the pad is there."""


def scene(k: int) -> np.ndarray:
    """Fields, each green for half of the year, a yard, and from a look on a pad of concrete on a meadow."""
    rng = np.random.default_rng(k)
    number = np.random.default_rng(99).integers(0, 12, (SIDE // FIELD, SIDE // FIELD))
    green = np.kron((number + k) % 12 < 6, np.ones((FIELD, FIELD))) > 0
    image = np.where(green[None], np.array(CROP)[:, None, None], np.array(SOIL)[:, None, None]).astype(float)
    image[(slice(None), *YARD)] = np.array(OLD)[:, None, None]
    image[(slice(None), *PAD)] = np.array(CONCRETE if k >= FIRST else CROP)[:, None, None]
    return np.asarray(image * rng.normal(1, 0.03, image.shape))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("coarse")
    for k, day in enumerate(DAYS):
        write_scene(folder / f"{day}.tif", scene(k))
    scenes = [{"date": day, "path": f"{day}.tif"} for day in DAYS]
    content = {"site": {"id": "coarse"}, "scenes": scenes, "bands": BANDS, "outputs": {"dir": "out"}}
    path = folder / "coarse.yaml"
    path.write_text(yaml.safe_dump(content | {"mask": {"method": "nodata_only"}, "align": {"method": "none"}}))
    return run(load_workflow(path))


def test_the_pad_is_marked_and_no_field(done: Run) -> None:
    pad = np.zeros((SIDE, SIDE), bool)
    pad[PAD] = True
    for k, day in enumerate(DAYS[1:], 1):
        mask = done.mask(day).values == 1
        assert not mask[~pad].any(), day
        share = mask[pad].mean()
        assert share > 0.6 if FIRST <= k < len(DAYS) - 1 else share == 0 or k == len(DAYS) - 1, day


def test_fields_that_lie_bare_are_not_likely_built(done: Run) -> None:
    built = done.footprint.to_crs("EPSG:32633").set_index(done.footprint["date"].dt.strftime("%Y-%m-%d"))
    yard, pad = (100.0 * np.zeros((SIDE, SIDE))[part].size for part in (YARD, PAD))
    assert built.geometry[DAYS[0]].area == pytest.approx(yard, rel=0.15)
    assert built.geometry[DAYS[8]].area == pytest.approx(yard + pad, rel=0.15)
    series = done.series[done.series["zone"] == ""]
    assert (series["changed_area_low_m2"].iloc[FIRST + 1 :] > 0.3 * pad).all()
    assert (series["changed_area_low_m2"].iloc[1:FIRST] == 0).all()


def test_the_reason_says_so(done: Run) -> None:
    (change,) = (row for row in done.provenance["methods"] if row["stage"] == "change")
    (tracks,) = (row for row in done.provenance["methods"] if row["stage"] == "tracks")
    assert tracks["reason"] == "has nothing to do: no boxes are looked for"
    assert "no season of the site's own fields" in change["reason"]


@pytest.mark.parametrize(
    ("days", "resolution_m", "dtype", "known"),
    [
        (DAYS, 10.0, "uint16", True),
        (DAYS[:5], 10.0, "uint16", False),  # too few looks
        (tuple(f"{year}-06-01" for year in range(2010, 2018)), 10.0, "uint16", False),  # too far apart
        (DAYS, 30.0, "uint16", False),  # fields are a pixel or two
        (DAYS, 10.0, "uint8", False),  # stretched
        (DAYS, 3.0, "uint16", True),
        (DAYS[:6], 10.0, "uint16", True),
        (DAYS[:6], 3.0, "uint16", False),  # within five months, of which trees know more
        (DAYS, 2.0, "uint16", False),
    ],
)
def test_seasons_are_asked_for_where_looks_show_them(
    tmp_path: Path, days: tuple[str, ...], resolution_m: float, dtype: str, known: bool
) -> None:
    for day in days:
        path = write_scene(tmp_path / f"{day}.tif", np.full((4, 40, 40), 90), resolution_m=resolution_m)
        if dtype == "uint8":
            with rasterio.open(path) as file:
                values, profile = file.read(), file.profile
            with rasterio.open(path, "w", **profile | {"dtype": dtype}) as file:
                file.write(values.astype(dtype))
    assert knows_seasons(make_plan(write_workflow(tmp_path, days, change={"method": "auto"}))) == known


def test_a_lot_of_dark_soil_that_became_a_yard_is_marked_though_both_have_colours_of_fields(tmp_path: Path) -> None:
    for k, day in enumerate(DAYS):
        image = scene(0 if k < FIRST else k)
        image[(slice(None), *PAD)] = np.array(SOIL)[:, None, None] * (0.55 if k < FIRST else 1.05)
        rng = np.random.default_rng(k)
        write_scene(tmp_path / f"{day}.tif", image * rng.normal(1, 0.03, image.shape))
    scenes = [{"date": day, "path": f"{day}.tif"} for day in DAYS]
    content = {"site": {"id": "lot"}, "scenes": scenes, "bands": BANDS, "outputs": {"dir": "out"}}
    path = tmp_path / "lot.yaml"
    path.write_text(yaml.safe_dump(content | {"mask": {"method": "nodata_only"}, "align": {"method": "none"}}))
    done = run(load_workflow(path))
    lot = np.zeros((SIDE, SIDE), bool)
    lot[PAD] = True
    for day in DAYS[FIRST:-1]:
        mask = done.mask(day).values == 1
        assert mask[lot].mean() > 0.6, day
        assert not mask[~lot].any(), day
    series = done.series[done.series["zone"] == ""]
    assert (series["changed_area_high_m2"].iloc[FIRST:] > 100.0 * lot.sum()).all()


def test_where_nothing_grows_new_ground_may_go_unmarked(tmp_path: Path) -> None:
    sand = np.array((1500, 2100, 2700, 3300))[:, None, None]
    for k, day in enumerate(DAYS):
        rng = np.random.default_rng(k)
        dunes = np.kron(np.random.default_rng(9).normal(1, 0.05, (SIDE // 6, SIDE // 6)), np.ones((6, 6)))
        image = sand * dunes * rng.normal(1, 0.01, (4, SIDE, SIDE))
        if k >= FIRST:
            image[(slice(None), *PAD)] = 0.93 * image[(slice(None), *PAD)]
        write_scene(tmp_path / f"{day}.tif", image)
    scenes = [{"date": day, "path": f"{day}.tif"} for day in DAYS]
    content = {"site": {"id": "sand"}, "scenes": scenes, "bands": BANDS, "outputs": {"dir": "out"}}
    path = tmp_path / "sand.yaml"
    path.write_text(yaml.safe_dump(content | {"mask": {"method": "nodata_only"}, "align": {"method": "none"}}))
    done = run(load_workflow(path))
    series = done.series[done.series["zone"] == ""]
    assert (series["changed_area_low_m2"].iloc[1:] == 0).all()
    assert (series["changed_area_high_m2"].iloc[FIRST:] > 100.0 * np.zeros((SIDE, SIDE))[PAD].size).all()
    assert any("hardly anything grows" in one for one in done.summary["warnings"])
