"""Tables and JSON: nothing that cannot be had becomes 0, nothing that a parser refuses is written."""

from __future__ import annotations

import copy
import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from changedet.outputs import tables
from changedet.outputs.json_files import write_json
from changedet.outputs.summary import ONSETS, TOTAL_PARTS, TOTALS, summary_problems


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


def test_columns_are_the_contract_in_order_and_missing_figures_are_empty(tmp_path: Path) -> None:
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


def test_series_reads_back(tmp_path: Path) -> None:
    tables.write_timeseries(tmp_path / "t.csv", frame())
    read = tables.read_timeseries(tmp_path / "t.csv")
    assert read["zone"].tolist() == ["", "north"]
    assert read["containers"].tolist()[0] == 12
    assert np.isnan(read["containers"].iloc[1])
    assert str(read["date"].iloc[0]) == "2023-06-04 00:00:00+00:00"
    assert read["teu"].isna().all()


def test_an_empty_series_has_its_header(tmp_path: Path) -> None:
    tables.write_timeseries(tmp_path / "t.csv", pd.DataFrame())
    assert (tmp_path / "t.csv").read_text(encoding="utf-8").strip() == ",".join(tables.TIMESERIES_COLUMNS)


def test_an_infinite_figure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="teu"):
        tables.write_timeseries(tmp_path / "t.csv", pd.DataFrame({"date": ["2023-01-01"], "teu": [np.inf]}))
    assert list(tmp_path.iterdir()) == []


def test_json_is_strict_and_ordered(tmp_path: Path) -> None:
    value = {"b": np.float32(0.5), "a": [np.nan, pd.NA, pd.NaT, np.int64(3), np.bool_(True)], "c": date(2023, 6, 4)}
    value |= {"d": pd.Timestamp("2023-06-04", tz="UTC"), "e": (Path("x") / "y", np.arange(2)), "ü": float("inf")}
    write_json(tmp_path / "x.json", value)
    text = (tmp_path / "x.json").read_text(encoding="utf-8")

    def refuse(word: str) -> Any:
        raise AssertionError(word)

    assert json.loads(text, parse_constant=refuse) == {
        "b": 0.5,
        "a": [None, None, None, 3, True],
        "c": "2023-06-04",
        "d": "2023-06-04",
        "e": ["x/y", [0, 1]],
        "ü": None,
    }
    assert text.index('"b"') < text.index('"a"')
    with pytest.raises(TypeError, match="object has no JSON form"):
        write_json(tmp_path / "y.json", {"a": object()})
    assert not (tmp_path / "y.json").exists()


def summary() -> dict[str, Any]:
    figure = {"value": 3, "low": 2, "high": 5, "date": "2023-06-04"}
    totals: dict[str, Any] = {name: dict.fromkeys(TOTAL_PARTS, figure) for name in TOTALS}
    onset = {"date": "2023-07-04", "low": "2023-06-05", "high": "2023-07-04", "probability": 0.9, "reason": ""}
    made = {
        "schema_version": 1,
        "site": {"id": "a"},
        "grid": {"crs": "EPSG:32651", "resolution_m": 0.5, "shape": [1, 2]},
        "dates": ["2023-06-04"],
        "reference_date": "2023-06-04",
        "totals": {**totals, "arrivals": figure, "departures": figure},
        "onset": dict.fromkeys(ONSETS, onset),
        "warnings": [],
    }
    return copy.deepcopy(json.loads(json.dumps(made)))


def test_a_right_summary_has_no_problems() -> None:
    assert summary_problems(summary()) == []


def test_each_wrong_summary_is_named() -> None:
    def problems(change: Any) -> list[str]:
        made = summary()
        change(made)
        return summary_problems(made)

    assert problems(lambda s: s.pop("warnings")) == ["warnings: missing"]
    assert problems(lambda s: s["grid"].pop("shape")) == ["grid.shape: missing"]
    assert problems(lambda s: s["totals"].pop("arrivals")) == ["totals.arrivals: missing"]
    assert problems(lambda s: s["totals"]["teu"].pop("peak")) == ["totals.teu.peak: expected value, low, high and date"]
    assert problems(lambda s: s["totals"]["teu"]["last"].update(low=4)) == ["totals.teu.last: 3 lies outside 4 to 5"]
    assert problems(lambda s: s["totals"]["teu"]["last"].update(value=None, low=None, high=None)) == []
    assert problems(lambda s: s["onset"]["footprint"].update(date=None)) == ["onset.footprint: no date and no reason"]
    assert problems(lambda s: s["onset"]["footprint"].update(date=None, reason="flat")) == []
    assert problems(lambda s: s["onset"]["footprint"].update(date="2023-08-01")) == [
        "onset.footprint: 2023-08-01 lies outside 2023-06-05 to 2023-07-04"
    ]
