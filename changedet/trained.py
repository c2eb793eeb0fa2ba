"""Models that come with the package, read once a process."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

from changedet.errors import ChangedetError
from changedet.kernels import features, forest

CHANGE_TREES = "change_trees.npz"
CHANGE_TREES_SHA256 = "884af98b007fac1c6636dd4f77cdd984656adfd191bafa41698bf2a4d6ff12db"


@lru_cache(maxsize=1)
def change_trees() -> tuple[tuple[forest.Forest, ...], dict[str, Any]]:
    """The trees of change and what was saved with them.

    Raises
    ------
    ChangedetError
        The file is missing, not the one that was released, or of other features than this version computes.
    """
    place = files("changedet").joinpath("model", CHANGE_TREES)
    try:
        content = place.read_bytes()
    except OSError as error:
        problem = f"changedet/model/{CHANGE_TREES}: cannot be read ({error}); install changedet again"
        raise ChangedetError(problem) from error
    trees, about, checksum = forest.load(content)
    if checksum != CHANGE_TREES_SHA256 or tuple(about["features"]) != (*features.names(), *features.context_names()):
        raise ChangedetError(f"changedet/model/{CHANGE_TREES}: not the file of this version; install changedet again")
    return trees, about | {"sha256": checksum}
