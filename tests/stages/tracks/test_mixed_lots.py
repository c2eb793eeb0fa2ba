"""Boxes of another kind in lots of containers of mixed lengths, through the whole stage."""

from __future__ import annotations

import numpy as np
from box_rows import DAYS, anchors, rows_of

from changedet.stages.series.site_boxes import shown_boxes
from changedet.stages.tracks.stage import track

SIZES = (6.06, 12.19, 6.06, 12.19, 6.06, 12.19)
DATES = range(len(DAYS))


def lot(containers: set[int], sizes=SIZES, pitch_m=3.0):
    """Boxes side by side on all dates; those that are no containers by themselves are named others."""
    kinds = {6.06: "20ft", 12.19: "40ft"}
    return [
        (day, pitch_m * k, 0.0, {"kind": kinds[size] if k in containers else "other", "length_m": size})
        for day in DATES
        for k, size in enumerate(sizes)
    ]


def kinds_of(boxes) -> list[str]:
    """Kinds of the lot's tracks from west to east, beside boxes that never change."""
    found = track(rows_of(*anchors(), *boxes), DAYS, detector="learned").tracks
    return found.assign(x=found.geometry.x)[found.geometry.y < 6_000_100].sort_values("x")["kind"].tolist()


def test_others_in_a_mixed_lot_become_containers_of_their_length():
    found = track(rows_of(*anchors(), *lot({0, 3})), DAYS, detector="learned")
    assert kinds_of(lot({0, 3})) == ["20ft", "40ft"] * 3
    assert not (found.detections["kind"] == "other").any()
    detected, expected = shown_boxes(found)
    np.testing.assert_array_equal(detected, 6 + 8)
    np.testing.assert_allclose(expected, detected, rtol=0.1)


def test_one_look_that_knows_the_lot_names_it_on_all():
    # Two looks in eight take all six for containers, a quarter; three are more than a third.
    two, three = (lot(set(range(6)))[: 6 * first] + lot(set())[6 * first :] for first in (2, 3))
    assert kinds_of(two) == ["other"] * 6
    assert kinds_of(three) == ["20ft", "40ft"] * 3


def test_trailers_of_one_length_or_further_apart_stay_others():
    assert kinds_of(lot({0, 3}, (12.19,) * 6)).count("other") == 4
    assert kinds_of(lot({0, 3}, pitch_m=5.0)).count("other") == 4
