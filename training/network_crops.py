"""Parts of scenes as some camera shows them, and the maps that the network shall draw of them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.containers import LENGTH_20FT_M, WIDTH_M
from changedet.stages.objects.kernels import network, network_grid
from changedet.stages.objects.kernels.stretch import GAMMA, LIFT, TOP
from training import frames
from training.network_scenes import PIXEL_M, Boxes, Camera, Floats, Scene

CROP_PX = 192
MAPS = 6
MOST_ZOOM = 0.06
LEAST_OFTEN = 0.1
"""How often a part of an own scene is chosen for a box where there are hardly any."""
PAINTED_OFTEN = 0.4
"""The same of painted scenes, however many boxes: most of what they teach is what to leave alone."""
SHADE_PX = 160
"""Distance between what is drawn of a cloud's thickness, pixels of 0.25 m: shades of some 40 to 100 m."""
SHADE_EDGE = 6.0
"""How steep a shade's edge is, for each unit of thickness."""
SHADE_LIGHT = (0.25, 0.6)
"""What is left of red light in a cloud's shade; of blue a fifth more, as the sky goes on to give it."""
MISTAKES_OFTEN = 0.35
"""How often a part is chosen for what an earlier network got wrong, where that is known."""

GROUND_FROM = (0.1, 0.6)
"""Share of a scene that is darker than its ground where that is shown as a site's only one."""
OTHERS = 0.001
"""Share of the scene, of its darkest, that such a site holds beside its ground."""


def targets(boxes: Boxes, other: NDArray[np.bool_], pixel_m: float, size: int) -> Floats:
    """Maps (7, size, size): centre 0 to 1, sine, cosine, log length, log width, other, and 1 at the centres' pixels."""
    out = np.zeros((MAPS + 1, size, size), np.float32)
    for (x, y, length, width, angle), vehicle in zip(boxes, other, strict=True):
        reach = int(np.ceil(0.27 * length)) + 2
        left, top = max(0, int(x) - reach), max(0, int(y) - reach)
        right, bottom = min(size, int(x) + reach + 1), min(size, int(y) + reach + 1)
        if left >= right or top >= bottom:
            continue
        yy, xx = np.mgrid[top:bottom, left:right] + 0.5
        along = (xx - x) * np.sin(angle) - (yy - y) * np.cos(angle)
        across = (xx - x) * np.cos(angle) + (yy - y) * np.sin(angle)
        # Narrow across, so that touching boxes keep peaks of their own.
        peak = np.exp(-0.5 * ((along / (0.09 * length)) ** 2 + (across / (0.2 * width)) ** 2))
        part = out[:, top:bottom, left:right]
        better = peak > part[0]
        sizes = np.log(length * pixel_m / LENGTH_20FT_M), np.log(width * pixel_m / WIDTH_M)
        values = (np.sin(2 * angle), np.cos(2 * angle), *sizes, float(vehicle))
        part[0][better] = peak[better]
        for k, value in enumerate(values, 1):
            part[k][better] = value
        if 0 <= int(x) < size and 0 <= int(y) < size:
            out[0, int(y), int(x)] = out[MAPS, int(y), int(x)] = 1.0
    return out


