"""Simulated pairs with the truth of what changed between them, as a run sees them after masks and alignment.

Residual misregistration, cloud masks that miss a rim, cameras without near infrared, gamma and JPEG are drawn at
random; the same seed gives the same pair.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from changedet.pipeline.blur import blurred
from changedet.pipeline.date_job import SIMILAR_GSD
from changedet.simulate import Truth, World, make_world, render
from changedet.stages.mask.kernels.snow import white_snow
from scenarios.building_sites import SITES, Outlines, make_site
from scenarios.variety import make_various

GSDS_M = (0.5, 0.3, 1.0, 0.5, 0.75, 0.5, 0.3, 1.0)
KINDS = (
    "port", "quiet", "trains", "earthworks", "dense", "growth", "settlement", "port", "trains", "quiet", "clouds",
    "works", "dense", "quiet", "settlement", "decoys", "trains", "mixed", "winter", "earthworks", "quiet", "growth",
    "works", "quiet",
)  # fmt: skip
NIR_KINDS = (
    "port", "quiet", "trains", "earthworks", "dense", "growth", "trains", "mixed", "quiet", "earthworks", "trains",
    "settlement", "dense", "clouds", "trains", "port", "quiet", "winter", "works", "dense", "trains", "earthworks",
    "growth", "decoys",
)  # fmt: skip
"""What forests of scenes with near infrared are fitted on: more of what comes and goes as boxes."""
SITE_PX = 448
MOST_RESIDUAL_PX = 0.7
OVERVIEW_M = 2.0
FLOORS = {"uint16": 2200.0, "uint8": 203.0}
"""Of `kernels.snow`, as the mask stage has them."""


@dataclass(frozen=True)
class Pair:
    """Two aligned pictures (band, y, x) with NaN for no data; truth (y, x): 1 changed, 0 not, 255 not valid."""

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    truth: NDArray[np.uint8]
    gsd_m: float
    kind: str
    seed: int

    @property
    def bands(self) -> list[int | None]:
        """Indices of blue, green, red and near infrared, None where there is none."""
        return [0, 1, 2, 3 if len(self.before) > 3 else None]


@dataclass(frozen=True)
class Bare:
    """A pair before masks and camera effects; `unseen` (y, x) is truly hidden, `index` is that of the later date."""

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    truth: NDArray[np.uint8]
    unseen: NDArray[np.bool_]
    gsd_m: float
    kind: str
    seed: int
    index: int
    dtype: str


def site(
    seed: int, kind: str, gsd_m: float, dates: int, *, seasons: bool = False, various: bool = False
) -> tuple[World, Outlines]:
    """A site, and the outlines that count neither way.

    With `seasons` up to ten months lie between two dates, with `various` what is no change varies as `variety` has it.
    """
    world, uncounted = _site(seed, kind, gsd_m, dates, seasons)
    return (make_various(world, seed) if various else world), uncounted


def _site(seed: int, kind: str, gsd_m: float, dates: int, seasons: bool) -> tuple[World, Outlines]:
    rng = np.random.default_rng([seed, 77])
    start = dt.date(2022, 11, 12) if kind == "winter" else dt.date(2023, 1, 1) + dt.timedelta(int(rng.integers(0, 365)))
    size_m = float(np.clip(SITE_PX * gsd_m, 140.0, 400.0))
    if kind in SITES:
        interval = int(rng.integers(60, 300))
        return make_site(kind, seed, gsd_m, size_m, dates=dates, start=start, interval_days=interval)
    interval = int(rng.integers(25, 300 if seasons else 80))
    dtype = "uint8" if seasons and rng.random() < 0.15 else "uint16"
    return make_world(kind, dates, seed, gsd_m, size_m, dtype=dtype, start=start, interval_days=interval), []


def bare_pairs(
    seed: int,
    kind: str,
    gsd_m: float,
    dates: int = 4,
    *,
    seasons: bool = False,
    coarser: bool = False,
    various: bool = False,
) -> Iterator[Bare]:
    """The first date with each other one that has colours at its resolution, or, with `coarser`, at any."""
    world, uncounted = site(seed, kind, gsd_m, dates, seasons=seasons, various=various)
    yield from bare_pairs_of(world, uncounted, seed, kind, gsd_m, coarser=coarser)


def bare_pairs_of(
    world: World, uncounted: Outlines, seed: int, kind: str, gsd_m: float, *, coarser: bool = False
) -> Iterator[Bare]:
    """As `bare_pairs`, of a site that is there."""
    truth = Truth(world)
    for index in range(1, len(world.looks)):
        look = world.looks[index]
        bands = [look.bands.index(role) for role in ("blue", "green", "red", "nir") if role in look.bands]
        if len(bands) < 3 or (look.gsd_m > 1.01 * gsd_m and not coarser):
            continue
        before, after = registered(world, index, bands, np.random.default_rng([seed, 78, index]))
        unseen = truth.hidden(index)[0] | truth.hidden(0)[0]
        changed = _changed(world, truth, uncounted, index)
        yield Bare(before, after, changed, unseen, gsd_m, kind, seed, index, look.dtype)


def seen(bare: Bare, colours: bool = False, varied: bool = False) -> Pair:
    """A pair as a run sees it.

    Parameters
    ----------
    bare : Bare
    colours : bool
        Leave out near infrared.
    varied : bool
        Four of ten in reverse order of time; of those without near infrared seven of ten as 8-bit pictures from the
        web.
    """
    rng = np.random.default_rng([bare.seed, 81, bare.index, colours])
    before, after, truth = _masked(bare, rng)
    if colours:
        before, after = before[:3], after[:3]
    if varied and rng.random() < 0.4:
        before, after = after, before
    if varied and colours and rng.random() < 0.7:
        gamma = float(rng.uniform(0.45, 1.0))
        before, after = (_web_picture(image, gamma * float(rng.uniform(0.85, 1.15)), rng) for image in (before, after))
    return Pair(before, after, truth, bare.gsd_m, bare.kind, bare.seed)


def registered(
    world: World, index: int, bands: list[int], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The first date and another on its grid, but for a residual of at most `MOST_RESIDUAL_PX`."""
    reference, moving = render(world, 0), render(world, index)
    to_ground = [np.vstack([np.reshape(t, (2, 3)), [0, 0, 1]]) for t in (reference.to_ground, moving.to_ground)]
    corner = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(corner) @ np.linalg.inv(to_ground[1]) @ to_ground[0] @ corner
    size, turn = MOST_RESIDUAL_PX * rng.random(), 2 * np.pi * rng.random()
    matrix[:2, 2] += size * np.cos(turn), size * np.sin(turn)
    flags = (cv2.INTER_LINEAR if rng.random() < 0.7 else cv2.INTER_CUBIC) | cv2.WARP_INVERSE_MAP
    height, width = reference.image.shape[1:]
    out = []
    for band in bands:
        source = np.where(moving.image[band] == 0, np.nan, moving.image[band]).astype(np.float32)
        out.append(cv2.warpAffine(source, matrix[:2], (width, height), flags=flags, borderValue=(float("nan"),) * 4))
    roles = world.looks[index].bands
    first = [world.looks[0].bands.index(roles[band]) for band in bands]
    own_m, other_m = world.looks[0].gsd_m, world.looks[index].gsd_m
    # as a run does where the date's pixels are larger
    sigma = np.sqrt(other_m**2 - own_m**2) / np.sqrt(12) / own_m if other_m > SIMILAR_GSD * own_m else 0.0
    return blurred(reference.image[first].astype(np.float32), float(sigma)), np.stack(out)


