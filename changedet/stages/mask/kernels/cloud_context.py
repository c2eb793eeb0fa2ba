"""Context features of each cell from a first classification of clouds and shadows, for the trees of the second.

Where clouds lie their shadows lie too, away from the sun: each cell gets the probability of the cloud whose shadow it
would be, and of the shadow that it would throw, after the match of clouds and shadows of Fmask (Zhu and Woodcock 2012,
doi:10.1016/j.rse.2011.10.028).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.block_means import block_mean
from changedet.kernels.components import label
from changedet.stages.mask.kernels.discs import dilated
from changedet.stages.mask.kernels.neighbourhoods import blurred, moved

CONTEXT_NAMES: Final = (
    "cloud_of_shadow", "cloud_of_shadow_near", "shadow_of_cloud", "shadow_of_cloud_near",
    "cloud", "shadow", "cloud_near", "cloud_wide", "shadow_near", "shadow_wide",
)  # fmt: skip
"""Layers of the second question, in order, as they stand in the file of the trees."""
NEAR_SIGMA, WIDE_SIGMA = 2.0, 6.0
"""Standard deviations, in cells, of the near and the wide neighbourhood; the trees were fitted with them."""
LEAST_OPEN: Final = 0.2
"""Behind a cloud its own shadow cannot be seen: no shadow is raised by more than five times for that."""
LEAST_MEAN_PROBABILITY: Final = 0.003
"""No shadows are matched with clouds where either is rarer."""
LEAST_CORRELATION: Final = 0.3
"""Least correlation of moved clouds with shadows at which the match is accepted."""
LEAST_VARIANCE: Final = 1e-4
"""Least product of the variances of clouds and shadows, which a correlation is divided by."""
LEAST_OVERLAP: Final = 0.15
"""Least share of the scene in which moved clouds can be compared with shadows."""
LEAST_SHIFT_CELLS: Final = 3.0
"""A cloud's shadow lies farther from it than this."""
MATCHED_CELLS: Final = 720
"""Clouds and shadows are matched on so many cells a side at most."""
MOST_OFF_SUN_DEG: Final = 40.0
"""A view from aside moves the cloud as well, so that its shadow does not lie straight away from the sun."""

RIM_CELLS: Final = 3.0
"""How far around a core its rim is looked for: 6 m in cells of 2 m."""
LEAST_RIM: Final = 0.2
"""Mean probability of cloud in the rim from which a core is taken for the midst of a cloud. Chosen with drawn sites of
two hands in view (docs/research/change.md): .05 at most around pale ground that is new, .3 and more around clouds."""
ENCLOSED: Final = 0.9
"""Probability of such a core: enough to hide the ground, too little to prove that a date has clouds."""


class HiddenProbability(NamedTuple):
    """What hides each cell.

    Attributes
    ----------
    cloud : float32 (y, x)
        Probability that a cloud covers it, 0 to 1; NaN where unknown.
    shadow : float32 (y, x)
        That a shadow and no cloud does; alike.
    """

    cloud: Singles
    shadow: Singles


def context_layers(first: HiddenProbability, valid: Bools, sun_azimuth_deg: float | None) -> Iterator[Singles]:
    """Layers of the second question.

    Parameters
    ----------
    first : HiddenProbability
        The first guess.
    valid : bool (y, x)
        Where it is known.
    sun_azimuth_deg : float or None
        Clockwise from grid north, towards the sun.

    Yields
    ------
    float32 (y, x)
        In the order of `CONTEXT_NAMES`; NaN where clouds and shadows cannot be matched.
    """
    cloud, shadow = (np.where(valid, layer, 0).astype(np.float32) for layer in first)
    shares = [float(layer[valid].mean()) if valid.any() else 0.0 for layer in (cloud, shadow)]
    enough = min(shares) > LEAST_MEAN_PROBABILITY
    shift = correlated_shadow_shift(cloud, shadow, valid, sun_azimuth_deg) if enough else None
    unknown = np.full(valid.shape, np.nan, np.float32)
    if shift is None:
        yield from [unknown] * 4
    else:
        rows, columns = shift
        yield moved(cloud, rows, columns, np.nan)
        yield moved(blurred(cloud, NEAR_SIGMA), rows, columns, np.nan)
        # behind a cloud its own shadow, or another cloud's, cannot be seen
        raised = np.asarray(shadow / np.maximum(1 - cloud, LEAST_OPEN), np.float32)
        yield moved(raised, -rows, -columns, np.nan)
        yield moved(blurred(shadow, NEAR_SIGMA), -rows, -columns, np.nan)
    yield from (cloud, shadow)
    yield from (blurred(layer, sigma) for layer in (cloud, shadow) for sigma in (NEAR_SIGMA, WIDE_SIGMA))


