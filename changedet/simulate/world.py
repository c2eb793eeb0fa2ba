"""A site with all that ever stands on it, in local ground metres (origin at the site's centre)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from changedet.kernels.containers import LENGTH_OF_KIND_M, WIDTH_M
from changedet.simulate.elements import Container, Mound, Patch, Railcar, Slot, Solid, Tree
from changedet.simulate.looks import Look
from changedet.simulate.palette import Palette
from changedet.simulate.shapes import Points, rectangle


@dataclass
class World:
    """A site, all that ever stands on it, and how each date looks at it.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    seed : int
        Of its draws.
    size_m : float
        Side of the square.
    epsg : int
        UTM zone of the first date.
    centre_east_m, centre_north_m : float
        The site's centre there, origin of the local ground metres.
    latitude_deg : float
        Of the centre.
    looks : list of Look
        Acquisitions, in order.
    palette : Palette
        Paints.
    ground : int
        Paint of what nothing covers.
    patches, solids, mounds, trees, slots, containers : list
        What stands on the site; patches lie over each other in their order.
    railcars : list of Railcar
        Those of all dates.
    zones : dict of str to float64 (n, 2)
        Outlines of yards and sidings.
    sidings : set of str
        Names of the zones that are railway sidings.
    onset_containers, onset_changed, onset_footprint : int or None
        Date index from which boxes, changed area and footprint grow.
    """

    kind: str
    seed: int
    size_m: float
    epsg: int
    centre_east_m: float
    centre_north_m: float
    latitude_deg: float
    looks: list[Look]
    palette: Palette = field(default_factory=Palette)
    ground: int = 0
    patches: list[Patch] = field(default_factory=list)
    solids: list[Solid] = field(default_factory=list)
    mounds: list[Mound] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)
    railcars: list[Railcar] = field(default_factory=list)
    zones: dict[str, Points] = field(default_factory=dict)
    sidings: set[str] = field(default_factory=set)
    onset_containers: int | None = None
    onset_changed: int | None = None
    onset_footprint: int | None = None

    @property
    def dates(self) -> list[dt.date]:
        """Dates of the series, rising."""
        return [look.date for look in self.looks]

    def stacks(self, index: int) -> dict[int, list[Container]]:
        """All stacks of a date.

        Parameters
        ----------
        index : int
            Number of the date.

        Returns
        -------
        dict of int to list of Container
            Boxes from the ground up, by the number of their place.
        """
        found: dict[int, list[Container]] = {}
        for box in self.containers:
            if box.born <= index < box.gone:
                found.setdefault(box.slot, []).append(box)
        return found

    def box_outline(self, box: Container) -> Points:
        """Corners of a box as it stands, a little off its place.

        Parameters
        ----------
        box : Container
            One of the world's.

        Returns
        -------
        float64 (4, 2)
            Local ground metres.
        """
        slot = self.slots[box.slot]
        return rectangle(
            slot.x + box.nudge[0],
            slot.y + box.nudge[1],
            LENGTH_OF_KIND_M[box.kind],
            WIDTH_M,
            slot.angle_deg + box.nudge[2],
        )
