"""Tables of the light that the tracks read, so that a finished run can be followed again without its scenes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from changedet.arrays import Floats
from changedet.store import RunFolder, read_frame, write_frame

LIGHT_STEP: Final = "light"
"""Under this name the kept light is recorded."""
BOX_LIGHT: Final = "light"
ROOF_LIGHT: Final = "roof_light"
OUTLINE_LIGHT: Final = "outline_light"
KEPT_LIGHT: Final = (BOX_LIGHT, ROOF_LIGHT, OUTLINE_LIGHT)
"""Tables of a date: light within boxes and beside them, along roofs, and about boxes that no row shows."""
SAME_M: Final = 0.5
"""A kept box nearer than that is the one looked up; else there is none."""

TakenLight: TypeAlias = Mapping[tuple[str, int], Sequence[tuple[Floats, Floats]]]
"""By table and date points (n, 2) and light (n, ..) of them."""


def keep_light(folder: RunFolder, dates: Sequence[dt.date], taken: TakenLight) -> None:
    """Keep the light that was read.

    Parameters
    ----------
    folder : RunFolder
    dates : sequence of date
    taken : mapping
        Of their indices.
    """
    # Imported here, as the names of these tables are wanted long before them.
    import pandas as pd

    paths = [folder.table(name, day) for name in KEPT_LIGHT for day in dates]
    folder.begin(LIGHT_STEP, paths)
    for (name, i), parts in taken.items():
        xy, light = (np.concatenate(both) for both in zip(*parts, strict=True))
        columns = np.column_stack([xy, light.reshape(len(xy), -1)])
        write_frame(folder.table(name, dates[i]), pd.DataFrame(columns).rename(columns=str))
    folder.finish(LIGHT_STEP, "read anew by every run", paths)


def kept_light(path: Path, xy: Floats, parts: int, unit: float) -> Floats | None:
    """Look up light that an earlier run kept.

    Parameters
    ----------
    path : Path
        Of a table.
    xy : float64 (n, 2)
        Points.
    parts : int
        Into which a point's light falls.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    float64 (n, part, band) or None
        NaN beyond `SAME_M` of a kept point; None where none was kept.
    """
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    if not path.exists():
        return None
    columns = read_frame(path).to_numpy(np.float64)
    _, nearest = cKDTree(columns[:, :2]).query(xy, distance_upper_bound=unit * SAME_M)
    kept = np.vstack([columns[:, 2:], np.full(columns.shape[1] - 2, np.nan)])[nearest]
    return np.asarray(kept.reshape(len(xy), parts, -1), np.float64)
