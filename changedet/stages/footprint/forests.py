"""The boosted trees of the stage footprint, which come in one file, and the network beside them."""

from __future__ import annotations

from typing import Final, cast

from changedet.kernels.boosted_trees import Forest
from changedet.kernels.onnx_session import Session, session
from changedet.models.loader import ReleasedTrees, released_content, released_trees
from changedet.stages.footprint.kernels import ground, surroundings
from changedet.stages.footprint.kernels.ground_probability import TARGETS, TreesRecord
from changedet.stages.footprint.kernels.surroundings import SeriesRecord

FEATURES: Final = (*ground.NAMES, *surroundings.NAMES)
"""Of both sets of trees, as the file names them."""
NETWORK: Final = "ground_network.onnx"


def ground_trees() -> tuple[tuple[Forest, ...], TreesRecord]:
    """Forests that classify the ground of one date.

    Returns
    -------
    tuple of Forest
        One for each of `TARGETS`.
    TreesRecord
        What is kept with them.
    """
    trees = _released()
    return trees.forests[: len(TARGETS)], cast("TreesRecord", trees.about)


def ground_session() -> Session:
    """The network that judges the ground of one date beside the trees.

    Returns
    -------
    Session
        As `ground_network.log_odds` takes it.
    """
    return session(released_content(NETWORK))


def surroundings_trees() -> tuple[tuple[Forest, ...], SeriesRecord]:
    """Forests that weigh all dates and the surroundings.

    Returns
    -------
    tuple of Forest
        One for each of `TARGETS`.
    SeriesRecord
        What is kept with them.
    """
    trees = _released()
    return trees.forests[len(TARGETS) :], cast("SeriesRecord", trees.about["surroundings"])


def _released() -> ReleasedTrees:
    return released_trees("ground.npz", FEATURES)
