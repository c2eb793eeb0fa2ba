"""Counts against true counts."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pandas as pd
import pytest

from changedet.assess.score.counts import score_counts

DAYS = [dt.date(2024, 1, 1), dt.date(2024, 2, 1), dt.date(2024, 3, 1)]


def run(expected: list[float | None]) -> SimpleNamespace:
    rows = {"zone": "", "date": pd.to_datetime([str(day) for day in DAYS], utc=True), "containers_expected": expected}
    bounds = {"containers_low": [8.0, 17.0, 25.0], "containers_high": [12.0, 19.0, 35.0]}
    return SimpleNamespace(series=pd.DataFrame(rows | bounds))


TRUTH = pd.DataFrame({"date": [str(day) for day in DAYS], "containers": [10, 20, 30]})


def test_score_counts_errors_bias_and_coverage() -> None:
    figures = score_counts(run([11.0, 18.0, 30.0]), TRUTH, DAYS)
    assert figures["dates"] == 3
    assert figures["error"] == pytest.approx(3 / 60)
    assert figures["bias"] == pytest.approx(-1 / 60)
    assert figures["error_of_difference"] == pytest.approx((3 + 2) / 2)
    assert figures["coverage"] == pytest.approx(2 / 3)
    assert figures["by_date"]["2024-02-01"] == [18.0, 20]


def test_score_counts_leaves_out_dates_without_a_count() -> None:
    assert score_counts(run([11.0, None, 30.0]), TRUTH, DAYS)["dates"] == 2
    assert score_counts(run([None] * 3), TRUTH, DAYS) == {"dates": 0, "error": None, "coverage": None}
