"""Sites that share consignments: lots found, lags, chance on unrelated sites; trains met again by their order.

    python benchmarks/compare.py [--seeds 0-15] [--folder DIR --site-seeds 600-604 --pairs 240 [--twin-seeds 685-687]]

Lots are those of scenarios/made_up_yards.py: two yards of some 100 boxes share six lots each. With a folder, pairs of
unrelated simulated sites (scenarios/track_sites.py, the real detector's boxes; of different seeds, as sites of one seed
share their stock) give the share of p < .05, and rows of ten and more touching boxes stand for trains: a row on two
dates of its site, under another sun, with what the detector missed or got wrong, is one train met twice where no more
than a tenth of its boxes was swapped meanwhile (the others are counted apart); any other row is another train.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.assess.compare.consignments import match_sites  # noqa: E402
from changedet.assess.compare.rows import CHANCE  # noqa: E402
from changedet.assess.compare.sites import site_of  # noqa: E402
from changedet.assess.compare.trains import LEAST_BOXES, REDRAWS, SIZE_CLASS  # noqa: E402
from changedet.assess.kernels import lots as kernel  # noqa: E402
from changedet.assess.kernels import sequences  # noqa: E402
from changedet.kernels import colour  # noqa: E402
from changedet.pipeline.things.kernels import sidings  # noqa: E402
from changedet.stages.tracks.stage import track  # noqa: E402
from scenarios import made_up_yards  # noqa: E402
from scenarios.track_sites import KINDS, TrackSite, sites  # noqa: E402

Floats = NDArray[np.float64]
ROW_BOXES = 10
SAME_M = 1.5
SAME_TRAIN = 0.9
PAIRS = (20, 500)
"""Of trains, that two sites may have to compare: p is multiplied by their number."""


def lots(seeds: Sequence[int]) -> str:
    """How many planted lots are found, how many bounds hold the true lag, and on how many pairs p is small."""
    found = held = planted = matched = sure = 0
    for seed in seeds:
        one, other, true = made_up_yards.related(seed)
        rows = match_sites(one, other)
        planted, matched = planted + len(true), matched + len(rows)
        sure += bool(rows) and rows[0]["p_value"] < CHANCE
        for row in rows:
            if any(a in row["track_ids_from"] and b in row["track_ids_to"] for a, b in true):
                found += 1
                held += row["lag_low"] <= 69 <= row["lag_high"]
    certain = f"p < .05 on {sure} of {len(seeds)} pairs"
    return f"lots: {found} of {planted} found, {matched} told; true lag held by {held} of {found}; {certain}"


def unrelated(data: Sequence[TrackSite], detector: str, pairs: int) -> str:
    """Share of p < .05 on pairs of sites of different seeds."""
    prepared = []
    for site in data:
        tracks = track(site.detections, site.looks, detector=detector).tracks
        name = f"{site.kind}-{site.seed}"
        prepared.append((site.seed, site_of(name, pd.DataFrame(tracks.drop(columns="geometry")))))
    every = [(a, b) for sa, a in prepared for sb, b in prepared if sa != sb]
    rng = np.random.default_rng(1)
    chosen = [every[i] for i in rng.permutation(len(every))[:pairs]]
    values = [rows[0]["p_value"] if (rows := match_sites(a, b)) else 1.0 for a, b in chosen]
    return f"unrelated: p < .05 on {sum(p < CHANCE for p in values)} of {len(values)} pairs"


class SeenRow(NamedTuple):
    """A row of touching boxes on a date: centres, the row as trains are compared, the true boxes on top in it."""

    xy: Floats
    row: sequences.Row
    boxes: frozenset[int]


def rows_of(site: TrackSite, t: int) -> list[SeenRow]:
    """Rows of touching boxes on a date, colours under common light."""
    own = site.detections[(site.detections["date"].dt.date == site.dates[t]) & site.detections["counted"]]
    own = own[own["kind"].isin(list(SIZE_CLASS))]
    centre = own.geometry.centroid
    across = np.radians(90.0 - own["angle_deg"].to_numpy(float)) + np.pi / 2
    placed = np.column_stack([centre.x, centre.y, own["width_m"], own["length_m"], across])
    linear = colour.linear_rgb(colour.hex_rgb(own["color"].to_numpy(object)) / 255)
    lab = colour.scaled_lab(linear * kernel.balance(linear))
    size = np.array([SIZE_CLASS[kind] for kind in own["kind"]], np.int64)
    known = np.isfinite(lab).all(1)
    placed, lab, size = placed[known], lab[known], size[known]
    heading = float(np.median(placed[:, 4])) if len(placed) else 0.0
    found = []
    for line in sidings.lines_of_boxes(placed, heading):
        if len(line) >= ROW_BOXES:
            xy = placed[line, :2]
            along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
            found.append(SeenRow(xy, sequences.Row(lab[line], size[line], along), standing(site, t, xy)))
    return found


def standing(site: TrackSite, t: int, xy: Floats) -> frozenset[int]:
    """True boxes on top at these places."""
    near = np.hypot(site.xy[:, None, 0] - xy[None, :, 0], site.xy[:, None, 1] - xy[None, :, 1]) < SAME_M
    return frozenset(np.flatnonzero(near.any(1) & site.top[:, t]).tolist())


def kept_boxes(site: TrackSite, xy: Floats, first: int, second: int) -> int:
    """How many of the boxes on top near these places are the same on both dates."""
    return len(standing(site, first, xy) & standing(site, second, xy))


def stays(site: TrackSite, one: SeenRow, first: int, other: SeenRow, second: int) -> bool:
    """Whether the row is one train met again: no more than a tenth of its boxes stands on but one of the dates."""
    kept = [np.mean(site.top[list(row.boxes), t]) for row, t in ((one, second), (other, first)) if row.boxes]
    return len(one.boxes & other.boxes) >= ROW_BOXES and bool(min(kept) >= SAME_TRAIN)


def trains(data: Sequence[TrackSite]) -> str:
    """Rows recognised on another date, and rows mistaken for another one."""
    every = [(k, t, row) for k, site in enumerate(data) for t in range(len(site.dates)) for row in rows_of(site, t)]
    rng = np.random.default_rng(2)
    found: dict[str, list[float]] = {"rows that stay": [], "rows with boxes swapped": [], "other rows": []}
    for k, t, one in every:
        for j, s, other in every:
            own = k == j
            # Sites of one seed begin with the same boxes.
            if (k, t) == (j, s) or (not own and data[k].seed == data[j].seed):
                continue
            if rng.random() > (1.0 if own and t < s else 0.01):
                continue
            apart = np.hypot(one.xy[:, None, 0] - other.xy[None, :, 0], one.xy[:, None, 1] - other.xy[None, :, 1])
            common = int((apart < 2 * SAME_M).any(1).sum()) if own else 0
            if common and (common < ROW_BOXES or kept_boxes(data[k], one.xy, t, s) < ROW_BOXES):
                continue
            sort = "other rows"
            if common:
                sort = "rows that stay" if stays(data[k], one, t, other, s) else "rows with boxes swapped"
            best = sequences.chain(one.row, other.row)
            sure = len(best.first) >= LEAST_BOXES
            found[sort].append(sequences.chance(one.row, other.row, best.score, REDRAWS, rng) if sure else 1.0)
    said = [f"trains, recognised where they are one of {' or '.join(str(n) for n in PAIRS)} pairs"]
    for sort, values in found.items():
        recognised = [sum(p < CHANCE / number for p in values) for number in PAIRS]
        shares = ", ".join(f"{n} ({n / max(len(values), 1):.3f})" for n in recognised)
        said.append(f"    {sort}: {shares} of {len(values)}")
    return "\n".join(said)


def consignment_of(truth: gpd.GeoDataFrame, points: gpd.GeoSeries) -> str:
    """What most of the true boxes at these places belong to."""
    found = []
    for point in points:
        near = truth["consignment"][(truth.distance(point) < SAME_M) & (truth["consignment"].fillna("") != "")]
        found.append(str(near.iloc[0]) if len(near) else "")
    return max(sorted(set(found)), key=found.count)


def twins(folder: Path, detector: str, seeds: Sequence[int]) -> str:
    """Lots matched between simulated sites, one sending and one receiving, and those matched rightly."""
    said = []
    for seed in seeds:
        own = list(sites(folder, detector, ("twin_sites",), [seed]))
        tracks = [track(site.detections, site.looks, detector=detector).tracks for site in own]
        places = [table.set_index("track_id").geometry for table in tracks]
        truth = [
            pyogrio.read_dataframe(site.run.path.parent.parent / "truth" / "truth.gpkg", layer="tracks").to_crs(
                table.crs
            )
            for site, table in zip(own, tracks, strict=True)
        ]
        a, b = (
            site_of(str(site.run.summary["site"]), pd.DataFrame(table.drop(columns="geometry")))
            for site, table in zip(own, tracks, strict=True)
        )
        rows, back = match_sites(a, b), match_sites(b, a)
        right = 0
        for row in rows:
            left = consignment_of(truth[0], places[0][row["track_ids_from"]])
            right += left != "" and left == consignment_of(truth[1], places[1][row["track_ids_to"]])
        planted = truth[0]["consignment"].replace("", None).nunique()
        sure = f", p {rows[0]['p_value']:.3f}" if rows else ""
        said.append(f"twins {seed}: {len(rows)} told, {right} right, of {planted}{sure}; {len(back)} told back")
    return "\n".join(said)


def main() -> None:
    """Print what is found of lots, trains and, with seeds for them, of twin sites."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0-7")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--site-seeds", default="670-672")
    parser.add_argument("--twin-seeds")
    parser.add_argument("--pairs", type=int, default=240)
    parser.add_argument("--detector", default="learned")
    given = parser.parse_args()
    first, last = (int(part) for part in given.seeds.split("-"))
    print(lots(range(first, last + 1)), flush=True)
    if given.folder:
        first, last = (int(part) for part in given.site_seeds.split("-"))
        data = list(sites(given.folder, given.detector, KINDS, range(first, last + 1)))
        print(trains(data), flush=True)
        print(unrelated(data, given.detector, given.pairs), flush=True)
    if given.folder and given.twin_seeds:
        first, last = (int(part) for part in given.twin_seeds.split("-"))
        print(twins(given.folder, given.detector, range(first, last + 1)), flush=True)


if __name__ == "__main__":
    main()
