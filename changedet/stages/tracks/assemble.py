"""Stretches of presence as tracks: dates from clear looks alone, ids, kinds, colours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Floats, Ints
from changedet.kernels.containers import KINDS, OTHER
from changedet.stages.tracks.detections import Detections
from changedet.stages.tracks.ground import ground_of
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.stretches import Stretches
from changedet.stages.tracks.result import Tracks
from changedet.stages.tracks.visibility import ClearAt, SeriesVisibility

if TYPE_CHECKING:
    import geopandas as gpd

OTHER_SHARE: Final = 0.6
"""Share of a place's weight from which what stands there is of none of the container kinds. Chosen by hand."""
LONG_SIDE_SHARES: Final = (-0.34, -0.17, 0.0, 0.17, 0.34)
"""Points along a box, as shares of its length, most of which a date must show."""
Kinds: TypeAlias = NDArray[np.object_]
"""Names of kinds."""


def visible_dates(see: ClearAt, boxes: Boxes, centre: Floats, unit: float, dates: int) -> Bools:
    """Which dates show which boxes: most of five points along their long sides.

    Parameters
    ----------
    see : callable
        ``see(i, points) -> bool (n,)``: whether date ``i`` shows the points, in the CRS.
    boxes : Boxes
        Of which the lengths and directions are taken.
    centre : float64 (n, 2)
        Where they lie, in metres on the ground.
    unit : float
        A metre on the ground in units of the CRS.
    dates : int
        Number of dates.

    Returns
    -------
    bool (n, date)
        True where the date shows more than half of them.
    """
    turn = np.deg2rad(boxes.angle)
    along = np.column_stack([np.sin(turn), np.cos(turn)]) * boxes.length[:, None]
    points = unit * np.concatenate([centre + part * along for part in LONG_SIDE_SHARES])
    columns = []
    for i in range(dates):
        shown = np.asarray(see(i, points), bool).reshape(len(LONG_SIDE_SHARES), len(centre))
        columns.append(2 * shown.sum(0) > len(LONG_SIDE_SHARES))
    return np.stack(columns, 1) if len(centre) else np.zeros((0, len(columns)), bool)


