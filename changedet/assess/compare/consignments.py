"""Consignments between sites: lots of like containers that left one and reached another, against chance.

The unit is the lot, not the box: boxes of one kind and colour are everywhere, and a test that permutes single boxes
finds matches between sites that have nothing to do with each other.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from changedet.assess.compare.tables import CHANCE
from changedet.assess.compare.trains import SIZE_CLASS, Train, match_trains, trains_of
from changedet.assess.kernels import lots as kernel
from changedet.errors import InputError, Problem
from changedet.kernels import colour
from changedet.pipeline.finished import Run, open_run

KIND_LIKENESS: Final = 0.8
"""Of a 40-foot lot and a 45-foot one."""
LOT_BOXES: Final = 3
LOT_LEVEL: Final = 0.03
"""On real boxes lots of four to nine show three to five; at .001 half of them were taken for the stock. Of a lot that
is none, colour and date must still fit another one; the redraws weigh that."""
LOT_RADIUS: Final = 10.0
MOST_DAYS: Final = 180.0
REDRAWS: Final = 999
STOCK_SHARE: Final = 0.6


class _Side(NamedTuple):
    """Lots that came to a site, or left it."""

    lots: kernel.Lots
    members: list[NDArray[np.int64]]
    stock: kernel.Stock

    @property
    def windows(self) -> NDArray[np.float64]:
        windows: NDArray[np.float64] = self.stock.windows[self.lots.batch]
        return windows


@dataclass(frozen=True)
class _Site:
    """One run: its boxes as tracks, and their lots."""

    name: str
    boxes: pd.DataFrame
    left: _Side
    reached: _Side
    trains: list[Train] = field(default_factory=list)


def compare_runs(run_dirs: Sequence[str | Path]) -> list[dict[str, Any]]:
    """Match consignments between the sites of finished runs.

    A lot is at least three containers of one size class and colour that arrived, or left, within one date, more of them
    than the site's stock and the world's fleet let expect (binomial, p < .03). For each ordered pair of sites the lots
    that left the first and those that reached the second are matched at the common lag, up to 180 days, that fits the
    most boxes. Colours are compared in CIELAB after each site's stock was brought to one brightness and most of its
    cast taken away; what cast is left between two sites is told by the match itself.

    Parameters
    ----------
    run_dirs : sequence of path
        Two or more run folders, of different sites.

    Returns
    -------
    list of dict
        One a matched consignment: ``from``, ``to`` (site ids), ``lag_days`` (of the pair's common lag, within the
        bounds that follow), ``lag_low``, ``lag_high`` (from the consignment's own looks), ``containers`` (of the
        smaller lot), ``similarity`` (colour, size and number, 0 to 1), ``p_value``; ``kind``, ``color``,
        ``containers_from``, ``containers_to``, ``last_seen`` and ``gone_by`` at the first site, ``not_yet`` and
        ``first_seen`` at the second, ``track_ids_from``, ``track_ids_to``. Sorted by p, sites and dates; empty where
        nothing matches.

    Raises
    ------
    InputError
        Fewer than two runs, no run, the same site twice, or a run without followed containers.

    Notes
    -----
    ``p_value`` is that of the ordered pair of sites: the share of 999 redraws in which as many boxes match at any one
    lag and cast, ``(1 + as many) / 1000``. A redraw gives each lot another colour, size and date, .6 from its site's
    own stock and busy dates and .4 from a fleet prior and any date. The draws are seeded by the sites' ids. Of many
    pairs some fall under .05 by chance: divide that level by the number of ordered pairs.
    """
    return _all_matches(_open_sites(run_dirs))


def compare_trains(run_dirs: Sequence[str | Path]) -> list[dict[str, Any]]:
    """Trains of finished runs that were met again at another site, told by the order of their boxes.

    Parameters
    ----------
    run_dirs : sequence of path
        As for `compare_runs`. Trains stand in the layer ``trains`` of runs whose zones hold a siding.

    Returns
    -------
    list of dict
        As `changedet.train_matches.match_trains` gives; of all ordered pairs of sites, the surest first.

    Raises
    ------
    InputError
        As `compare_runs`.
    """
    sites = _open_sites(run_dirs)
    pairs = permutations([(site.name, site.trains) for site in sites], 2)
    found = [row for one, other in pairs for row in match_trains(one, other)]
    return sorted(found, key=lambda row: (row["p_value"], row["from"], row["to"], row["left"]))


def _all_matches(sites: Sequence[_Site]) -> list[dict[str, Any]]:
    matches = [match for one, other in permutations(sites, 2) for match in _matches(one, other)]
    order = ("p_value", "from", "to", "gone_by", "first_seen", "color")
    return sorted(matches, key=lambda match: tuple(match[key] for key in order))


def _open_sites(run_dirs: Sequence[str | Path]) -> list[_Site]:
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
    """The tracks of a run that are containers of known colour."""
    reason = run.summary.get("unavailable", {}).get("containers")
    if reason:
        raise InputError(f"{run.path}: no containers to compare: {reason}")
    if len(run.dates) < 2:
        raise InputError(f"{run.path}: one date only; nothing arrives or leaves without a second")
    return pd.DataFrame(run.tracks.drop(columns="geometry"))


def _trains(run: Run) -> list[Train]:
    layer = run.trains
    return [] if layer is None else trains_of(layer, run.containers)


def site_of(name: str, tracks: pd.DataFrame, trains: Sequence[Train] = ()) -> _Site:
    """A site's lots from its tracks: ``track_id, first_seen, last_seen, not_after, not_before, kind, color``; with its
    trains."""
    usable = tracks["kind"].isin(list(SIZE_CLASS)) & tracks["color"].astype("string").str.match("^#[0-9a-fA-F]{6}$")
    boxes = tracks[usable.fillna(value=False)].sort_values("track_id", ignore_index=True)
    srgb = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in boxes["color"]]).reshape(-1, 3)
    linear = colour.linear_rgb(srgb)
    gains = kernel.balance(linear)
    lab = colour.scaled_lab(linear * gains)
    size = np.array([SIZE_CLASS[kind] for kind in boxes["kind"]], np.int64)
    days = {column: _days(boxes[column]) for column in ("first_seen", "last_seen", "not_after", "not_before")}
    left = _side(lab, size, days["last_seen"], days["not_after"], days["not_after"])
    reached = _side(lab, size, days["not_before"], days["first_seen"], days["first_seen"])
    return _Site(name, boxes, left, reached, list(trains))


def _days(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Days since 1970, NaN for none."""
    stamps = pd.to_datetime(column, utc=True).dt.tz_localize(None).to_numpy("datetime64[ms]")
    days = stamps.astype("datetime64[D]").astype(np.float64)
    return np.where(np.isnat(stamps), np.nan, days)


