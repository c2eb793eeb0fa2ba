"""Clouds and their shadows on a coarse overview, told from another date of the same place by boosted trees.

A thin cloud adds white and takes contrast, its shadow takes light and leaves contrast, a season changes colours: what
each does to a cell and its neighbourhood, against the other date, is what the trees are asked. They are asked twice:
the second time they also hear what the first answer says at the place whose shadow this would be, and at the place
that would be shaded by this one, after the match of clouds and shadows of Fmask (Zhu and Woodcock 2012,
doi:10.1016/j.rse.2011.10.028).

Cells are computed in bands of rows with the rows around them, so memory does not grow with the number of features.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from changedet.kernels.boosted_trees import Forest, margins
from changedet.kernels.resampling import block_mean

Image = NDArray[np.float32]
Bools = NDArray[np.bool_]

SIGMAS: Final = (1.5, 4.0, 10.0)
ADDED_SIGMAS: Final = (2.0, 6.0)
WINDOWS: Final = (2.5, 7.0)
REACHES: Final = (3, 8)
"""Neighbourhoods, in cells."""
HALO: Final = 44
"""Rows around a band that its cells look at."""
ROWS: Final = 256
NAMES: Final = (
    "light", "least", "most", "tint", "nir",
    *(f"{name}_{k}" for k in range(3) for name in ("light", "tint", "nir")),
    "least_1", "most_1",
    "added_least", "added", "added_least_near", "added_near", "added_least_wide", "added_wide",
    "saturation", "saturation_before", "saturation_near", "bright", "bright_before", "green", "green_before",
    *(f"{name}_{k}" for k in range(2) for name in ("slope", "offset", "correlation", "contrast", "offset_share")),
    *(f"{name}_{k}" for k in range(2) for name in ("lowest", "highest")),
    "middle", "middle_wide",
)  # fmt: skip
"""Features of a cell, in order; near infrared is NaN where there is none."""
CONTEXT_NAMES: Final = (
    "cloud_of_shadow", "cloud_of_shadow_near", "shadow_of_cloud", "shadow_of_cloud_near",
    "cloud", "shadow", "cloud_near", "cloud_wide", "shadow_near", "shadow_wide",
)  # fmt: skip
"""And of the second question: what the first answer says."""
MUCH_BRIGHTER, CLOUD_WHITE = 2.5, 0.18
LEAST_TRUST: Final = 0.1
"""Where nothing is as it was, the common ratio has to do."""
BRIGHTER: Final = 1.3
WHITE: Final = 0.35
LEAST_CELLS: Final = 16
"""A date of which fewer cells are so much brighter than the other and so white, (max - min) / mean, has no clouds."""
LEAST_SHARE: Final = 0.003
"""No shadows are matched with clouds where either is rarer."""
LEAST_MATCH: Final = 0.3
"""Least correlation of moved clouds with shadows that is believed."""
LEAST_OVERLAP: Final = 0.15
LEAST_SHIFT: Final = 3.0
MATCHED_CELLS: Final = 720
"""Clouds and shadows are matched on so many cells a side at most."""
MOST_OFF_DEG: Final = 40.0
"""A view from aside moves the cloud as well, so that its shadow does not lie straight away from the sun."""


class Levels(NamedTuple):
    """What a pair of overviews is measured with: usual ratio of each band, and the usual brightness before."""

    ratios: tuple[float, ...]
    ground: float


class Bands(NamedTuple):
    """Which bands are blue, green and red, and which near infrared, if any."""

    white: tuple[int, int, int]
    nir: int | None


class Answer(NamedTuple):
    """Probabilities (y, x): that a cloud covers a cell, and that a shadow and no cloud does."""

    cloud: Image
    shadow: Image


def levels(own: Image, before: Image, valid: Bools, bands: Bands) -> Levels:
    """Usual ratios of sunlit, open ground, one for each band."""
    white = list(bands.white)
    bright, other = (image[white].mean(axis=0) for image in (own, before))
    usual = usual_ratio(own[white], before[white], valid)
    near = valid & (np.abs(np.log(bright / (usual * other))) < 0.15)
    ratios = (float(np.exp(np.median(np.log(a[near] / b[near])))) for a, b in zip(own, before, strict=True))
    return Levels(tuple(ratios), float(np.median(other[valid])))


def usual_ratio(own: Image, before: Image, valid: Bools) -> float:
    """Brightness over the other date's on sunlit, open ground, of visible bands ``(band, y, x)`` above 0.

    The highest common ratio of what is not white and much brighter, most of all where contrast is the other date's:
    ground in the shadow of clouds makes a mode of its own below it.
    """
    bright, other = own.mean(axis=0), before.mean(axis=0)
    ratio = bright / other
    ground = float(np.median(other[valid]))
    slope, offset, correlation, _ = _line(other / ground, bright / ground, valid.astype(np.float32), 5.0)
    alike = np.clip(correlation, 0, 1) ** 2 * np.exp(-np.square(offset * ground / (0.3 * bright)))
    risen = ratio > MUCH_BRIGHTER * np.percentile(ratio[valid], 25)
    open_ground = valid & ~(risen & (saturation(own, bright) < CLOUD_WHITE))
    if not open_ground.any():
        return float(np.median(ratio[valid]))
    trust = np.where(slope > 0, alike, 0) + LEAST_TRUST
    return float(np.exp(_mode(np.log(ratio[open_ground]), trust[open_ground])))


def _mode(values: NDArray[Any], weights: NDArray[Any]) -> float:
    """The highest of the common values."""
    edges = np.arange(-4.0, 4.0, 0.05)
    counts, _ = np.histogram(values, edges, weights=weights)
    smooth = np.convolve(counts, np.exp(-0.5 * (np.arange(-4, 5) / 1.5) ** 2), "same")
    inner = smooth[1:-1]
    tops = np.flatnonzero((inner >= smooth[:-2]) & (inner > smooth[2:]) & (inner >= 0.4 * smooth.max())) + 1
    return float(edges[tops[-1]] + 0.025) if tops.size else float(np.median(values))


def features(a: Image, b: Image, valid: Bools, bands: Bands, usual: Levels) -> Image:
    """Features ``(feature, y, x)`` of two dates' overviews ``(band, y, x)``, above 0; of no meaning where not valid."""
    weight = valid.astype(np.float32)
    white, nir, red = list(bands.white), bands.nir, bands.white[-1]
    level = float(np.mean([usual.ratios[k] for k in white]))
    bright, other = a[white].mean(axis=0), b[white].mean(axis=0)
    light = np.log(bright / (level * other))
    logs = [np.log(a[k] / (usual.ratios[k] * b[k])) for k in white]
    least, most, tint = np.minimum.reduce(logs), np.maximum.reduce(logs), logs[0] - logs[-1]
    unknown = np.full_like(light, np.nan)
    infra = unknown if nir is None else np.log(a[nir] / (usual.ratios[nir] * b[nir]))
    found = [light, least, most, tint, infra]
    for sigma in SIGMAS:
        found += [_mean(layer, weight, sigma) for layer in (light, tint, infra)]
    found += [_mean(least, weight, SIGMAS[1]), _mean(most, weight, SIGMAS[1])]
    more = [(a[k] / usual.ratios[k] - b[k]) / usual.ground for k in white]
    added_least, added = np.minimum.reduce(more), np.stack(more).mean(axis=0)
    found += [added_least, added]
    for sigma in ADDED_SIGMAS:
        found += [_mean(added_least, weight, sigma), _mean(added, weight, sigma)]
    own_white, before_white = saturation(a[white], bright), saturation(b[white], other)
    x, y = other / usual.ground, bright / (level * usual.ground)
    found += [own_white, before_white, _mean(own_white, weight, SIGMAS[1]), y, x]
    found += [unknown, unknown] if nir is None else [_index(a[nir], a[red]), _index(b[nir], b[red])]
    for sigma in WINDOWS:
        slope, offset, correlation, contrast = _line(x, y, weight, sigma)
        found += [slope, offset, correlation, contrast, offset / np.maximum(_mean(y, weight, sigma), 1e-3)]
    return np.stack([*found, *_around(light, weight)]).astype(np.float32)


