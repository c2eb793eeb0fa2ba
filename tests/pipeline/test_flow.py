"""Flow between looks: bounds in order, the unseen in them, none where it cannot be told."""

from __future__ import annotations

import pandas as pd

from changedet.pipeline.flow import flow


def table(stock: float = 50.0) -> pd.DataFrame:
    """Three looks of a site and one of a zone; the second look is not known."""
    columns = {
        "date": pd.to_datetime(["2024-05-01", "2024-05-11", "2024-05-31", "2024-05-31"]),
        "zone": ["", "", "", "yard"],
        "containers_expected": [stock, None, 52.0, 9.0],
        "containers_low": [stock - 4, None, 49.0, 8.0],
    }
    for name, (low, value, high) in {"arrivals": (18.0, 20.0, 23.0), "departures": (15.0, 17.0, 21.0)}.items():
        for part, number in (("low", low), ("expected", value), ("high", high)):
            columns[f"{name}_{part}"] = [None, None, number, 3.0]
    return pd.DataFrame(columns)


def test_flow_counts_what_no_look_shows() -> None:
    (one,) = flow(table())
    assert isinstance(one, dict)
    assert (one["from"], one["to"], one["days"]) == ("2024-05-01", "2024-05-31", 30)
    assert one["arrivals"] == {"least": 18.0, "likely": 24.4, "most": 42.0}
    assert one["departures"] == {"least": 15.0, "likely": 21.4, "most": 40.0}
    assert one["unseen"] == {"likely": 4.4, "most": 19.0}


def test_flow_gives_no_bound_without_stock() -> None:
    (one,) = flow(table(stock=2.0))
    assert isinstance(one, dict)
    assert one["arrivals"] == {"least": 18.0, "likely": 20.0, "most": None}
    assert one["unseen"] is None
    assert flow(table().iloc[:1]) == []
