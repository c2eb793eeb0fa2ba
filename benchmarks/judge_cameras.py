"""The judges' sites once more: coarser pixels, three satellites, 8 bits, other bands, badly placed, two looks alone."""

from __future__ import annotations

import re
import shutil
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
from numpy.typing import NDArray
from rasterio.transform import Affine

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.judge_places import askew, hilly, turned  # noqa: E402
from benchmarks.judge_sites import Site  # noqa: E402
from changedet.stages.change.method import SEASON_DATES  # noqa: E402

STRETCH_PER_CENT = (0.5, 99.5)
"""Per cent of a scene's pixels that come out black and white in 8 bits, as screens' pictures are stretched."""
FIRST_VALUE = 1
"""Darkest value in 8 bits; 0 is where nothing was seen."""
UNSEEN = 255
PANCHROMATIC = (0.1, 0.35, 0.4, 0.15)
"""Shares of blue, green, red and near infrared in a panchromatic band, about those of WorldView's."""
PUBLISHED_DARK_PER_CENT = (0.1, 2.0)
PUBLISHED_BRIGHT_PER_CENT = (97.0, 99.9)
"""Between what per cent of a look's pixels a published picture's black and white lie: up to 3 % are clipped."""
PUBLISHED_GAMMA = (0.7, 1.1)
"""Between what exponents its tones lie: below 1 the middle is brightened, as most pictures for screens are."""
PUBLISHED_QUALITY = (60, 85)
"""Between what qualities of JPEG, as web pictures and screenshots have; colours lie in pixels of twice the side."""
COARSE_TIMES = 6
"""Sides of a painted pixel of 0.5 m in one of 3 m."""
SPOT_M, PLANET_M, SENTINEL_M = 1.5, 3.0, 10.0
"""Pixels of SPOT 6's, PlanetScope's and Sentinel-2's pictures."""
SPREAD_PX = 0.4
"""Deviation of such a camera's point spread, in its pixels: with the pixel itself a width at half height of 1.1."""
MISPLACED_PX = 0.5
"""To which share of a pixel, either way, a look may lie aside; the first one lies right."""
NOISE_SD, NOISE_SHARE = 12.0, 0.006
"""Deviation of a value, in counts of reflectance x 10000, and as a share of it."""
Values = NDArray[np.generic]
Camera = Callable[[Path, Path], None]


def coarser(source: Path, target: Path, times: int = 2) -> None:
    """Pixels of `times` the side: their mean; unseen where one of them is."""
    blocks, profile, names, tags = _blocks(source, times)
    unseen = (blocks == 0).any((2, 4))
    made = np.where(unseen, 0, np.rint(blocks.mean((2, 4)))).astype(blocks.dtype)
    _write(target, made, profile, names, tags)


def coarser_mask(source: Path, target: Path, times: int = 2) -> None:
    """A mask in pixels of `times` the side: what half of them are; unseen where one of them is."""
    blocks, profile, names, tags = _blocks(source, times)
    unseen = (blocks == UNSEEN).any((2, 4))
    made = np.where(unseen, UNSEEN, (blocks.clip(0, 1).mean((2, 4)) >= 0.5)).astype(blocks.dtype)
    _write(target, made, profile, names, tags)


def spot(source: Path, target: Path) -> None:
    """A look in pixels of 1.5 m."""
    _from_afar(source, target, SPOT_M)


def planet(source: Path, target: Path) -> None:
    """A look in pixels of 3 m."""
    _from_afar(source, target, PLANET_M)


def sentinel(source: Path, target: Path) -> None:
    """A look in pixels of 10 m."""
    _from_afar(source, target, SENTINEL_M)


