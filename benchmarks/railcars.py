"""Railcars counted and named: on drawn and painted sidings of fresh seeds, and on the real picture of six tracks.

    python benchmarks/railcars.py [--own DIR] [--painted DIR2] [--data DATA] [--pictures DIR3]

DIR holds sites of `changedet simulate --kind trains`, DIR2 those of training/painter (kind rail) with seeds that taught
nothing (seeds 1000 to 1999 and 9001 to 9099 teach); DATA the folder with `yards/rail.png`, whose 44 wagons were counted
by hand before any result. A siding is read from its picture, as after alignment, without detected containers. `count`
is the sum of the errors of all tracks over the true cars; `within` the share of trains with an error of a tenth and
less; `holds` the share of tracks and dates, and of those with a train, whose 95 % interval holds the true number.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.pipeline.things.kernels import car_chains, siding_tracks  # noqa: E402
from changedet.pipeline.things.kernels.siding_pictures import STEP_M, Turned, turned  # noqa: E402
from changedet.pipeline.things.kernels.siding_tracks import CLASSES, LENGTHWISE_M, SURE, Axis, TrackCars  # noqa: E402
from changedet.pipeline.things.railcar_reading import answer  # noqa: E402
from scenarios.sidings import is_cloudless, scenes, sites  # noqa: E402

BESIDE_M: Final = 1.8
"""From a track's axis, within which a true car stands on it."""
NEAR_M: Final = 6.0
"""Between the middles of a true car and of the one that was found for it."""
RAIL_GSD_M: Final = 0.66
RAIL_TRACKS: Final = (13, 52)
"""Columns of the real picture between which its six tracks lie, as a user draws a siding."""
RAIL_COUNTED: Final = (7, 8, 6, 9, 7, 7)
"""Wagons of each track, from the right to the left of the picture turned on its side."""


def read(pictures: dict[str, Turned]) -> tuple[list[Axis], dict[str, list[TrackCars]]]:
    """The tracks of a siding and the cars on each of them on each date."""
    odds = {day: answer(one.image) for day, one in pictures.items()}
    tracks = siding_tracks.tracks_of(list(odds.values()))
    nothing = TrackCars([], np.ones(1))
    return tracks, {day: [siding_tracks.cars_on(one, k) or nothing for k in tracks] for day, one in odds.items()}


