"""Patches that are found again near their place, by hand."""

from __future__ import annotations

import numpy as np

from changedet.stages.change.kernels import (
    patch_search,
)


def likest(first, second, y, x, reach):
    """Least sum of absolute differences of 3 x 3 patches, by hand; what lies beyond the picture is 0."""
    wide = reach + 1
    first, second = (np.pad(image.astype(int), ((0, 0), (wide, wide), (wide, wide))) for image in (first, second))
    own = first[:, y + wide - 1 : y + wide + 2, x + wide - 1 : x + wide + 2]
    inside = np.zeros(first.shape[1:], bool)
    inside[wide:-wide, wide:-wide] = True
    found = []
    for dy in range(-reach, reach + 1, patch_search.STEP_PX):
        for dx in range(-reach, reach + 1, patch_search.STEP_PX):
            rows, columns = slice(y + dy + wide - 1, y + dy + wide + 2), slice(x + dx + wide - 1, x + dx + wide + 2)
            if own.shape == second[:, rows, columns].shape:
                found.append(np.minimum(np.abs(own - second[:, rows, columns]).sum(axis=0), 255).sum())
    return min(found)


def test_unmatched_is_the_least_difference_by_hand_too():
    rng = np.random.default_rng(11)
    before, after = rng.integers(0, 90, (2, 3, 30, 34)).astype(np.uint8)
    after[:, 4:20, 9:25] = before[:, 6:22, 5:21]
    found = patch_search.unmatched(list(zip(before, after, strict=True)))
    for y, x in ((15, 15), (14, 20), (17, 12)):  # far enough from the edge that no patch is cut off
        wanted = [likest(before, after, y, x, 0)]
        wanted += [likest(*pair, y, x, 4) for pair in ((before, after), (after, before))]
        assert [int(image[y, x]) for image in found[:3]] == wanted
    assert found[1][10, 10] == 0  # displaced by 2 rows and -4 columns
    assert found[0][10, 10] > 0


def test_unmatched_finds_a_leaning_roof_again_and_no_new_one():
    shape = (60, 60)
    ground, roof = np.full(shape, 60, np.uint8), np.zeros(shape, bool)
    roof[25:30, 20:32] = True
    before, after, fresh = ground.copy(), ground.copy(), ground.copy()
    before[roof], after[np.roll(roof, (4, -6), (0, 1))], fresh[roof] = 180, 180, 120
    moved = patch_search.unmatched([(before, after)] * 3)
    replaced = patch_search.unmatched([(before, fresh)] * 3)
    middle = roof.copy()
    middle[[25, 29]] = False
    middle[:, [20, 31]] = False
    assert (moved[3][middle] == 0).all()
    assert (replaced[3][middle] > 500).all()
