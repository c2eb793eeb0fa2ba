"""Two clusters of the principal components of blocks of a difference image.

Celik 2009, doi:10.1109/LGRS.2009.2025059.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from changedet.arrays import Floats, Singles
from changedet.kernels.compiled import compiled
from changedet.stages.change.kernels import histogram_rules, thresholds
from changedet.stages.change.kernels.pair_statistics import (
    FIT_PIXELS,
    UNDECIDED,
    Pair,
    PairStatistics,
    valid_pixels,
)
from changedet.stages.change.kernels.radar_means import (
    RadarScale,
    RadarSettings,
    fit_radar_scale,
    least_log_ratio,
    log_mean_pair,
    median_line,
)
from changedet.stages.change.kernels.thresholds import NEVER, ThresholdDiagnostics, noise_level
from changedet.stages.change.kernels.tolerance import change_vector_magnitude, fit_line

VARIANCE_SHARE: Final = 0.9
"""Share of the blocks' variance that the components keep, as Celik does."""
BORDER: Final = 0.5
"""Score of a block as near to the changed as to the unchanged centroid."""
LLOYD_ITERATIONS: Final = 50
"""At most; two clusters settle in a few."""


@dataclass(frozen=True, kw_only=True)
class PcaSettings(RadarSettings):
    """Parameters of method pca_kmeans; the window is 1 but for radar.

    Attributes
    ----------
    block_px : int
        Edge of a block, odd.
    min_ratio : float
        Radar: the changed cluster must differ by at least this factor.
    """

    block_px: int
    min_ratio: float

    @property
    def score_halo_px(self) -> int:
        """Half a block."""
        return self.block_px // 2


@dataclass(frozen=True, kw_only=True)
class PcaStatistics(PairStatistics):
    """What method pca_kmeans fits on a pair.

    Attributes
    ----------
    changed_contrast : float
        Mean of the changed centroid in units of the noise floor; nothing changed below 1.
    components : list (component) of list (block_px^2) of float, optional
        Principal components of the blocks; None with too few blocks, where the score is that of the difference image.
    block_mean : list (block_px^2) of float, optional
        The mean block.
    low, high : list (component) of float, optional
        The unchanged and the changed centroid.
    decibel, power, offset : optional
        As of `RadarScale`; None but for radar.
    """

    method: Literal["pca_kmeans"]
    settings: PcaSettings
    changed_contrast: float
    components: list[list[float]] | None = None
    block_mean: list[float] | None = None
    low: list[float] | None = None
    high: list[float] | None = None
    decibel: bool | None = None
    power: float | None = None
    offset: float | None = None

    def features(self, before: Singles, after: Singles) -> Pair:
        """The bands, or for radar logarithms of local means, a feature for each band."""
        if self.decibel is None or self.power is None or self.offset is None:
            return before, after
        scale = RadarScale(self.decibel, self.power, self.offset)
        return log_mean_pair(before, after, scale, self.settings.window_px)

    def raw_score(self, before: Singles, after: Singles) -> Singles:
        """How much nearer a block lies to the changed than to the unchanged centroid, 0 to 1, even at `BORDER`."""
        magnitude = change_vector_magnitude(before, after, self.line, 0)
        if self.components is None:
            return magnitude
        components = np.asarray(self.components, np.float32)
        mean = np.asarray(self.block_mean, np.float32)
        low, high = np.asarray(self.low, np.float32), np.asarray(self.high, np.float32)
        shift = components @ mean
        kernels = components.reshape(-1, self.settings.block_px, self.settings.block_px)
        return np.asarray(_nearness(magnitude, kernels, low + shift, high + shift), np.float32)

    def least_score(self) -> float:
        """`BORDER`."""
        return BORDER

    def decide(self, scores: Singles) -> tuple[float, ThresholdDiagnostics]:
        """`BORDER` for rule kmeans, as the clusters are the rule; none without a changed cluster."""
        own = self.settings
        if own.threshold == "kmeans":
            found, diagnostics = thresholds.decide(scores, BORDER, 1, 0.0, 0.0, BORDER)
            diagnostics = replace(diagnostics, rule="kmeans")
        else:
            found, diagnostics = thresholds.decide(
                scores, own.threshold, self.degrees, 0.0, own.false_alarm_fraction, BORDER
            )
        if self.changed_contrast < 1.0 and isinstance(own.threshold, str):
            return NEVER, replace(diagnostics, reason="the changed cluster does not rise above the noise")
        return found, diagnostics