def _around(light: Image, weight: Image) -> list[Image]:
    found = []
    calm = _mean(light, weight, 1.0)
    for reach in REACHES:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        found += [cv2.erode(calm, disc), cv2.dilate(calm, disc)]
    middle = cv2.medianBlur(light.astype(np.float32), 5)
    return [*found, middle, _mean(cv2.medianBlur(middle, 5), weight, 5.0)]


def context(first: Answer, valid: Bools, sun_azimuth_deg: float | None) -> Iterator[Image]:
    """The layers ``(y, x)`` of the second question, in the order of `CONTEXT_NAMES`."""
    cloud, shadow = (np.where(valid, layer, 0).astype(np.float32) for layer in first)
    shares = [float(layer[valid].mean()) if valid.any() else 0.0 for layer in (cloud, shadow)]
    found = shadow_shift(cloud, shadow, valid, sun_azimuth_deg) if min(shares) > LEAST_SHARE else None
    unknown = np.full(valid.shape, np.nan, np.float32)
    if found is None:
        yield from [unknown] * 4
    else:
        rows, columns = found
        yield _moved(cloud, rows, columns)
        yield _moved(_blurred(cloud, 2.0), rows, columns)
        # behind a cloud its own shadow, or another cloud's, cannot be seen
        yield _moved(np.asarray(shadow / np.maximum(1 - cloud, 0.2), np.float32), -rows, -columns)
        yield _moved(_blurred(shadow, 2.0), -rows, -columns)
    yield from (cloud, shadow)
    yield from (_blurred(layer, sigma) for layer in (cloud, shadow) for sigma in (2.0, 6.0))


