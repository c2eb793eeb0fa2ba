"""Lays out land, roads, rails, buildings, trees: each call adds one believable thing to a world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from changedet.simulate.materials import BARE_WOOD, CONIFER, DIRT, LEAF, ROOFS, Paint, Spectrum, ground_paint, vary
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Frame, Points, blob, inset, roughen, strip
from changedet.simulate.world import ALWAYS, NEVER, Decal, Mound, Patch, Role, Solid, Tree, World

Life = tuple[int, int]
FOREVER: Life = (ALWAYS, NEVER)


class Builder:
    """Adds elements on the site's own axes (u along the road, v across, metres)."""

    def __init__(self, world: World, rng: np.random.Generator) -> None:
        self.world, self.rng = world, rng
        self.frame = Frame(float(rng.uniform(0, 360)), bool(rng.random() < 0.5))
        self.reach = 0.78 * world.size_m
        self._woods = [self._wood() for _ in range(7)]
        self._plain: dict[tuple[Spectrum, float], int] = {}
        self.roof_style = float(rng.random())

    # -- paints ---------------------------------------------------------------------------------------------------

    def _wood(self) -> int:
        rng = self.rng
        if rng.random() < 0.3:
            return self.world.palette.add(Paint(vary(rng, CONIFER), grain=0.22, medium=0.05, snow=0.45, wet=0.0))
        bare = vary(rng, BARE_WOOD)
        return self.world.palette.add(
            Paint(vary(rng, LEAF, 0.25), grain=0.25, medium=0.08, dormant=bare, snow=0.25, wet=0.0)
        )

    def plain(self, colour: Spectrum, grain: float = 0.03) -> int:
        """Label of a plain paint, made once."""
        if (colour, grain) not in self._plain:
            paint = Paint(colour, DIRT, 0.05, 0.05, 0.05, grain, snow=0.8, wet=0.05)
            self._plain[colour, grain] = self.world.palette.add(paint)
        return self._plain[colour, grain]

    def surface(
        self, name: str, turn_deg: float = 0.0, stripes: tuple[float, float, float, float] | None = None
    ) -> int:
        """Label of a new ground surface; `stripes` (see `Paint`) replaces its own."""
        paint = ground_paint(self.rng, name, self.frame.angle_deg + turn_deg)
        return self.world.palette.add(replace(paint, stripes=stripes) if stripes else paint)

    # -- land -----------------------------------------------------------------------------------------------------

    def patch(self, outline: Points, label: int, role: Role = "none", life: Life = FOREVER, tone: int = 100) -> None:
        """A flat surface."""
        self.world.patches.append(Patch(outline, label, tone, 100, role, *life))

    def land(self, names: tuple[str, ...], cell_m: float) -> None:
        """A quilt of fields under everything."""
        rng, reach = self.rng, self.reach
        n = int(np.ceil(2 * reach / cell_m)) + 1
        grid = np.linspace(-reach, reach, n)
        u, v = np.meshgrid(grid, grid)
        u, v = u + rng.normal(0, 0.13 * cell_m, u.shape), v + rng.normal(0, 0.13 * cell_m, v.shape)
        turn = [self.surface(name, float(rng.choice([0, 90]) + rng.normal(0, 4))) for name in names for _ in range(3)]
        for r in range(n - 1):
            for q in range(n - 1):
                if rng.random() < 0.35:
                    continue
                ring = [(r, q), (r, q + 1), (r + 1, q + 1), (r + 1, q)]
                outline = np.array([self.frame.point(u[k], v[k]) for k in ring])
                self.patch(roughen(rng, outline, 3.0, float(rng.uniform(0.2, 1.2))), int(rng.choice(turn)))
                if rng.random() < 0.3:
                    self.track(outline[0], outline[1], float(rng.uniform(1.5, 3.5)))

    def track(self, a: Points, b: Points, width_m: float) -> None:
        """A worn path."""
        dirt = self.plain(vary(self.rng, DIRT), 0.07)
        for outline in self._winding(a, b, width_m):
            self.patch(outline, dirt)

    def _winding(self, a: Points, b: Points, width_m: float, sway: float = 0.06) -> list[Points]:
        n = max(2, int(np.hypot(*(b - a)) / 14))
        t = np.linspace(0, 1, n + 1)[:, None]
        side = np.array([-(b - a)[1], (b - a)[0]])
        path = (
            a
            + t * (b - a)
            + np.sin(np.pi * t) * side * self.rng.normal(0, sway)
            + np.sin(2 * np.pi * t) * side * self.rng.normal(0, sway / 2)
        )
        return [strip(path[k] - 0.02 * (path[k + 1] - path[k]), path[k + 1], width_m) for k in range(n)]

    def blotches(
        self,
        outline: Points,
        count: int,
        radius_m: tuple[float, float],
        tone: tuple[float, float],
        life: Life = FOREVER,
    ) -> None:
        """Stains and worn spots inside a quadrangle."""
        for _ in range(count):
            s, t = self.rng.random(2)
            at = (1 - s) * ((1 - t) * outline[0] + t * outline[1]) + s * ((1 - t) * outline[3] + t * outline[2])
            radius = float(np.exp(self.rng.uniform(*np.log(radius_m))))
            spot = blob(self.rng, at[0], at[1], radius, float(self.rng.uniform(1, 2.5)))
            self.patch(spot, KEEP_LABEL, life=life, tone=int(self.rng.uniform(*tone)))

    def tyre_tracks(self, outline: Points, count: int, life: Life = FOREVER) -> None:
        """Pairs of wheel marks across a quadrangle."""
        for _ in range(count):
            a, b = (outline[0] + (outline[2] - outline[0]) * self.rng.random(2) for _ in range(2))
            a = a if self.rng.random() < 0.5 else outline[1] + (outline[3] - outline[1]) * self.rng.random()
            if np.hypot(*(b - a)) < 15:
                continue
            tone = int(self.rng.choice([84, 88, 92, 108, 114]))
            side = np.array([-(b - a)[1], (b - a)[0]]) / np.hypot(*(b - a))
            for piece in self._winding(a, b, 0.55, 0.12):
                for off in (-0.95, 0.95):
                    self.patch(piece + side * off, KEEP_LABEL, life=life, tone=tone)

    # -- ways -----------------------------------------------------------------------------------------------------

    def road(
        self, start: tuple[float, float], end: tuple[float, float], width_m: float, marked: bool, life: Life = FOREVER
    ) -> None:
        """A paved road with verges, wheel lanes, kerbs and lines."""
        a, b = self.frame.point(*start), self.frame.point(*end)
        role: Role = "road"
        length = float(np.hypot(*(b - a)))
        along = (b - a) / length
        side = np.array([-along[1], along[0]])
        asphalt = self.surface("asphalt")
        self.patch(strip(a, b, width_m + self.rng.uniform(1.5, 4)), self.surface("dirt"), life=life)
        self.patch(strip(a, b, width_m + 0.7), self.plain((0.17, 0.19, 0.21, 0.25)), life=life)
        self.patch(strip(a, b, width_m), asphalt, role, life)
        for off in (-0.3, -0.18, 0.18, 0.3):
            self.patch(strip(a + side * off * width_m, b + side * off * width_m, 0.7), KEEP_LABEL, life=life, tone=94)
        if marked:
            white = self.plain((0.36, 0.38, 0.38, 0.4))
            for off in (-0.46, 0.46):
                self.patch(strip(a + side * off * width_m, b + side * off * width_m, 0.14), white, life=life)
            for s in np.arange(0, length - 3, 9.0):
                self.patch(strip(a + along * s, a + along * (s + 3), 0.14), white, life=life)
        for s in np.arange(self.rng.uniform(0, 60), length, 70.0):
            mend = (
                strip(a + along * s, a + along * (s + self.rng.uniform(2, 12)), width_m * 0.4) + side * width_m * 0.22
            )
            self.patch(mend, KEEP_LABEL, life=life, tone=int(self.rng.choice([86, 90, 108])))

    def rails(self, v: float, tracks: int, life: Life = FOREVER) -> list[float]:
        """Parallel tracks along u: ballast, sleepers, rails; returns their v."""
        places = [v + 4.7 * k for k in range(tracks)]
        reach = self.reach
        middle, width = (places[0] + places[-1]) / 2, places[-1] - places[0] + 5.6
        self.patch(self.frame.box(0, middle, 2 * reach, width + 2.5), self.surface("dirt"), life=life)
        self.patch(self.frame.box(0, middle, 2 * reach, width), self.surface("ballast"), "rail", life)
        sleeper = self.surface("ballast", stripes=(0.62, self.frame.angle_deg - 90, 0.22, 0.0))
        rail = self.plain(vary(self.rng, (0.10, 0.11, 0.13, 0.17)), 0.02)
        for place in places:
            self.patch(self.frame.box(0, place, 2 * reach, 2.6), sleeper, life=life, tone=int(self.rng.uniform(80, 98)))
            for off in (-0.72, 0.72):
                self.patch(self.frame.box(0, place + off, 2 * reach, 0.16), rail, life=life)
        return places

    # -- bodies ---------------------------------------------------------------------------------------------------

    def roof_paint(self, pick: int | None = None) -> int:
        """A sheet or felt roof, its seams across the house."""
        rng = self.rng
        colour = vary(rng, ROOFS[int(rng.integers(len(ROOFS))) if pick is None else pick])
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
        """A warehouse or shed with roof lights, vents and a rim."""
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
        """A light mast: next to nothing but its shadow."""
        steel = self.plain((0.3, 0.31, 0.31, 0.33))
        self.world.solids.append(Solid(self.frame.box(u, v, 0.45, 0.45), height_m, steel, steel, 0.0, "none", *life))

    def fence(self, u0: float, v0: float, u1: float, v1: float, life: Life = FOREVER) -> None:
        """A wire fence around a rectangle, with a gate and a worn strip."""
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
        """A heap, berm or (height below 0) pit."""
        centre = outline.mean(axis=0)
        radius = float(np.median(np.hypot(*(outline - centre).T)))
        shrink = min(0.85, run * abs(height_m) / max(radius, 1.0))
        crest = centre + (outline - centre) * (1 - shrink)
        slope = self.surface(name)
        top = slope if height_m > 0 else self.surface(name)
        self.world.mounds.append(Mound(outline, crest, height_m, slope, top, "earthwork", *life))

    # -- trees ----------------------------------------------------------------------------------------------------

    def tree(self, x: float, y: float, radius_m: float, life: Life = FOREVER) -> None:
        """A crown of lobes."""
        rng = self.rng
        n = int(np.clip(3 + radius_m * 2.0, 4, 13))
        turn, away = rng.uniform(0, 2 * np.pi, n), radius_m * np.sqrt(rng.random(n)) * 0.72
        size = radius_m * rng.uniform(0.24, 0.46, n)
        lobes = np.column_stack([away * np.cos(turn), away * np.sin(turn), size, rng.uniform(80, 125, n)])
        lobes = np.vstack([[0, 0, 0.72 * radius_m, 78], lobes])
        height = radius_m * float(rng.uniform(1.3, 2.4))
        self.world.trees.append(Tree(x, y, height, int(rng.choice(self._woods)), lobes, *life))

    def wood(self, u: float, v: float, radius_m: float, count: int, size_m: tuple[float, float] = (1.2, 4.5)) -> None:
        """A clump of trees and bushes."""
        x, y = self.frame.point(u, v)
        for _ in range(count):
            e, n = self.rng.normal(0, radius_m, 2)
            self.tree(float(x + e), float(y + n), float(self.rng.uniform(*size_m)))

    def hedge(self, start: tuple[float, float], end: tuple[float, float], step_m: float) -> None:
        """A row of trees, with gaps."""
        a, b = self.frame.point(*start), self.frame.point(*end)
        for s in np.arange(0, float(np.hypot(*(b - a))), step_m):
            if self.rng.random() < 0.75:
                x, y = a + (b - a) * s / np.hypot(*(b - a)) + self.rng.normal(0, 0.8, 2)
                self.tree(float(x), float(y), float(self.rng.uniform(1.2, 3.4)))
