"""What a series knows of its dates beside where they are clear."""

from __future__ import annotations

import numpy as np

from changedet.kernels.doubts import USUAL_DISTANCE
from changedet.stages.tracks.visibility import GivenVisibility, familiar_dates


class Described(GivenVisibility):
    def distance(self, i: int) -> float:
        return (0.4, USUAL_DISTANCE, float("nan"))[i]


def test_dates_are_familiar_below_the_usual_distance() -> None:
    np.testing.assert_array_equal(familiar_dates(Described(()), 3), [True, False, False])


def test_no_date_is_familiar_where_that_is_not_known() -> None:
    np.testing.assert_array_equal(familiar_dates(GivenVisibility(()), 2), [False, False])
