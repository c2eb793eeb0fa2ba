"""Dates in names of files."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changedet.workflow import (
    dates_in_name,
)


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        ("S2A_20230604T101530_B04.tif", "%Y%m%dT%H%M%S", "2023-06-04 10:15:30"),
        ("S2A_20230604T101530_B04.tif", "%Y%m%d", "2023-06-04"),
        ("20230604101530.tif", "%Y%m%d", "2023-06-04"),
        ("12345678_20230604_20240101.tif", "%Y%m%d", "2023-06-04"),
        ("20231301_20230604.tif", "%Y%m%d", "2023-06-04"),
        ("20230230_20230604.tif", "%Y%m%d", "2023-06-04"),
        ("LC08_007066_2023155_01.tif", "%Y%j", "2023-06-04"),
        ("2023366.tif", "%Y%j", None),
        ("depot_4Jun2023.tif", "%d%b%Y", None),
        ("depot_04Jun2023.tif", "%d%b%Y", "2023-06-04"),
        ("depot_04_JUNE_23.tif", "%d_%B_%y", "2023-06-04"),
        ("1985.tif", "%Y", "1985-01-01"),
        ("scene_1985_1990.tif", "%Y", "1985-01-01"),
        ("a.b_2023.06.tif", "b_%Y.%m", "2023-06-01"),
        ("a%2023.tif", "a%%%Y", "2023-01-01"),
        ("x3023.tif", "%Y", None),
        ("depot 4.6.2023.tif", "%-d.%-m.%Y", "2023-06-04"),
        ("depot 04.06.2023.tif", "%-d.%-m.%Y", "2023-06-04"),
        ("depot 2023-12-31.tif", "%Y-%-m-%-d", "2023-12-31"),
        ("depot 32.6.2023.tif", "%-d.%-m.%Y", "2023-06-02"),
        ("a_20230604T013000+0200.tif", "%Y%m%dT%H%M%S%z", "2023-06-03 23:30:00"),
        ("a_20230604T223000-03:30.tif", "%Y%m%dT%H%M%S%z", "2023-06-05 02:00:00"),
        ("a_20230604T013000Z.tif", "%Y%m%dT%H%M%S%z", "2023-06-04 01:30:00"),
        ("a_20230604T013000+1560.tif", "%Y%m%dT%H%M%S%z", None),
    ],
)
def test_dates_in_name(name: str, form: str, expected: str | None) -> None:
    found = next(dates_in_name(name, form), None)
    shown = None if found is None else f"{found[0]}{f' {found[1]}' if found[1] else ''}"
    assert shown == expected


@given(
    st.dates(dt.date(1969, 1, 1), dt.date(2068, 12, 31)),
    st.sampled_from(["%Y%m%d", "%Y-%m-%d", "%d%b%Y", "%y%m%d", "%Y%j", "%d %B %Y"]),
)
def test_dates_in_name_agrees_with_strftime(date: dt.date, form: str) -> None:
    assert next(dates_in_name(f"site_{date.strftime(form)}_x.tif", form))[0] == date