def _changed(world: World, truth: Truth, uncounted: Outlines, index: int) -> NDArray[np.uint8]:
    shapes: list[tuple[BaseGeometry, int]] = [
        (Polygon(outline).buffer(0), 255) for outline, born in uncounted if 0 < born <= index
    ]
    changed = truth.changed_by_place(index)
    shapes += [] if changed.is_empty else [(changed, 1)]
    shape, transform = world.looks[0].shape, Affine(*world.looks[0].to_ground)
    if not shapes:
        return np.zeros(shape, np.uint8)
    return np.asarray(rasterize(shapes, out_shape=shape, transform=transform, dtype="uint8"))


def _masked(bare: Bare, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint8]]:
    """What a mask hides: snow, as the mask stage finds it, and the truth's clouds, some pixels more or less around."""
    reach = int(rng.integers(-3, 9))
    kernel = np.ones((2 * abs(reach) + 1,) * 2, np.uint8)
    grown = (cv2.dilate if reach > 0 else cv2.erode)(bare.unseen.astype(np.uint8), kernel) == 1
    gone = grown | np.isnan(bare.before).any(axis=0) | np.isnan(bare.after).any(axis=0) | _snow(bare)
    truth = np.where((bare.unseen & (bare.truth == 1)) | gone, 255, bare.truth).astype(np.uint8)
    before, after = (np.where(gone, np.float32(np.nan), image) for image in (bare.before, bare.after))
    return before, after, truth


def _snow(bare: Bare) -> NDArray[np.bool_]:
    factor = max(1, round(OVERVIEW_M / bare.gsd_m))
    before, after = (_overview(image, factor) for image in (bare.before, bare.after))
    nir = after[3] if len(after) > 3 else None
    found = white_snow(after[:3], nir, before[:3], FLOORS[bare.dtype], factor * bare.gsd_m, is_scaled=True)
    rows, columns = (np.arange(n) // factor for n in bare.truth.shape)
    return np.asarray(found[rows[:, None], columns], bool)


def _overview(image: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Means of blocks; a cut block at the edge counts by what there is of it."""
    height, width = image.shape[1:]
    wide = np.pad(image, ((0, 0), (0, -height % factor), (0, -width % factor)), mode="edge")
    blocks = wide.reshape(len(image), wide.shape[1] // factor, factor, wide.shape[2] // factor, factor)
    return np.asarray(blocks.mean(axis=(2, 4)), np.float32)


def _web_picture(image: NDArray[np.float32], gamma: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Stretched, balanced, sharpened or blurred, in 8 bits and mostly JPEG."""
    gone = np.isnan(image)
    if gone.all():
        return image
    low, high = np.nanquantile(image, [rng.uniform(0, 0.01), rng.uniform(0.97, 1.0)])
    shown = np.clip((np.nan_to_num(image) - low) / max(high - low, 1e-6), 0, 1) ** gamma
    shown *= np.exp(rng.normal(0, 0.05, (3, 1, 1)))
    grey, colour = shown.mean(axis=0), float(rng.uniform(0.6, 1.4))
    shown = grey + colour * (shown - grey)
    smooth = np.stack([cv2.GaussianBlur(band, (0, 0), float(rng.uniform(0.6, 1.0))) for band in shown])
    shown = smooth + float(rng.choice([0.0, 1.0, 1.0, 1.4])) * (shown - smooth)
    picture = np.ascontiguousarray(np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0))
    if rng.random() < 0.7:
        code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 96))])[1]
        picture = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR))
    return np.where(gone, np.float32(np.nan), picture.transpose(2, 0, 1).astype(np.float32))
