"""Simulated pairs with the truth of what changed between them, as a run sees them after masks and alignment.

What is left of misregistration, cloud masks that miss a rim, cameras without near infrared, gamma and JPEG are drawn at
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

from changedet.simulate import Truth, World, make_world, render

GSDS_M = (0.5, 0.3, 1.0, 0.5, 0.75, 0.5, 0.3, 1.0)
KINDS = (
    "port", "quiet", "trains", "earthworks", "dense", "growth", "winter", "port", "trains", "quiet", "clouds",
    "earthworks", "dense", "quiet", "port", "decoys", "trains", "mixed", "winter", "earthworks", "quiet", "growth",
)  # fmt: skip
SITE_PX = 448
MOST_RESIDUAL_PX = 0.7


@dataclass(frozen=True)
class Pair:
    """Two aligned pictures (band, y, x) with NaN where not seen; truth (y, x): 1 changed, 0 not, 255 not judged."""

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    truth: NDArray[np.uint8]
    gsd_m: float
    kind: str
    seed: int

    @property
    def bands(self) -> list[int | None]:
        return [0, 1, 2, 3 if len(self.before) > 3 else None]


def site(seed: int, kind: str, gsd_m: float, dates: int) -> World:
    rng = np.random.default_rng([seed, 77])
    start = dt.date(2022, 11, 12) if kind == "winter" else dt.date(2023, 1, 1) + dt.timedelta(int(rng.integers(0, 365)))
    size_m = float(np.clip(SITE_PX * gsd_m, 140.0, 400.0))
    interval = int(rng.integers(25, 80))
    return make_world(kind, dates, seed, gsd_m, size_m, start=start, interval_days=interval)


def pairs(seed: int, kind: str, gsd_m: float, dates: int = 4, *, plain: bool = False) -> Iterator[Pair]:
    """The first date against each other one; `plain` leaves out turned pairs and worse cameras."""
    yield from pairs_of(site(seed, kind, gsd_m, dates), seed, kind, gsd_m, plain=plain)


def pairs_of(world: World, seed: int, kind: str, gsd_m: float, *, plain: bool = False) -> Iterator[Pair]:
    """As `pairs`, of a site that is there."""
    truth = Truth(world)
    for index in range(1, len(world.looks)):
        look = world.looks[index]
        bands = [look.bands.index(role) for role in ("blue", "green", "red", "nir") if role in look.bands]
        if len(bands) < 3 or look.gsd_m > 1.01 * gsd_m:
            continue
        rng = np.random.default_rng([seed, 78, index])
        before, after = _registered(world, index, bands, rng)
        changed = _changed(world, truth, index)
        unseen = truth.hidden(index)[0] | truth.hidden(0)[0]
        before, after, changed = _masked(before, after, changed, unseen, rng)
        if not plain:
            before, after = _camera(before, after, rng)
        yield Pair(before, after, changed, gsd_m, kind, seed)


def _registered(
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
    return reference.image[first].astype(np.float32), np.stack(out)


def _changed(world: World, truth: Truth, index: int) -> NDArray[np.uint8]:
    shape = truth.changed_by_place(index)
    if shape.is_empty:
        return np.zeros(world.looks[0].shape, np.uint8)
    transform = Affine(*world.looks[0].to_ground)
    return np.asarray(rasterize([(shape, 1)], out_shape=world.looks[0].shape, transform=transform, dtype="uint8"))


def _masked(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    changed: NDArray[np.uint8],
    unseen: NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint8]]:
    """What a cloud mask hides: the truth's, or some pixels more or less all around."""
    reach = int(rng.integers(-3, 9))
    kernel = np.ones((2 * abs(reach) + 1,) * 2, np.uint8)
    grown = (cv2.dilate if reach > 0 else cv2.erode)(unseen.astype(np.uint8), kernel) == 1
    gone = grown | np.isnan(before).any(axis=0) | np.isnan(after).any(axis=0)
    changed = np.where((unseen & (changed == 1)) | gone, 255, changed).astype(np.uint8)
    return np.where(gone, np.float32(np.nan), before), np.where(gone, np.float32(np.nan), after), changed


def _camera(
    before: NDArray[np.float32], after: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Turned in time; at times without near infrared; and then at times as pictures from the web are."""
    if rng.random() < 0.4:
        before, after = after, before
    if len(before) < 4 or rng.random() > 0.3:
        return before, after
    before, after = before[:3], after[:3]
    if rng.random() < 0.5:
        gamma = float(rng.uniform(0.5, 1.0))
        before, after = (_web_picture(image, gamma * float(rng.uniform(0.85, 1.15)), rng) for image in (before, after))
    return before, after


def _web_picture(image: NDArray[np.float32], gamma: float, rng: np.random.Generator) -> NDArray[np.float32]:
    gone = np.isnan(image)
    if gone.all():
        return image
    low, high = np.nanquantile(image, [rng.uniform(0, 0.01), rng.uniform(0.985, 1.0)])
    shown = np.clip((np.nan_to_num(image) - low) / max(high - low, 1e-6), 0, 1) ** gamma * 255
    picture = np.ascontiguousarray(np.rint(shown).astype(np.uint8).transpose(1, 2, 0))
    if rng.random() < 0.7:
        code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 96))])[1]
        picture = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR))
    return np.where(gone, np.float32(np.nan), picture.transpose(2, 0, 1).astype(np.float32))
