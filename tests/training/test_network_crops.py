"""Which parts of scenes the network is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training import network_crops
from training.network_scenes import PIXEL_M, Scene

SIDE_M, PART_M, DRAWS = 200.0, 76.8, 400
BOX = np.array([[30.0, 30.0, 12.0, 2.4, 0.0]])
MISTAKE = np.array([[160.0, 150.0]])


@pytest.fixture
def scene() -> Scene:
    """A picture of even ground with one box in a corner, and a place in another one that was taken for a box."""
    side = round(SIDE_M / PIXEL_M)
    codes = np.full((side, side, 3), 120, np.uint8)
    return Scene(codes, BOX, np.zeros(1, bool), np.zeros((side, side), bool), mistakes=MISTAKE)


def share_around(scene: Scene, place: np.ndarray, is_framed: bool = False) -> float:
    """Share of the parts drawn that are chosen for a place and hold it."""
    rng, held = np.random.default_rng(3), 0
    for _ in range(DRAWS):
        corner = network_crops._aim(scene, rng, is_framed, PART_M)
        held += corner is not None and bool(((corner < place) & (place < corner + PART_M)).all())
    return held / DRAWS


def test_aim_chooses_parts_for_mistakes(scene: Scene) -> None:
    assert share_around(scene, MISTAKE[0]) == pytest.approx(network_crops.MISTAKES_OFTEN, abs=0.07)
    assert share_around(replace(scene, mistakes=np.empty((0, 2))), MISTAKE[0]) == 0


def test_aim_chooses_parts_of_painted_scenes_for_boxes_less_often(scene: Scene) -> None:
    alone = replace(scene, mistakes=np.empty((0, 2)))
    assert share_around(alone, BOX[0, :2]) == pytest.approx(0.8, abs=0.07)
    assert share_around(alone, BOX[0, :2], is_framed=True) == pytest.approx(network_crops.LEAST_OFTEN, abs=0.07)
    painted = replace(alone, finest_m=0.5)
    assert share_around(painted, BOX[0, :2]) == pytest.approx(network_crops.PAINTED_OFTEN, abs=0.07)


def test_sparse_parts_are_shown_by_their_ground_alone() -> None:
    rng, side = np.random.default_rng(1), round(SIDE_M / PIXEL_M)
    codes = rng.integers(195, 206, (side, side, 3)).astype(np.uint8)
    codes[:, : side // 2] = rng.integers(20, 120, (side, side // 2, 3))
    scene = Scene(codes, BOX, np.zeros(1, bool), np.zeros((side, side), bool))
    plain, sparse = (
        np.mean([network_crops.crop(scene, np.random.default_rng(k), True, sparse=way)[0].min() for k in range(12)])
        for way in (False, True)
    )
    # By the whole scene's numbers black lies two spreads below the mean, by its ground's up to four.
    assert sparse < plain - 0.8
