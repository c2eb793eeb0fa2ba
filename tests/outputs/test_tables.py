"""The time series as CSV: nothing that cannot be had becomes 0."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from changedet.outputs import tables
from changedet.outputs.sentences.words import Scale, interval_text


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "zone": ["", "north"],
            "date": pd.to_datetime(["2023-06-04", "2023-06-04"], utc=True),
            "containers": pd.array([12, None], dtype="Int64"),
            "containers_expected": [13.456, np.nan],
            "changed_area_m2": [1234.567, None],
            "shift_east_m": [-0.0001, 0.12345],
            "valid_fraction": [1.0, 0.98765],
            "extra": ["a,b", None],
        }
    )


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_write_timeseries_columns_are_the_contract_in_order_and_missing_figures_are_empty(tmp_path: Path) -> None:
    tables.write_timeseries(tmp_path / "timeseries.csv", frame())
    whole, north = rows(tmp_path / "timeseries.csv")
    assert list(whole) == [*tables.TIMESERIES_COLUMNS, "extra"]
    assert (whole["date"], whole["zone"], north["zone"]) == ("2023-06-04", "", "north")
    assert (whole["containers"], north["containers"]) == ("12", "")
    assert (whole["containers_expected"], north["containers_expected"]) == ("13.46", "")
    assert whole["changed_area_m2"] == "1234.6"
    assert (whole["shift_east_m"], north["shift_east_m"]) == ("0", "0.123")
    assert (whole["valid_fraction"], north["valid_fraction"]) == ("1", "0.9877")
    assert whole["extra"] == "a,b"
    assert {whole["teu"], whole["footprint_area_m2"], whole["scene"]} == {""}


def test_read_timeseries_reads_back(tmp_path: Path) -> None:
    tables.write_timeseries(tmp_path / "t.csv", frame())
    read = tables.read_timeseries(tmp_path / "t.csv")
    assert read["zone"].tolist() == ["", "north"]
    assert read["containers"].tolist()[0] == 12
    assert np.isnan(read["containers"].iloc[1])
    assert str(read["date"].iloc[0]) == "2023-06-04 00:00:00+00:00"
    assert read["teu"].isna().all()


def test_write_timeseries_an_empty_series_has_its_header(tmp_path: Path) -> None:
    tables.write_timeseries(tmp_path / "t.csv", pd.DataFrame())
    assert (tmp_path / "t.csv").read_text(encoding="utf-8").strip() == ",".join(tables.TIMESERIES_COLUMNS)


def test_write_timeseries_an_infinite_figure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="teu"):
        tables.write_timeseries(tmp_path / "t.csv", pd.DataFrame({"date": ["2023-01-01"], "teu": [np.inf]}))
    assert list(tmp_path.iterdir()) == []


def test_as_kept_is_what_the_file_gives_back(tmp_path: Path) -> None:
    path = tmp_path / "timeseries.csv"
    tables.write_timeseries(path, frame())
    pd.testing.assert_frame_equal(tables.as_kept(frame()), tables.read_timeseries(path))


@pytest.mark.parametrize(("name", "unit", "value"), [("changed_area_m2", "m²", 85.475), ("teu_expected", "", 2.4951)])
def test_a_figure_of_all_digits_reads_like_the_same_one_of_the_table(name: str, unit: str, value: float) -> None:
    kept = float(tables._cell(name, value))
    scale = Scale(1.0, unit, 0)
    assert interval_text(0.0, 0.0, value, scale) == interval_text(0.0, 0.0, kept, scale)
