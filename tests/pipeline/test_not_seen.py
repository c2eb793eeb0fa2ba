"""What a date does not show, outlined with its reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
from small_runs import DATES
from small_scenes import write_workflow

from changedet.pipeline.finished import open_run
from changedet.pipeline.run import run


def test_not_seen_outlines_what_each_date_hides_and_what_the_reference_does(scenes: Path, tmp_path: Path) -> None:
    for date, columns in ((DATES[0], slice(100, 200)), (DATES[1], slice(400, 500))):
        shutil.copy2(scenes / f"{date}.tif", tmp_path)
        with rasterio.open(tmp_path / f"{date}.tif", "r+") as scene:
            image = scene.read()
            image[:, :50, columns] = 0
            scene.write(image)
    formats = {"formats": ["objects", "masks", "tables"]}
    finished = run(write_workflow(tmp_path, DATES[:2], outputs=formats), out=str(tmp_path / "out"))
    found = finished.not_seen
    assert found is not None
    rows = {(str(row.date)[:10], row.reason): row for row in found.itertuples()}
    assert set(rows) >= {(DATES[0], "no data"), (DATES[1], "no data"), (DATES[1], f"not seen on {DATES[0]}")}
    # an overview of 1024 px of the 1100: outlines are right to a pixel, areas to two in a hundred
    for key in ((DATES[0], "no data"), (DATES[1], "no data"), (DATES[1], f"not seen on {DATES[0]}")):
        assert rows[key].area_m2 == pytest.approx(50 * 100 * 100, rel=0.03), key
    bounds = np.array(rows[DATES[1], "no data"].geometry.bounds)
    np.testing.assert_allclose(bounds, [504_000, 5_399_500, 505_000, 5_400_000], atol=15)


def test_not_seen_is_left_out_where_all_is_seen(reference_run: Path) -> None:
    assert open_run(reference_run).not_seen is None