def _side(
    lab: NDArray[np.float64],
    size: NDArray[np.int64],
    begin: NDArray[np.float64],
    end: NDArray[np.float64],
    key: NDArray[np.float64],
) -> _Side:
    """Lots of the events that lie between two known looks, batched by the look that first shows them."""
    events = np.isfinite(begin) & np.isfinite(end)
    looks, batch = np.unique(key[events], return_inverse=True)
    of_box = np.full(len(lab), -1, np.int64)
    of_box[events] = batch
    # The middle box's interval: single boxes that cloud hid, or that were missed, are no evidence for the lot.
    starts = [float(np.median(begin[of_box == k])) for k in range(len(looks))]
    windows = np.column_stack([starts, looks]) if len(looks) else np.empty((0, 2))
    busy = np.bincount(batch, minlength=len(looks)).astype(np.float64)
    lots, members = kernel.find_lots(lab, size, of_box, events, LOT_RADIUS, LOT_BOXES, LOT_LEVEL)
    typical = kernel.smoothed(lab, size, LOT_RADIUS)
    return _Side(lots, members, kernel.Stock(typical, size, windows, busy / max(float(busy.sum()), 1.0)))


def _matches(one: _Site, other: _Site) -> list[dict[str, Any]]:
    left, reached = one.left, other.reached
    if not len(left.members) or not len(reached.members):
        return []
    kinds = [
        [_majority(site.boxes["kind"], group) for group in side.members]
        for site, side in ((one, left), (other, reached))
    ]
    same = np.array([[KIND_LIKENESS if a != b else 1.0 for b in kinds[1]] for a in kinds[0]])
    low, high = kernel.lags(left.windows, reached.windows)
    found = kernel.matched(left.lots, reached.lots, low, high, same, MOST_DAYS)
    if found.boxes <= 0:
        return []
    p_value = _p_value(one, other, found.boxes)
    rows = []
    for i, j in zip(*found.pairs, strict=True):
        row = _row(one, other, int(i), int(j))
        lag = min(max((found.begin + found.end) / 2, low[i, j]), high[i, j])
        bounds = {"lag_days": round(lag), "lag_low": int(low[i, j]), "lag_high": int(high[i, j])}
        similarity = round(float(found.similarity[i, j]), 3)
        rows.append(row | bounds | {"similarity": similarity, "p_value": p_value})
    return rows


