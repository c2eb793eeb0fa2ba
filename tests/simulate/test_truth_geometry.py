"""The mask of the truth."""

from __future__ import annotations

import pytest
from simulated_site import world

from changedet.simulate import Truth


def test_truth_mask_follows_the_polygons() -> None:
    site = world()
    truth = Truth(site)
    mask = truth.mask(3)
    area = truth.changed_by_place(3).intersection(truth.site()).area
    assert (mask == 1).sum() == pytest.approx(area, rel=0.03)
    assert not (truth.mask(0) == 1).any()
