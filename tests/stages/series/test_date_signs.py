"""Signs of doubt of dates that hide boxes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from box_rows import followed

from changedet.stages.series.counts import TrackedBoxes, tracked_boxes
from changedet.stages.series.date_signs import date_signs
from scenarios import box_series as bs

T = 2


@pytest.fixture(scope="module")
def boxes() -> TrackedBoxes:
    """Ten places of which eight are expected to hold a box on every date, and rows that are counted without doubt."""
    counted = tracked_boxes(followed(bs.simulate(5, change=0.0)))
    dates = counted.present.shape[1]
    rows = np.repeat(np.arange(dates), 8)
    return replace(
        counted,
        row_date=rows,
        row_kind=np.full(len(rows), "20ft", object),
        row_counted=np.ones(len(rows), bool),
        row_listed=np.full(len(rows), "20ft", object),
        row_confidence=np.ones(len(rows)),
        row_believed=np.ones(len(rows), bool),
        present=np.full((10, dates), 0.8),
        clear=np.ones((10, dates), bool),
        weight=np.ones(10),
        blind=np.zeros(dates, bool),
    )


def _hidden(boxes: TrackedBoxes, t: int, places: int) -> TrackedBoxes:
    """The first places hidden on a date, and as many of its rows as that takes."""
    clear = boxes.clear.copy()
    clear[:places, t] = False
    kept = ~((boxes.row_date == t) & (np.arange(len(boxes.row_date)) % 8 < 0.8 * places))
    names = ("row_date", "row_kind", "row_counted", "row_listed", "row_confidence", "row_believed")
    return replace(boxes, clear=clear, **{name: getattr(boxes, name)[kept] for name in names})


def test_a_date_that_shows_everything_has_its_own_signs_alone(boxes: TrackedBoxes) -> None:
    doubtful = replace(boxes, row_confidence=np.where(boxes.row_date == T, 1.0, 0.5))
    assert date_signs(doubtful, T, 8.0)[1:] == (0.0, 0.0, 0.0, 0.0)
    assert date_signs(doubtful, T + 1, 8.0).uncertain == 4.0


@pytest.mark.parametrize(("places", "share"), [(5, 0.5), (10, 1.0)])
def test_what_a_date_hides_is_as_doubtful_as_on_the_looks_around_it(
    boxes: TrackedBoxes, places: int, share: float
) -> None:
    unsure = replace(boxes, row_confidence=np.where(boxes.row_date == T + 1, 0.5, 0.75))
    own = date_signs(_hidden(replace(unsure, row_confidence=np.ones(len(unsure.row_date))), T, places), T, 8.0)
    assert own.uncertain == 0.0
    seen = _hidden(unsure, T, places)
    # The look before has 2, the less sure one after 4; of its own rows each has .25.
    alone = 0.25 * float((seen.row_date == T).sum())
    assert date_signs(seen, T, 8.0).uncertain == pytest.approx(alone + share * 3.0)


def test_looks_that_hide_most_boxes_themselves_lend_nothing(boxes: TrackedBoxes) -> None:
    unsure = replace(boxes, row_confidence=np.where(boxes.row_date == T - 1, 0.0, 0.75))
    seen = _hidden(_hidden(unsure, T, 10), T - 1, 10)
    assert date_signs(seen, T, 8.0).uncertain == pytest.approx(2.0)


def test_a_series_that_no_look_shows_has_no_sign_to_lend(boxes: TrackedBoxes) -> None:
    dark = replace(boxes, clear=np.zeros_like(boxes.clear), row_date=np.full(len(boxes.row_date), -1))
    assert date_signs(dark, T, 8.0) == (8.0, 0.0, 0.0, 0.0, 0.0)
