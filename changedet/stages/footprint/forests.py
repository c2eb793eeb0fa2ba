"""The boosted trees of the stage footprint, which come in one file."""

from __future__ import annotations

from typing import Any, Final

from changedet.kernels.boosted_trees import Forest
from changedet.models.loader import ReleasedTrees, released_trees
from changedet.stages.footprint.kernels import ground, surroundings

FEATURES: Final = (*ground.NAMES, *surroundings.NAMES)


def ground_trees() -> tuple[tuple[Forest, ...], dict[str, Any]]:
    """Forests that classify the ground of one date, one for each of `ground.TOLD`, and what was saved with them."""
    trees = _released()
    return trees.forests[: len(ground.TOLD)], trees.about


def surroundings_trees() -> tuple[tuple[Forest, ...], dict[str, Any]]:
    """Forests that weigh all dates and the surroundings, and what was saved with them."""
    trees = _released()
    return trees.forests[len(ground.TOLD) :], trees.about["surroundings"]


def _released() -> ReleasedTrees:
    return released_trees("ground.npz", FEATURES)