def _p_value(one: _Site, other: _Site, boxes: float) -> float:
    """The share of redraws in which as many boxes match at any common lag and cast."""
    # Seeded by the names, so that the figure depends neither on the order of the runs nor on what else is compared.
    rng = np.random.default_rng([zlib.crc32(one.name.encode()), zlib.crc32(other.name.encode())])
    same = np.ones((len(one.left.members), len(other.reached.members)))
    as_many = 0
    for _ in range(REDRAWS):
        left, gone = kernel.redrawn(one.left.lots, one.left.stock, STOCK_SHARE, rng)
        reached, came = kernel.redrawn(other.reached.lots, other.reached.stock, STOCK_SHARE, rng)
        best = kernel.matched(left, reached, *kernel.lags(gone, came), same, MOST_DAYS)
        as_many += best.boxes >= boxes - 1e-9
    return (1 + as_many) / (1 + REDRAWS)


def _row(one: _Site, other: _Site, i: int, j: int) -> dict[str, Any]:
    left, reached = one.boxes.iloc[one.left.members[i]], other.boxes.iloc[other.reached.members[j]]
    gone, came = one.left.windows[i], other.reached.windows[j]
    return {
        "from": one.name,
        "to": other.name,
        "containers": min(len(left), len(reached)),
        "containers_from": len(left),
        "containers_to": len(reached),
        "kind": _majority(one.boxes["kind"], one.left.members[i]),
        "color": _median_color(left["color"]),
        "last_seen": _iso(gone[0]),
        "gone_by": _iso(gone[1]),
        "not_yet": _iso(came[0]),
        "first_seen": _iso(came[1]),
        "track_ids_from": sorted(int(number) for number in left["track_id"]),
        "track_ids_to": sorted(int(number) for number in reached["track_id"]),
    }


def _majority(kinds: pd.Series[Any], group: NDArray[np.int64]) -> str:
    return str(kinds.iloc[group].mode().iloc[0])


def _median_color(colors: pd.Series[Any]) -> str:
    channels = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colors])
    red, green, blue = np.rint(np.median(channels, 0)).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _iso(day: float) -> str:
    return str(np.datetime64(int(np.floor(day)), "D"))


def format_matches(matches: Sequence[Mapping[str, Any]]) -> str:
    """The matches as a table of text, what chance explains marked as such."""
    if not matches:
        return "no consignment of one site matches one of another"
    lines = [_line("from", "to", "boxes", "kind", "color", "left by", "reached by", "lag, days", "similar", "p")]
    for row in matches:
        names = (row["from"], row["to"], row["containers"], row["kind"], row["color"], row["gone_by"])
        lag = f"{row['lag_days']} ({row['lag_low']} to {row['lag_high']})"
        line = _line(*names, row["first_seen"], lag, f"{row['similarity']:.2f}", f"{row['p_value']:.3f}")
        lines.append(line if row["p_value"] <= CHANCE else f"{line}  as by chance")
    pairs = len({(row["from"], row["to"]) for row in matches})
    lines.append(
        f"p: how often unrelated lots match as well at any one lag, for a pair of sites ({pairs} with a match)"
    )
    return "\n".join(lines)


def _line(*cells: Any) -> str:
    widths = ("<16", "<16", ">6", "<6", "<9", "<12", "<12", ">18", ">9", ">8")
    return " ".join(format(str(cell), width) for cell, width in zip(cells, widths, strict=True))
