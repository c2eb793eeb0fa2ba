"""Boxes that clouds hide."""

from __future__ import annotations

import numpy as np
import pandas as pd

from changedet.blocks import Window
from changedet.pipeline.tile import mostly_clear


def test_boxes_that_are_mostly_hidden_are_left_out_and_those_at_a_rim_kept() -> None:
    """Boxes of 12 m by 2.4 m at .5 m, with their ends east and west; the left half of the block is hidden."""
    clear = np.zeros((40, 100), bool)
    clear[:, 50:] = True
    centres = np.array([20.0, 44.0, 56.0, 80.0])
    boxes = pd.DataFrame({"x_px": 200 + centres, "y_px": 300 + 20.0, "length_m": 12.0, "angle_deg": 90.0})
    place = Window(300, 200, 40, 100)
    assert mostly_clear(clear, place, boxes, 0.5).tolist() == [False, False, True, True]
    upright = boxes.assign(angle_deg=0.0)
    assert mostly_clear(clear, place, upright, 0.5).tolist() == [False, False, True, True]
    # Beyond the block its edge goes on; no boxes are no boxes.
    assert mostly_clear(~clear, place, boxes.assign(x_px=196.0), 0.5).all()
    assert mostly_clear(clear, place, boxes[:0], 0.5).shape == (0,)
