"""Sets up buildings, masts, fences, mounds and trees on a world, besides all that lies flat."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.simulate.elements import FOREVER, Decal, Life, Mound, Solid, Tree
from changedet.simulate.ground_builder import GroundBuilder
from changedet.simulate.materials import BARE_WOOD, CONIFER, LEAF, ROOFS, vary
from changedet.simulate.palette import Paint
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Points, blob, inset, strip
from changedet.simulate.world import World

CROWN_M: Final = (1.2, 4.5)
"""Least and greatest radius of a crown in a clump."""


class Builder(GroundBuilder):
    """Lays out all that a site consists of: besides flat surfaces buildings, masts, fences, mounds and trees.

    Parameters
    ----------
    world : World
        Is added to.
    rng : numpy.random.Generator
        The order of the draws is what makes a seed's site.
    """

    def __init__(self, world: World, rng: np.random.Generator) -> None:
        super().__init__(world, rng)
        self._woods = [self._wood() for _ in range(7)]
        rng.random()  # of no use, but all later draws come after it: a seed shall keep its site

    def _wood(self) -> int:
        rng = self.rng
        if rng.random() < 0.3:
            return self.world.palette.add(Paint(vary(rng, CONIFER), grain=0.22, medium=0.05, snow=0.45, wet=0.0))
        bare = vary(rng, BARE_WOOD)
        return self.world.palette.add(
            Paint(vary(rng, LEAF, 0.25), grain=0.25, medium=0.08, dormant=bare, snow=0.25, wet=0.0)
        )

    def roof_paint(self) -> int:
        """Label of a sheet or felt roof, its seams along or across the house.

        Returns
        -------
        int
            The paint's number in the world's palette.
        """
        rng = self.rng
        colour = vary(rng, ROOFS[int(rng.integers(len(ROOFS)))])
        seams = (
            float(rng.uniform(0.9, 6.0)),
            self.frame.angle_deg + float(rng.choice([0, 90])),
            float(rng.uniform(0.01, 0.07)),
            float(rng.choice([0, 0.12])),
        )
        dirt = vary(rng, (0.11, 0.13, 0.15, 0.19))
        return self.world.palette.add(
            Paint(
                colour,
                dirt,
                float(rng.uniform(0.02, 0.15)),
                0.08,
                0.04,
                0.02,
                0.04,
                0.02,
                snow=0.95,
                wet=0.05,
                stripes=seams,
            )
        )

    def house(
        self,
        u: float,
        v: float,
        along_m: float,
        deep_m: float,
        height_m: float,
        life: Life = FOREVER,
        turn: float = 0.0,
    ) -> None:
        """Add a warehouse or shed with roof lights, vents and a rim, on a concrete apron.

        Parameters
        ----------
        u, v : float
            Centre in metres.
        along_m, deep_m : float
            Sides along u and along v, before the turn.
        height_m : float
            Of the roof above the ground.
        life : tuple of int
            Date indices from which (inclusive) to which (exclusive) it stands.
        turn : float
            Degrees clockwise against the site's axes.
        """
        rng = self.rng
        outline = self.frame.box(u, v, along_m, deep_m, turn)
        roof, wall = self.roof_paint(), self.plain(vary(rng, (0.2, 0.21, 0.21, 0.24)))
        decals: list[Decal] = []
        a, b, c, d = outline
        if rng.random() < 0.6:
            light = self.plain(vary(rng, (0.34, 0.37, 0.37, 0.38)))
            for s in np.arange(4, along_m - 4, float(rng.uniform(5, 11))):
                t = s / along_m
                start, end = a + t * (d - a), b + t * (c - b)
                decals += [
                    Decal(strip(start + f * (end - start), start + (f + 0.2) * (end - start), 1.1), light)
                    for f in (0.15, 0.62)
                ]
        rim = self.plain(vary(rng, (0.3, 0.31, 0.31, 0.33)))
        corners = inset(outline, 0.25)
        for k in range(4):
            decals.append(Decal(strip(corners[k], corners[(k + 1) % 4], 0.45), rim))
        for _ in range(int(rng.integers(0, 4))):
            s, t = rng.uniform(0.15, 0.85, 2)
            at = a + s * (b - a) + t * (d - a)
            decals.append(
                Decal(
                    blob(rng, at[0], at[1], float(rng.uniform(1, 5)), 2.0), KEEP_LABEL, int(rng.choice([85, 92, 108]))
                )
            )
        ridged = bool(rng.random() < 0.6)
        self.patch(self.frame.box(u, v, along_m + 3, deep_m + 3, turn), self.surface("concrete"), life=life)
        self.world.solids.append(Solid(outline, height_m, roof, wall, 0.0, "building", *life, ridged, tuple(decals)))
        for _ in range(int(rng.integers(0, 2 + int(along_m * deep_m / 260)))):
            s, t = rng.uniform(0.1, 0.9, 2)
            at = a + s * (b - a) + t * (d - a)
            vent = self.frame.box(0, 0, float(rng.uniform(0.9, 2.6)), float(rng.uniform(0.9, 2.2)), turn) + at
            self.world.solids.append(Solid(vent, height_m + 1.1, rim, wall, height_m, "none", *life))

    def mast(self, u: float, v: float, height_m: float, life: Life = FOREVER) -> None:
        """Add a light mast, of which little but the shadow shows.

        Parameters
        ----------
        u, v : float
            Place in metres.
        height_m : float
            Above the ground.
        life : tuple of int
            Date indices from which (inclusive) to which (exclusive) it stands.
        """
        steel = self.plain((0.3, 0.31, 0.31, 0.33))
        self.world.solids.append(Solid(self.frame.box(u, v, 0.45, 0.45), height_m, steel, steel, 0.0, "none", *life))

    def fence(self, u0: float, v0: float, u1: float, v1: float, life: Life = FOREVER) -> None:
        """Add a wire fence around a rectangle, with a gate and a worn strip.

        Parameters
        ----------
        u0, v0, u1, v1 : float
            Opposite corners in metres.
        life : tuple of int
            Date indices from which (inclusive) to which (exclusive) it stands.
        """
        ring = [(u0, v0), (u1, v0), (u1, v1), (u0, v1)]
        worn, wire = int(self.rng.choice([90, 106])), int(self.rng.uniform(66, 84))
        for k in range(4):
            a, b = self.frame.point(*ring[k]), self.frame.point(*ring[(k + 1) % 4])
            self.patch(strip(a, b, 1.6), KEEP_LABEL, life=life, tone=worn)
            gates = (0.0, 0.42, 0.55, 1.0) if k == 0 else (0.0, 1.0)
            for first, last in zip(gates[::2], gates[1::2], strict=True):
                self.patch(strip(a + first * (b - a), a + last * (b - a), 0.35), KEEP_LABEL, life=life, tone=wire)

    def mound(
        self, outline: Points, height_m: float, life: Life = FOREVER, name: str = "soil", run: float = 1.6
    ) -> None:
        """Add a heap, a berm or a pit.

        Parameters
        ----------
        outline : float64 (n, 2)
            Foot, or rim of a pit, in local ground metres.
        height_m : float
            Above the ground; below 0 for a pit.
        life : tuple of int
            Date indices from which (inclusive) to which (exclusive) it is there.
        name : str
            Surface, see `ground_paint`.
        run : float
            Metres outwards per metre of height: 1.6 is a slope of 32 degrees.
        """
        centre = outline.mean(axis=0)
        radius = float(np.median(np.hypot(*(outline - centre).T)))
        shrink = min(0.85, run * abs(height_m) / max(radius, 1.0))
        crest = centre + (outline - centre) * (1 - shrink)
        slope = self.surface(name)
        top = slope if height_m > 0 else self.surface(name)
        self.world.mounds.append(Mound(outline, crest, height_m, slope, top, "earthwork", *life))

    def tree(self, x: float, y: float, radius_m: float, life: Life = FOREVER) -> None:
        """Add a tree whose crown consists of lobes.

        Parameters
        ----------
        x, y : float
            Stem in local ground metres.
        radius_m : float
            Of the crown; the height is 1.3 to 2.4 times as much.
        life : tuple of int
            Date indices from which (inclusive) to which (exclusive) it stands.
        """
        rng = self.rng
        n = int(np.clip(3 + radius_m * 2.0, 4, 13))
        turn, away = rng.uniform(0, 2 * np.pi, n), radius_m * np.sqrt(rng.random(n)) * 0.72
        size = radius_m * rng.uniform(0.24, 0.46, n)
        lobes = np.column_stack([away * np.cos(turn), away * np.sin(turn), size, rng.uniform(80, 125, n)])
        lobes = np.vstack([[0, 0, 0.72 * radius_m, 78], lobes])
        height = radius_m * float(rng.uniform(1.3, 2.4))
        self.world.trees.append(Tree(x, y, height, int(rng.choice(self._woods)), lobes, *life))

    def wood(self, u: float, v: float, radius_m: float, count: int) -> None:
        """Add a clump of trees and bushes.

        Parameters
        ----------
        u, v : float
            Centre in metres.
        radius_m : float
            Standard deviation of the stems' distances from the centre along each axis.
        count : int
            How many trees.
        """
        x, y = self.frame.point(u, v)
        for _ in range(count):
            e, n = self.rng.normal(0, radius_m, 2)
            self.tree(float(x + e), float(y + n), float(self.rng.uniform(*CROWN_M)))

    def hedge(self, start: tuple[float, float], end: tuple[float, float], step_m: float) -> None:
        """Add a row of trees with gaps.

        Parameters
        ----------
        start, end : tuple of float
            Ends (u, v) in metres.
        step_m : float
            From stem to stem.
        """
        a, b = self.frame.point(*start), self.frame.point(*end)
        for s in np.arange(0, float(np.hypot(*(b - a))), step_m):
            if self.rng.random() < 0.75:
                x, y = a + (b - a) * s / np.hypot(*(b - a)) + self.rng.normal(0, 0.8, 2)
                self.tree(float(x), float(y), float(self.rng.uniform(1.2, 3.4)))