def _from_afar(source: Path, target: Path, gsd_m: float) -> None:
    """A look of a coarse camera: laid aside by part of a pixel, blurred by its point spread, averaged, with noise."""
    random = np.random.default_rng(zlib.crc32(f"{source.parents[1].name}/{source.name}/{gsd_m}".encode()))
    with rasterio.open(source) as file:
        values, profile, names, tags = file.read(), file.profile, file.descriptions, file.tags()
    times = round(gsd_m / profile["transform"].a)
    aside = random.uniform(-MISPLACED_PX, MISPLACED_PX, 2) * times
    aside *= source != min(source.parent.glob("*.tif"))
    move = np.array([[1, 0, aside[0]], [0, 1, aside[1]]])
    shape = values.shape[:0:-1]
    unseen = cv2.warpAffine((values == 0).any(0).astype(np.float32), move, shape, borderMode=cv2.BORDER_REPLICATE) > 0
    moved = [cv2.warpAffine(band, move, shape, borderMode=cv2.BORDER_REPLICATE) for band in values.astype(np.float32)]
    blurred = np.stack([cv2.GaussianBlur(band, (0, 0), SPREAD_PX * times) for band in moved])
    mean, hidden = _means(blurred, times), _means(unseen[None].astype(np.float32), times) > 0
    noisy = mean + random.normal(size=mean.shape) * (NOISE_SD + NOISE_SHARE * mean)
    made = np.where(hidden, 0, np.clip(np.rint(noisy), 1, np.iinfo(values.dtype).max)).astype(values.dtype)
    profile.update(height=made.shape[1], width=made.shape[2], transform=profile["transform"] @ Affine.scale(times))
    profile.update(tiled=False, blockxsize=made.shape[2], blockysize=made.shape[1])
    _write(target, made, profile, names, tags)


