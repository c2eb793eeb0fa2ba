"""Features and probabilities of weak rows."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels.confirmation import FEATURES, WEIGHTS, SeriesRows, features, probabilities


def _rows(**changes: object) -> SeriesRows:
    """A weak row 0 beside three counted ones on date 0; its track has another, counted row on date 1."""
    given = {
        "date": np.array([0, 0, 0, 0, 1]),
        "xy": np.array([[0.0, 0.0], [0.0, 3.0], [0.0, 6.0], [30.0, 0.0], [0.0, 0.0]]),
        "confidence": np.array([0.3, 0.9, 0.9, 0.9, 0.8]),
        "counted": np.array([False, True, True, True, True]),
        "rgb": np.array([[20.0] * 3, [80.0] * 3, [120.0] * 3, [255.0] * 3, [20.0] * 3]),
        "track": np.array([0, 1, -1, -1, 0]),
        "presence": np.array([0.9, 0.9, 0.0, 0.0, 0.9]),
    }
    return SeriesRows(**(given | changes))


def test_features_are_of_the_row_its_track_and_the_counted_rows_around():
    found = dict(zip(FEATURES, features(_rows(), np.array([0]))[0], strict=True))
    assert found["one"] == 1.0
    assert found["confidence"] == pytest.approx(np.log(0.3 / 0.7))
    assert found["presence"] == pytest.approx(np.log(9.0) / 2)
    assert found["counted_share"] == 0.5
    # Against the median of two counted rows within 8 m; the third stands 30 m away.
    assert found["darker"] == pytest.approx((20 - 100) / 50)
    assert found["neighbours"] == pytest.approx(2 / 8)


def test_what_is_brighter_or_of_no_known_colour_is_not_darker():
    bright = np.array([[200.0] * 3, [80.0] * 3, [120.0] * 3, [255.0] * 3, [20.0] * 3])
    for rgb in (bright, np.full((5, 3), np.nan)):
        assert features(_rows(rgb=rgb), np.array([0]))[0, FEATURES.index("darker")] == 0.0


def test_a_row_without_counted_ones_around_has_no_neighbours():
    alone = _rows(counted=np.array([False, False, False, False, True]))
    assert features(alone, np.array([0]))[0, -2:].tolist() == [0.0, 0.0]


def test_no_row_has_no_probability():
    assert probabilities(_rows(), np.empty(0, np.int64), WEIGHTS["learned"]).size == 0


@pytest.mark.parametrize("column", ["confidence", "presence"])
def test_a_surer_row_is_more_probable(column: str):
    surer = getattr(_rows(), column).copy()
    surer[0] = 0.99
    one, other = (
        probabilities(rows, np.array([0]), WEIGHTS["learned"])[0] for rows in (_rows(), _rows(**{column: surer}))
    )
    assert 0.0 < one < other < 1.0
