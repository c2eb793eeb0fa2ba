"""Pseudo-hands: our own sites as other simulators, sensors and seasons might show them, with what the detector finds.

A hand changes what a site is made of (paints, things of a box's size, dark boxes), how it is lit and viewed, or what
the picture went through (blur, JPEG, stretch, texture, snow). Sites are drawn, shown and searched in memory, with all
dates clear and aligned; nothing here is from another hand's pictures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from scipy import ndimage

from changedet.blocks import Window
from changedet.kernels.containers import TEU_OF_KIND
from changedet.pipeline.date_files import mean_description
from changedet.simulate.command import render
from changedet.simulate.elements import FOREVER, Solid
from changedet.simulate.kinds import make_world
from changedet.simulate.looks import Look
from changedet.simulate.palette import Paint
from changedet.simulate.shapes import rectangle
from changedet.simulate.world import World
from changedet.stages.objects.boxes import georeferenced
from changedet.stages.objects.lattice import cells, in_cell
from changedet.stages.objects.stage import STAGE
from changedet.stages.registry import Facts
from changedet.stages.tracks.result import Tracks
from changedet.stages.tracks.stage import track

Picture = NDArray[np.float32]
Rng = np.random.Generator
ROLES = ("blue", "green", "red", "nir")
KINDS = ("growth", "quiet", "dense", "trains", "port", "decoys", "earthworks")
"""Of the sites of each hand: decoys have no container, earthworks few."""
SIZE_M, GSD_M, DATES = 150.0, 0.5, 4
CACHE_VERSION = 1


@dataclass(frozen=True)
class HandSite:
    """A site that a hand shows, searched on all its dates.

    Attributes
    ----------
    name, hand, kind : str
    area_m2 : float
    dates : tuple of datetime.date
    detections : GeoDataFrame
        As `changedet.pipeline.boxes.kept_boxes` gives them.
    descriptions : list of list of float
        The network's, of each date.
    true : DataFrame
        ``containers, teu, arrivals, departures``, a row a date.
    """

    name: str
    hand: str
    kind: str
    area_m2: float
    dates: tuple[dt.date, ...]
    detections: gpd.GeoDataFrame
    descriptions: list[list[float]]
    true: pd.DataFrame

    def tracks(self) -> Tracks:
        """The boxes followed over the dates."""
        return track(self.detections, list(self.dates), detector="learned")


# -- worlds -------------------------------------------------------------------------------------------------------


def _paints(world: World, rng: Rng) -> None:
    """Other materials: every paint with a colour cast, a brightness and a grain of its own."""
    for k, paint in enumerate(world.palette.paints):
        cast = np.exp(rng.normal(0, 0.25, 4) + rng.normal(0, 0.2))
        shown = {"first": _cast(paint.first, cast), "grain": paint.grain * float(rng.uniform(0.5, 3.0))}
        if paint.second is not None:
            shown["second"] = _cast(paint.second, cast)
        if paint.dormant is not None:
            shown["dormant"] = _cast(paint.dormant, cast)
        world.palette.paints[k] = replace(paint, **shown)


def _cast(colour: Sequence[float], cast: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(v) for v in np.clip(np.array(colour) * cast, 0.01, 0.9))


def _dark(world: World, rng: Rng) -> None:
    """Dark and rusty boxes alone."""
    rust = np.array([0.35, 0.5, 0.8, 0.9])
    for label in {box.label for box in world.containers}:
        paint = world.palette.paints[label]
        colour = 0.35 * np.array(paint.first) if rng.random() < 0.5 else rng.uniform(0.05, 0.13) * rust
        world.palette.paints[label] = replace(paint, first=_cast(colour, np.ones(4)), grain=0.15)


def _low_sun(world: World, rng: Rng) -> None:
    """The sun 10 to 20 degrees high."""
    world.looks = [replace(look, sun_elevation_deg=float(rng.uniform(10, 20))) for look in world.looks]


def _oblique(world: World, rng: Rng) -> None:
    """Views of 14 to 26 degrees off nadir, from all sides."""
    world.looks = [
        replace(look, off_nadir_deg=float(rng.uniform(14, 26)), view_azimuth_deg=float(rng.uniform(0, 360)))
        for look in world.looks
    ]


def _things(world: World, rng: Rng) -> None:
    """Things of a box's size that are none: wagons, coaches, stacks of timber, tents, cabins; ribbed roofs."""
    half = world.size_m / 2 - 8
    taken = [shapely.Polygon(slot.outline).buffer(1.0) for slot in world.slots]
    taken += [shapely.Polygon(solid.outline).buffer(0.5) for solid in world.solids if len(solid.outline) > 2]
    tree = shapely.STRtree(taken)
    for _ in range(int(rng.integers(4, 9))):
        angle, length, width = rng.uniform(0, 180), rng.uniform(4.5, 14.5), rng.uniform(2.2, 3.3)
        height, base = rng.uniform(1.4, 4.2), rng.choice([0.0, 0.0, 1.1])
        paint = world.palette.add(_paint(rng, angle))
        x, y = rng.uniform(-half, half, 2)
        turn = np.radians(angle)
        step = np.array([np.cos(turn), -np.sin(turn)]) * (width + rng.uniform(0.2, 2.0))
        if rng.random() < 0.4:
            step = np.array([np.sin(turn), np.cos(turn)]) * (length + rng.uniform(0.5, 1.5))
        for k in range(int(rng.choice([1, 2, 4, 7]))):
            centre = np.array([x, y]) + k * step
            outline = rectangle(centre[0], centre[1], length, width, angle)
            if np.abs(centre).max() > half or len(tree.query(shapely.Polygon(outline), predicate="intersects")):
                continue
            n = len(world.looks)
            life = FOREVER if rng.random() < 0.5 else (int(rng.integers(-1, n)), int(rng.integers(1, n + 1)))
            if life[0] < life[1]:
                wall = paint if rng.random() < 0.5 else world.palette.add(_paint(rng, angle))
                world.solids.append(Solid(outline, height, paint, wall, base, "object", *life))