def midst_of_clouds(cores: Bools, found: HiddenProbability) -> Bools:
    """Those of some white cores around which a cloud thins out.

    The trees know a cloud by what still shows through it, and by the ground beside it. In the midst of a thick one,
    wider than all that they look at, they find neither and call it ground; around it they do not err.

    Parameters
    ----------
    cores : bool (y, x)
        Wide, white, much brighter than the other date, and of a cloud's outline, as `cloud_shapes.clouds_of_cores`
        finds them.
    found : HiddenProbability
        By the trees.

    Returns
    -------
    bool (y, x)
        Whole cores.
    """
    labels = label(cores.astype(np.uint8))
    count = int(labels.max(initial=0))
    kept = np.zeros(count + 1, bool)
    for number in range(1, count + 1):
        part = labels == number
        rim = found.cloud[dilated(part, RIM_CELLS, 1.0) & ~cores & np.isfinite(found.cloud)]
        kept[number] = rim.size > 0 and float(rim.mean()) >= LEAST_RIM
    return np.asarray(kept[labels], bool)


def may_be_clouds(cores: Bools, found: HiddenProbability) -> bool:
    """Whether what tests of brightness, width and outline find may be clouds where the trees prove none.

    Dry sand of a clearing is as white, wide and ragged as a cloud, and brighter beside a wood in leaf than it was
    beside a bare one; but around it nothing thins out.

    Parameters
    ----------
    cores : bool (y, x)
        By the tests, as of `midst_of_clouds`.
    found : HiddenProbability
        By the trees, as of `with_midst`.

    Returns
    -------
    bool
        True where one core is the midst of a cloud, or where the trees do not know the ground of one.
    """
    return bool((cores & ~(found.cloud < ENCLOSED)).any())


def with_midst(found: HiddenProbability, midst: Bools) -> HiddenProbability:
    """What hides each cell, with the midst of clouds in it.

    Parameters
    ----------
    found : HiddenProbability
        By the trees.
    midst : bool (y, x)
        Of `midst_of_clouds`.

    Returns
    -------
    HiddenProbability
        Unknown where it was.
    """
    cloud = np.where(midst, np.maximum(found.cloud, np.float32(ENCLOSED)), found.cloud)
    return HiddenProbability(cloud, np.where(midst & np.isfinite(found.shadow), np.float32(0), found.shadow))


def correlated_shadow_shift(
    cloud: Singles, shadow: Singles, valid: Bools, sun_azimuth_deg: float | None
) -> tuple[int, int] | None:
    """Where the shadows of clouds lie, by correlation of both over all shifts.

    A shadow is seen only where no cloud is, so cells count by how open they are.

    Parameters
    ----------
    cloud, shadow : float32 (y, x)
        Probabilities, 0 where not valid.
    valid : bool (y, x)
        Where they are known.
    sun_azimuth_deg : float or None
        Clockwise from grid north, towards the sun.

    Returns
    -------
    (int, int) or None
        Rows and columns from the clouds to their shadows; None where no shift stands out.
    """
    # Imported here for a quick start.
    from scipy import fft

    factor = -(-max(valid.shape) // MATCHED_CELLS)
    layers = block_mean(np.stack(_weighed(cloud, shadow, valid)), (factor, factor))
    size = [fft.next_fast_len(2 * n) for n in layers.shape[1:]]
    match, share = _correlation(layers, size)
    rows, columns = (np.rint(np.fft.fftfreq(n) * n) for n in size)
    allowed = (factor * np.hypot(rows[:, None], columns) > LEAST_SHIFT_CELLS) & (share > LEAST_OVERLAP)
    if sun_azimuth_deg is not None:
        bearing = np.degrees(np.arctan2(columns[None], -rows[:, None]))
        allowed &= np.abs((bearing - sun_azimuth_deg) % 360.0 - 180.0) < MOST_OFF_SUN_DEG
    # where little of the moved clouds can be seen, a high correlation is luck
    score = np.where(allowed, match * np.sqrt(share), -1.0)
    row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    if score[row, column] <= 0 or match[row, column] < LEAST_CORRELATION:
        return None
    return factor * int(rows[row]), factor * int(columns[column])


def _correlation(layers: Singles, size: list[int]) -> tuple[Floats, Floats]:
    """Correlation of clouds with shadows at every shift, and the share of the scene that it is known from."""
    # Imported here for a quick start.
    from scipy import fft

    seen, clouds, open_ground, shaded = (fft.rfft2(layer, size) for layer in layers)
    seen, clouds = np.conj(seen), np.conj(clouds)
    count = np.maximum(fft.irfft2(seen * open_ground, size), 1.0)
    mean_cloud, mean_shade = (fft.irfft2(pair, size) / count for pair in (clouds * open_ground, seen * shaded))
    both = fft.irfft2(clouds * shaded, size) / count - mean_cloud * mean_shade
    # probabilities near 0 and 1 vary as coins do
    spread = np.maximum(mean_cloud * (1 - mean_cloud) * mean_shade * (1 - mean_shade), LEAST_VARIANCE)
    return both / np.sqrt(spread), count / float(layers[0].sum())


def _weighed(cloud: Singles, shadow: Singles, valid: Bools) -> tuple[Singles, Singles, Singles, Singles]:
    open_ground = np.where(valid, 1 - cloud, 0).astype(np.float32)
    return valid.astype(np.float32), cloud, open_ground, shadow * open_ground