def in_shade(scene: Scene, rng: np.random.Generator) -> Scene:
    """The scene with the shade of clouds over some of it: light from the sky alone, bluer, with edges metres wide."""
    height, width = scene.codes.shape[:2]
    rough = rng.normal(size=(max(2, height // SHADE_PX), max(2, width // SHADE_PX))).astype(np.float32)
    thick = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    shade = 1 / (1 + np.exp(-np.clip(SHADE_EDGE * (thick - rng.uniform(-0.5, 0.8)), -20, 20)))
    left = rng.uniform(*SHADE_LIGHT) * np.array([1.0, 1.08, 1.2])
    # Codes are roots of reflectances.
    light = np.sqrt(1 - shade[..., None] * (1 - np.minimum(left, 1.0)))
    return replace(scene, codes=np.round(scene.codes * light).astype(np.uint8))


def crop(
    scene: Scene, rng: np.random.Generator, dim: bool, foreign: Scene | None = None, sparse: bool = False
) -> tuple[Floats, Floats, Floats]:
    """A part of a scene as some camera shows it, turned and mirrored: picture, maps, and where it counts (y, x).

    With a `foreign` scene the frame is drawn too, and may reach into that; a `sparse` one is a site of one ground.
    """
    zoom = float(np.exp(rng.uniform(-MOST_ZOOM, MOST_ZOOM)))
    wide_m = CROP_PX * network_grid.PIXEL_M / zoom
    height, width = (n * PIXEL_M for n in scene.codes.shape[:2])
    at = _aim(scene, rng, foreign is not None, wide_m)
    if at is None:
        at = rng.uniform(0, 1, 2) * (width - wide_m, height - wide_m)
    x0, y0 = (int(np.clip(a, 0, n - wide_m) / PIXEL_M) for a, n in zip(at, (width, height), strict=True))
    n = int(wide_m / PIXEL_M)
    rows, columns = slice(y0, y0 + n), slice(x0, x0 + n)
    sample = scene.codes[::9, ::9]
    camera = Camera.drawn(rng, sample, dim)
    camera = replace(camera, gsd_m=max(camera.gsd_m, scene.finest_m))
    picture, counted = photographed(scene, rows, columns, camera, rng, foreign, sparse)
    boxes = scene.boxes.copy()
    boxes[:, :2] -= (x0 * PIXEL_M, y0 * PIXEL_M)
    boxes[:, :4] *= CROP_PX / (n * PIXEL_M)
    size = CROP_PX
    if rng.random() < 0.5:
        picture, counted = picture[:, :, ::-1], counted[:, ::-1]
        boxes[:, 0], boxes[:, 4] = size - boxes[:, 0], -boxes[:, 4]
    if rng.random() < 0.5:
        picture, counted = picture[:, ::-1], counted[::-1]
        boxes[:, 1], boxes[:, 4] = size - boxes[:, 1], -boxes[:, 4]
    if rng.random() < 0.5:
        picture, counted = picture.transpose(0, 2, 1), counted.T
        boxes[:, [0, 1]], boxes[:, 4] = boxes[:, [1, 0]], np.pi / 2 - boxes[:, 4]
    maps = targets(boxes, scene.other, n * PIXEL_M / CROP_PX, size)
    return np.ascontiguousarray(picture, np.float32), maps, np.ascontiguousarray(counted, np.float32)


def _aim(scene: Scene, rng: np.random.Generator, is_framed: bool, wide_m: float) -> Boxes | None:
    """Corner of a part chosen for something in it, metres; None where it may be any part."""
    if len(scene.mistakes) and rng.random() < MISTAKES_OFTEN:
        places = scene.mistakes
    else:
        # Beside a few vehicles the roofs of a quarter are to be learned.
        often = min(0.8, LEAST_OFTEN + len(scene.boxes) / 25) if is_framed else 0.8
        if not len(scene.boxes) or rng.random() >= (PAINTED_OFTEN if scene.finest_m > 0 else often):
            return None
        places = scene.boxes
    return np.asarray(places[int(rng.integers(len(places))), :2] - rng.uniform(0.1, 0.9, 2) * wide_m)


def photographed(
    scene: Scene,
    rows: slice,
    columns: slice,
    camera: Camera,
    rng: np.random.Generator,
    foreign: Scene | None,
    sparse: bool = False,
) -> tuple[Floats, Floats]:
    """The network's input (3, CROP_PX, CROP_PX) from a part of a scene, and 1 where it counts.

    Stretched and standardised by the statistics of the whole scene; with a `foreign` one see `frames`, if
    `sparse` as where nearly all of a site is the scene's ground.
    """
    n = rows.stop - rows.start
    pixels = max(8, round(n * PIXEL_M / camera.gsd_m))
    fine = camera.tones(scene.codes[rows, columns])
    shown = camera.optics(cv2.resize(fine, (pixels, pixels), interpolation=cv2.INTER_AREA), rng)
    whole = camera.tones(scene.codes[::9, ::9]).reshape(-1, 3)
    low, high = np.percentile(whole, [1, 99], axis=0)
    counted = 1.0 - scene.hidden[rows, columns].astype(np.float32)
    seen = np.ones((pixels, pixels), np.float32)
    if rng.random() < 0.08:
        turn, off = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.1, 0.6))
        yy, xx = np.mgrid[:pixels, :pixels] / pixels - 0.5
        void = xx * np.cos(turn) + yy * np.sin(turn) > off
        shown[void] = seen[void] = 0.0
        low = low * float(rng.random())
        counted[cv2.resize(void.astype(np.uint8), (n, n), interpolation=cv2.INTER_NEAREST) > 0] = 0.0
    how = cv2.INTER_AREA if camera.gsd_m < network_grid.PIXEL_M else cv2.INTER_CUBIC
    if sparse:
        picture = cv2.resize(_on_one_ground(shown, whole, rng), (CROP_PX, CROP_PX), interpolation=how)
        return np.moveaxis(picture, 2, 0), cv2.resize(counted, (CROP_PX, CROP_PX), interpolation=cv2.INTER_NEAREST)
    if foreign is not None:
        around = frames.surroundings(scene.codes, rows, columns, rng, PIXEL_M, foreign.codes[::23, ::23])
        window = camera.tones(around[:, None])[:, 0]
        picture, valid = (cv2.resize(p, (CROP_PX, CROP_PX), interpolation=how) for p in (shown, seen))
        picture = frames.shown(picture, valid > 0.5, n * PIXEL_M / CROP_PX, window, rng)
        return np.moveaxis(picture, 2, 0), cv2.resize(counted, (CROP_PX, CROP_PX), interpolation=cv2.INTER_NEAREST)
    high = np.maximum(high, low + 1e-3)
    # Real scenes hold other ground than these, so their percentiles and means lie elsewhere.
    high = low + (high - low) * np.exp(rng.normal(0, 0.08))
    stretched = [np.clip((v - low) / (high - low) + LIFT, 0, TOP) ** GAMMA for v in (shown, whole)]
    picture = cv2.resize(stretched[0].astype(np.float32), (CROP_PX, CROP_PX), interpolation=how)
    mean = stretched[1].mean(axis=0) + rng.normal(0, 0.05)
    spread = (stretched[1].std(axis=0) + 1e-3) * np.exp(rng.normal(0, 0.15))
    counted = cv2.resize(counted, (CROP_PX, CROP_PX), interpolation=cv2.INTER_NEAREST)
    return np.moveaxis((picture - mean) / spread, 2, 0), counted


def _on_one_ground(shown: Floats, whole: Floats, rng: np.random.Generator) -> Floats:
    """A part (y, x, 3) as `kernels.network.statistics` show it on a site of which nearly all is the scene's ground."""
    ordered = whole[np.argsort(whole.mean(axis=1))]
    ground, darkest = (int(share * len(ordered)) for share in (rng.uniform(*GROUND_FROM), OTHERS))
    sample = np.concatenate([ordered[ground:], ordered[:darkest]]).T[None, :, None].astype(np.float32)
    site = network.statistics(sample, (0, 1, 2))
    part = np.moveaxis(network.stretched(np.moveaxis(shown, 2, 0), site.low, site.high), 0, 2)
    mean, spread = np.array(site.mean) + rng.normal(0, 0.05), np.array(site.spread) * np.exp(rng.normal(0, 0.15))
    return np.asarray((part - mean) / spread, np.float32)
