"""Clouds and their shadows on a coarse overview, by boosted trees and another date of the same place.

The trees are evaluated twice: the second time they also get the first probabilities around a cell, where its shadow
would lie and whose shadow it would be. Cells are computed in bands of rows with the rows around them, so memory does
not grow with the number of features.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.boosted_trees import Forest, margins
from changedet.kernels.components import label
from changedet.stages.mask.kernels.cloud_context import HiddenProbability, context_layers, midst_of_clouds, with_midst
from changedet.stages.mask.kernels.cloud_features import HALO, cloud_features
from changedet.stages.mask.kernels.cloud_light import CloudBands, UsualLight, filled, saturation, usual_light

ROWS: Final = 256
"""Rows whose features are in memory together."""
KEPT_CELLS: Final = 80_000
"""Cells of an overview whose features are kept from the first pass to the second: 14 MB."""
BRIGHTER: Final = 1.3
"""Of the usual ratio, from which on a cell may be cloud."""
WHITE: Final = 0.35
"""Greatest (max - min) / mean of the visible bands of a cell that may be cloud."""
THICK_PERCENTILE: Final = 5.0
"""Of the proven cells of a date's clouds, so many per cent may be darker, or less white, than what is taken for more of
them."""
LEAST_CELLS: Final = 16
"""A date of which fewer cells are so much brighter than the other and so white has no clouds."""


class CloudPair(NamedTuple):
    """Two dates' overviews, ready for features.

    Attributes
    ----------
    own, before : float32 (band, y, x)
        Above 0 and without NaN, as `cloud_light.filled` gives.
    valid : bool (y, x)
        Where both have data.
    bands : CloudBands
        Of both.
    usual : UsualLight
        Of the pair.
    """

    own: Singles
    before: Singles
    valid: Bools
    bands: CloudBands
    usual: UsualLight


def cloud_probabilities(
    own: Singles,
    before: Singles,
    cores: Bools,
    bands: CloudBands,
    sun_azimuth_deg: float | None,
    forests: Sequence[Forest],
) -> HiddenProbability:
    """Where clouds and their shadows hide a date.

    Parameters
    ----------
    own, before : float32 (band, y, x)
        Overviews of two dates on one grid with the same bands, NaN for no data; `before` free of clouds.
    cores : bool (y, x)
        What tests of brightness, width and outline take for clouds (`cloud_context.midst_of_clouds`).
    bands : CloudBands
        Of both.
    sun_azimuth_deg : float or None
        Clockwise from grid north, towards the sun.
    forests : sequence of four Forest
        Whether a cell is hidden, whether by a cloud; and the same of the second question.

    Returns
    -------
    HiddenProbability
        NaN where either date has no data.
    """
    valid = np.asarray(np.isfinite(own).all(axis=0) & np.isfinite(before).all(axis=0), bool)
    unknown = np.full(valid.shape, np.nan, np.float32)
    if not valid.any():
        return HiddenProbability(unknown, unknown)
    own, before = filled(own, valid), filled(before, valid)
    pair = CloudPair(own, before, valid, bands, usual_light(own, before, valid, bands))
    if not _may_be_clouded(pair):
        nowhere = np.where(valid, np.float32(0), unknown)
        return HiddenProbability(nowhere, nowhere)
    # Both passes use the same features.
    kept = [_table(pair, rows) for rows in _strips(valid)] if valid.size <= KEPT_CELLS else []
    first = _evaluated(pair, (), forests[:2], kept)
    second = _evaluated(pair, tuple(context_layers(first, valid, sun_azimuth_deg)), forests[2:], kept)
    return with_midst(second, midst_of_clouds(cores & valid, first))


def thick_cloud(proven: Bools, cloud: Bools, bands: Singles, reference: Singles) -> Bools:
    """What touches a cloud and is as white and bright, and as much brighter than on the reference, as a proven one.

    Within wide even clouds the trees find no more to hold on to than on an even roof.

    Parameters
    ----------
    proven, cloud : bool (y, x)
        Where clouds are proven, and where they are found.
    bands, reference : float32 (3, y, x)
        Blue, green, red of the date and of its reference; NaN for no data in the latter.

    Returns
    -------
    bool (y, x)
        Nowhere if nothing is proven.
    """
    if not proven.any():
        return proven
    bright, other = bands.mean(axis=0), reference.mean(axis=0)
    measures = (bright, bright / np.maximum(other, 1e-6), -saturation(bands, bright))
    with np.errstate(invalid="ignore"):
        alike = np.logical_and.reduce(
            [layer >= np.nanpercentile(layer[proven], THICK_PERCENTILE) for layer in measures]
        )
    labels = label((alike | cloud).astype(np.uint8))
    return np.asarray(alike & (labels > 0) & np.isin(labels, np.unique(labels[proven])), bool)


def _may_be_clouded(pair: CloudPair) -> bool:
    """Whether a few cells are whiter and brighter than the other date: without any the trees need not be evaluated."""
    white = list(pair.bands.white)
    bright, other = pair.own[white].mean(axis=0), pair.before[white].mean(axis=0)
    level = float(np.mean([pair.usual.ratios[k] for k in white]))
    risen = (bright > BRIGHTER * level * other) & (saturation(pair.own[white], bright) < WHITE)
    return int((risen & pair.valid).sum()) >= LEAST_CELLS


def _strips(valid: Bools) -> list[slice]:
    return [slice(top, min(top + ROWS, valid.shape[0])) for top in range(0, valid.shape[0], ROWS)]


def _table(pair: CloudPair, rows: slice) -> Singles:
    """Features (feature, y, x) of the cells of some rows."""
    own, before, valid, bands, usual = pair
    around = slice(max(0, rows.start - HALO), rows.stop + HALO)
    table = cloud_features(own[:, around], before[:, around], valid[around], bands, usual)
    return table[:, rows.start - around.start :][:, : rows.stop - rows.start]


def _evaluated(
    pair: CloudPair, layers: tuple[Singles, ...], forests: Sequence[Forest], kept: Sequence[Singles]
) -> HiddenProbability:
    """What the forests say, by the features of all strips where they were kept."""
    valid = pair.valid
    found = HiddenProbability(*(np.full(valid.shape, np.nan, np.float32) for _ in range(2)))
    for k, rows in enumerate(_strips(valid)):
        table = kept[k] if kept else _table(pair, rows)
        inner = valid[rows]
        cells = np.column_stack([layer[inner] for layer in (*table, *(layer[rows] for layer in layers))])
        hidden, cloud = (_probability(forest, cells) for forest in forests)
        found.cloud[rows][inner] = np.minimum(cloud, hidden)
        found.shadow[rows][inner] = np.maximum(hidden - cloud, 0)
    return found


def _probability(forest: Forest, cells: Singles) -> Singles:
    return np.asarray(1 / (1 + np.exp(-margins(forest, cells, len(forest.root)))), np.float32)
