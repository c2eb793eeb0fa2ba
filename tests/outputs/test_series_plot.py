"""The chart of a figure: its values, its interval, its onset, and what cannot be drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_run import DATES, series
from matplotlib.figure import Figure

from changedet.errors import InputError
from changedet.outputs.series_plot import FIGURES, draw_series
from changedet.outputs.tables import read_timeseries, write_timeseries


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """The time series of the made-up run, as it is read again."""
    write_timeseries(tmp_path / "a.csv", series())
    return read_timeseries(tmp_path / "a.csv")


def test_a_count_is_drawn_with_its_interval_what_was_seen_and_its_onset(table: pd.DataFrame) -> None:
    axes = Figure().subplots()
    draw_series(axes, table, "containers", onset={"date": DATES[1]})
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert list(lines) == ["expected", "seen", f"growth began, {DATES[1]}"]
    np.testing.assert_allclose(lines["expected"].get_ydata(), [4.4, 10.4, np.nan, 22.4])
    np.testing.assert_allclose(lines["seen"].get_ydata(), [3, 9, np.nan, 21])
    band = axes.collections[0].get_paths()
    heights = np.concatenate([path.vertices[:, 1] for path in band])
    assert heights.min() == 2
    assert heights.max() == 25
    assert axes.get_ylabel() == "containers"
    assert axes.get_ylim()[0] == 0


def test_the_span_in_which_growth_began_is_drawn_and_not_its_last_day_alone(table: pd.DataFrame) -> None:
    axes = Figure().subplots()
    onset = {"date": DATES[1], "low": DATES[0], "high": DATES[1]}
    draw_series(axes, table, "containers", onset=onset)
    (span,) = axes.patches
    assert span.get_label() == f"growth began, {DATES[0]} to {DATES[1]}"
    first, last = span.get_extents().transformed(axes.transData.inverted()).intervalx
    assert last - first == pytest.approx((pd.Timestamp(DATES[1]) - pd.Timestamp(DATES[0])).days)
    draw_series(axes, table, "containers", onset={"date": None, "low": None, "high": None})
    assert len(axes.patches) == 1


def test_a_zone_is_drawn_alone(table: pd.DataFrame) -> None:
    rows = table.copy()
    rows.loc[rows["zone"] == "north", "containers_expected"] = 7.0
    axes = Figure().subplots()
    draw_series(axes, rows, "containers", zone="north")
    assert set(axes.get_lines()[0].get_ydata()) == {7.0}


@pytest.mark.parametrize("name", sorted({*FIGURES} - {"teu", "footprint"}))
def test_every_figure_that_is_there_is_drawn(table: pd.DataFrame, name: str) -> None:
    axes = Figure().subplots()
    draw_series(axes, table, name)
    assert axes.get_ylabel()


@pytest.mark.parametrize(
    ("name", "zone", "said"),
    [
        ("container", "", "no figure 'container', expected one of containers, .*did you mean 'containers'"),
        ("containers", "west", "no zone 'west', only north"),
        ("teu", "", "teu could not be had on any date"),
    ],
)
def test_what_cannot_be_drawn_is_told(table: pd.DataFrame, name: str, zone: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        draw_series(Figure().subplots(), table, name, zone=zone)
