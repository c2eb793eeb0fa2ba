"""Dates are aligned by the ground around an area of interest that is small, too."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small_runs import DATES
from small_scenes import blocks_and_grain, write_scene, write_workflow

from changedet.blocks import Pools
from changedet.pipeline.measure_dates import measure_dates
from changedet.pipeline.scheduling import Session
from changedet.plan import make_plan

SHIFT_PX, METRES = (3, -4), 0.5
"""Of the second date's ground; of what fills the area of interest another, as roofs of stacks lean."""


def scenes(folder: Path, edge: int) -> Path:
    """Two dates of 600 px, the middle of which moves by itself, and a workflow of that middle."""
    base = np.tile(blocks_and_grain(4, 384, 4), (1, 2, 2))[:, :600, :600]
    moved = np.roll(base, SHIFT_PX, (1, 2))
    inner = slice(300 - edge // 2, 300 + edge // 2)
    own = blocks_and_grain(9, 384, 4)[:, :edge, :edge]
    for date, image, lean in ((DATES[0], base, 0), (DATES[1], moved, 9)):
        seen = image.copy()
        seen[:, inner, inner] = np.roll(own, lean, 2)
        write_scene(folder / f"{date}.tif", seen, resolution_m=METRES)
    west, north = 500_000 + METRES * inner.start, 5_400_000 - METRES * inner.start
    side = METRES * edge
    ring = [[west, north], [west + side, north], [west + side, north - side], [west, north - side], [west, north]]
    area = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}
    (folder / "aoi.geojson").write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [area]}))
    return write_workflow(folder, DATES[:2], site={"id": "site", "aoi": "aoi.geojson"})


@pytest.mark.parametrize("edge", [160, 240])
def test_a_small_area_is_aligned_by_the_ground_around_it(tmp_path: Path, edge: int) -> None:
    plan = make_plan(scenes(tmp_path, edge), out=str(tmp_path / "out"))
    plan.folder.path.mkdir(parents=True)
    with Pools(1) as pools:
        models = measure_dates(Session(plan, pools))
    shift = models[plan.looks[1].date].alignment.displacement.shift
    assert plan.grid.shape == (edge, edge)
    assert shift.east_m == pytest.approx(METRES * SHIFT_PX[1], abs=0.1)
    assert shift.north_m == pytest.approx(-METRES * SHIFT_PX[0], abs=0.1)
