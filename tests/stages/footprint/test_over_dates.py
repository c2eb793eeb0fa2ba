"""Rasters of all dates."""

from __future__ import annotations

import numpy as np
import pytest
from ground_codes import codes_of, yard

from changedet.stages.footprint import over_dates
from changedet.stages.footprint.kernels import cell_codes, closing


@pytest.mark.parametrize("cell_m", [0.75, 1.0])
def test_from_codes_does_not_depend_on_the_blocks(monkeypatch, trees, cell_m):
    rng = np.random.default_rng(3)
    shape = (3, 190, 170)
    probability = rng.beta(0.3, 0.4, (3, 19, 17)).repeat(10, 1).repeat(10, 2)
    codes = codes_of(probability, 1 - probability, rng.random(shape) ** 3)
    codes[0, 60:90, 20:150] = cell_codes.UNKNOWN
    boxes = (rng.random(shape) < 0.01).astype(np.uint8)
    boxes[codes == cell_codes.UNKNOWN] = cell_codes.UNKNOWN
    packed = [over_dates.PackedRasters.of(*one) for one in zip(codes, boxes, strict=True)]
    whole = [np.stack(one) for one in over_dates.from_codes(packed, trees, cell_m)]
    monkeypatch.setattr(over_dates, "BLOCK_CELLS", 61)
    cut = [np.stack(one) for one in over_dates.from_codes(packed, trees, cell_m)]
    assert all(np.array_equal(one, other) for one, other in zip(whole, cut, strict=True))
    assert all(len(np.unique([one[part] for one in whole])) > 2 for part in range(3))


def test_from_codes_weighs_the_dates_on_either_side_of_a_change_by_themselves(trees, monkeypatch):
    """A field that lies bare on the first two looks; on the later three a yard lies on a part of it."""
    # Looks doubt the field, and the yard after it speaks for it.
    doubtful, laid = codes_of(0.45 * yard()), codes_of(yard())
    codes = np.stack([doubtful, doubtful, laid, laid, laid])
    boxes = np.zeros(codes.shape, np.uint8)
    packed = [over_dates.PackedRasters.of(*one) for one in zip(codes, boxes, strict=True)]
    turns = np.full(codes.shape[1:], over_dates.NEVER, np.uint8)
    turns[10:70, 15:55] = 2
    found = [np.stack(one) for one in over_dates.from_codes(packed, trees, 1.0, turns)]
    whole = [np.stack(one) for one in over_dates.from_codes(packed, trees, 1.0)]
    sides = [np.stack(one) for part in (packed[:2], packed[2:]) for one in over_dates.from_codes(part, trees, 1.0)]
    for one, all_dates, own in zip(found, whole, sides, strict=True):
        assert np.array_equal(one, np.where(turns == 2, own, all_dates))
    assert any(not np.array_equal(one, other) for one, other in zip(whole, sides, strict=True))
    monkeypatch.setattr(over_dates, "BLOCK_CELLS", 33)
    cut = [np.stack(one) for one in over_dates.from_codes(packed, trees, 1.0, turns)]
    assert all(np.array_equal(one, other) for one, other in zip(found, cut, strict=True))


def test_from_codes_keeps_a_box_that_cloud_hides(trees):
    codes = np.stack([codes_of(yard()), np.full((120, 130), cell_codes.UNKNOWN, np.uint8)])
    boxes = np.zeros(codes.shape, np.uint8)
    boxes[0, 100:104, 100:112], boxes[1] = 1, cell_codes.UNKNOWN
    packed = [over_dates.PackedRasters.of(*one) for one in zip(codes, boxes, strict=True)]
    (_, _, _), (own, known, _) = over_dates.from_codes(packed, trees, 1.0)
    assert (known[100:104, 100:112] == closing.STORED).all()
    assert (own == closing.UNKNOWN).all()


def test_from_codes_takes_hidden_ground_for_no_more_than_the_looks_around_it_show(trees):
    """A yard that a cloud hides on the first look, a meadow on the second: the later ones do not build it before."""
    meadow, laid = codes_of(0.03 * np.ones_like(yard())), codes_of(yard())
    codes = np.stack([np.full_like(meadow, cell_codes.UNKNOWN), meadow, laid, laid, laid, laid])
    codes[4] = cell_codes.UNKNOWN
    boxes = np.where(codes == cell_codes.UNKNOWN, cell_codes.UNKNOWN, 0).astype(np.uint8)
    packed = [over_dates.PackedRasters.of(*one) for one in zip(codes, boxes, strict=True)]
    built = [int((known >= 2).sum()) for _, known, _ in over_dates.from_codes(packed, trees, 1.0)]
    assert built[0] <= built[1] < 0.1 * built[2]
    assert built[4] == pytest.approx(built[3], rel=0.1), "what both neighbours show is built behind a cloud, too"
