"""Views in the summary: learnt ones, and looks from far aslant."""

from __future__ import annotations

import datetime as dt

import numpy as np

from changedet.pipeline.view_records import learnt_views, oblique_looks, views_note
from changedet.stages.tracks.kernels.views import SeriesViews

DAYS = [dt.date(2023, 3, 1), dt.date(2023, 4, 1), dt.date(2023, 5, 1)]


def test_learnt_views_are_told_of_looks_that_have_none() -> None:
    tangent = np.tan(np.radians([[20.0], [10.0], [0.0]]))
    displaced = tangent * np.array([[1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])
    found = learnt_views(SeriesViews(displaced, False, np.array([True, True, False])), DAYS)
    assert found == {
        "2023-03-01": {"azimuth_deg": 90.0, "off_nadir_deg": 20.0},
        "2023-04-01": {"azimuth_deg": 180.0, "off_nadir_deg": 10.0},
    }
    (some,) = views_note(found, 3)
    assert str(some).startswith("2 of 3 looks do not say from where they were taken: views are learnt from")
    (none,) = views_note(found, 2)
    assert str(none).startswith("no look says from where it was taken")
    assert views_note(learnt_views(SeriesViews(displaced, False, np.array([False, False, True])), DAYS), 3) == [], (
        "straight down: no roof is displaced"
    )
    assert learnt_views(None, DAYS) == {}
    assert oblique_looks(SeriesViews(1.5 * displaced, False, np.zeros(3, bool)), DAYS, []) == {"2023-03-01": 28.6}
    assert oblique_looks(None, DAYS, DAYS) == {}


def test_views_learnt_from_what_is_not_counted_are_no_views() -> None:
    displaced = np.tan(np.radians(30.0)) * np.array([[1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])
    views = SeriesViews(displaced, False, np.array([True, True, False]))
    assert oblique_looks(views, DAYS, DAYS[1:2]) == {"2023-04-01": 30.0, "2023-05-01": 30.0}
    assert oblique_looks(views, DAYS, []) == {"2023-05-01": 30.0}, "given: it needs no boxes"


def test_learnt_views_are_aslant_where_they_are_by_more_than_their_error() -> None:
    displaced = np.tan(np.radians([[27.0], [26.0], [5.0]])) * np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    learnt = np.ones(3, bool)
    assert oblique_looks(SeriesViews(displaced, False, learnt), DAYS, DAYS) == {"2023-03-01": 27.0}
    assert oblique_looks(SeriesViews(displaced, False, ~learnt), DAYS, DAYS) == {"2023-03-01": 27.0, "2023-04-01": 26.0}