def of_sites(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row a track and date (true, found, low, high), and a row a car found (true and read kind, length error)."""
    rows, kinds = [], []
    for site, cars, corners in sites(folder):
        days = pd.to_datetime(cars["date"]).dt.strftime("%Y-%m-%d")
        pictures = {day: turned(image, matrix, corners) for day, image, matrix in scenes(site)}
        tracks, found = read(pictures)
        for day, picture in pictures.items():
            own = cars[days == day]
            place = np.column_stack([own.geometry.centroid.x, own.geometry.centroid.y]).reshape(-1, 2) - picture.origin
            u, v = place @ picture.along, place @ picture.across
            left = np.ones(len(own), bool)
            for track, on in zip(tracks, found[day], strict=True):
                axis = np.interp(u / LENGTHWISE_M, np.arange(len(track)) + 0.5, track) + 0.5
                here = left & (np.abs(v - axis * STEP_M) < BESIDE_M)
                left &= ~here
                low, high = car_chains.interval_of(on.counts, SURE)
                rows.append((site.name, day, int(here.sum()), len(on.cars), low, high))
                for car in on.cars:
                    apart = np.where(here, np.abs(u - (car.first + car.last) / 2 * LENGTHWISE_M), np.inf)
                    if len(apart) and apart.min() < NEAR_M:
                        one = own.iloc[int(np.argmin(apart))]
                        error = (car.last - car.first) * LENGTHWISE_M - one.length_m
                        kinds.append(("with boxes" if one.loaded else one.kind, CLASSES[car.kind], error))
            if left.any():
                rows.append((site.name, day, int(left.sum()), 0, 0, 0))
    return pd.DataFrame(rows, columns=["site", "date", "true", "found", "low", "high"]), pd.DataFrame(
        kinds, columns=["true", "read", "length_error_m"]
    )


def counted(name: str, rows: pd.DataFrame) -> None:
    """Print how right the numbers of one hand's sites are."""
    trains = rows[rows["true"] > 0]
    off = (rows["found"] - rows["true"]).abs()
    holds = (rows["low"] <= rows["true"]) & (rows["true"] <= rows["high"])
    print(f"{name}: {len(rows)} tracks and dates, {len(trains)} with cars, {rows['true'].sum()} cars")
    print(
        f"  found {rows['found'].sum()}, count {off.sum() / rows['true'].sum():.3f}, within "
        f"{(off[trains.index] <= 0.1 * trains['true']).mean():.2f}, holds {holds.mean():.3f}, of those with a train "
        f"{holds[trains.index].mean():.3f}, width {(trains['high'] - trains['low']).mean():.2f}, on empty tracks "
        f"{rows.loc[rows['true'] == 0, 'found'].sum()}"
    )


def named(kinds: pd.DataFrame) -> None:
    """Print how right the kinds are."""
    flats = kinds[kinds["true"].isin(["flat", "with boxes"])]
    print(
        f"  loaded or empty {(flats['true'] == flats['read']).mean():.3f} of {len(flats)}, kinds "
        f"{(kinds['true'] == kinds['read']).mean():.3f} of {len(kinds)}, length error median "
        f"{kinds['length_error_m'].abs().median():.2f} m"
    )
    print(pd.crosstab(kinds["true"], kinds["read"]).to_string())


def real(data: Path, pictures: Path | None) -> None:
    """The real picture, track by track."""
    pixels = cv2.imread(str(data / "yards" / "rail.png")).astype(np.float32)
    high = pixels.shape[0]
    west, east = RAIL_TRACKS
    corners = np.array([[west, 0], [east, 0], [east, -high], [west, -high]], float) * RAIL_GSD_M
    way = np.array([[1 / RAIL_GSD_M, 0, 0], [0, -1 / RAIL_GSD_M, 0]])
    picture = turned(np.moveaxis(pixels[..., ::-1], 2, 0).copy(), way, corners)
    tracks, found = read({"": picture})
    counts = [len(on.cars) for on in found[""]]
    low, high = car_chains.interval_of(car_chains.sum_of([on.counts for on in found[""]]), SURE)
    print(f"real picture: {sum(counts)} ({low} to {high}) of {sum(RAIL_COUNTED)}; by track {counts}, {RAIL_COUNTED}")
    print("  kinds", pd.Series([CLASSES[car.kind] for on in found[""] for car in on.cars]).value_counts().to_dict())
    if pictures is None:
        return
    shown = np.clip((np.moveaxis(np.nan_to_num(picture.image), 0, 2)[..., ::-1] + 2) / 5, 0, 1) * 255
    shown = cv2.resize(shown.astype(np.uint8), None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    for track, on in zip(tracks, found[""], strict=True):
        for car in on.cars:
            row = (track[(car.first + car.last) // 2] + 0.5) * 6
            cv2.rectangle(shown, (car.first * 12, int(row - 14)), (car.last * 12, int(row + 14)), (0, 255, 255), 1)
    pictures.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(pictures / "rail.png"), shown)


def main() -> None:
    """Print a table for each hand, and a line for the real picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--own", type=Path)
    parser.add_argument("--painted", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    for name, folder in (("drawn", given.own), ("painted", given.painted)):
        if folder is not None:
            rows, kinds = of_sites(folder)
            counted(name, rows)
            counted(f"{name}, looks without clouds", rows[is_cloudless(rows, [folder])])
            named(kinds)
    if given.data is not None:
        real(given.data, given.pictures)


if __name__ == "__main__":
    main()
