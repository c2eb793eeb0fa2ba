"""Sites of other hands, on which intervals are fitted: the detector's boxes lie where the truth has them."""

from __future__ import annotations

import numpy as np

from scenarios import hands


def test_boxes_of_a_drawn_hand_lie_at_their_places() -> None:
    world, pictures = hands.shown("plain", "growth", hands.FIRST_SEED["plain"])
    site = hands.searched(world, pictures, "plain")
    counted = site.detections[site.detections["counted"]]
    assert str(counted.crs) == f"EPSG:{world.epsg}"
    half = world.size_m / 2
    middle = np.array([counted.union_all().centroid.x, counted.union_all().centroid.y])
    corner = np.array(world.looks[0].transform)[[2, 5]]
    assert (np.abs(middle - corner - [half, -half]) < half).all()
    found = counted.groupby("date").size().to_numpy()
    true = site.true["containers"].to_numpy()
    assert (np.abs(found - true) <= 3 + 0.2 * true).all()
