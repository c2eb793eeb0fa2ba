"""The detector alone on the judges' sites, date by date, against the true roofs: F1, false boxes per 10 ha, counts.

python benchmarks/judge_detector.py SITE_FOLDER...      # as benchmarks/judges.py makes them: scenes, truth
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
import yaml
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.judge_figures import M2_OF_10HA  # noqa: E402
from changedet.kernels.containers import OTHER  # noqa: E402
from changedet.stages.objects.boxes import rectangles_of  # noqa: E402
from changedet.stages.objects.stage import STAGE  # noqa: E402
from changedet.stages.objects.whole import find  # noqa: E402
from changedet.stages.registry import Facts  # noqa: E402
from scenarios import leaning  # noqa: E402
from scenarios.yards import Yard, as_array, hits  # noqa: E402

Boxes = NDArray[np.float64]


def roofs(truth: gpd.GeoDataFrame, row: pd.Series, yard: Yard, corner: tuple[float, float]) -> Boxes:
    """The true boxes (n, 5) of a date where the picture, misplaced as it is, shows their roofs."""
    found = []
    shift = np.array([row["shift_east_m"], row["shift_north_m"]])
    for shape in leaning.roofs(truth, row):
        points = (shapely.get_coordinates(shape)[:4] + shift - corner) * [1, -1]
        across, along = sorted((points[1] - points[0], points[3] - points[0]), key=lambda s: float(np.hypot(*s)))
        sizes = float(np.hypot(*along)), float(np.hypot(*across))
        found.append([*points.mean(axis=0), *sizes, np.arctan2(along[0], -along[1]) % np.pi])
    boxes = np.array(found).reshape(-1, 5)
    edge = np.array(yard.image.shape[:0:-1]) * yard.gsd_m
    return np.asarray(boxes[((boxes[:, :2] > 0) & (boxes[:, :2] < edge)).all(axis=1)])


def dates(site: Path) -> Iterator[tuple[Yard, Boxes]]:
    """Each date's picture and its true roofs."""
    layer = gpd.read_file(site / "truth" / "truth.gpkg", layer="containers")
    layer = layer[layer["visible"].astype(bool)]
    table = pd.read_csv(site / "truth" / "truth.csv").set_index("date")
    for scene in yaml.safe_load((site / "workflow.yaml").read_text())["scenes"]:
        with rasterio.open(site / scene["path"]) as source:
            image, transform = source.read().astype(np.float32), source.transform
        image[:, (image == 0).all(axis=0)] = np.nan
        roles = ("blue", "green", "red", "nir")[: len(image)]
        yard = Yard(site.name, float(transform.a), image, roles, np.empty((0, 5)), "uint16", np.empty((0, 5)))
        day = str(scene["date"])
        own = layer[pd.to_datetime(layer["date"]).dt.strftime("%Y-%m-%d") == day]
        yield yard, roofs(own, table.loc[day], yard, (transform.c, transform.f))


def containers(yard: Yard) -> Boxes:
    """Counted containers (n, 5) of a picture."""
    facts = Facts(yard.gsd_m, yard.roles, dates=1, gsd_m=(yard.gsd_m,), dtype=yard.dtype)
    table = find(as_array(yard), STAGE.get("learned").function(facts))
    return rectangles_of(table, yard.gsd_m)[(table["kind"] != OTHER).to_numpy()]


def main() -> None:
    """Print one line a site and one for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sites", type=Path, nargs="+")
    given = parser.parse_args()
    scores = []
    for site in given.sites:
        found = true = right = miscount = 0
        area = 0.0
        for yard, boxes in dates(site):
            own = containers(yard)
            found, true, right = found + len(own), true + len(boxes), right + len(hits(own, boxes)[0])
            miscount += abs(len(own) - len(boxes))
            area += yard.image[0].size * yard.gsd_m**2 / M2_OF_10HA
        score = 2 * right / (found + true) if true else float("nan")
        scores.append(score)
        sys.stdout.write(
            f"{site.name:16} F1 {score:.3f}  precision {right / max(found, 1):.3f}  recall {right / max(true, 1):.3f}  "
            f"false per 10 ha {(found - right) / area:.1f}  count error {miscount / max(true, 1):.3f}\n"
        )
    sys.stdout.write(f"mean F1 {np.nanmean(scores):.3f}\n")


if __name__ == "__main__":
    main()
