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


def lying(far: int, apart: float) -> dict[dt.date, Familiarity]:
    """A look beyond the edge that lies so far from the others, which lie in one place."""
    return {day: one._replace(coordinates=(apart * (day == DAYS[far]), 0.0)) for day, one in looks(far).items()}


def tracks(far: int, shown: int, stood: int = 12) -> Any:
    """Boxes that stood there all the time, ten that came since, and what the far look shows of the former."""
    seen = np.ones((stood + 10, len(DAYS)), bool)
    seen[stood:, :2] = False
    seen[shown:stood, far] = False
    return SimpleNamespace(dates=DAYS, seen=seen, presence=np.where(seen, 1.0, 0.9))


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


@pytest.mark.parametrize(
    ("apart", "gone", "refused"),
    [(0.3, 12, False), (0.46, 9, False), (0.3, 8, True), (0.48, 12, True), (1.0, 12, True)],
)
def test_an_emptied_yard_counts_where_the_look_is_near_to_one_that_shows_many(
    apart: float, gone: int, refused: bool
) -> None:
    """Of twelve boxes some are gone by the pixels; the others no row shows, yet their places do not look bare."""
    followed = tracks(2, 0, 12)
    followed.seen[:, 2] = False
    followed.seen[12:] = False
    followed.presence[:gone, 2] = 0.1
    found = borne_out(lying(2, apart), followed)[DAYS[2]]
    assert found.is_refused is refused
    if not refused:
        assert f"near to the look of 2023-01-01, of whose 12 boxes {gone} are shown or gone" in found.sentence


def test_an_emptied_yard_needs_boxes_and_a_known_place() -> None:
    followed = tracks(2, 0, LEAST_KNOWN - 1)
    followed.seen[:, 2] = False
    followed.seen[LEAST_KNOWN - 1 :] = False
    followed.presence[:, 2] = 0.0
    assert borne_out(lying(2, 0.3), followed)[DAYS[2]].is_refused
    followed.seen[LEAST_KNOWN, :2] = True
    assert not borne_out(lying(2, 0.3), followed)[DAYS[2]].is_refused
    assert borne_out(looks(2), followed)[DAYS[2]].is_refused