def _paint(rng: Rng, angle: float) -> Paint:
    tone = np.exp(rng.normal(np.log(0.2), 0.6)) * np.exp(rng.normal(0, 0.45, 4))
    colour = _cast(tone, np.ones(4))
    stripes = (float(rng.uniform(0.5, 3.0)), angle + float(rng.choice([0, 90])), float(rng.uniform(0, 0.25)), 0.0)
    return Paint(colour, grain=float(rng.uniform(0.02, 0.2)), stripes=stripes)


def _grimy(world: World, rng: Rng) -> None:
    """Boxes with rust, dust and patches all over, and paler or darker than the ground by little."""
    ground = np.array([0.12, 0.14, 0.16, 0.2])
    for label in {box.label for box in world.containers}:
        paint, near = world.palette.paints[label], rng.uniform(0.2, 0.75)
        first = _cast((1 - near) * np.array(paint.first) + near * ground * rng.uniform(0.6, 1.6), np.ones(4))
        dirt = _cast(ground * rng.uniform(0.3, 2.0) * np.exp(rng.normal(0, 0.2, 4)), np.ones(4))
        share = float(rng.uniform(0.1, 0.4))
        world.palette.paints[label] = replace(
            paint, first=first, second=dirt, mix=share, mix_broad=share, mix_fine=share, grain=0.12
        )


# -- pictures (date, band, y, x), in reflectance x 10000 ----------------------------------------------------------


def _soft(pictures: Picture, rng: Rng) -> Picture:
    """Blurred as one of .8 to 1.1 m is, with noise."""
    sigma, noise = rng.uniform(0.8, 1.3), rng.uniform(0.01, 0.04)
    shown = ndimage.gaussian_filter(pictures, (0, 0, sigma, sigma))
    return shown * (1 + rng.normal(0, noise, shown.shape)).astype(np.float32)


