"""Railway tracks found without a zone, and the cars on them: right ones, missed ones, and false ones where none are.

    python benchmarks/found_rails.py [--sites DIR...] [--data DATA] [--pictures DIR2] [--bent RADIUS_M FAN]

DIR holds sites of `changedet simulate` or of training/painter, of kinds with and without trains, with seeds that taught
nothing (the model's card names those that did); DATA the folder with `yards`, `harbour`, `airports`, `streets`,
`levir`. Looks are taken as after alignment. Printed for each site: tracks by the truth and found, metres of found line
on and off the truth's tracks, cars of the truth, those read on found tracks, CPU seconds; then for all sites with
trains together what `benchmarks/railcars.py` prints of drawn sidings. With `--bent` the pictures of sites with trains
are bent to a radius, and their tracks part from each other by FAN (a share for each metre along them).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.pipeline.things.found_rails import EDGE_SHARE  # noqa: E402
from changedet.pipeline.things.found_rails import SURE as SURE_ODDS  # noqa: E402
from changedet.pipeline.things.kernels import car_chains, rail_axes, rail_beds  # noqa: E402
from changedet.pipeline.things.kernels.rail_beds import BED  # noqa: E402
from changedet.pipeline.things.kernels.rail_strips import Strip, axis_of, pixels_of, runs_back, strip_of  # noqa: E402
from changedet.pipeline.things.kernels.siding_pictures import MARGIN_M, STEP_M, in_one_light  # noqa: E402
from changedet.pipeline.things.kernels.siding_tracks import LENGTHWISE_M, SURE  # noqa: E402
from changedet.pipeline.things.rail_network import odds_of  # noqa: E402
from changedet.pipeline.things.railcar_reading import ReadGroup, Shown, answer, are_tracks, read_together, with_cars  # noqa: E402
from scenarios.sidings import PAINTED_PITCH_M as PITCH_M  # noqa: E402
from scenarios.sidings import Axes, axes_of, is_cloudless, scenes  # noqa: E402

BESIDE_M: Final = 2.0
"""From a found track's axis, within which a true car stands on it; from a true one, within which a line is right."""
BEYOND_M: Final = 30.0
"""Beyond an axis' ends, within which a car is of its trains, though the picture along it does not show it."""
END: Final = 40
"""Steps of an axis that give its direction there."""
REAL: Final = {
    **dict.fromkeys(["yards/rail.png"], 0.66),
    **dict.fromkeys(["yards/P0003_buses.png", "yards/P0004.png", "yards/P0005.png"], 0.12),
    **dict.fromkeys(["harbour/*.jpg", "airports/*.tif", "levir/A/*.png", "levir/B/*.png"], 0.5),
    **dict.fromkeys(["streets/*.png"], 0.12),
}
"""Real pictures and their metres a pixel."""


