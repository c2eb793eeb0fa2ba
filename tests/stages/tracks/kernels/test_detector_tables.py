"""The detectors' fitted tables and calibrations."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels.detector_tables import HARD_TABLES, TABLES, calibration


@pytest.mark.parametrize("detector", ["classical", "learned"])
def test_tables_are_distributions_that_order_scores_as_presence_does(detector):
    tables = TABLES[detector]
    assert np.allclose(tables.emission.sum(1), 1, atol=0.002)
    assert tables.absent.sum() == pytest.approx(1, abs=0.002)
    assert np.allclose(tables.shade.sum(1), 1, atol=0.002)
    assert tables.shade[1, 4] > 3 * tables.shade[0, 4]
    assert tables.emission[0, 5] > 30 * tables.absent[5]
    assert tables.emission[0, 0] < 0.1 * tables.absent[0]
    assert tables.neighbours[0, 0] < 0.5 * tables.neighbours[1, 0]
    assert tables.neighbours[0, 2] > tables.neighbours[1, 2]
    assert calibration(detector, 0.5).scale == pytest.approx(1.0, abs=0.3)
    assert calibration(detector, float("nan")) == calibration(detector, 0.5)


def test_hard_tables_miss_more_and_hold_more_false_rows():
    usual, hard = TABLES["learned"], HARD_TABLES["learned"]
    for table in (hard.emission, hard.shade, hard.neighbours, hard.appearance):
        assert np.allclose(table.sum(-1), 1, atol=0.002)
    assert hard.emission[0, 0] > 2 * usual.emission[0, 0]
    assert hard.absent[1:].sum() > 2 * usual.absent[1:].sum()
    assert hard.precision < usual.precision < hard.container_precision < 1.0


def test_calibration_is_that_of_the_nearest_resolution_and_never_narrower_than_at_half_a_metre():
    assert calibration("learned", 1.2) == calibration("learned", 1.0) != calibration("learned", 0.5)
    assert calibration("learned", 0.55) == calibration("learned", 0.5)
    for size in (0.3, 0.75, 1.0):
        own, usual = calibration("learned", size), calibration("learned", 0.5)
        assert min(own.boxes[0] - usual.boxes[0], own.boxes[1] - usual.boxes[1]) >= 0
    assert calibration("no such detector", 0.5).scale == 1.0