def _web(pictures: Picture, rng: Rng) -> Picture:
    """Stretched to 8 bit with a gamma, and JPEG."""
    out = np.empty_like(pictures)
    for k, date in enumerate(pictures):
        low, high = np.percentile(date, [rng.uniform(0.2, 3), rng.uniform(96, 99.8)], axis=(1, 2), keepdims=True)
        shown = 255 * np.clip((date - low) / (high - low), 0, 1) ** rng.uniform(0.6, 1.2)
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 60))]
        bytes_ = np.moveaxis(shown[:3], 0, 2).astype(np.uint8)
        back = cv2.imdecode(cv2.imencode(".jpg", bytes_, quality)[1], cv2.IMREAD_COLOR)
        out[k] = np.concatenate([np.moveaxis(back, 2, 0), shown[3:]]).astype(np.float32) + 1
    return out


def _crisp(pictures: Picture, rng: Rng) -> Picture:
    """Sharpened with halos, and the ground rough at all scales: as a path tracer or another pan-sharpening shows it."""
    fine = ndimage.gaussian_filter(pictures, (0, 0, 0.9, 0.9))
    shown = pictures + rng.uniform(0.6, 1.4) * (pictures - fine)
    n = pictures.shape[-1]
    rough = sum(
        w * cv2.resize(rng.normal(0, 1, (max(2, n // s),) * 2), (n, n), interpolation=cv2.INTER_CUBIC)
        for s, w in ((1, 0.05), (3, 0.06), (9, 0.08), (40, 0.12))
    )
    return np.asarray(np.maximum(shown * np.exp(rough), 20), np.float32)


def _snow(pictures: Picture, rng: Rng) -> Picture:
    """Snow in patches, on roofs too, on one date or two."""
    out, n = pictures.copy(), pictures.shape[-1]
    for k in rng.choice(len(pictures), int(rng.integers(1, 3)), replace=False):
        field = sum(
            cv2.resize(rng.normal(0, 1, (max(2, n // s),) * 2), (n, n), interpolation=cv2.INTER_CUBIC)
            for s in (2, 6, 20)
        )
        cover = np.clip((field - np.quantile(field, rng.uniform(0.05, 0.6))) * 2, 0, 1)
        light = np.clip(pictures[k, :3].mean(0) / np.median(pictures[k, :3]), 0.3, 1.4)
        white = 5500 * light * (1 + 0.08 * rng.normal(size=(n, n)))
        out[k] = pictures[k] * (1 - cover) + white * cover
    return out


def _hazy(pictures: Picture, rng: Rng) -> Picture:
    """A veil of haze, and bands of another gain on each date."""
    out = np.empty_like(pictures)
    for k, date in enumerate(pictures):
        veil = rng.uniform(0.1, 0.6) * np.array([1.3, 1.0, 0.8, 0.5])[:, None, None]
        gain = np.exp(rng.normal(0, 0.2, (4, 1, 1)))
        out[k] = gain * (date * (1 - 0.6 * veil) + 2500 * veil)
    return out


def _coarse(pictures: Picture, rng: Rng) -> Picture:
    """Pixels of .8 to 1.2 m that were resampled to .5 m, with noise."""
    size, n = max(8, int(pictures.shape[-1] * GSD_M / rng.uniform(0.8, 1.2))), pictures.shape[-2:]
    out = np.empty_like(pictures)
    for k, date in enumerate(pictures):
        for b, band in enumerate(date):
            small = cv2.resize(band, (size, size), interpolation=cv2.INTER_AREA)
            small *= (1 + 0.02 * rng.normal(size=small.shape)).astype(np.float32)
            out[k, b] = cv2.resize(small, n[::-1], interpolation=cv2.INTER_CUBIC)
    return np.maximum(out, 1)


def _dappled(pictures: Picture, rng: Rng) -> Picture:
    """Soft shade in broad patches, which move from date to date, and bright ends that saturate."""
    out, n = np.empty_like(pictures), pictures.shape[-1]
    for k, date in enumerate(pictures):
        field = cv2.resize(rng.normal(0, 1, (6, 6)), (n, n), interpolation=cv2.INTER_CUBIC)
        shade = 1 - 0.7 * np.clip((field - np.quantile(field, 0.6)) * 3, 0, 1)
        out[k] = np.minimum(date * shade, np.quantile(date, rng.uniform(0.85, 0.98)))
    return out


WorldChange = Callable[[World, Rng], None]
PictureChange = Callable[[Picture, Rng], Picture]
HANDS: Mapping[str, tuple[tuple[WorldChange, ...], tuple[PictureChange, ...]]] = {
    "plain": ((), ()),
    "paints": ((_paints,), ()),
    "dark": ((_dark,), ()),
    "grimy": ((_grimy,), ()),
    "low sun": ((_low_sun,), ()),
    "oblique": ((_oblique,), ()),
    "things": ((_things,), ()),
    "soft": ((), (_soft,)),
    "web": ((), (_web,)),
    "coarse": ((), (_coarse,)),
    "dappled": ((), (_dappled,)),
    "crisp": ((), (_crisp,)),
    "snow": ((), (_snow,)),
    "hazy": ((), (_hazy,)),
    "other": ((_paints, _oblique, _things), (_crisp,)),
    "winter": ((_low_sun, _things), (_snow, _soft)),
}
"""What changes the world, and what the pictures, by hand; mixed hands draw two to four of them anew for each site."""
FIRST_SEED: Mapping[str, int] = {
    hand: first + 100 * k
    for first, hands in (
        (64000, ("plain", "paints", "dark", "low sun", "oblique", "things", "soft", "web", "crisp")),
        (65000, ("mixed a", "mixed b", "other", "winter", "mixed c", "grimy", "coarse", "snow", "mixed d")),
        (65900, ("dappled", "hazy")),
    )
    for k, hand in enumerate(hands)
}
"""Of each hand's sites, one a kind; others report."""
_WORLD_CHANGES: tuple[WorldChange, ...] = (_paints, _dark, _low_sun, _oblique, _things, _grimy)
_PICTURE_CHANGES: tuple[PictureChange, ...] = (_soft, _web, _crisp, _snow, _hazy, _coarse, _dappled)


def _changes(hand: str, seed: int) -> tuple[Sequence[WorldChange], Sequence[PictureChange]]:
    """What a hand changes of a site."""
    if hand in HANDS:
        return HANDS[hand]
    rng = np.random.default_rng([seed, 78])
    worlds, pictures = rng.permutation(len(_WORLD_CHANGES)), rng.permutation(len(_PICTURE_CHANGES))
    first, second = int(rng.integers(1, 3)), int(rng.integers(1, 3))
    return [_WORLD_CHANGES[k] for k in worlds[:first]], [_PICTURE_CHANGES[k] for k in sorted(pictures[:second])]


# -- sites --------------------------------------------------------------------------------------------------------


def worlds(hands: Sequence[str], kinds: Sequence[str], further: int = 0) -> Iterator[tuple[str, str, int]]:
    """Hand, kind and seed of all sites; `further` is added to the seeds."""
    for hand in hands:
        for k, kind in enumerate(kinds):
            yield hand, kind, FIRST_SEED[hand] + further + k


def shown(hand: str, kind: str, seed: int, dates: int = DATES) -> tuple[World, Picture]:
    """A site's world and its pictures (date, band, y, x) by a hand."""
    world = make_world(kind, dates, seed, GSD_M, SIZE_M, ROLES)
    world.looks = [replace(look, cloud_cover=0.0, nodata_edge=None) for look in world.looks]
    rng = np.random.default_rng([seed, 77])
    change_world, change_picture = _changes(hand, seed)
    for change in change_world:
        change(world, rng)
    drawn = [render(world, k).image.astype(np.float32) for k in range(dates)]
    size = tuple(min(picture.shape[axis] for picture in drawn) for axis in (1, 2))
    pictures = np.stack([picture[:, : size[0], : size[1]] for picture in drawn])
    for alter in change_picture:
        pictures = alter(pictures, rng)
    return world, pictures


def pictured(folder: Path, hand: str, kind: str, seed: int) -> tuple[World, Picture]:
    """As `shown`, the pictures kept in a folder."""
    path = folder / f"{hand.replace(' ', '_')}-{kind}-{seed}-v{CACHE_VERSION}.npy"
    if path.exists():
        world = make_world(kind, DATES, seed, GSD_M, SIZE_M, ROLES)
        return world, np.load(path).astype(np.float32)
    world, pictures = shown(hand, kind, seed)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(path, np.clip(pictures, 0, 65535).astype(np.uint16))
    return world, pictures


def searched(world: World, pictures: Picture, hand: str) -> HandSite:
    """What the detector finds on all dates of a site, and its truth."""
    places = [GeoBox(pictures.shape[2:], _aligned(look), f"EPSG:{world.epsg}") for look in world.looks]
    detections, descriptions = found_in(pictures, places, world.dates)
    name, area = f"{hand}-{world.kind}-{world.seed}", world.size_m**2
    return HandSite(name, hand, world.kind, area, tuple(world.dates), detections, descriptions, truth(world))


def found_in(
    pictures: Sequence[Picture], places: Sequence[GeoBox], dates: Sequence[dt.date]
) -> tuple[gpd.GeoDataFrame, list[list[float]]]:
    """Boxes of all dates (band, y, x) at their places, and the network's description of each."""
    method = STAGE.get("learned").function(Facts(GSD_M, roles=ROLES, detector="learned"))
    tables, descriptions = [], []
    for picture, geobox, date in zip(pictures, places, dates, strict=True):
        model, place = method.fit(picture[None]), Window(0, 0, *picture.shape[1:])
        lattice = list(cells(place, method.cell_px))
        found = [in_cell(picture, place, cell, method, model) for cell in lattice]
        described = {c: one.description for c, one in zip(lattice, found, strict=True) if one.description is not None}
        descriptions.append(mean_description(described) or [])
        boxes = method.settle(pd.concat([one.boxes for one in found], ignore_index=True))
        placed = georeferenced(boxes, geobox.transform, str(geobox.crs), GSD_M)
        tables.append(placed.assign(date=str(date), counted=placed["confidence"] >= method.count_confidence))
    detections = pd.concat(tables, ignore_index=True)
    detections["date"] = pd.to_datetime(detections["date"], utc=True)
    detections.insert(1, "object_id", np.arange(1, len(detections) + 1))
    return detections, descriptions


def _aligned(look: Look) -> Affine:
    """From pixels to metres of the CRS without the date's shift."""
    a, b, left, d, e, top = look.transform
    return Affine(a, b, left - look.shift_east_m, d, e, top - look.shift_north_m)


def truth(world: World) -> pd.DataFrame:
    """Tops of stacks in the site on each date, and those that came and left."""
    half, rows, before = world.size_m / 2, [], {}
    for k in range(len(world.looks)):
        tops = [stack[-1] for stack in world.stacks(k).values()]
        here = {b.object_id: b for b in tops if np.abs(world.box_outline(b).mean(axis=0)).max() <= half}
        rows.append(
            {
                "containers": len(here),
                "teu": sum(TEU_OF_KIND[b.kind] for b in here.values()),
                "arrivals": sum(b.born == k for b in here.values()) if k else np.nan,
                "departures": sum(b.gone <= k for b in before.values()) if k else np.nan,
            }
        )
        before = here
    return pd.DataFrame(rows)