class Bent(NamedTuple):
    """How straight tracks are bent and fanned out: middle, unit vector along them, 1 / m of the bend, of the fan."""

    middle: np.ndarray
    along: np.ndarray
    bend: float
    fan: float

    def straight(self, place: np.ndarray) -> np.ndarray:
        """Where places of the bent site lie on the straight one."""
        u, v = self._turned(place)
        return self._back(u, (v + self.bend * u**2 / 2) * (1 + self.fan * u))

    def bent(self, place: np.ndarray) -> np.ndarray:
        """Where places of the straight site lie on the bent one."""
        u, v = self._turned(place)
        return self._back(u, v / (1 + self.fan * u) - self.bend * u**2 / 2)

    def _turned(self, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        apart = place - self.middle
        return apart @ self.along, apart @ np.array([-self.along[1], self.along[0]])

    def _back(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return self.middle + u[..., None] * self.along + v[..., None] * np.array([-self.along[1], self.along[0]])


class Looks(NamedTuple):
    """A site: its pictures on one grid of .5 m by date, way from metres to their pixels, how it is bent."""

    images: dict[str, np.ndarray]
    to_pixels: np.ndarray
    bent: Bent | None = None


class Found(NamedTuple):
    """What is found of a site: groups of tracks, their strips, and of each group and date its tracks and cars."""

    strips: list[Strip]
    groups: list[ReadGroup]
    seconds: float


def looks_of(site: Path) -> Looks:
    """A site's pictures, aligned by the truth."""
    found = list(scenes(site))
    first = np.vstack([found[0][2], [0, 0, 1]])
    shape = found[0][1].shape[:0:-1]
    images = {}
    for day, image, matrix in found:
        way = (np.vstack([matrix, [0, 0, 1]]) @ np.linalg.inv(first))[:2]
        way[:, 2] += way[:, :2].sum(axis=1) * 0.5 - 0.5
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        images[day] = np.stack([cv2.warpAffine(b, way, shape, flags=flags, borderValue=float("nan")) for b in image])
    return Looks(images, first[:2])


def bent_looks(looks: Looks, axes: Axes, bend: float, fan: float) -> Looks:
    """The same with tracks that are bent and fanned out about the middle of theirs that is nearest to the site's."""
    high, wide = next(iter(looks.images.values())).shape[1:]
    back = np.linalg.inv(np.vstack([looks.to_pixels, [0, 0, 1]]))[:2]
    middle = back[:, :2] @ [wide / 2, high / 2] + back[:, 2]
    across = np.array([-axes.along[1], axes.along[0]])
    middle = middle + (axes.offsets.mean() - middle @ across) * across
    how = Bent(middle, axes.along, bend, fan)
    x, y = np.meshgrid(np.arange(wide) + 0.5, np.arange(high) + 0.5)
    place = how.straight(np.stack([x, y], axis=-1) @ back[:, :2].T + back[:, 2])
    at = (place @ looks.to_pixels[:, :2].T + looks.to_pixels[:, 2] - 0.5).astype(np.float32)
    outside = {"borderMode": cv2.BORDER_CONSTANT, "borderValue": float("nan")}
    images = {
        day: np.stack([cv2.remap(b, at, None, cv2.INTER_LINEAR, **outside) for b in image])
        for day, image in looks.images.items()
    }
    return Looks(images, looks.to_pixels, how)


def look_of(path: Path, gsd_m: float) -> Looks:
    """A real picture in pixels of .5 m."""
    if path.suffix == ".tif":
        with rasterio.open(path) as scene:
            pixels = np.moveaxis(scene.read()[:3], 0, 2)
    else:
        pixels = cv2.imread(str(path))[..., ::-1]
    size = tuple(round(n * gsd_m / STEP_M) for n in pixels.shape[1::-1])
    image = cv2.resize(
        pixels.astype(np.float32), size, interpolation=cv2.INTER_AREA if gsd_m < STEP_M else cv2.INTER_LINEAR
    )
    return Looks({"": np.moveaxis(image, 2, 0).copy()}, np.array([[1 / STEP_M, 0, 0], [0, -1 / STEP_M, 0]]))


def found_on(looks: Looks) -> Found:
    """Tracks and cars of a site."""
    begun = time.process_time()
    every = []
    for image in looks.images.values():
        odds = odds_of(in_one_light(image))
        odds[BED] = np.clip(odds[BED], -SURE_ODDS, SURE_ODDS)
        every.append(odds)
    back = np.linalg.inv(np.vstack([looks.to_pixels, [0, 0, 1]]))[:2]
    strips, groups = [], []
    each = np.stack(every)
    looks_of_all = np.full(each.shape[2:], len(each), np.float32)
    for bed in rail_beds.beds_of(rail_beds.mean_answer(each.sum(axis=0), each[:, BED].min(axis=0), looks_of_all)):
        line = bed.points * (rail_beds.CELL_M / STEP_M) @ back[:, :2].T + back[:, 2]
        edges = [float(np.quantile(edge, EDGE_SHARE)) + MARGIN_M for edge in (bed.left, bed.right)]
        sides = (edges[1], edges[0]) if runs_back(line) else (edges[0], edges[1])
        strip, shown = shown_along(looks, axis_of(line), sides)
        better = rail_axes.straightened(strip, [one.odds for one in shown.values()])
        if better is not None:
            strip, shown = shown_along(looks, better, sides)
        lines = rail_axes.axes_of([one.odds for one in shown.values()])
        own = with_cars(list(read_together(str(len(strips)), shown, lines)))
        if are_tracks(bed.share, len(strip.axis) * STEP_M, own):
            strips.append(strip)
            groups += own
    return Found(strips, groups, time.process_time() - begun)


def shown_along(looks: Looks, axis: np.ndarray, sides: tuple[float, float]) -> tuple[Strip, dict[str, Shown]]:
    """What the network says of each look along a line."""
    at = pixels_of(looks.to_pixels, axis, sides)
    shown = {}
    for day, image in looks.images.items():
        outside = {"borderMode": cv2.BORDER_CONSTANT, "borderValue": float("nan")}
        strip = strip_of(np.stack([cv2.remap(b, at, None, cv2.INTER_LINEAR, **outside) for b in image]), axis, sides[0])
        shown[day] = Shown(strip, answer(strip.image))
    return strip, shown


def lines_of(group: ReadGroup, strip: Strip) -> list[np.ndarray]:
    """Axes of a group's tracks on a date in metres, as the date shows them."""
    found = []
    for track, on in group.found:
        along = (np.arange(len(track.line)) + 0.5) * LENGTHWISE_M
        found.append(strip.place(along, (track.line + on.aside + 0.5) * STEP_M))
    return found


def on_and_off(found: Found, axes: Axes | None, bent: Bent | None) -> tuple[float, float]:
    """Metres of the middle of found groups of tracks that lie on the truth's tracks, and that do not."""
    lines = [one.axis if bent is None else bent.straight(one.axis) for one in found.strips]
    apart = [np.full(len(one), np.inf) if axes is None else np.abs(axes.apart(one)) for one in lines]
    right = sum(int((one < BESIDE_M + PITCH_M / 2).sum()) for one in apart) * STEP_M
    return right, sum(len(one) for one in apart) * STEP_M - right


def carried_on(line: np.ndarray) -> np.ndarray:
    """An axis with what lies straight beyond its ends: cars there are of its trains."""
    steps = np.arange(1, round(BEYOND_M / LENGTHWISE_M) + 1)[:, None] * LENGTHWISE_M
    ends = [line[k] - line[j] for k, j in ((0, min(END, len(line) - 1)), (-1, -min(END, len(line))))]
    out = [end / max(float(np.hypot(*end)), 1e-9) for end in ends]
    return np.concatenate([(line[0] + steps * out[0])[::-1], line, line[-1] + steps * out[1]])


def rows_of(site: Path, found: Found, looks: Looks) -> Iterator[tuple[str, str, int, int, int, int]]:
    """Site, date, true cars, found ones, low, high of each track and date; a row for cars on no found track."""
    truth = site / "truth" / "truth.gpkg"
    has = "railcars" in gpd.list_layers(truth)["name"].to_numpy()
    cars = gpd.read_file(truth, layer="railcars") if has else gpd.GeoDataFrame({"date": []}, geometry=[])
    dates = pd.to_datetime(cars["date"]).dt.strftime("%Y-%m-%d") if has else cars["date"]
    for day, image in looks.images.items():
        own = cars[dates == day]
        places = shapely.get_coordinates(own.geometry.centroid).reshape(-1, 2)
        if looks.bent is not None:
            places = looks.bent.bent(places)
            column, row = np.floor(places @ looks.to_pixels[:, :2].T + looks.to_pixels[:, 2]).astype(int).T
            within = (column >= 0) & (row >= 0) & (column < image.shape[2]) & (row < image.shape[1])
            own, places = own[within], places[within]
        left = np.ones(len(own), bool)
        for group in found.groups:
            if group.date != day:
                continue
            for line, (_, on) in zip(lines_of(group, found.strips[int(group.zone)]), group.found, strict=True):
                apart = np.hypot(*(places[:, None] - carried_on(line)[None]).transpose(2, 0, 1))
                here = left & (apart.min(axis=1, initial=np.inf) < BESIDE_M)
                left &= ~here
                low, high = car_chains.interval_of(on.counts, SURE)
                yield site.name, day, int(here.sum()), len(on.cars), low, high
        if left.any():
            yield site.name, day, int(left.sum()), 0, 0, 0


def draw(looks: Looks, found: Found, path: Path) -> None:
    """The first look with the groups of tracks and their cars."""
    day, image = next(iter(looks.images.items()))
    shown = np.clip((np.moveaxis(np.nan_to_num(in_one_light(image)), 0, 2)[..., ::-1] + 2) / 5, 0, 1) * 255
    shown = cv2.resize(shown.astype(np.uint8), None, fx=2, fy=2)

    def pixels(place: np.ndarray) -> np.ndarray:
        at = (place @ looks.to_pixels[:, :2].T + looks.to_pixels[:, 2]) * 2
        return np.round(at).astype(np.int32).reshape(-1, 1, 2)

    for strip in found.strips:
        far = np.arange(len(strip.axis)) * STEP_M
        edges = [strip.place(far, np.full(len(far), v)) for v in (0.0, strip.image.shape[1] * STEP_M)]
        cv2.polylines(shown, [pixels(np.concatenate([edges[0], edges[1][::-1]]))], True, (0, 255, 0), 1)
    for group in found.groups:
        strip = found.strips[int(group.zone)]
        for track, on in group.found if group.date == day else ():
            for car in on.cars:
                along = np.array([car.first, car.last, car.last, car.first], float) * LENGTHWISE_M
                row = track.line[(car.first + car.last) // 2] + on.aside + 0.5
                across = row * STEP_M + np.array([-1.4, -1.4, 1.4, 1.4])
                cv2.polylines(shown, [pixels(strip.place(along, across))], True, (0, 255, 255), 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), shown)


def summed(name: str, rows: pd.DataFrame) -> None:
    """Print what was found on sites with trains."""
    trains = rows[rows["true"] > 0]
    off = (rows["found"] - rows["true"]).abs()
    holds = (rows["low"] <= rows["true"]) & (rows["true"] <= rows["high"])
    cars = max(int(rows["true"].sum()), 1)
    right = (off[trains.index] <= 0.1 * trains["true"]).mean()
    width, none = (trains["high"] - trains["low"]).mean(), rows.loc[rows["true"] == 0, "found"].sum()
    print(
        f"{name}: found {rows['found'].sum()} of {rows['true'].sum()}, count {off.sum() / cars:.3f}, within "
        f"{right:.2f} of {len(trains)}, holds {holds.mean():.3f}, of those with a train "
        f"{holds[trains.index].mean():.3f}, width {width:.2f}, on empty tracks {none}"
    )


def main() -> None:
    """Print a line for each site and picture, and one for all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sites", type=Path, nargs="*", default=[])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--bent", type=float, nargs=2, metavar=("RADIUS_M", "FAN"))
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    judged = [given.pictures, given.bent]
    tables = [
        of_site(path.parents[1], *judged) for folder in given.sites for path in sorted(folder.glob("*/truth/truth.csv"))
    ]
    if any(len(table) for table in tables):
        rows = pd.concat(tables, ignore_index=True)
        clear = is_cloudless(rows, given.sites)
        listed = rows.groupby("site")["found"].transform("sum") > 0
        summed("all", rows)
        summed("looks without clouds", rows[clear])
        summed("the same, sites where tracks are found", rows[clear & listed])
    for pattern, gsd_m in REAL.items() if given.data is not None else ():
        for path in sorted(given.data.glob(pattern)):
            of_picture(path, gsd_m, given.pictures)


def of_site(site: Path, pictures: Path | None, bent: list[float] | None) -> pd.DataFrame:
    """Print the line of a site, and draw it; its rows where it has trains."""
    looks, axes = looks_of(site), axes_of(site)
    if bent is not None and axes is None:
        return pd.DataFrame()
    if bent is not None:
        looks = bent_looks(looks, axes, 1 / bent[0], bent[1])
    found = found_on(looks)
    columns = ["site", "date", "true", "found", "low", "high"]
    table = pd.DataFrame(rows_of(site, found, looks), columns=columns)
    right, wrong = on_and_off(found, axes, looks.bent)
    million = sum(image[0].size for image in looks.images.values()) / 1e6
    print(
        f"{site.name}: tracks {0 if axes is None else len(axes.offsets)}, groups found {len(found.strips)}, "
        f"{right:.0f} m right, {wrong:.0f} m wrong; cars {table['true'].sum()}, read {table['found'].sum()}; "
        f"{found.seconds / million:.2f} CPU s a million pixels and date",
        flush=True,
    )
    if pictures is not None:
        draw(looks, found, pictures / f"{site.name}.png")
    return pd.DataFrame() if axes is None else table


def of_picture(path: Path, gsd_m: float, pictures: Path | None) -> None:
    """Print the line of a real picture, and draw what was found."""
    looks = look_of(path, gsd_m)
    found = found_on(looks)
    counts = [len(on.cars) for group in found.groups for _, on in group.found]
    long = sum(len(one.axis) for one in found.strips) * STEP_M
    name = f"{path.parent.name}-{path.stem}"
    print(f"{name}: groups of tracks {len(found.strips)}, {long:.0f} m, cars by track {counts}", flush=True)
    if pictures is not None and found.strips:
        draw(looks, found, pictures / f"{name}.png")


if __name__ == "__main__":
    main()
