"""Scenes by the other hand for the network: sites that training/painter paints, read as training/network_scenes.py's.

    python training/painted_sites.py --folder DIR --painter-python PY      # paints what DIR lacks; may be stopped
    python training/painted_sites.py --folder DIR --mistakes      # notes where the released detector is wrong on them

`TAUGHT`, `ONCE_MORE`, `IN_ROWS`, `AT_HOME` and `PAIRED` are trained on, `LOOKED_AT` too for the second look, `ROOFED`
tell what a roof says against the boxes on it, `FROM_ASLANT` what walls look like, `CHECKED` calibrate, `SERIES` and
`FOLLOWED` are for other fits; benchmarks/judges.py judges on 11 to 99.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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

from changedet import detect_containers  # noqa: E402
from changedet.kernels.containers import OTHER  # noqa: E402
from scenarios.yards import Yard, as_array, found_boxes, hits  # noqa: E402
from training.network_scenes import BRIGHTEST, PIXEL_M, Scene, photograph  # noqa: E402
from training.wide_looks import GONE, SHOWN  # noqa: E402

PAINTER = ROOT / "training" / "painter" / "paint.py"
KINDS = ("rail", "earthworks", "growth", "port", "dense", "winter", "decoys", "quiet")
STORES = "stores"
LOOKALIKES = "lookalikes"
"""Of all kinds the one that shows what to leave alone; nothing judges on it."""
MISSED = ("outposts", "darkrail", "cranes")
"""Kinds with more of what was missed in one picture; nothing judges on them."""
PARKS = "parks"
"""Of all kinds the one that shows what stands in rows by itself and is no box; nothing judges on it."""
SETTLED = ("colonies", "rakes")
"""Kinds that show houses with their annexes and rakes of coaches and closed wagons; nothing judges on them."""


TWINS = "twins"
"""Of all kinds the one that shows pairs of 20-foot boxes that touch end to end; nothing judges on it."""


@dataclass(frozen=True)
class Painting:
    """A site to paint. Another size or number of dates is another site."""

    kind: str
    seed: int
    dates: int
    size_m: float = 240.0
    gsd_m: float = 0.5
    is_quick: bool = True
    off_nadir_deg: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.kind}-{self.seed}"


SEEDS_OF_KIND = {
    "earthworks": (*range(1011, 1015), 1021),
    "winter": (*range(1011, 1015), 1021),
    "rail": (*range(1011, 1016), 1021),
    "port": (*range(1011, 1014), 1021),
    "decoys": (*range(1011, 1014), 1021, 1022),
    "growth": (1011, 1021),
    "dense": (1011, 1021),
    "quiet": (1011, 1021),
}
"""Most of the kinds on which boxes were missed."""
OF_ONE_DATE = ("decoys", "quiet")
TAUGHT = (
    *(Painting(LOOKALIKES, seed, 1) for seed in (*range(1011, 1027), *range(1051, 1057))),
    *(Painting(LOOKALIKES, seed, 1, 150.0, 0.3) for seed in range(1031, 1035)),
    *(Painting(kind, seed, 1 if kind in OF_ONE_DATE else 2) for kind, seeds in SEEDS_OF_KIND.items() for seed in seeds),
)
ONCE_MORE = (
    *(Painting("outposts", seed, 2) for seed in range(1101, 1107)),
    *(Painting("outposts", seed, 2, 150.0, 0.3) for seed in range(1111, 1114)),
    *(Painting("darkrail", seed, 1) for seed in (*range(1101, 1107), 1108)),
    *(Painting("cranes", seed, 1) for seed in (*range(1101, 1107), 1108)),
    *(Painting(kind, 1107, 1, 150.0, 0.3) for kind in ("darkrail", "cranes")),
    *(Painting(kind, seed, 1) for kind in ("winter", "dense") for seed in range(1101, 1105)),
)
"""Taught in a second round, beside `TAUGHT`, from networks that those had taught."""
IN_ROWS = (
    *(Painting(PARKS, seed, 1) for seed in range(1921, 1941)),
    *(Painting(PARKS, seed, 1, 150.0, 0.3) for seed in range(1941, 1945)),
    *(Painting(kind, seed, 5, 260.0, is_quick=False) for seed in (1704, 1705, 1706) for kind in KINDS),
)
"""Taught in a third round, beside both: sites on which the networks still took rows of timber, tents, lorries in low
sun and in clouds' shade, and closed wagons for boxes."""
AT_HOME = tuple(
    Painting(kind, seed, 1, *((240.0, 0.5) if seed < 1971 else (150.0, 0.3)))
    for kind in SETTLED
    for seed in (*range(1947, 1963), *range(1971, 1975))
)
"""Taught in a fourth round, beside all: annexes, halves of roofs and pieces of coaches and closed wagons, which the
networks took for boxes, with boxes in gardens and on trains between them."""
PAIRED = (
    *(Painting(TWINS, seed, 1) for seed in range(2101, 2111)),
    *(Painting(TWINS, seed, 1, 150.0, 0.3) for seed in range(2122, 2125)),
)
"""Taught in a fifth round: pairs of 20-foot boxes that touch end to end, which the networks took for one of 40 feet."""
FROM_ASLANT = tuple(
    Painting(kind, seed, 2, off_nadir_deg=(24.0, 40.0))
    for kind in ("dense", "port", "growth", "rail", "quiet", "winter")
    for seed in (2201, 2202)
)
"""For walls (training/fit_walls.py): yards looked at from far aslant, where walls are as wide as roofs."""
LOOKED_AT = (
    *(Painting("rail", seed, 2) for seed in range(1121, 1125)),
    *(Painting(LOOKALIKES, seed, 1) for seed in (1061, 1062)),
    Painting("port", 1121, 2),
)
"""For the second look alone (training/fit_looks.py), beside both: closed and open wagons, fittings of roofs."""
ROOFED = tuple(
    Painting(kind, seed, 2, 200.0)
    for kind, seeds in (
        ("dense", range(1711, 1716)),
        ("decoys", (1717, 1719, 1724, 1727, 1729, 1736, 1740)),
        ("quiet", (1711, 1712, 1714, 1716)),
        (STORES, (1714,)),
        ("growth", (1715,)),
    )
    for seed in seeds
)
"""Halls of one and of many spans beside boxes or none, half of them with roof lights, and timber in low sun; neither
the network of boxes nor that of halls has seen them (training/count_roofs.py)."""
CHECKED = tuple(Painting(kind, 1003, 2, 260.0, is_quick=False) for kind in KINDS)
SERIES = tuple(Painting(kind, seed, 4, 260.0, is_quick=False) for seed in (1001, 1002) for kind in KINDS)
"""For the fits of change and of ground, which need several dates."""
FOLLOWED = (
    *(
        Painting(kind, seed, 5, 260.0, is_quick=False)
        for kind in ("rail", "port", "dense")
        for seed in range(1301, 1304)
    ),
    *(Painting(kind, 1303, 5, 260.0, is_quick=False) for kind in ("quiet", "growth", "winter")),
)
"""For the tracks' tables of hard sites (training/fit_tracks.py)."""
QUICK = ("--cloud", "no", "--spp", "5")
"""Fewer paths for each fine pixel than the painter's own 9, as the cameras of the training add noise anyway; and no
clouds, as cloudy dates are left out."""
MISTAKES = "mistakes.npz"
MISTAKE, SURE = 0.2, 0.5
"""Confidence from which a box that is none is a mistake to learn from, and from which a true one is not missed."""
OTHERS = ("trailer", "bus")
"""What the painter notes that is a box of a container's width but none; `open trailer` counts neither way."""
REFLECTANCE = 1e-4
"""Of a painted scene's number."""
Boxes = NDArray[np.float64]


