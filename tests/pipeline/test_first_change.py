"""The date of the first lasting change of each pixel, against brute force."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import rasterio
from small_runs import DATES

from changedet.pipeline.finished import open_run


def test_first_change_against_brute_force(reference_run: Path) -> None:
    masks = {date: open_run(reference_run).mask(date).values for date in DATES[1:]}
    with rasterio.open(reference_run / "change/first_change.tif") as source:
        found = source.read(1)
    for y, x in [(y, x) for y in range(25, 80, 3) for x in range(10, 120, 3)]:
        seen = [(date, masks[date][y, x]) for date in DATES[1:] if masks[date][y, x] != 255]
        expected = -1 if not seen else 0
        for k, (date, _) in enumerate(seen):
            if all(value == 1 for _, value in seen[k:]):
                expected = (dt.date.fromisoformat(date) - dt.date(1970, 1, 1)).days
                break
        assert found[y, x] == expected, (y, x)
    assert len(np.unique(found)) >= 3
