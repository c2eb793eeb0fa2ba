"""Finished runs opened for comparison: the lots that left each site and reached it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from changedet.arrays import Floats, Ints
from changedet.assess.compare.trains import SIZE_CLASS, Train, trains_of
from changedet.assess.kernels.lots import Lots, Stock, balance, find_lots, smoothed
from changedet.errors import InputError, Problem
from changedet.kernels import colour
from changedet.pipeline.finished import Run, open_run

LOT_BOXES: Final = 3
"""Fewest boxes of a lot."""
LOT_LEVEL: Final = 0.03
"""Level of a lot's test against the stock. On real boxes lots of four to nine show three to five; at .001 half of them
were taken for the stock. Of a lot that is none, colour and date must still fit another one; the redraws weigh that."""
LOT_RADIUS: Final = 10.0
"""Greatest distance of like colours, in units of `changedet.kernels.colour.scaled_lab`. Chosen by hand."""


class Side(NamedTuple):
    """Lots that reached a site, or left it.

    Attributes
    ----------
    lots : Lots
        Their colours, sizes and numbers.
    members : list of int64 (box,)
        The boxes of each lot, as rows of the site's table.
    stock : Stock
        What they are redrawn from.
    """

    lots: Lots
    members: list[Ints]
    stock: Stock

    @property
    def windows(self) -> Floats:
        """Earliest and latest day on which each lot came, or went, float64 (lot, 2), since 1970."""
        return np.asarray(self.stock.windows[self.lots.batch])


@dataclass(frozen=True)
class Site:
    """One run: its boxes as tracks, their lots and its trains.

    Attributes
    ----------
    name : str
        The site's id.
    boxes : pandas.DataFrame
        Tracks of containers of known colour, sorted by `track_id`.
    left, reached : Side
        Lots that left, and lots that came.
    trains : list of Train
        Long enough to be found again.
    """

    name: str
    boxes: pd.DataFrame
    left: Side
    reached: Side
    trains: list[Train] = field(default_factory=list)


def open_sites(run_dirs: Sequence[str | Path]) -> list[Site]:
    """Open the runs of different sites.

    Parameters
    ----------
    run_dirs : sequence of path
        Two or more run folders.

    Returns
    -------
    list of Site
        In the order given.

    Raises
    ------
    InputError
        Fewer than two runs, no run, the same site twice, or a run without tracked containers or without
        colours; all of them at once.
    """
    if len(run_dirs) < 2:
        raise InputError(f"compare: {len(run_dirs)} run given, expected at least two run folders of different sites")
    sites: dict[str, tuple[Path, pd.DataFrame, list[Train]]] = {}
    problems: list[Problem] = []
    for path in run_dirs:
        try:
            run = open_run(path)
            name = str(run.summary["site"])
            if name in sites:
                raise InputError(f"{path}: site '{name}' is also that of {sites[name][0]}; compare different sites")
            sites[name] = (Path(path), _boxes(run), _trains(run))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return [site_of(name, boxes, trains) for name, (_, boxes, trains) in sites.items()]


def _boxes(run: Run) -> pd.DataFrame:
    # The tracks of a run that are containers of known colour.
    reason = run.summary.get("unavailable", {}).get("containers")
    if reason:
        raise InputError(f"{run.path}: no containers to compare: {reason}")
    if len(run.dates) < 2:
        raise InputError(f"{run.path}: one date only; nothing arrives or leaves without a second")
    tracks = pd.DataFrame(run.tracks.drop(columns="geometry"))
    colors = tracks["color"].dropna()
    if len(colors) >= LOT_BOXES and all(color[1:3] == color[3:5] == color[5:7] for color in colors):
        raise InputError(
            f"{run.path}: its boxes have no colours, as in panchromatic scenes; lots are matched by colour"
        )
    return tracks


def _trains(run: Run) -> list[Train]:
    layer = run.trains
    return [] if layer is None else trains_of(layer, run.containers)


def site_of(name: str, tracks: pd.DataFrame, trains: Sequence[Train] = ()) -> Site:
    """A site's lots from its tracks.

    Parameters
    ----------
    name : str
        The site's id.
    tracks : pandas.DataFrame
        ``track_id, first_seen, last_seen, not_after, not_before, kind, color``; those that are no container or have no
        colour are left out.
    trains : sequence of Train
        Of the same site.

    Returns
    -------
    Site
        With the lots that left and those that came.
    """
    usable = tracks["kind"].isin(list(SIZE_CLASS)) & tracks["color"].astype("string").str.match("^#[0-9a-fA-F]{6}$")
    boxes = tracks[usable.fillna(value=False)].sort_values("track_id", ignore_index=True)
    srgb = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in boxes["color"]]).reshape(-1, 3)
    linear = colour.linear_rgb(srgb)
    gains = balance(linear)
    lab = colour.scaled_lab(linear * gains)
    size = np.array([SIZE_CLASS[kind] for kind in boxes["kind"]], np.int64)
    days = {column: _days(boxes[column]) for column in ("first_seen", "last_seen", "not_after", "not_before")}
    left = _side(lab, size, days["last_seen"], days["not_after"], days["not_after"])
    reached = _side(lab, size, days["not_before"], days["first_seen"], days["first_seen"])
    return Site(name, boxes, left, reached, list(trains))


def _days(column: pd.Series[pd.Timestamp]) -> Floats:
    """Days since 1970, NaN for none."""
    stamps = pd.to_datetime(column, utc=True).dt.tz_localize(None).to_numpy("datetime64[ms]")
    days = stamps.astype("datetime64[D]").astype(np.float64)
    return np.where(np.isnat(stamps), np.nan, days)


def _side(
    lab: Floats,
    size: Ints,
    begin: Floats,
    end: Floats,
    key: Floats,
) -> Side:
    """Lots of the events that lie between two known looks, batched by the look that first shows them."""
    events = np.isfinite(begin) & np.isfinite(end)
    looks, batch = np.unique(key[events], return_inverse=True)
    of_box = np.full(len(lab), -1, np.int64)
    of_box[events] = batch
    # The middle box's interval: single boxes that cloud hid, or that were missed, are no evidence for the lot.
    starts = [float(np.median(begin[of_box == k])) for k in range(len(looks))]
    windows = np.column_stack([starts, looks]) if len(looks) else np.empty((0, 2))
    busy = np.bincount(batch, minlength=len(looks)).astype(np.float64)
    lots, members = find_lots(lab, size, of_box, events, LOT_RADIUS, LOT_BOXES, LOT_LEVEL)
    typical = smoothed(lab, size, LOT_RADIUS)
    lot = np.full(len(lab), -1, np.int64)
    for number, group in enumerate(members):
        lot[group] = number
    return Side(lots, members, Stock(typical, size, windows, busy / max(float(busy.sum()), 1.0), lot))
