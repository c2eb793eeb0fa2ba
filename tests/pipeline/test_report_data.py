"""Pictures of a report, from a run's rasters."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from mercator import mercator_grid
from written_rasters import writer

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.outputs.report.pictures import PALE
from changedet.pipeline import report_data
from changedet.pipeline.run_sources import RunSources

DAY = "2023-03-01"
WITHIN_ERROR = pd.DataFrame({"date": [DAY], "zone": [""], "changed_area_m2": [400.0], "changed_area_low_m2": [0.0]})
PLAIN = Grid("EPSG:32633", Affine(1, 0, 500_000, 0, -1, 5_900_000), (40, 60))


@pytest.mark.parametrize(("grid", "is_pale"), [(PLAIN, False), (mercator_grid(40, 60), True)])
def test_patches_in_doubt_are_as_small_on_the_ground_in_web_mercator(tmp_path: Path, grid: Grid, is_pale: bool) -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[2:22, 2:22] = 1
    with writer(tmp_path / "m.tif", "mask", mask.shape, transform=Affine(1, 0, 0, 0, -1, 0)) as out:
        out.write(Window(0, 0, *mask.shape), mask)
    told = RunSources({}, WITHIN_ERROR, {"grid": grid.to_json()}, {}, {}, {}, {DAY: tmp_path / "m.tif"})
    drawn = report_data._pictures(told).overlays[DAY]
    alpha = cv2.imdecode(np.frombuffer(drawn, np.uint8), cv2.IMREAD_UNCHANGED)[..., 3]
    assert ((alpha == PALE).sum() > 0) == is_pale
