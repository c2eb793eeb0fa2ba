"""Scenes by the other hand for the network: sites that training/painter paints, read as training/network_scenes.py's.

    python training/painted_sites.py --folder DIR --painter-python PY      # paints what DIR lacks; may be stopped

Seeds 1001 and 1002 of each kind are trained on, 1003 and 1005 calibrate; benchmarks/judges.py judges on 11 to 99.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
import yaml
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scenarios.yards import Yard  # noqa: E402
from training.network_scenes import BRIGHTEST, PIXEL_M, Scene, photograph  # noqa: E402
from training.wide_looks import GONE, SHOWN  # noqa: E402

PAINTER = ROOT / "training" / "painter" / "paint.py"
KINDS = ("rail", "earthworks", "growth", "port", "dense", "winter", "decoys", "quiet")
DATES = {1001: 4, 1002: 4, 1003: 2, 1005: 2}
"""By seed: other numbers of dates are other sites."""
TEACH_SEEDS, CHECK_SEEDS = (1001, 1002), (1003, 1005)
SIZE_M, GSD_M = 260.0, 0.5
OTHERS = ("trailer", "bus")
"""What the painter notes that is a box of a container's width but none; `open trailer` counts neither way."""
REFLECTANCE = 1e-4
"""Of a painted scene's number."""
Boxes = NDArray[np.float64]


def names(kinds: Sequence[str], seeds: Sequence[int]) -> tuple[str, ...]:
    """Names of sites, which are those of their folders."""
    return tuple(f"{kind}-{seed}" for seed in seeds for kind in kinds)


def paint(site: Path, python: str) -> None:
    """Paint a site, in a process of the painter's own, unless it is there."""
    if (site / "truth" / "tops.gpkg").exists() and (site / "truth" / "truth.csv").exists():
        return
    kind, seed = site.name.rsplit("-", 1)
    command = [python, str(PAINTER), kind, str(site), "--seed", seed, "--size-m", f"{SIZE_M:g}"]
    command += ["--gsd", f"{GSD_M:g}", "--dates", str(DATES[int(seed)])]
    if (site / "truth" / "truth.csv").exists():
        command.append("--tops")
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(command, check=True, env=kept | {"PYTHONDONTWRITEBYTECODE": "1"})


def scenes(site: Path) -> Iterator[Scene]:
    """The dates of a site without clouds."""
    table = pd.read_csv(site / "truth" / "truth.csv").set_index("date")
    boxes = _dated(gpd.read_file(site / "truth" / "truth.gpkg", layer="containers"))
    tops = _dated(gpd.read_file(site / "truth" / "tops.gpkg"))
    for entry in yaml.safe_load((site / "workflow.yaml").read_text())["scenes"]:
        day = str(entry["date"])
        if table.loc[day, "cloud_fraction"] == 0:
            yield _scene(site / entry["path"], table.loc[day], boxes[boxes["date"] == day], tops[tops["date"] == day])


def _dated(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return table.assign(date=pd.to_datetime(table["date"]).dt.strftime("%Y-%m-%d"))


def _scene(path: Path, look: pd.Series, boxes: gpd.GeoDataFrame, tops: gpd.GeoDataFrame) -> Scene:
    """One date; a box counts where its roof is in view, and neither way where half of it is."""
    with rasterio.open(path) as source:
        picture = np.moveaxis(source.read([3, 2, 1]).astype(np.float32), 0, 2) * np.float32(REFLECTANCE)
        corner, gsd_m = (source.transform.c, source.transform.f), float(source.transform.a)
    side = [round(n * gsd_m / PIXEL_M) for n in picture.shape[1::-1]]
    fine = cv2.resize(np.sqrt(np.clip(picture / BRIGHTEST, 0, 1)), side, interpolation=cv2.INTER_CUBIC)
    codes = np.round(np.clip(fine, 0, 1) * 255).astype(np.uint8)
    seen = dict(zip(boxes["object_id"], boxes["seen"], strict=True))
    share = tops["object_id"].map(seen).fillna(0.0).to_numpy()
    what = tops["what"].to_numpy(str)
    roofs = _roofs(tops, look, corner)
    shown, other = (what == "container") & (share >= SHOWN), np.isin(what, OTHERS)
    aside = ((what == "container") & (share >= GONE) & (share < SHOWN)) | (what == "open trailer")
    hidden = np.zeros(codes.shape[:2], np.uint8)
    for outline in roofs[aside]:
        cv2.fillPoly(hidden, [np.round(outline / PIXEL_M).astype(np.int32)], 1)
    kept = np.concatenate([np.flatnonzero(shown), np.flatnonzero(other)])
    return Scene(codes, _rectangles(roofs[kept]), other[kept], hidden > 0, gsd_m)


def _roofs(tops: gpd.GeoDataFrame, look: pd.Series, corner: tuple[float, float]) -> Boxes:
    """Roofs (n, 4, 2) in metres from the picture's corner, x right and y down, where the date shows them."""
    azimuth, lean = np.radians(look["view_azimuth_deg"]), np.tan(np.radians(look["off_nadir_deg"]))
    away = lean * np.array([np.sin(azimuth), np.cos(azimuth)])
    shift = np.array([look["shift_east_m"], look["shift_north_m"]])
    outlines = np.array([shapely.get_coordinates(shape)[:4] for shape in tops.geometry]).reshape(-1, 4, 2)
    moved = outlines + tops["top_m"].to_numpy(float)[:, None, None] * away + shift - corner
    return np.asarray(moved * [1.0, -1.0])


def _rectangles(roofs: Boxes) -> Boxes:
    """Boxes (n, 5) of outlines (n, 4, 2)."""
    sides = np.stack([roofs[:, 1] - roofs[:, 0], roofs[:, 3] - roofs[:, 0]], axis=1)
    lengths = np.hypot(*np.moveaxis(sides, 2, 0))
    along = sides[np.arange(len(roofs)), lengths.argmax(axis=1)]
    angle = np.arctan2(along[:, 0], -along[:, 1]) % np.pi
    return np.column_stack([roofs.mean(axis=1), lengths.max(axis=1), lengths.min(axis=1), angle])


def yards(sites: Sequence[Path], gsds_m: Sequence[float]) -> Iterator[Yard]:
    """Pictures of painted sites by random cameras, see `photograph`, with pixels not finer than the painted ones."""
    for site in sites:
        for k, scene in enumerate(scenes(site)):
            seed = int(site.name.rsplit("-", 1)[1]) * 100 + 10 * KINDS.index(site.name.rsplit("-", 1)[0]) + k
            yield from (photograph(scene, seed, gsd_m) for gsd_m in gsds_m if gsd_m >= scene.finest_m)


def main() -> None:
    """Paint what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--painter-python", default=sys.executable, help="a Python that has mitsuba")
    given = parser.parse_args()
    for name in names(KINDS, (*TEACH_SEEDS, *CHECK_SEEDS)):
        paint(given.folder / name, given.painter_python)
        print(name, flush=True)


if __name__ == "__main__":
    main()