def shadow_shift(cloud: Image, shadow: Image, valid: Bools, sun_azimuth_deg: float | None) -> tuple[int, int] | None:
    """Rows and columns from the clouds to their shadows; None where no place stands out.
    A shadow is seen only where no cloud is, so cells count by how open they are.
    """
    factor = -(-max(valid.shape) // MATCHED_CELLS)
    layers = block_mean(np.stack(_weighed(cloud, shadow, valid)), (factor, factor))
    size = [fft.next_fast_len(2 * n) for n in layers.shape[1:]]
    seen, clouds, open_ground, shaded = (fft.rfft2(layer, size) for layer in layers)
    seen, clouds = np.conj(seen), np.conj(clouds)
    count = np.maximum(fft.irfft2(seen * open_ground, size), 1.0)
    mean_cloud, mean_shade = (fft.irfft2(pair, size) / count for pair in (clouds * open_ground, seen * shaded))
    both = fft.irfft2(clouds * shaded, size) / count - mean_cloud * mean_shade
    # probabilities near 0 and 1 vary as coins do
    spread = np.maximum(mean_cloud * (1 - mean_cloud) * mean_shade * (1 - mean_shade), 1e-4)
    match = both / np.sqrt(spread)
    rows, columns = (np.rint(np.fft.fftfreq(n) * n) for n in size)
    share = count / float(layers[0].sum())
    allowed = (factor * np.hypot(rows[:, None], columns) > LEAST_SHIFT) & (share > LEAST_OVERLAP)
    if sun_azimuth_deg is not None:
        bearing = np.degrees(np.arctan2(columns[None], -rows[:, None]))
        allowed &= np.abs((bearing - sun_azimuth_deg) % 360.0 - 180.0) < MOST_OFF_DEG
    # where little of the moved clouds can be seen, a high correlation is luck
    score = np.where(allowed, match * np.sqrt(share), -1.0)
    row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    if score[row, column] <= 0 or match[row, column] < LEAST_MATCH:
        return None
    return factor * int(rows[row]), factor * int(columns[column])


def _weighed(cloud: Image, shadow: Image, valid: Bools) -> tuple[Image, Image, Image, Image]:
    open_ground = np.where(valid, 1 - cloud, 0).astype(np.float32)
    return valid.astype(np.float32), cloud, open_ground, shadow * open_ground


def told(own: Image, before: Image, bands: Bands, sun_azimuth_deg: float | None, forests: Sequence[Forest]) -> Answer:
    """Where clouds and their shadows are; NaN where either date has no data.

    Parameters
    ----------
    own, before : (band, y, x) float32
        Overviews of two dates on one grid with the same bands, NaN for no data; `before` free of clouds.
    bands : Bands
    sun_azimuth_deg : float or None
        Clockwise from grid north, towards the sun.
    forests : four
        Whether a cell is hidden, whether by a cloud; and the same of the second question.
    """
    valid = np.asarray(np.isfinite(own).all(axis=0) & np.isfinite(before).all(axis=0), bool)
    unknown = np.full(valid.shape, np.nan, np.float32)
    if not valid.any():
        return Answer(unknown, unknown)
    own, before = filled(own, valid), filled(before, valid)
    usual = levels(own, before, valid, bands)
    if not _may_be_clouded(own, before, valid, bands, usual):
        nowhere = np.where(valid, np.float32(0), unknown)
        return Answer(nowhere, nowhere)
    first = _answered(own, before, valid, bands, usual, (), forests[:2])
    layers = tuple(context(first, valid, sun_azimuth_deg))
    return _answered(own, before, valid, bands, usual, layers, forests[2:])


def _may_be_clouded(own: Image, before: Image, valid: Bools, bands: Bands, usual: Levels) -> bool:
    """Whether a few cells are whiter and brighter than the other date: without any the trees need not be asked."""
    white = list(bands.white)
    bright, other = own[white].mean(axis=0), before[white].mean(axis=0)
    level = float(np.mean([usual.ratios[k] for k in white]))
    risen = (bright > BRIGHTER * level * other) & (saturation(own[white], bright) < WHITE)
    return int((risen & valid).sum()) >= LEAST_CELLS


def _answered(
    own: Image,
    before: Image,
    valid: Bools,
    bands: Bands,
    usual: Levels,
    layers: tuple[Image, ...],
    forests: Sequence[Forest],
) -> Answer:
    answer = Answer(np.full(valid.shape, np.nan, np.float32), np.full(valid.shape, np.nan, np.float32))
    for top in range(0, valid.shape[0], ROWS):
        rows = slice(top, min(top + ROWS, valid.shape[0]))
        around = slice(max(0, top - HALO), rows.stop + HALO)
        table = features(own[:, around], before[:, around], valid[around], bands, usual)
        table = table[:, rows.start - around.start :][:, : rows.stop - rows.start]
        inner = valid[rows]
        cells = np.column_stack([layer[inner] for layer in (*table, *(layer[rows] for layer in layers))])
        hidden, cloud = (_probability(forest, cells) for forest in forests)
        answer.cloud[rows][inner] = np.minimum(cloud, hidden)
        answer.shadow[rows][inner] = np.maximum(hidden - cloud, 0)
    return answer


def filled(image: Image, valid: Bools) -> Image:
    """Bands above 0, with the usual value where not valid."""
    usual = np.median(image[:, valid], axis=1)[:, None, None]
    least = 1e-3 * np.abs(usual) + 1e-6
    return np.asarray(np.maximum(np.where(valid, image, usual), least), np.float32)


def _probability(forest: Forest, cells: Image) -> Image:
    return np.asarray(1 / (1 + np.exp(-margins(forest, cells, len(forest.root)))), np.float32)


def _blurred(layer: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(layer, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _mean(layer: Image, weight: Image, sigma: float) -> Image:
    return np.asarray(_blurred(layer * weight, sigma) / np.maximum(_blurred(weight, sigma), 1e-3), np.float32)


def _line(x: Image, y: Image, weight: Image, sigma: float) -> tuple[Image, Image, Image, Image]:
    """Slope, offset and correlation of y on x in each neighbourhood, and the logarithm of the ratio of contrasts.

    Both are about 1 on usual ground.
    """
    mean_x, mean_y = _mean(x, weight, sigma), _mean(y, weight, sigma)
    of_x = np.maximum(_mean(x * x, weight, sigma) - mean_x * mean_x, 0) + np.float32(1e-4)
    of_y = np.maximum(_mean(y * y, weight, sigma) - mean_y * mean_y, 0) + np.float32(1e-4)
    both = _mean(x * y, weight, sigma) - mean_x * mean_y
    slope = np.asarray(both / of_x, np.float32)
    correlation, contrast = both / np.sqrt(of_x * of_y), 0.5 * np.log(of_y / of_x)
    return slope, mean_y - slope * mean_x, np.asarray(correlation, np.float32), np.asarray(contrast, np.float32)


def saturation(bands: Image, bright: Image) -> Image:
    """How far ``(band, y, x)`` of brightness `bright` are from grey: 0 white, 2 and more a pure colour."""
    return np.asarray((bands.max(axis=0) - bands.min(axis=0)) / np.maximum(bright, np.float32(1e-6)), np.float32)


def _index(a: Image, b: Image) -> Image:
    return np.asarray((a - b) / np.maximum(a + b, 1e-6), np.float32)


def _moved(layer: Image, rows: int, columns: int) -> Image:
    """NaN where nothing moves in."""
    out = np.full_like(layer, np.nan)
    height, width = layer.shape
    if abs(rows) < height and abs(columns) < width:
        to = [slice(max(0, by), n + min(0, by)) for by, n in ((rows, height), (columns, width))]
        off = [slice(max(0, -by), n + min(0, -by)) for by, n in ((rows, height), (columns, width))]
        out[to[0], to[1]] = layer[off[0], off[1]]
    return out
