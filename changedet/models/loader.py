"""Models that come with the package, read once a process."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from changedet.errors import ChangedetError
from changedet.kernels import boosted_trees
from changedet.stages.change.kernels import features
from changedet.stages.footprint.kernels import ground, surroundings
from changedet.stages.mask.kernels import cloud_trees
from changedet.stages.objects.kernels import context_rescoring

CHANGE_TREES = "change_trees.npz"
CHANGE_TREES_SHA256 = "b39df77d6fecd8c4ce15d8ff1371c8044e334323a582c26c2194173b847cac91"
GROUND_TREES = "ground.npz"
GROUND_TREES_SHA256 = "f655490695344899cd1f329eef6aef94b7386e407756b4aa04b27e238f9d170d"

COMPANY_TREES = "company.npz"
COMPANY_TREES_SHA256 = "1f8adf6448b8311314226cc21276dc04edd739b41f33420b447a0ce3484b0b46"

WEATHER_TREES = "weather.npz"
WEATHER_TREES_SHA256 = "2c3ba72ee4825fd7385ee1020710ea6f22755c6f8947c360d79131e67d85b58a"


@lru_cache(maxsize=1)
def change_trees() -> tuple[tuple[boosted_trees.Forest, ...], dict[str, Any]]:
    """The trees of change and what was saved with them.

    Raises
    ------
    ChangedetError
        The file is missing, not the one that was released, or of other features than this version computes.
    """
    return _read(CHANGE_TREES, CHANGE_TREES_SHA256, (*features.names(), *features.context_names()))


@lru_cache(maxsize=1)
def _ground_file() -> tuple[tuple[boosted_trees.Forest, ...], dict[str, Any]]:
    return _read(GROUND_TREES, GROUND_TREES_SHA256, (*ground.NAMES, *surroundings.NAMES))


def ground_trees() -> tuple[tuple[boosted_trees.Forest, ...], dict[str, Any]]:
    """The trees that tell from one date what the ground bears, `kernels.ground`; as `change_trees`."""
    trees, about = _ground_file()
    return trees[: len(ground.TOLD)], about


def surroundings_trees() -> tuple[tuple[boosted_trees.Forest, ...], dict[str, Any]]:
    """The trees that weigh all dates and the surroundings, `kernels.surroundings`; as `change_trees`."""
    trees, about = _ground_file()
    return trees[len(ground.TOLD) :], about["surroundings"]


@lru_cache(maxsize=1)
def company_trees() -> tuple[boosted_trees.Forest, boosted_trees.Forest]:
    """The trees that judge boxes by their company: whether one is there, and whether it is a container; raises as
    `change_trees`."""
    there, kind = _read(COMPANY_TREES, COMPANY_TREES_SHA256, context_rescoring.NAMES)[0]
    return there, kind


@lru_cache(maxsize=1)
def weather_trees() -> tuple[boosted_trees.Forest, ...]:
    """The trees of clouds and their shadows, `kernels.weather`; raises as `change_trees`."""
    return _read(WEATHER_TREES, WEATHER_TREES_SHA256, (*cloud_trees.NAMES, *cloud_trees.CONTEXT_NAMES))[0]


def _read(name: str, released: str, known: Sequence[str]) -> tuple[tuple[boosted_trees.Forest, ...], dict[str, Any]]:
    place = files("changedet").joinpath("models", name)
    try:
        content = place.read_bytes()
    except OSError as error:
        problem = f"changedet/models/{name}: cannot be read ({error}); install changedet again"
        raise ChangedetError(problem) from error
    trees, about, checksum = boosted_trees.load(content)
    if checksum != released or tuple(about["features"]) != tuple(known):
        raise ChangedetError(f"changedet/models/{name}: not the file of this version; install changedet again")
    return trees, about | {"sha256": checksum}
