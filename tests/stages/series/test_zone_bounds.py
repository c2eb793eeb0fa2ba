"""Bounds of zones and of their site do not contradict each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from changedet.stages.series.zone_bounds import COUNTED, within_site


def series(**of_arrivals: list[float]) -> pd.DataFrame:
    """One date of a site and its zones a and b, all figures unknown but those of arrivals."""
    table = pd.DataFrame({"date": ["2023-01-01"] * 3, "zone": ["", "a", "b"]})
    parts = [f"{name}_{part}" for name in COUNTED for part in ("low", "expected", "high")]
    for name in [*parts, "changed_area_low_m2", "changed_area_high_m2"]:
        table[name] = np.nan
    return table.assign(**{f"arrivals_{part}": values for part, values in of_arrivals.items()})


def test_within_site_a_site_has_at_least_what_a_zone_has():
    """Doubts of the ground around zone a, which held 15 for sure, left 4 for the whole site."""
    table = within_site(series(low=[4.0, 15.0, 0.0], expected=[30.0, 20.0, 10.0], high=[50.0, 25.0, 60.0]))
    assert table["arrivals_low"].tolist() == [15.0, 15.0, 0.0]
    assert table["arrivals_high"].tolist() == [50.0, 25.0, 50.0]
    assert table["departures_low"].isna().all()


def test_within_site_no_lower_bound_is_above_what_is_expected():
    table = within_site(series(low=[4.0, 15.0, np.nan], expected=[12.0, 20.0, np.nan], high=[50.0, 25.0, np.nan]))
    assert table["arrivals_low"].tolist()[:2] == [12.0, 15.0]


def test_within_site_a_site_without_zones_stays_as_it_is():
    alone = series(low=[4.0, 15.0, 0.0], expected=[30.0, 20.0, 10.0], high=[50.0, 25.0, 60.0])[:1]
    pd.testing.assert_frame_equal(within_site(alone), alone)
