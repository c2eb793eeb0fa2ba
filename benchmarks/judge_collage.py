"""Real containers pasted onto real ground as a judge: series of real looks whose truth is known.

Boxes are cut out of labelled real pictures and laid in rows on free asphalt of the airports' looks, with each look's
sun, shade and blur (`benchmarks/collage`). Nothing is fitted on them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import yaml
from affine import Affine

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.collage.cutouts import Cutout, cutouts  # noqa: E402
from benchmarks.collage.grounds import (  # noqa: E402
    EAST_M,
    EPSG,
    GROUNDS,
    GSD_M,
    LOOKS,
    NORTH_M,
    SIDE_PX,
)
from benchmarks.collage.pasting import asphalt_of, pasted, read_look  # noqa: E402
from benchmarks.collage.series import planned  # noqa: E402
from benchmarks.collage.truth import CollageTruth  # noqa: E402
from benchmarks.judge_figures import base_marked, figures, share  # noqa: E402
from benchmarks.judge_sites import finished  # noqa: E402
from benchmarks.third_hand.truth import write  # noqa: E402
from changedet import Run  # noqa: E402
from changedet.assess.score.run import score_run  # noqa: E402
from changedet.store import RunFolder  # noqa: E402

LARGEST_BASE_M2 = 600.0
"""Area from which a changed outline is the apron's; touching bases are one outline."""


@dataclass(frozen=True)
class Series:
    """One series: where, what happens, and the seed of places, boxes and rows."""

    ground: str
    kind: str
    seed: int

    @property
    def name(self) -> str:
        """Words of it."""
        return f"{self.ground} {self.kind} {self.seed}"


SERIES = (
    Series("a south", "growth", 1),
    Series("a south", "leaving", 2),
    Series("a south", "empty", 1),
    Series("a taxiway", "growth", 3),
    Series("a taxiway", "turnover", 4),
    Series("b curve", "growth", 5),
    Series("b curve", "leaving", 6),
    Series("b curve", "empty", 1),
    Series("b east", "turnover", 7),
    Series("b east", "growth", 8),
)


def make(series: Series, site: Path, data: Path, stock: Sequence[Cutout]) -> None:
    """Write a series' scenes, workflow and truth, all anew."""
    ground = next(one for one in GROUNDS if one.name == series.ground)
    plan, tops = planned(ground, series.kind, series.seed, stock)
    (site / "scenes").mkdir(parents=True, exist_ok=True)
    column, row = ground.corner_px
    corner = EAST_M + column * GSD_M, NORTH_M - row * GSD_M
    profile = {"driver": "GTiff", "height": SIDE_PX, "width": SIDE_PX, "count": 3, "dtype": "uint8"}
    profile |= {"crs": f"EPSG:{EPSG}", "transform": Affine(GSD_M, 0, corner[0], 0, -GSD_M, corner[1])}
    for date, (day, look) in enumerate(zip(plan.days, LOOKS[ground.place], strict=True)):
        path = data / "airports" / f"{look.stem}.tif"
        picture = pasted(read_look(path, ground), asphalt_of(path, ground.place), ground, date, look, plan, tops)
        with rasterio.open(site / "scenes" / f"{day}.tif", "w", compress="deflate", **profile) as target:
            target.write(np.moveaxis(picture, 2, 0))
            target.descriptions = ("red", "green", "blue")
    truth = CollageTruth(plan, ground)
    write(truth, site / "truth", *truth.seen())
    content = {
        "site": {"id": series.name.replace(" ", "-")},
        "scenes": [{"date": day, "path": f"scenes/{day}.tif"} for day in plan.days],
        "bands": {"red": 1, "green": 2, "blue": 3},
        "outputs": {"dir": "out"},
    }
    (site / "workflow.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def collage(folder: Path, data: Path, reuse: bool) -> Iterator[tuple[str, dict[str, object]]]:
    """Figures of each series, as the simulators' sites have them, and what the run says of arrivals and departures."""
    wanted = [data / "airports" / f"{look.stem}.tif" for looks in LOOKS.values() for look in looks]
    missing = next((path for path in wanted if not path.exists()), None)
    if missing is not None:
        raise FileNotFoundError(missing)
    stock = cutouts(data)
    for series in SERIES:
        site = folder / f"collage-{series.name.replace(' ', '-')}"
        if not (reuse and (site / "truth" / "truth.csv").exists()):
            make(series, site, data, stock)
        done, cost_s = finished(site / "workflow.yaml", reuse=reuse)
        yield f"collage {series.name}", told(done, site / "truth", cost_s)


def told(done: Run, truth: Path, cost_s: float) -> dict[str, object]:
    """The figures that a collage bears: none of a footprint, and no roof stands elsewhere than its base."""
    shares = figures(done, truth, cost_s).shares()
    left_out = ("roof F1", "foot IoU", "built", "false/10ha", "onset")
    rows: dict[str, object] = {key: value for key, value in shares.items() if key not in left_out and value is not None}
    scores = score_run(done.path, truth)
    for what in ("arrivals", "departures"):
        own = scores["tracks"][what]
        hits = round((own["precision"] or 0.0) * own["found"])
        rows[what] = f"{own['true']} true, {own['found']} told, {hits} right"
    rows["onset of containers right"] = scores["onset"]["containers"]["right"]
    rows["bases marked"] = bases_marked(done, truth)
    return rows | flows(done, truth)


def bases_marked(done: Run, truth: Path) -> float | None:
    """Share of the true bases of boxes that came, left or were replaced of which the mask marks at least half."""
    changed = gpd.read_file(truth / "truth.gpkg", layer="changed")
    bases = changed[changed.area < LARGEST_BASE_M2]
    told: list[bool] = []
    for day, own in bases.groupby(pd.to_datetime(bases["date"], utc=True).dt.date):
        path = RunFolder(done.path).mask(day)
        if path.exists():
            with rasterio.open(path) as mask:
                shapes = own.to_crs(mask.crs).geometry
                told += [marked for shape in shapes if (marked := base_marked(mask, shape)) is not None]
    return share(sum(told), len(told))


def flows(done: Run, truth: Path) -> dict[str, object]:
    """Share of the dates whose bounds of arrivals and of departures hold the true numbers, and counts by date."""
    table = pd.read_csv(truth / "truth.csv").set_index("date")
    series = done.series[done.series["zone"] == ""]
    series = series.set_index(series["date"].dt.strftime("%Y-%m-%d")).reindex(table.index)
    rows: dict[str, object] = {}
    for what in ("arrivals", "departures"):
        true = table[what].to_numpy(float)
        known = np.isfinite(true) & series[f"{what}_low"].notna().to_numpy()
        low, high = (series[f"{what}_{end}"].to_numpy(float)[known] for end in ("low", "high"))
        rows[f"{what} held"] = share(float(((low <= true[known]) & (true[known] <= high)).sum()), int(known.sum()))
    rows["refused"] = f"{int(series['containers_expected'].isna().sum())} of {len(series)}"
    rows["counts"] = ", ".join(
        f"{number:.0f}: {row.containers_expected:.0f} ({row.containers_low:.0f} to {row.containers_high:.0f})"
        for number, row in zip(table["containers"], series.itertuples(), strict=True)
    )
    return rows
