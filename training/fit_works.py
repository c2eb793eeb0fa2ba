"""Fit how states of works are read from a look (`changedet/pipeline/things/kernels/work_states.py`), on finished runs.

python training/fit_works.py FOLDER...

Folders of painted (`paint.py stores`) and drawn (`scenarios/stores.py`) sites of seeds from 1000 on, each with its run
in out/. Prints the constants to be put into the kernel.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from changedet.grid import Grid
from changedet.kernels.pixel_classes import CLEAR, SHADE
from changedet.pipeline.things.kernels import work_states
from changedet.pipeline.things.thing_states import signs_of, standing
from changedet.pipeline.things.works import core

STATE = {"dug": 0, "emptied": 0, "in use": 1, "covered": 2}
RIDGE, STEPS, RATE = 5e-4, 1500, 0.03


def run_of(site: Path) -> Path:
    """The run folder of a site."""
    return next(path for path in sorted((site / "out").iterdir()) if path.is_dir())


def pictures(run: Path) -> tuple[Grid, dict[str, np.ndarray]]:
    """The visible bands of each look, NaN where it is not clear."""
    found = {}
    for path in sorted(run.glob("scenes/*.tif")):
        with rasterio.open(path) as scene:
            order = [scene.descriptions.index(role) + 1 for role in ("blue", "green", "red")]
            image, transform, crs = scene.read(order).astype(np.float32), scene.transform, str(scene.crs)
        with rasterio.open(run / "change" / f"{path.stem}_quality.tif") as quality:
            image[:, ~np.isin(quality.read(1), (CLEAR, SHADE))] = np.nan
        found[path.stem] = image
    return Grid(crs, transform, image.shape[1:]), found


def truth(site: Path) -> gpd.GeoDataFrame:
    """The works of a site, a row a date."""
    table = gpd.read_file(site / "truth" / "things.gpkg", layer="works")
    return table.assign(day=table["date"].dt.strftime("%Y-%m-%d"))


def outlines(site: Path, works: gpd.GeoDataFrame) -> list[tuple[int, shapely.Polygon, bool]]:
    """Floors as they are drawn, and the things' outlines as they are found, with the number of the thing."""
    zones = gpd.read_file(site / "zones.geojson").to_crs(works.crs)
    floors = zones[zones["name"].str.startswith("cell-")]
    found = [(int(name[5:]) + 1, shape, True) for name, shape in zip(floors["name"], floors.geometry, strict=True)]
    first = works.drop_duplicates("work_id")
    found += [
        (int(k), core(shape.buffer(-1.0)), False) for k, shape in zip(first["work_id"], first.geometry, strict=True)
    ]
    return found


def rows(site: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Features and states of each thing over the looks on which it is there."""
    run, works = run_of(site), truth(site)
    grid, images = pictures(run)
    boxes = gpd.read_file(run / "objects.gpkg", layer="containers")
    boxes["day"] = boxes["date"].astype(str).str[:10]
    rng, things = np.random.default_rng(0), outlines(site, works)
    shapes = [
        shapely.affinity.translate(shape, *rng.normal(0, 0.5, 2)).buffer(rng.uniform(-0.7, 0.7))
        for _, shape, _ in things
    ]
    tracks = gpd.read_file(run / "objects.gpkg", layer="tracks")
    looks = [
        signs_of(image, grid, shapes, list(boxes.geometry[boxes["day"] == day]), standing(tracks, day))
        for day, image in images.items()
    ]
    found = []
    for k, (number, _, is_floor) in enumerate(things):
        states = works[works["work_id"] == number].set_index("day")["state"]
        there = np.array([is_floor or day in states.index for day in images])
        is_pit = works["kind"][works["work_id"] == number].iloc[0] == "pit"
        names = [STATE[states.get(day, "dug")] for day in images]
        names = [work_states.FILLED if one == work_states.ROOFED and is_pit else one for one in names]
        signs, counts = np.array([one[k] for one, _ in looks]), np.array([one[k] for _, one in looks])
        if there.any():
            table = work_states.features(signs[there], counts[there])
            found.append((table, np.array(names)[there]))
    return found


def fitted(table: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre, scale and weights of a multinomial regression; rare classes count for more."""
    centre, scale = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-3)
    inputs = np.column_stack([np.ones(len(table)), np.clip((table - centre) / scale, -4, 4)])
    wanted = np.eye(work_states.STATES)[state]
    weight = (1 / np.sqrt(np.maximum(wanted.sum(axis=0), 1)))[state]
    weight /= weight.sum()
    found = np.zeros((work_states.STATES, inputs.shape[1]))
    mean, square = np.zeros_like(found), np.zeros_like(found)
    for step in range(1, STEPS + 1):
        odds = inputs @ found.T
        chances = np.exp(odds - odds.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        slope = ((chances - wanted) * weight[:, None]).T @ inputs
        slope[:, 1:] += RIDGE * found[:, 1:]
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        found -= RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return centre, scale, found


def main() -> None:
    """Print the constants, and how well they read what they were fitted on."""
    sites = [Path(one) for one in sys.argv[1:]]
    if any(int(site.name.rsplit("-", 1)[1]) < 1000 for site in sites):
        raise SystemExit("seeds below 1000 judge")
    things = [one for site in sites for one in rows(site)]
    table, state = (np.concatenate([one[k] for one in things]) for k in (0, 1))
    known = np.isfinite(table).all(axis=1)
    centre, scale, weights = fitted(table[known], state[known])
    for name, values in (("CENTRE", centre), ("SCALE", scale), ("WEIGHTS", weights)):
        print(f"{name}: Final = np.array({np.round(values, 3).tolist()})")
        # What is reported below is read with them.
        setattr(work_states, name, values)
    alone = work_states.by_look(table[known]).argmax(axis=1)
    read = np.concatenate([work_states.read(work_states.by_look(one)).state for one, _ in things])
    print(
        len(table), "looks at things; right alone", (alone == state[known]).mean(), "together", (read == state).mean()
    )
    print(pd.crosstab(state, read).to_string())


if __name__ == "__main__":
    main()