def fit_pca_kmeans(before: Singles, after: Singles, settings: PcaSettings) -> tuple[PcaStatistics, list[Pair]]:
    """Fit the line, the blocks' principal components and two centroids among them.

    Parameters
    ----------
    before, after : float32 (cell, band, y, x)
        The sample; NaN where not valid.
    settings : PcaSettings
        The method's parameters.

    Returns
    -------
    statistics : PcaStatistics
        Without a threshold.
    pairs : list of pairs of float32 (band, y, x)
        What is compared of each cell.
    """
    scale = fit_radar_scale(before, after) if settings.sar else None
    pairs: list[Pair] = list(zip(before, after, strict=True))
    if scale is not None:
        pairs = [log_mean_pair(*pair, scale, settings.window_px) for pair in pairs]
    x, y = valid_pixels(pairs)
    statistics = PcaStatistics(
        method="pca_kmeans",
        settings=settings,
        min_area_m2=settings.min_area_m2,
        degrees=x.shape[1],
        line=fit_line(x, y) if scale is None else median_line(x, y),
        changed_contrast=0.0,
        decibel=scale.decibel if scale is not None else None,
        power=scale.power if scale is not None else None,
        offset=scale.offset if scale is not None else None,
        **UNDECIDED,
    )
    return _with_clusters(statistics, [statistics.raw_score(*pair) for pair in pairs]), pairs


def _with_clusters(statistics: PcaStatistics, images: list[Singles]) -> PcaStatistics:
    """With components and centroids of the blocks of difference images."""
    settings = statistics.settings
    blocks = np.concatenate([_blocks(image, settings.block_px) for image in images])
    blocks = blocks[:: max(1, len(blocks) // FIT_PIXELS)].astype(np.float64)
    if len(blocks) < thresholds.LEAST_PIXELS:
        return statistics
    mean = blocks.mean(axis=0)
    components = _components(blocks)
    low, high = _two_centroids((blocks - mean) @ components.T, blocks.mean(axis=1))
    median, spread = noise_level(blocks.mean(axis=1))
    least = (
        least_log_ratio(settings.min_ratio, statistics.degrees)
        if settings.sar
        else PairStatistics.least_score(statistics)
    )
    floor = max(median + settings.noise_sigmas * spread, least)
    changed = float((high @ components + mean).mean())
    return replace(
        statistics,
        components=components.tolist(),
        block_mean=mean.tolist(),
        low=low.tolist(),
        high=high.tolist(),
        changed_contrast=changed / max(floor, 1e-9),
    )


def _components(blocks: Floats) -> Floats:
    """The first principal components (component, block_px^2) that keep `VARIANCE_SHARE` of the variance."""
    values, vectors = np.linalg.eigh(np.cov(blocks.T))
    share = np.cumsum(values[::-1]) / max(values.sum(), 1e-30)
    count = min(int(np.searchsorted(share, VARIANCE_SHARE)) + 1, len(values))
    components = vectors[:, ::-1][:, :count].T
    return np.asarray(components * np.where(components.sum(axis=1) < 0, -1.0, 1.0)[:, None])


def _blocks(image: Singles, size: int) -> Singles:
    """All whole blocks ``(n, size * size)`` without a missing pixel, at every other pixel."""
    if min(image.shape) < size:
        return np.empty((0, size * size), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))[::2, ::2]
    flat = windows.reshape(-1, size * size)
    return flat[np.isfinite(flat).all(axis=1)]


def _two_centroids(features: Floats, level: Floats) -> tuple[Floats, Floats]:
    """Lloyd's iteration from the halves that Otsu's rule makes of the blocks' means."""
    start = histogram_rules.otsu(histogram_rules.histogram(level, thresholds.BINS))
    changed = level > (float(np.median(level)) if start is None else start)
    low = high = features.mean(axis=0)
    for _ in range(LLOYD_ITERATIONS):
        if not changed.any() or changed.all():
            break
        low, high = features[~changed].mean(axis=0), features[changed].mean(axis=0)
        following = ((features - high) ** 2).sum(axis=1) < ((features - low) ** 2).sum(axis=1)
        if np.array_equal(following, changed):
            break
        changed = following
    return low, high


@compiled
def _nearness(image: Singles, kernels: Singles, low: Singles, high: Singles) -> Singles:
    """Distances of every block's components to two centroids; a missing pixel is taken as its block's centre."""
    height, width = image.shape
    count, size, _ = kernels.shape
    r = size // 2
    out = np.empty((height, width), np.float32)
    to_low, to_high = np.empty(width, np.float32), np.empty(width, np.float32)
    value = np.empty(width, np.float32)
    for y in range(height):
        to_low[:] = 0.0
        to_high[:] = 0.0
        for c in range(count):
            value[:] = 0.0
            for i in range(size):
                v = y + i - r
                for j in range(size):
                    w = kernels[c, i, j]
                    for x in range(width):
                        u = x + j - r
                        pixel = image[v, u] if 0 <= v < height and 0 <= u < width else np.float32(np.nan)
                        value[x] += w * (pixel if pixel == pixel else image[y, x])
            for x in range(width):
                to_low[x] += (value[x] - low[c]) ** 2
                to_high[x] += (value[x] - high[c]) ** 2
        for x in range(width):
            a, b = np.sqrt(to_low[x]), np.sqrt(to_high[x])
            both = a + b
            out[y, x] = a / both if both > 0.0 else (both if both != both else np.float32(0.0))
    return out
