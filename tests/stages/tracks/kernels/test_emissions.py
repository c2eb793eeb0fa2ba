"""Tables of score bins."""

from __future__ import annotations

import numpy as np

from changedet.stages.tracks.kernels.detector_tables import TABLES
from changedet.stages.tracks.kernels.emissions import tilted


def test_tilted_table_is_a_distribution_and_no_tilt_changes_nothing():
    table = TABLES["learned"].emission[0]
    by_date = tilted(table, np.array([-2.0, 0.0, 2.0]))
    assert np.allclose(by_date.sum(1), 1)
    assert np.allclose(by_date[1], table / table.sum())
    assert by_date[0, 0] > by_date[1, 0] > by_date[2, 0]