def paint(folder: Path, site: Painting, python: str) -> None:
    """Paint a site, in a process of the painter's own, unless it is there."""
    own = folder / site.name
    if (own / "workflow.yaml").exists():
        return
    command = [python, str(PAINTER), site.kind, str(own), "--seed", str(site.seed), "--size-m", f"{site.size_m:g}"]
    command += ["--gsd", f"{site.gsd_m:g}", "--dates", str(site.dates), *(QUICK if site.is_quick else ())]
    if site.off_nadir_deg is not None:
        least, most = site.off_nadir_deg
        command += ["--min-off-nadir", f"{least:g}", "--max-off-nadir", f"{most:g}"]
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(command, check=True, env=kept | {"PYTHONDONTWRITEBYTECODE": "1"})


def scenes(site: Path) -> Iterator[Scene]:
    """The dates of a site without clouds, with the mistakes that were noted on them."""
    for _, scene in clear_dates(site):
        yield scene


def clear_dates(site: Path) -> Iterator[tuple[dict[str, object], Scene]]:
    """Each date without clouds: its entry in the workflow, and its scene."""
    noted = np.load(site / MISTAKES) if (site / MISTAKES).exists() else {}
    table = pd.read_csv(site / "truth" / "truth.csv").set_index("date")
    boxes = _dated(gpd.read_file(site / "truth" / "truth.gpkg", layer="containers"))
    tops = _dated(gpd.read_file(site / "truth" / "tops.gpkg"))
    for entry in yaml.safe_load((site / "workflow.yaml").read_text())["scenes"]:
        day = str(entry["date"])
        if table.loc[day, "cloud_fraction"] == 0:
            own = _scene(site / entry["path"], table.loc[day], boxes[boxes["date"] == day], tops[tops["date"] == day])
            yield entry, replace(own, mistakes=noted[day]) if day in noted else own


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
            kind, number = site.name.rsplit("-", 1)
            seed = (
                int(number) * 100 + 10 * (*KINDS, LOOKALIKES, *MISSED, STORES, PARKS, *SETTLED, TWINS).index(kind) + k
            )
            yield from (photograph(scene, seed, gsd_m) for gsd_m in gsds_m if gsd_m >= scene.finest_m)


