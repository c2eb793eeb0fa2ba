"""How familiar a scene is to the network: a number, and a sentence."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np

from changedet.errors import ChangedetError
from changedet.kernels.doubts import USUAL_DISTANCE
from changedet.models.loader import RELEASED, file_content
from changedet.stages.objects import detector
from changedet.stages.objects.kernels import familiarity
from changedet.stages.objects.kernels.familiarity import Reference

FILE: Final = "familiarity.npz"
LIMIT: Final = 1.0
"""Distance beyond which no count is estimated: the edge of what the training scenes reach. Scenes of pseudo-hands that
lie beyond have three quarters and more of their boxes missed (docs/calibration.md)."""


class Familiarity(NamedTuple):
    """How far a scene lies from what the models were fitted on.

    Attributes
    ----------
    distance : float
        1 is the edge of the training scenes; NaN where it is not known.
    sentence : str
        The same in words.
    is_borne_out : bool
        Whether it shows what other looks at the same site show, however far it lies.
    coordinates : tuple of float
        Where it lies among the training scenes, in units of the distance; empty where that is not known.
    """

    distance: float
    sentence: str
    is_borne_out: bool = False
    coordinates: tuple[float, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether the scene is known to lie too far for its boxes to be counted."""
        return self.distance > LIMIT and not self.is_borne_out


def familiarity_of(description: Sequence[float] | None, gsd_m: float) -> Familiarity:
    """How familiar a scene is, from the network's description of it.

    Parameters
    ----------
    description : sequence of float or None
        Averaged over the scene; None where the network saw none of it, or does not describe.
    gsd_m : float
        The scene's, metres.

    Returns
    -------
    Familiarity
        Not known without a description, and where no reference was fitted for this network.
    """
    known = reference()
    if description is None or known is None or len(description) != len(known.sd):
        return Familiarity(
            float("nan"), "it is not known how far it lies from the scenes that the models were fitted on"
        )
    own = np.asarray(description, np.float64)
    far = familiarity.distance(own, gsd_m, known)
    return Familiarity(far, _sentence(far), coordinates=tuple(familiarity.coordinates(own, gsd_m, known).tolist()))


def _sentence(far: float) -> str:
    if far <= USUAL_DISTANCE:
        return "it looks like the scenes that the models were fitted on"
    if far <= LIMIT:
        return "few of the scenes that the models were fitted on look like it: its intervals are widened"
    return "it looks like none of the scenes that the models were fitted on: too far for its containers to be counted"


@cache
def reference() -> Reference | None:
    """The training scenes' descriptions by the network that comes with the package.

    Returns
    -------
    Reference or None
        None where the file was fitted for another network.

    Raises
    ------
    ChangedetError
        The file is missing or damaged.
    """
    content = file_content(FILE)
    if hashlib.sha256(content).hexdigest() != RELEASED[FILE]:
        raise ChangedetError(f"changedet/models/{FILE}: not the file of this version; install changedet again")
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        arrays = {name: np.asarray(kept[name], np.float64) for name in Reference._fields}
        network = json.loads(str(kept["about"]))["network"]
    if network != hashlib.sha256(detector.model_bytes()).hexdigest():
        return None
    rest, edge = float(arrays.pop("rest")), float(arrays.pop("edge"))
    return Reference(**arrays, rest=rest, edge=edge)
