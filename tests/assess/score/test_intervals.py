"""Intervals of all figures against true ones."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pandas as pd
import pytest

from changedet.assess.score.intervals import score_intervals
from changedet.outputs.summary import FIGURE_COLUMNS

DAYS = [dt.date(2024, 1, 1), dt.date(2024, 2, 1), dt.date(2024, 3, 1)]
STAMPS = pd.to_datetime([str(day) for day in DAYS], utc=True)


def run() -> SimpleNamespace:
    columns = {name: [float("nan")] * 6 for three in FIGURE_COLUMNS.values() for name in three}
    rows = pd.DataFrame({"zone": [""] * 3 + ["yard"] * 3, "date": [*STAMPS, *STAMPS], "valid_fraction": 1.0, **columns})
    rows.loc[:2, ["containers_low", "containers_high"]] = [[8.0, 12.0], [17.0, 19.0], [25.0, 35.0]]
    rows.loc[:2, "containers_expected"] = [10.0, 18.0, 30.0]
    rows.loc[1:2, ["changed_area_low_m2", "changed_area_high_m2"]] = [[0.0, 60.0], [100.0, 400.0]]
    return SimpleNamespace(series=rows)


TRUTH = pd.DataFrame(
    {
        "date": [str(day) for day in DAYS],
        "containers": [10.0, 20.0, 30.0],
        "changed_area_m2": [float("nan"), 0.0, 200.0],
    }
)


def test_every_figure_with_an_interval_and_a_truth_is_scored() -> None:
    found = score_intervals(run(), TRUTH.assign(teu=[1.0, 2.0, 3.0]), DAYS)
    assert list(found) == ["containers", "changed_area_m2", "net_containers"], "the run has no TEU"
    assert (found["net_containers"]["dates"], found["net_containers"]["held"]) == (1, 1)
    wrong = score_intervals(run(), TRUTH.assign(containers=[10.0, 20.0, 60.0]), DAYS)["net_containers"]
    assert wrong["missed"]["2024-03-01"][0] == 50.0
    assert (found["containers"]["dates"], found["containers"]["held"]) == (3, 2)
    assert found["containers"]["coverage"] == pytest.approx(2 / 3)
    assert found["containers"]["missed"] == {"2024-02-01": [20.0, 17.0, 19.0]}
    assert found["containers"]["width"] == pytest.approx(10 / 30)
    assert found["changed_area_m2"]["dates"] == found["changed_area_m2"]["held"] == 2
    assert found["changed_area_m2"]["width"] == pytest.approx(1.5), "nothing has no relative width"


def test_only_the_dates_that_are_wanted() -> None:
    assert score_intervals(run(), TRUTH, DAYS[1:2])["containers"]["coverage"] == 0.0
    assert score_intervals(run(), TRUTH, [dt.date(2025, 1, 1)]) == {}


def test_changed_area_is_scored_where_a_date_shows_the_site() -> None:
    done = run()
    done.series.loc[2, "valid_fraction"] = 0.6
    assert score_intervals(done, TRUTH, DAYS)["changed_area_m2"]["dates"] == 1
