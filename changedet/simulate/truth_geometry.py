"""True outlines of a world: what stands, what changed, the footprint, and the mask that a perfect method would draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools, Bytes
from changedet.simulate.elements import CHANGING, FOOTPRINT, Container
from changedet.simulate.render import weather
from changedet.simulate.shapes import Points
from changedet.simulate.world import World


def valid_polygon(points: Points) -> BaseGeometry:
    """A polygon that does not cross itself.

    Parameters
    ----------
    points : float64 (n, 2)
        Corners.

    Returns
    -------
    shapely.geometry.base.BaseGeometry
        The polygon, or what `shapely.make_valid` makes of it.
    """
    shape = Polygon(points)
    return shape if shape.is_valid else shapely.make_valid(shape)


@dataclass
class TruthGeometry:
    """True outlines of one world, in local ground metres.

    Attributes
    ----------
    world : World
        The site.
    """

    world: World

    def standing(self, index: int, roles: tuple[str, ...]) -> list[BaseGeometry]:
        """Outlines of what stands on a date and has one of some roles.

        Parameters
        ----------
        index : int
            Number of the date.
        roles : tuple of str
            See `Role`.

        Returns
        -------
        list of shapely.geometry.base.BaseGeometry
            Patches, solids and mounds; containers are not among them.
        """
        w = self.world
        found = [valid_polygon(p.outline) for p in w.patches if p.role in roles and p.born <= index < p.gone]
        found += [valid_polygon(s.outline) for s in w.solids if s.role in roles and s.born <= index < s.gone]
        found += [valid_polygon(m.foot) for m in w.mounds if m.role in roles and m.born <= index < m.gone]
        return found

    def changed(self, index: int) -> dict[str, BaseGeometry]:
        """What differs from the first date, by direction.

        Parameters
        ----------
        index : int
            Number of the date.

        Returns
        -------
        dict of str to shapely.geometry.base.BaseGeometry
            "gain", "loss" and "other" (another box in the same place), which do not overlap.
        """
        parts: dict[str, list[BaseGeometry]] = {"gain": [], "loss": [], "other": []}
        w = self.world
        for things, outline in ((w.patches, "outline"), (w.solids, "outline"), (w.mounds, "foot")):
            for thing in things:
                now, then = thing.born <= index < thing.gone, thing.born <= 0 < thing.gone
                if thing.role in CHANGING and now != then:
                    parts["gain" if now else "loss"].append(valid_polygon(getattr(thing, outline)))
        before, after = w.stacks(0), w.stacks(index)
        for slot in before.keys() | after.keys():
            direction, box = _stack_change(before.get(slot, []), after.get(slot, []))
            if box is not None:
                parts[direction].append(valid_polygon(w.box_outline(box)))
        found = {name: shapely.union_all(shapes, grid_size=0.001) for name, shapes in parts.items()}
        found["loss"] = found["loss"].difference(found["gain"])
        found["other"] = found["other"].difference(found["gain"].union(found["loss"]))
        return found

    def changed_by_place(self, index: int) -> BaseGeometry:
        """All that differs from the first date, also a box set down in the very place of another.

        Parameters
        ----------
        index : int
            Number of the date.

        Returns
        -------
        shapely.geometry.base.BaseGeometry
            Union of all directions.
        """
        return shapely.union_all(list(self.changed(index).values()))

    def footprint(self, index: int) -> BaseGeometry:
        """Yards, buildings, earthworks, quays, ballast and stored boxes, closed by 8 m.

        Parameters
        ----------
        index : int
            Number of the date.

        Returns
        -------
        shapely.geometry.base.BaseGeometry
            Without parts below 15 m2 and holes below 400 m2.
        """
        shapes = self.standing(index, FOOTPRINT)
        shapes += [valid_polygon(self.world.box_outline(s[-1])) for s in self.world.stacks(index).values()]
        closed = shapely.union_all(shapes, grid_size=0.001).buffer(8).buffer(-8).intersection(self.site())
        parts = [p for p in getattr(closed, "geoms", [closed]) if p.area >= 15]
        return shapely.union_all(
            [Polygon(p.exterior, [r for r in p.interiors if Polygon(r).area >= 400]) for p in parts]
        )

    def site(self) -> Polygon:
        """The reference scene's extent.

        Returns
        -------
        shapely.Polygon
            A square around the origin.
        """
        half = self.world.size_m / 2
        return shapely.box(-half, -half, half, half)

    def hidden(self, index: int) -> tuple[Bools, float]:
        """Where the ground is not observed on a date, on the first scene's grid.

        Parameters
        ----------
        index : int
            Number of the date.

        Returns
        -------
        hidden : bool (y, x)
            Cloud, cloud shadow or no data.
        cloud_fraction : float
            Share of the pixels under cloud, 0 to 1.
        """
        first = self.world.looks[0]
        sky = weather(self.world, self.world.looks[index], first.to_ground, first.shape)
        return sky.hidden, float((sky.cloud > 0.1).mean())

    def mask(self, index: int) -> Bytes:
        """The change mask that a perfect method would draw.

        Parameters
        ----------
        index : int
            Number of the date.

        Returns
        -------
        uint8 (y, x)
            1 changed since the first date, 0 not, 255 not observed on either date (cloud, its shadow or no data).
        """
        first = self.world.looks[0]
        shape = self.changed_by_place(index)
        out = np.zeros(first.shape, np.uint8)
        if not shape.is_empty:
            a, b, c, d, e, f = first.to_ground
            out = rasterize([(shape, 1)], out_shape=first.shape, transform=Affine(a, b, c, d, e, f), dtype="uint8")
        out[self.hidden(index)[0] | self.hidden(0)[0]] = 255
        return out


def _stack_change(before: list[Container], after: list[Container]) -> tuple[str, Container | None]:
    """How a stack differs: another top box or another height is a change."""
    if not before and not after:
        return "other", None
    if not before or len(after) > len(before):
        return "gain", after[-1]
    if not after or len(after) < len(before):
        return "loss", before[-1]
    return "other", None if after[-1] is before[-1] else after[-1]
