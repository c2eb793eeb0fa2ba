"""Scenes of all vendors among some files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from changedet.imagery.datasets import is_remote
from changedet.workflow.starter.vendors.airbus import airbus_scenes
from changedet.workflow.starter.vendors.delivery import Delivery, Folders, Found
from changedet.workflow.starter.vendors.kompsat import kompsat_scenes
from changedet.workflow.starter.vendors.landsat import landsat_scenes
from changedet.workflow.starter.vendors.maxar import maxar_scenes
from changedet.workflow.starter.vendors.maxar_open import open_scenes
from changedet.workflow.starter.vendors.planet import planet_scenes
from changedet.workflow.starter.vendors.radar import radar_scenes
from changedet.workflow.starter.vendors.sentinel2 import sentinel2_scenes

_VENDORS: Final[tuple[Callable[[Sequence[str], Folders], Found], ...]] = (
    sentinel2_scenes,
    landsat_scenes,
    planet_scenes,
    radar_scenes,
    kompsat_scenes,
    airbus_scenes,
    open_scenes,
    maxar_scenes,
)
"""Those whose names say most come first: Maxar's rules take any file beside an IMD."""


@dataclass
class Sorted:
    """Files by what the vendors' rules make of them.

    Attributes
    ----------
    deliveries : list of Delivery
        Scenes that a vendor's rules know.
    left_out : dict of path to str
        Files that are a vendor's but no scene to be taken, and why.
    rest : list of str
        Files of which no vendor's rules know anything.
    """

    deliveries: list[Delivery] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)


def sort_files(paths: Sequence[str]) -> Sorted:
    """Files by the vendors whose scenes they are.

    Parameters
    ----------
    paths : sequence of str
        Raster files and URLs; of URLs nothing beside them is looked for.

    Returns
    -------
    Sorted
        Each file in one of its parts.
    """
    folders = Folders()
    found = Sorted(rest=list(paths))
    for vendor in _VENDORS:
        own = vendor([path for path in found.rest if not is_remote(path)], folders)
        found.deliveries.extend(own.deliveries)
        found.left_out |= own.left_out
        claimed = {path for one in own.deliveries for path in (*(p for _, p in one.paths), one.mask, one.pan)}
        found.rest = [path for path in found.rest if path not in claimed and path not in own.left_out]
    return found
