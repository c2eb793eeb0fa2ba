"""Dates and kinds that a person gave."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from changedet.assess.drawn import day_fault, day_of

DAYS = [dt.date(2023, 3, 1), dt.date(2023, 3, 31)]
FAR = pd.Timestamp(np.datetime64("-0001-05-01", "s"))


@pytest.mark.parametrize("value", ["2023-03-01", dt.date(2023, 3, 1), pd.Timestamp("2023-03-01T12:00Z")])
def test_day_of_what_tables_hold_as_a_date(value: object) -> None:
    assert day_of(value) == DAYS[0]
    assert day_fault(value, DAYS) == ""


@pytest.mark.parametrize("value", [None, "", "soon", FAR, pd.Timestamp(np.datetime64("200000-01-01", "s"))])
def test_dates_that_no_calendar_has_are_none_and_are_said_to_be(value: object) -> None:
    assert day_of(value) is None
    assert "is no date on which boxes were counted, expected one of 2023-03-01, 2023-03-31" in day_fault(value, DAYS)
