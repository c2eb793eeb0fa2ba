"""Cells of the lattice."""

from __future__ import annotations

import numpy as np
import pandas as pd
from planted_boxes import BGRN

from changedet.blocks import Window
from changedet.stages.objects.lattice import in_cell
from changedet.stages.objects.stage import classical
from changedet.stages.registry import Facts


def test_in_cell_does_not_depend_on_the_crop_that_is_read(wide: np.ndarray) -> None:
    method = classical(Facts(0.5, BGRN))
    model = method.fit(wide[None])
    cell = Window(0, 512, 512, 512)
    large = in_cell(wide, Window(0, 0, *wide.shape[1:]), cell, method, model).boxes
    crop = Window(0, 512 - method.halo_px, wide.shape[1], 512 + 2 * method.halo_px)
    small = in_cell(np.ascontiguousarray(wide[:, :, crop.slices[1]]), crop, cell, method, model).boxes
    assert len(large) > 7
    pd.testing.assert_frame_equal(small.reset_index(drop=True), large.reset_index(drop=True))
