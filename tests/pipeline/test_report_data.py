"""Pictures of a report, from a run's rasters."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import cv2
import numpy as np
import pytest
from affine import Affine
from mercator import UNIT
from written_rasters import writer

from changedet.blocks import Window
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.report.pictures import PALE
from changedet.pipeline import report_data

DAY = dt.date(2023, 3, 1)


@pytest.mark.parametrize(("unit", "is_pale"), [(1.0, False), (UNIT, True)])
def test_patches_in_doubt_are_as_small_on_the_ground_in_web_mercator(
    tmp_path: Path, unit: float, is_pale: bool
) -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[2:22, 2:22] = 1
    with writer(tmp_path / "m.tif", "mask", mask.shape, transform=Affine(1, 0, 0, 0, -1, 0)) as out:
        out.write(Window(0, 0, *mask.shape), mask)
    boxes = vector_layers.empty("tracks", "EPSG:3857"), vector_layers.empty("containers", "EPSG:3857")
    rasters = report_data._Rasters({}, {DAY: tmp_path / "m.tif"}, {}, unit)
    drawn = report_data._pictures(rasters, boxes, {}, {str(DAY)}).overlays[str(DAY)]
    alpha = cv2.imdecode(np.frombuffer(drawn, np.uint8), cv2.IMREAD_UNCHANGED)[..., 3]
    assert ((alpha == PALE).sum() > 0) == is_pale