def medians(values: Floats, group: Ints, count: int) -> Floats:
    """Median of the rows of each group.

    Parameters
    ----------
    values : float64 (row, column)
        None NaN.
    group : int64 (row,)
        0 to ``count - 1``; every group has one row at least.
    count : int
        Number of groups.

    Returns
    -------
    float64 (count, column)
        The mean of the two middle values where a group has an even number of rows.
    """
    columns = []
    for column in values.T:
        order = np.lexsort((column, group))
        size = np.bincount(group, minlength=count)
        start = np.cumsum(size) - size
        ordered = column[order]
        columns.append((ordered[start + (size - 1) // 2] + ordered[start + size // 2]) / 2)
    return np.column_stack(columns) if count else np.empty((0, values.shape[1]))


def assemble(
    rows: Detections,
    looks: SeriesVisibility,
    stretches: Stretches,
    of_row: Ints,
    clear: Bools,
    present: Floats,
    place: Ints,
) -> Tracks:
    """Tracks of the stretches that have a row, numbered by first date and position.

    Parameters
    ----------
    rows : Detections
        Of all dates.
    looks : SeriesVisibility
        What each date shows of the ground.
    stretches : Stretches
        Of presence.
    of_row : int64 (row,)
        The stretch of each row; -1 for none.
    clear : bool (place, date)
        True where the date showed the place.
    present : float64 (place, date)
        Probability of a box there.
    place : int64 (row,)
        The place of each row; -1 for none.

    Returns
    -------
    Tracks
        With the plain calibration.
    """
    count = len(rows.dates)
    seen = np.zeros((len(stretches.place), count), bool)
    owned = of_row >= 0
    seen[of_row[owned], rows.date[owned]] = True
    centre = np.full((len(seen), 2), np.nan)
    used, packed = np.unique(of_row[owned], return_inverse=True)
    centre[used] = medians(rows.boxes.xy[owned], packed, len(used))
    first = seen[used].argmax(1)
    order = used[np.lexsort((seen[used].sum(1), centre[used, 1], centre[used, 0], first))]
    number = np.full(len(seen), -1, np.int64)
    number[order] = np.arange(len(order))
    track = np.full(len(of_row), -1, np.int64)
    track[owned] = number[of_row[owned]]
    presence, after, before = _span(stretches, clear, present)
    places = _place_table(rows, place, present.shape[0])
    kind = _kinds_of_tracks(rows, track, places["kind"].to_numpy(object)[stretches.place[order]])
    table = _track_table(rows, track, seen[order], after[order], before[order], centre[order], kind)
    with np.errstate(invalid="ignore"):
        table["present_probability"] = (presence * seen).sum(1)[order] / seen.sum(1)[order]
    table = table[[*(c for c in table.columns if c != "geometry"), "geometry"]]
    found = Tracks(
        rows.dates,
        _with_ids(rows, track),
        table,
        presence[order],
        seen[order],
        places,
        present,
        clear,
        ground_of(rows.boxes.xy, looks, rows.unit),
    )
    return replace(found, ground_metre=rows.unit)


def _span(stretches: Stretches, clear: Bools, present: Floats) -> tuple[Floats, Ints, Ints]:
    """Presence of each stretch, and its first clear look after and last before, -1 for none."""
    t = np.arange(clear.shape[1])
    looked = clear[stretches.place]
    later, earlier = looked & (t > stretches.last[:, None]), looked & (t < stretches.first[:, None])
    after = np.where(later.any(1), later.argmax(1), -1)
    before = np.where(earlier.any(1) & ~stretches.uncovered, clear.shape[1] - 1 - earlier[:, ::-1].argmax(1), -1)
    alive = (t > before[:, None]) & (t < np.where(after < 0, clear.shape[1], after)[:, None])
    presence = np.where(alive, present[stretches.place], 0.0)
    for top in np.flatnonzero(stretches.below >= 0):
        # A box below another is not there to be seen.
        presence[stretches.below[top], stretches.first[top] : stretches.last[top] + 1] = 0.0
    presence[stretches.uncovered[:, None] & (t < stretches.first[:, None])] = 0.0
    return presence, after.astype(np.int64), before.astype(np.int64)


def _track_table(
    rows: Detections, track: Ints, seen: Bools, after: Ints, before: Ints, centre: Floats, kind: Kinds
) -> gpd.GeoDataFrame:
    # Imported here for a quick start.
    import geopandas as gpd
    import pandas as pd

    stamps = np.array(
        [np.datetime64(date, "ms") for date in rows.dates] + [np.datetime64("NaT", "ms")], "datetime64[ms]"
    )
    n = len(seen)
    # An index of -1 picks the NaT at the end.
    index = {
        "first_seen": seen.argmax(1),
        "last_seen": seen.shape[1] - 1 - seen[:, ::-1].argmax(1),
        "not_after": after,
        "not_before": before,
    }
    own = track >= 0
    data = {
        "track_id": np.arange(1, n + 1, dtype=np.int64),
        **{name: pd.Series(stamps[i]).dt.tz_localize("UTC") for name, i in index.items()},
        "kind": kind,
        "color": _colors(rows.boxes.rgb[own], track[own], n),
    }
    return gpd.GeoDataFrame(data, geometry=gpd.points_from_xy(*(rows.unit * centre).T), crs=rows.given.crs)


def _votes(rows: Detections, group: Ints, chosen: Bools, count: int) -> Floats:
    votes = np.zeros((count, len(KINDS)))
    np.add.at(votes, (group, rows.kind[chosen]), rows.boxes.weight[chosen])
    return votes


def _kinds_of_tracks(rows: Detections, track: Ints, of_place: Kinds) -> Kinds:
    """Kind (track,) by the rows of each, and by all that stood at its place whether it is a container at all.

    A container that shadow cuts on some dates looks like none of the kinds there, and a bus in odd light like a
    container. What stands at one place is of one sort: the rows of all dates say which better than those of one track.
    """
    own = track >= 0
    votes = _votes(rows, track[own], own, len(of_place))[:, :-1]
    kinds: Kinds = np.array(KINDS[:-1], object)[votes.argmax(1)]
    return np.where((of_place == OTHER) | (votes.max(1, initial=0.0) == 0.0), of_place, kinds)


def _kinds_of_places(votes: Floats) -> Kinds:
    others = votes[:, -1] > OTHER_SHARE * votes.sum(1)
    kinds: Kinds = np.array(KINDS[:-1], object)[votes[:, :-1].argmax(1)]
    return np.where(others, OTHER, kinds)


def _colors(rgb: Floats, group: Ints, count: int) -> list[str | None]:
    known = np.isfinite(rgb).all(1)
    used, packed = np.unique(group[known], return_inverse=True)
    colors: list[str | None] = [None] * count
    for at, (r, g, b) in zip(used, np.rint(medians(rgb[known], packed, len(used))).astype(int), strict=True):
        colors[at] = f"#{r:02x}{g:02x}{b:02x}"
    return colors


def _place_table(rows: Detections, place: Ints, count: int) -> gpd.GeoDataFrame:
    # Imported here for a quick start.
    import geopandas as gpd

    own = place >= 0
    centre = medians(rows.boxes.xy[own], place[own], count)
    kind = _kinds_of_places(_votes(rows, place[own], own, count))
    return gpd.GeoDataFrame({"kind": kind}, geometry=gpd.points_from_xy(*(rows.unit * centre).T), crs=rows.given.crs)


def _with_ids(rows: Detections, track: Ints) -> gpd.GeoDataFrame:
    # Imported here for a quick start.
    import pandas as pd

    ids = np.full(len(track), -1, np.int64)
    ids[rows.order] = track
    result = rows.given.copy()
    result["track_id"] = pd.array(np.where(ids >= 0, ids + 1, 0), dtype="Int64")
    result.loc[ids < 0, "track_id"] = pd.NA
    return result
