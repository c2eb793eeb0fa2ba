"""The pixel on which the classical detector works."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.objects.kernels.working_picture import working_picture


def test_working_picture_is_resampled_in_place() -> None:
    y, x = np.mgrid[:40, :60].astype(np.float32)
    for gsd_m in (0.1, 0.12, 0.3, 0.5, 1.0):
        picture = working_picture(np.stack([x, y]), [0.0, 0.0], [100.0, 100.0], gsd_m, 1.0)
        rows_, columns = 5, 7
        at = (picture.colours[rows_, columns] - 0.02) * 100
        assert at == pytest.approx([(n + 0.5) * picture.pixel_m / gsd_m - 0.5 for n in (columns, rows_)], abs=0.05)
