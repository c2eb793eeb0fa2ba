"""Plans of scenes whose files are made of large blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from small_scenes import write_workflow

from changedet.errors import InputError
from changedet.plan import Share, make_plan

DATES = ("2023-01-01", "2023-03-01", "2023-05-01")
SIDE_PX = 3000
FREE = Share(2, 4_000_000_000)


def series(folder: Path, **layout: object) -> Path:
    """Three looks that are stored in that way, and their workflow."""
    profile = {"driver": "GTiff", "dtype": "uint16", "nodata": 0, "crs": "EPSG:32633", "compress": "deflate"}
    profile |= {"width": SIDE_PX, "height": SIDE_PX, "count": 4, "transform": Affine(10, 0, 500_000, 0, -10, 5_400_000)}
    for day in DATES:
        with rasterio.open(folder / f"{day}.tif", "w", **profile, **layout) as out:
            out.write(np.ones((4, SIDE_PX, SIDE_PX), np.uint16))
    return write_workflow(folder, DATES)


def test_make_plan_promises_what_each_worker_holds_of_large_blocks_and_warns_of_them(tmp_path: Path) -> None:
    tiled = make_plan(series(tmp_path, tiled=True, blockxsize=512, blockysize=512), share=FREE)
    plan = make_plan(series(tmp_path, blockysize=SIDE_PX), share=FREE)
    band = SIDE_PX**2 * 2
    # of two files all bands, of one more a band, and GDAL's larger cache for files that are not tiled
    more = 2 * (2 * 4 * band + band) + (64 << 20)
    assert plan.memory_bytes - tiled.memory_bytes == pytest.approx(more, rel=0.02)
    (said,) = set(plan.warnings) - set(tiled.warnings)
    assert said.startswith(f"{tmp_path / DATES[0]}.tif and 2 more files: has blocks of {SIDE_PX} x {SIDE_PX} px")
    assert "gdal_translate -co TILED=YES" in said


def test_make_plan_takes_fewer_workers_and_then_refuses_large_blocks_that_do_not_fit(tmp_path: Path) -> None:
    workflow = series(tmp_path, blockysize=SIDE_PX)
    assert make_plan(workflow, share=Share(2, 700_000_000)).workers == 1
    # half of what is free is planned with, all of it is what a single worker may take
    with pytest.raises(InputError, match=r"3-0[135]-01\.tif: has blocks of .* may take 600; make it of tiles"):
        make_plan(workflow, share=Share(2, 300_000_000))


def test_make_plan_names_large_blocks_where_the_workflow_bounds_memory(tmp_path: Path) -> None:
    series(tmp_path, blockysize=SIDE_PX)
    workflow = write_workflow(tmp_path, DATES, compute={"memory": "600MB"})
    with pytest.raises(InputError, match=r"with one worker the run takes about \d+ MB, and it may take 600"):
        make_plan(workflow, share=FREE)
