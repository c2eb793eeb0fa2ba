"""How right works and their states are: `python benchmarks/works.py --folder DIR --seeds 51 52 53 54 [--reuse]`.

DIR holds painted (``stores-N``, painted by ``training/painter/paint.py stores``) and drawn (``drawn-N``, written here
where missing) sites; each is run with ``works: true``. A work of the truth that was made after the first look is found
where an outline overlaps it by .25 (intersection over union). A state change is right where the layer has the same
change (by the state after it) in the same gap between two looks; creations are counted by themselves. Some 30 CPU
seconds a site.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from changedet import Run, load_workflow, open_run, run
from scenarios.stores import write_stores

SAME_IOU = 0.25
CELL = {"in use": "in use", "covered": "covered"}
SAME = {"covered": "covered", "filled": "covered"}


def done(site: Path, *, reuse: bool) -> Run:
    """The run of a site with works switched on."""
    (path,) = site.glob("*.yaml")
    if reuse:
        return open_run(next(one for one in sorted((site / "out").iterdir()) if one.is_dir()))
    text = path.read_text()
    if "\nworks:" not in text:
        path.write_text(text + "works: true\n")
    return run(load_workflow(path))


def states(rows: gpd.GeoDataFrame, days: list[str]) -> list[str | None]:
    """The state on each look, None before it was made and where it is not seen."""
    found = dict(zip(rows["day"], rows["state"], strict=True))
    return [None if pd.isna(found.get(day)) else SAME.get(found[day], found[day]) for day in days]


def changes(found: list[str | None]) -> dict[int, str]:
    """Look by which each state begins, after the first."""
    known = [(k, one) for k, one in enumerate(found) if one is not None]
    return {k: one for (_, before), (k, one) in pairwise(known) if one != before}


def matched(truth: gpd.GeoDataFrame, works: gpd.GeoDataFrame) -> dict[int, int]:
    """Number of the layer for each thing of the truth; the best overlaps first."""
    pairs = []
    for one in truth.drop_duplicates("work_id").itertuples():
        for other in works.drop_duplicates("work_id").itertuples():
            shared = one.geometry.intersection(other.geometry).area
            pairs.append((shared / one.geometry.union(other.geometry).area, int(one.work_id), int(other.work_id)))
    found: dict[int, int] = {}
    for overlap, one, other in sorted(pairs, reverse=True):
        if overlap >= SAME_IOU and one not in found and other not in found.values():
            found[one] = other
    return found


def cells_judged(finished: Run, truth: gpd.GeoDataFrame, days: list[str]) -> Counter[str]:
    """Looks at cells that are read right, and how often the share in use lies in its bounds."""
    total: Counter[str] = Counter()
    cells = finished.optional_layer("cells")
    cells = cells.assign(day=cells["date"].astype(str).str[:10])
    table = finished.series[finished.series["zone"].fillna("") == ""].reset_index(drop=True)
    for k, day in enumerate(days):
        own, now = cells[cells["day"] == day], truth[truth["day"] == day].set_index("work_id")["state"]
        here = [CELL.get(now.get(int(name[5:]) + 1, "none"), "empty") for name in own["zone"]]
        there = ["in use" if one == "full" else one for one in own["state"]]
        total["cell looks"] += len(here)
        total["cell looks right"] += sum(a == b for a, b in zip(here, there, strict=True))
        total["use"] += here.count("in use")
        total["use right"] += sum(a == b == "in use" for a, b in zip(here, there, strict=True))
        total["use said"] += there.count("in use")
        share, row = here.count("in use") / len(here), table.iloc[k]
        total["shares"] += 1
        total["shares held"] += row["share_in_use_low"] - 1e-9 <= share <= row["share_in_use_high"] + 1e-9
    return total


def judged(site: Path, *, reuse: bool) -> Counter[str]:
    """All counts of a site."""
    finished = done(site, reuse=reuse)
    truth = gpd.read_file(site / "truth" / "things.gpkg", layer="works")
    truth = truth.assign(day=truth["date"].dt.strftime("%Y-%m-%d"))
    days = [str(day) for day in finished.dates]
    works = finished.optional_layer("works")
    works = works.assign(day=works["date"].astype(str).str[:10])
    old = set(truth["work_id"][(truth["day"] == days[0]) | truth["is_old"]])
    pairs, total = matched(truth, works), cells_judged(finished, truth, days)
    new = set(truth["work_id"]) - old
    total["works"], total["found"] = len(new), len(new & set(pairs))
    total["rows"], total["true"] = works["work_id"].nunique(), len(pairs)
    for number in new & set(pairs):
        here = states(truth[truth["work_id"] == number], days)
        there = states(works[works["work_id"] == pairs[number]], days)
        total["made"] += 1
        first = [next(k for k, one in enumerate(each) if one is not None) for each in (here, there)]
        total["made right"] += first[0] == first[1]
        wanted, got = changes(here), changes(there)
        total["changes"] += len(wanted)
        total["changes right"] += sum(got.get(k) == one for k, one in wanted.items())
        total["changes said"] += len(got)
        both = [(a, b) for a, b in zip(here, there, strict=True) if a is not None and b is not None]
        total["looks"] += len(both)
        total["looks right"] += sum(a == b for a, b in both)
    table = finished.series[finished.series["zone"].fillna("") == ""].set_index("date")
    for k, day in enumerate(days[1:], 1):
        row = table.loc[pd.Timestamp(day)] if pd.Timestamp(day) in table.index else table.iloc[k]
        here = truth[(truth["day"] == day) & truth["work_id"].isin(new)]
        for name, number in (("works", len(here)), ("works_in_use", int((here["state"] == "in use").sum()))):
            if pd.notna(row[name]):
                total[f"{name} bounds"] += 1
                total[f"{name} held"] += row[f"{name}_low"] <= number <= row[f"{name}_high"]
                total[f"{name} off"] += abs(int(row[name]) - number)
                total[f"{name} true"] += number
    return total


def line(name: str, one: Counter[str]) -> str:
    """What is printed of a site or of all."""
    return (
        f"{name}: found {one['found']} of {one['works']}, true {one['true']} of {one['rows']}; made in its gap "
        f"{one['made right']} of {one['made']}; states right on {one['looks right']} of {one['looks']} looks; changes "
        f"in their gap {one['changes right']} of {one['changes']} ({one['changes said']} said); bounds hold: works "
        f"{one['works held']} of {one['works bounds']}, in use {one['works_in_use held']} of "
        f"{one['works_in_use bounds']}; off by {one['works off']} of {one['works true']}, {one['works_in_use off']} of "
        f"{one['works_in_use true']}; cells right on {one['cell looks right']} of {one['cell looks']} looks, in use "
        f"{one['use right']} of {one['use']} ({one['use said']} said), share held {one['shares held']} of "
        f"{one['shares']}"
    )


def main() -> None:
    """Print a line a site, and one for each hand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--hands", nargs="+", default=["stores", "drawn"])
    parser.add_argument("--reuse", action="store_true", help="judge finished runs as they are")
    wanted = parser.parse_args()
    for hand in wanted.hands:
        total: Counter[str] = Counter()
        for seed in wanted.seeds:
            site = wanted.folder / f"{hand}-{seed}"
            if hand == "drawn" and not (site / "truth" / "things.gpkg").exists():
                write_stores(seed, site)
            one = judged(site, reuse=wanted.reuse)
            print(line(site.name, one), flush=True)
            total += one
        print(line(f"all {hand}", total), flush=True)


if __name__ == "__main__":
    main()
