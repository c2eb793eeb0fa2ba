"""Looks beyond the edge that show what other looks show."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from changedet.pipeline.familiarity import LEAST_KNOWN, borne_out, familiarity_json, refusals
from changedet.stages.objects.familiarity import Familiarity

DAYS = tuple(dt.date(2023, month, 1) for month in (1, 3, 5))
FAR = Familiarity(1.2, "none")


def looks(far: int) -> dict[dt.date, Familiarity]:
    return {day: FAR if t == far else Familiarity(0.5, "usual") for t, day in enumerate(DAYS)}


def tracks(far: int, shown: int, stood: int = 12) -> Any:
    """Boxes that stood there all the time, ten that came since, and what the far look shows of the former."""
    seen = np.ones((stood + 10, len(DAYS)), bool)
    seen[stood:, :2] = False
    seen[shown:stood, far] = False
    return SimpleNamespace(dates=DAYS, seen=seen)


@pytest.mark.parametrize(("far", "shown", "refused"), [(1, 12, False), (1, 9, False), (1, 8, True), (0, 12, True)])
def test_a_far_look_counts_where_it_shows_the_boxes_of_those_beside_it(far: int, shown: int, refused: bool) -> None:
    followed = tracks(far, shown)
    if far == 0:
        followed.seen[:, 1] = True  # ten more on the only look beside it, which may have come since: 12 of 22
    found = borne_out(looks(far), followed)
    assert found[DAYS[far]].is_refused is refused
    assert familiarity_json(found)[str(DAYS[far])] == {
        "distance": 1.2,
        "sentence": found[DAYS[far]].sentence,
        "refused": refused,
    }
    assert bool(refusals(found)) is refused
    if not refused:
        assert f"it shows {shown} of 12 boxes of the looks beside it" in found[DAYS[far]].sentence
    assert {day: one for day, one in found.items() if day != DAYS[far]} == {
        day: one for day, one in looks(far).items() if day != DAYS[far]
    }


def test_few_boxes_bear_nothing_out_nor_do_looks_that_are_far_themselves() -> None:
    assert borne_out(looks(1), tracks(1, LEAST_KNOWN - 1, LEAST_KNOWN - 1))[DAYS[1]].is_refused
    assert all(one.is_refused for one in borne_out(dict.fromkeys(DAYS, FAR), tracks(1, 12)).values())
    most = dict.fromkeys(DAYS, FAR) | {DAYS[0]: Familiarity(0.5, "usual")}
    assert borne_out(most, tracks(1, 12)) == most
    assert borne_out(looks(1), None) == looks(1)