def _means(values: Values, times: int) -> NDArray[np.float64]:
    """Means (band, y, x) of blocks of `times` by `times` pixels."""
    rows, columns = (side // times for side in values.shape[1:])
    blocks = values[:, : times * rows, : times * columns].reshape(-1, rows, times, columns, times)
    return np.asarray(blocks.mean((2, 4), dtype=np.float64))


def spot_mask(source: Path, target: Path) -> None:
    """A mask in pixels of 1.5 m."""
    coarser_mask(source, target, _times(source, SPOT_M))


def planet_mask(source: Path, target: Path) -> None:
    """A mask in pixels of 3 m."""
    coarser_mask(source, target, _times(source, PLANET_M))


def sentinel_mask(source: Path, target: Path) -> None:
    """A mask in pixels of 10 m."""
    coarser_mask(source, target, _times(source, SENTINEL_M))


def _times(source: Path, gsd_m: float) -> int:
    with rasterio.open(source) as file:
        return round(gsd_m / file.transform.a)


def _blocks(source: Path, times: int) -> tuple[Values, dict[str, object], tuple[str, ...], dict[str, str]]:
    """A raster's whole blocks (band, y, times, x, times), the profile of one pixel each, its bands' names and tags."""
    with rasterio.open(source) as file:
        values, profile = file.read(), file.profile
        names, tags = file.descriptions, file.tags()
    rows, columns = (side // times for side in values.shape[1:])
    blocks = values[:, : times * rows, : times * columns].reshape(-1, rows, times, columns, times)
    profile.update(height=rows, width=columns, transform=profile["transform"] @ Affine.scale(times))
    return blocks, profile, names, tags


def two_satellites(source: Path, target: Path) -> None:
    """Every second scene in pixels of 3 m, as a coarser satellite fills the gaps; the others as they are."""
    if sorted(source.parent.glob("*.tif")).index(source) % 2 == 1:
        coarser(source, target, times=COARSE_TIMES)
    else:
        shutil.copyfile(source, target)


def screen(source: Path, target: Path) -> None:
    """Red, green and blue in 8 bits, each band stretched by the scene's own percentiles."""
    _in_eight_bits(source, target, lambda values, seen: np.stack([_stretched(band, seen) for band in values]))


def published(source: Path, target: Path) -> None:
    """A picture from the web: each look with limits, gamma and JPEG of its own, in 8 bits."""
    random = np.random.default_rng(zlib.crc32(f"{source.parents[1].name}/{source.name}".encode()))
    limits = random.uniform(*PUBLISHED_DARK_PER_CENT), random.uniform(*PUBLISHED_BRIGHT_PER_CENT)
    gamma, quality = random.uniform(*PUBLISHED_GAMMA), random.integers(*PUBLISHED_QUALITY, endpoint=True)

    def _compressed(values: NDArray[np.uint16], seen: NDArray[np.bool_]) -> NDArray[np.uint8]:
        screened = np.stack([_stretched(band, seen, limits, gamma) for band in values]).transpose(1, 2, 0)
        _, kept = cv2.imencode(".jpg", screened[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, int(quality)))
        decoded = cv2.imdecode(kept, cv2.IMREAD_COLOR)[..., ::-1].transpose(2, 0, 1)
        return np.where(seen, decoded.clip(FIRST_VALUE), 0).astype(np.uint8)

    _in_eight_bits(source, target, _compressed)


def _in_eight_bits(
    source: Path, target: Path, made: Callable[[NDArray[np.uint16], NDArray[np.bool_]], NDArray[np.uint8]]
) -> None:
    """Red, green and blue (3, y, x), as they are made of a scene's and of where it shows anything (y, x)."""
    with rasterio.open(source) as file:
        values, profile, tags = file.read((3, 2, 1)), file.profile, file.tags()
    profile.update(count=3, dtype="uint8", nodata=0, photometric="RGB")
    _write(target, made(values, (values > 0).all(0)), profile, ("red", "green", "blue"), tags)


def grey(source: Path, target: Path) -> None:
    """One panchromatic band of as many bits."""
    with rasterio.open(source) as file:
        values, profile, tags = file.read(), file.profile, file.tags()
    mean = np.tensordot(PANCHROMATIC, values.astype(np.float64), axes=1)
    made = np.where((values == 0).all(0), 0, np.rint(mean)).astype(values.dtype)
    profile.update(count=1)
    _write(target, made[None], profile, ("pan",), tags)


def infrared(source: Path, target: Path) -> None:
    """Green, red and near infrared alone."""
    with rasterio.open(source) as file:
        values, profile, tags = file.read((2, 3, 4)), file.profile, file.tags()
    profile.update(count=3)
    _write(target, values, profile, ("green", "red", "nir"), tags)


def without_angles(source: Path, target: Path) -> None:
    """The same pixels without a word of the sun and the view, as most pictures come that somebody else handed on."""
    with rasterio.open(source) as file:
        _write(target, file.read(), file.profile, file.descriptions, {})


def _stretched(
    band: NDArray[np.uint16],
    seen: NDArray[np.bool_],
    limits: tuple[float, float] = STRETCH_PER_CENT,
    gamma: float = 1.0,
) -> NDArray[np.uint8]:
    dark, bright = np.percentile(band[seen], limits)
    share = np.clip((band.astype(np.float64) - dark) / (bright - dark), 0, 1) ** gamma
    return np.where(seen, np.rint(FIRST_VALUE + share * (255 - FIRST_VALUE)), 0).astype(np.uint8)


BANDS: dict[Camera, str] = {
    screen: "red: 1, green: 2, blue: 3",
    published: "red: 1, green: 2, blue: 3",
    grey: "pan: 1",
    infrared: "green: 1, red: 2, nir: 3",
}
"""What its scenes have, where that is not what the sites' have."""
GRID_M = 1.25
"""Of a series of SPOT, and of few looks of PlanetScope, as `changedet init` writes it; a year of the latter stays on
its own grid."""
WITHOUT_ANGLES = "no-angles"
"""No sun and no view, in the scenes' tags and in the workflow."""
CAMERAS: dict[str, Camera] = {
    "1m": coarser,
    "1.5m": spot,
    "3m": planet,
    "10m": sentinel,
    "mixed": two_satellites,
    "rgb8": screen,
    "jpeg": published,
    "pan": grey,
    "cir": infrared,
    WITHOUT_ANGLES: without_angles,
    "turned": turned,
    "askew": askew,
    "hills": hilly,
}
MASKS: dict[Camera, Camera] = {coarser: coarser_mask, spot: spot_mask, planet: planet_mask, sentinel: sentinel_mask}
"""How masks are made for a camera that does not leave them as they are."""
PAIR = "pair"
"""No camera: the same scenes, of which a user has the first and the last alone."""


def _write(
    target: Path, values: Values, profile: dict[str, object], names: tuple[str, ...], tags: dict[str, str]
) -> None:
    with rasterio.open(target, "w", **profile) as file:
        file.write(values)
        file.update_tags(**tags)
        for band, name in enumerate(names, 1):
            if name:
                file.set_band_description(band, name)


def seen_by(camera: str, site: Site) -> Site:
    """A painted site as another camera shows it, made beside it where it is missing; truth in the same places."""
    folder = site.folder.with_name(f"{site.folder.name}-{camera}")
    made = Site(site.kind, site.hand, site.seed, folder)
    if made.workflow.exists():
        return made
    if camera == PAIR:
        first_and_last(site, folder)
        return made
    photograph = CAMERAS[camera]
    makes = {"scenes": photograph, "truth": MASKS.get(photograph, shutil.copyfile)}
    for part in ("scenes", "truth"):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for path in sorted((site.folder / part).iterdir()):
            target = folder / part / path.name
            if path.suffix == ".tif":
                makes[part](path, target)
            else:
                shutil.copyfile(path, target)
    for path in site.folder.glob("*.geojson"):
        shutil.copyfile(path, folder / path.name)
    made.workflow.parent.joinpath("workflow.yaml").write_text(_workflow(camera, site))
    return made


def _workflow(camera: str, site: Site) -> str:
    """A site's workflow with the bands and angles that a camera gives."""
    text, bands = site.workflow.read_text(), BANDS.get(CAMERAS[camera])
    if bands is not None:
        text = re.sub(r"(?m)^bands:.*$", f"bands: {{{bands}}}", text)
    few = len(re.findall(r"\bdate:", text)) < SEASON_DATES
    if CAMERAS[camera] is spot or (CAMERAS[camera] is planet and few):
        text += f"grid: {{resolution: {GRID_M}}}\n"
    if camera == WITHOUT_ANGLES:
        text = re.sub(r", (?:sun|view): \{[^}]*\}", "", text)
    return text


def first_and_last(site: Site, folder: Path) -> None:
    """A site's first and last look with their truth; events between others are not told, onsets lie on the last."""
    for part in ("scenes", "truth"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    table = pd.read_csv(site.truth / "truth.csv")
    first, last = table["date"].iloc[[0, -1]]
    for path in (site.folder / "scenes").iterdir():
        if path.name[:10] in (first, last):
            shutil.copyfile(path, folder / "scenes" / path.name)
    shutil.copyfile(site.truth / f"{last}_mask.tif", folder / "truth" / f"{last}_mask.tif")
    kept = table[table["date"].isin([first, last])].assign(arrivals=np.nan, departures=np.nan)
    for name in (column for column in kept if str(column).startswith("onset")):
        kept[name] = kept[name].where(kept[name].isna(), last)
    kept.to_csv(folder / "truth" / "truth.csv", index=False)
    source, target = site.truth / "truth.gpkg", folder / "truth" / "truth.gpkg"
    for layer in pyogrio.list_layers(source)[:, 0]:
        rows = gpd.read_file(source, layer=layer)
        if "date" in rows:
            rows = rows[pd.to_datetime(rows["date"], utc=True).dt.strftime("%Y-%m-%d").isin([first, last])]
        rows.to_file(target, layer=layer, driver="GPKG")
    for path in site.folder.glob("*.geojson"):
        shutil.copyfile(path, folder / path.name)
    lines = site.workflow.read_text().splitlines()
    dated = (re.search(r"date: *(\d{4}-\d\d-\d\d)", line) for line in lines)
    kept_lines = [line for line, date in zip(lines, dated, strict=True) if date is None or date[1] in (first, last)]
    (folder / "workflow.yaml").write_text("\n".join(kept_lines) + "\n")