def mistakes(site: Path) -> dict[str, Boxes]:
    """Places (n, 2) by date where the released detector draws boxes that are none, or misses some, in metres."""
    found: dict[str, Boxes] = {}
    for entry, scene in clear_dates(site):
        with rasterio.open(site / str(entry["path"])) as source:
            image, gsd_m = source.read([1, 2, 3]).astype(np.float32), float(source.transform.a)
        yard = Yard(site.name, gsd_m, image, ("blue", "green", "red"), scene.boxes, "uint16", np.empty((0, 5)))
        table = detect_containers(as_array(yard), min_confidence=MISTAKE)
        own = found_boxes(table)
        sure = (table["confidence"] >= SURE).to_numpy()
        at = np.clip((own[:, :2] / PIXEL_M).astype(int), 0, np.array(scene.hidden.shape[::-1]) - 1)
        told, true = hits(own, scene.boxes)
        wrong = ~scene.hidden[at[:, 1], at[:, 0]]
        wrong[told] = (table["kind"] == OTHER).to_numpy()[told] != scene.other[true]
        missed = np.ones(len(scene.boxes), bool)
        missed[true[sure[told]]] = False
        found[str(entry["date"])] = np.concatenate([own[wrong, :2], scene.boxes[missed, :2]])
    return found


def main() -> None:
    """Paint what is missing, or note the mistakes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--painter-python", default=sys.executable, help="a Python that has mitsuba")
    parser.add_argument("--mistakes", action="store_true", help="note where the released detector is wrong")
    given = parser.parse_args()
    taught = (*TAUGHT, *ONCE_MORE, *IN_ROWS, *AT_HOME, *PAIRED)
    for site in taught if given.mistakes else (*taught, *LOOKED_AT, *ROOFED, *FROM_ASLANT, *CHECKED, *SERIES):
        if given.mistakes:
            noted = mistakes(given.folder / site.name)
            np.savez(given.folder / site.name / MISTAKES, **noted)
            print(site.name, [len(places) for places in noted.values()], flush=True)
        else:
            paint(given.folder, site, given.painter_python)
            print(site.name, flush=True)


if __name__ == "__main__":
    main()
