"""Signs of doubt of dates: their own, and those of the looks that their counts rest on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from box_rows import made

from changedet.stages.series.counts import TrackedBoxes
from changedet.stages.series.date_signs import ONE_BOX, OWN_SHARE, date_signs
from changedet.stages.series.site_boxes import tracked_boxes

T = 2


@pytest.fixture(scope="module")
def boxes() -> TrackedBoxes:
    """Ten places of which eight are expected to hold a box on every date, and rows that are counted without doubt."""
    counted = tracked_boxes(made(5, change=0.0)[1])
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
        row_others=np.zeros(len(rows)),
        row_homely=np.zeros(len(rows), bool),
        present=np.full((10, dates), 0.8),
        clear=np.ones((10, dates), bool),
        weight=np.ones(10),
        blind=np.zeros(dates, bool),
        others=np.zeros((10, dates)),
        others_above=np.ones(10),
    )


def _hidden(boxes: TrackedBoxes, t: int, places: int) -> TrackedBoxes:
    """The first places hidden on a date, and as many of its rows as that takes."""
    clear = boxes.clear.copy()
    clear[:places, t] = False
    kept = ~((boxes.row_date == t) & (np.arange(len(boxes.row_date)) % 8 < 0.8 * places))
    names = ("row_date", "row_kind", "row_counted", "row_listed", "row_confidence", "row_believed")
    names += ("row_others", "row_homely")
    return replace(boxes, clear=clear, **{name: getattr(boxes, name)[kept] for name in names})


def test_own_signs_are_those_of_the_rows_of_a_date(boxes: TrackedBoxes) -> None:
    here = boxes.row_date == T
    kind, counted = boxes.row_kind.copy(), boxes.row_counted.copy()
    kind[np.flatnonzero(here)[0]] = "other"
    counted[np.flatnonzero(here)[1:3]] = False
    seen = replace(boxes, row_kind=kind, row_counted=counted, row_confidence=np.where(here, 0.6, 1.0))
    own = date_signs(seen, 1.1).own
    # Of eight rows one is no container and two are below the threshold; 8.8 are expected.
    assert own[T] == pytest.approx((8.8, 5 * 0.4, 2 * 0.6, 8.8 - 5, 1.0))
    assert own[T + 1] == pytest.approx((8.8, 0.0, 0.0, 0.8, 0.0))


def test_a_count_is_half_as_doubtful_as_its_look_and_half_as_all_looks(boxes: TrackedBoxes) -> None:
    doubtful = replace(boxes, row_confidence=np.where(boxes.row_date == T, 0.5, 1.0))
    mean = 4.0 / boxes.present.shape[1]
    counts = date_signs(doubtful, 1.0).counts
    assert counts[T][1].uncertain == pytest.approx(OWN_SHARE * 4.0 + (1 - OWN_SHARE) * mean)
    assert counts[T + 1][1].uncertain == pytest.approx((1 - OWN_SHARE) * mean)
    assert counts[T][1].expected == pytest.approx(8.0)


def test_signs_of_other_looks_count_in_proportion_to_what_stands(boxes: TrackedBoxes) -> None:
    present = boxes.present.copy()
    present[5:, T] = 0.0
    half = replace(boxes, present=present, row_confidence=np.full(len(boxes.row_date), 0.5))
    own, counts = date_signs(half, 1.0)
    around = np.mean([one.uncertain for one in own]) * (4.0 + ONE_BOX) / (np.mean([o.expected for o in own]) + ONE_BOX)
    assert counts[T][1].uncertain == pytest.approx(OWN_SHARE * own[T].uncertain + (1 - OWN_SHARE) * around)


@pytest.mark.parametrize(("places", "share"), [(4, 0.4), (10, 1.0)])
def test_what_a_date_hides_is_as_doubtful_as_on_the_other_looks(boxes: TrackedBoxes, places: int, share: float) -> None:
    unsure = replace(boxes, row_confidence=np.where(boxes.row_date == T, 1.0, 0.75))
    seen = _hidden(unsure, T, places)
    own, counts = date_signs(seen, 1.0)
    assert own[T].uncertain == 0.0
    shown = [one.uncertain for t, one in enumerate(own) if t != T or share <= 0.5]
    assert counts[T][1].uncertain == pytest.approx((1 - OWN_SHARE * (1 - share)) * np.mean(shown))


def test_looks_that_hide_most_boxes_themselves_lend_nothing(boxes: TrackedBoxes) -> None:
    unsure = replace(boxes, row_confidence=np.where(boxes.row_date == T - 1, 0.0, 0.75))
    seen = _hidden(_hidden(unsure, T, 10), T - 1, 10)
    assert date_signs(seen, 1.0).counts[T][1].uncertain == pytest.approx(2.0)


def test_a_blind_date_misses_nothing_and_lends_nothing(boxes: TrackedBoxes) -> None:
    blind = np.arange(boxes.present.shape[1]) == T
    gone = replace(boxes, blind=blind, row_confidence=np.where(boxes.row_date == T, 0.0, 1.0))
    own, counts = date_signs(gone, 2.0)
    assert own[T].missed == 0.0
    assert counts[T + 1][1].uncertain == 0.0


def test_a_series_that_no_look_shows_has_no_sign_to_lend(boxes: TrackedBoxes) -> None:
    dark = replace(boxes, clear=np.zeros_like(boxes.clear), row_date=np.full(len(boxes.row_date), -1))
    assert date_signs(dark, 1.0).counts[T][1] == pytest.approx((8.0, 0.0, 0.0, 0.0, 0.0))


def test_what_is_taken_for_something_else_is_no_sign(boxes: TrackedBoxes) -> None:
    first = boxes.row_date[:, None] == np.arange(boxes.present.shape[1])
    doubtful = first.cumsum(axis=0)[np.arange(len(first)), boxes.row_date] <= 4
    unsure = replace(boxes, row_confidence=np.where(doubtful, 0.6, 1.0))
    assert date_signs(unsure, 1.0).own[T] == pytest.approx((8.0, 4 * 0.4, 0.0, 0.0, 0.0))
    counts = date_signs(unsure, 1.0).counts[T]
    assert counts[0] == counts[1]
    half = replace(unsure, present=boxes.present / 2, row_others=doubtful.astype(float))
    assert date_signs(half, 1.0).own[T] == pytest.approx((4.0, 0.0, 0.0, 0.0, 0.0))
    low, high = date_signs(half, 1.0).counts[T]
    assert high.uncertain == pytest.approx(0.0)
    assert low.uncertain == pytest.approx(4 * 0.4 / 2), "but half of what is left may be as doubtful"
    below = replace(unsure, row_counted=~doubtful)
    assert date_signs(below, 1.0).own[T].weak == pytest.approx(4 * 0.6)
    assert date_signs(replace(below, row_others=0.5 * doubtful), 1.0).own[T].weak == pytest.approx(2 * 0.6)
