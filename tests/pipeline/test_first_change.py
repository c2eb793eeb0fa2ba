"""The date of the first lasting change of each pixel, against brute force."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from small_runs import DATES

from changedet.grid import Grid
from changedet.pipeline.finished import open_run
from changedet.pipeline.first_change import first_dates, unseen_before_first_date, write_first_change


def test_first_change_against_brute_force(reference_run: Path) -> None:
    masks = {date: open_run(reference_run).mask(date).values for date in DATES[1:]}
    with rasterio.open(reference_run / "change/first_change.tif") as source:
        found = source.read(1)
    for y, x in [(y, x) for y in range(25, 80, 3) for x in range(10, 120, 3)]:
        seen = [(date, masks[date][y, x]) for date in DATES[1:] if masks[date][y, x] != 255]
        expected = -1 if not seen else 0
        for k, (date, _) in enumerate(seen):
            if all(value == 1 for _, value in seen[k:]):
                expected = (dt.date.fromisoformat(date) - dt.date(1970, 1, 1)).days
                break
        assert found[y, x] == expected, (y, x)
    assert len(np.unique(found)) >= 3


def test_first_dates_are_never_after_the_regions_own_date(tmp_path: Path) -> None:
    grid = Grid("EPSG:32651", Affine(1, 0, 500_000, 0, -1, 3_000_000), (20, 40))
    days = [dt.date(2023, 1, 1), dt.date(2023, 3, 1), dt.date(2023, 5, 1)]
    masks = {day: np.zeros(grid.shape, np.uint8) for day in days}
    # a strip that flickers: changed on the first date, not on the second, changed for good from the third on
    masks[days[0]][:10, :10] = masks[days[2]][:10, :10] = 1
    for day in days[1:]:
        masks[day][:10, 20:30] = 1
    paths = {day: tmp_path / f"{day}.tif" for day in days}
    for day, path in paths.items():
        profile = {"driver": "GTiff", "dtype": "uint8", "count": 1, "nodata": 255, "height": 20, "width": 40}
        with rasterio.open(path, "w", crs=grid.crs, transform=grid.transform, **profile) as out:
            out.write(masks[day][None])
    write_first_change(tmp_path / "first.tif", grid, paths, "site")
    flickering, lasting = (shapely.box(500_000 + x, 2_999_990, 500_010 + x, 3_000_000) for x in (0, 20))
    tables = {
        days[0]: np.array([flickering], object),
        days[1]: np.array([lasting], object),
        days[2]: np.array([flickering, lasting], object),
    }
    found = first_dates(tmp_path / "first.tif", grid, tables)
    assert found == [["2023-01-01"], ["2023-03-01"], ["2023-05-01", "2023-03-01"]]


def test_unseen_before_first_date_against_brute_force(tmp_path: Path) -> None:
    grid = Grid("EPSG:32651", Affine(1, 0, 500_000, 0, -1, 3_000_000), (20, 40))
    rng = np.random.default_rng(1)
    days = [dt.date(2023, month, 1) for month in (1, 3, 5, 7)]
    masks = {day: rng.choice(np.array([0, 1, 255], np.uint8), grid.shape, p=(0.2, 0.5, 0.3)) for day in days}
    paths = {day: tmp_path / f"{day}.tif" for day in days}
    profile = {"driver": "GTiff", "dtype": "uint8", "count": 1, "nodata": 255, "height": 20, "width": 40}
    for day, path in paths.items():
        with rasterio.open(path, "w", crs=grid.crs, transform=grid.transform, **profile) as out:
            out.write(masks[day][None])
    write_first_change(tmp_path / "first.tif", grid, paths, "site")
    with rasterio.open(tmp_path / "first.tif") as source:
        first = source.read(1)
    # What the last of these looks hides no later one can show.
    asked = {day: paths[day] for day in days if day != days[1]}
    found = unseen_before_first_date(tmp_path / "first.tif", asked, days, grid)
    numbers = [(day - dt.date(1970, 1, 1)).days for day in days]
    for k, day in enumerate(days):
        count = 0
        for y, x in np.ndindex(*grid.shape):
            until = numbers.index(first[y, x]) if first[y, x] > 0 else 0
            count += until > k and all(masks[days[i]][y, x] == 255 and days[i] in asked for i in range(k, until))
        if day in asked:
            assert found[day] == pytest.approx(count, rel=0.01)
    assert found[days[0]] > 0 == found[days[3]]
