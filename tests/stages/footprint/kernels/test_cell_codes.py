"""One byte for a cell of ground."""

from __future__ import annotations

import numpy as np
from ground_codes import VALUES, codes_of

from changedet.stages.footprint.kernels import cell_codes


def test_codes_stand_for_their_probabilities():
    built = np.array([0.001, 0.008, 0.05, 0.3, 0.55, 0.9, 0.999], np.float32)
    odds = np.log(built / (1 - built))
    found = VALUES.built[codes_of(built)] / cell_codes.UNIT
    assert np.abs(found - np.clip(odds, -6.2, 4.7)).max() < 0.55
    kinds = codes_of(0.5, np.array([0.05, 0.3, 0.5, 0.95]), np.array([0.6, 0.2, 0.1, 0.01]))
    assert (np.diff(VALUES.building[kinds]) > 0).all()
    assert (np.diff(VALUES.earthwork[kinds]) < 0).all()
    assert len(np.unique(VALUES.built[kinds])) == 1


def test_codes_are_one_for_each_class_and_none_is_unknown():
    edges = (0.0, *cell_codes.LOW, cell_codes.KINDS_FROM, *cell_codes.BUILT)
    found = codes_of(
        np.array(edges)[:, None, None] + 1e-4,
        np.array((0.0, *cell_codes.BUILDING))[:, None] + 1e-4,
        np.array((0.0, *cell_codes.EARTHWORK)) + 1e-4,
    )
    low = 1 + len(cell_codes.LOW)
    assert all(len(np.unique(found[k])) == (1 if k < low else 20) for k in range(len(edges)))
    assert len(np.unique(found)) == low + 20 * (len(edges) - low)
    assert found.min() > cell_codes.OUTSIDE
    assert found.max() < cell_codes.UNKNOWN
    assert codes_of(np.float32("nan")) == cell_codes.UNKNOWN
