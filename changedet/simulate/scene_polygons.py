"""What stands on a date as polygons, the lowest first: what is drawn, how it faces the sun, where shadows fall."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from changedet.arrays import Ints
from changedet.kernels.containers import HEIGHT_M
from changedet.simulate.elements import Container, Mound, Patch, Solid, Tree
from changedet.simulate.looks import Look
from changedet.simulate.raster import FULL, KEEP, KEEP_LABEL, NO_SHADOW
from changedet.simulate.shapes import Points, counterclockwise, inset
from changedet.simulate.world import World

LEVELS = 6
"""Shadows are cast on the ground and on this many container tops."""
_CIRCLE = np.column_stack([f(np.linspace(0, 2 * np.pi, 9, endpoint=False)) for f in (np.cos, np.sin)])


@dataclass(frozen=True)
class PolygonSet:
    """Polygons in the order in which they are drawn.

    Attributes
    ----------
    verts : float64 (n, 2)
        Corners in local ground metres.
    offsets : int64 (k + 1,)
        Where each polygon's corners begin.
    numbers : int64 (k, c)
        What `raster.fill` (c = 4) or `raster.fill_bits` (c = 1) does with each.
    bounds : float64 (k, 4)
        West, south, east, north.
    """

    verts: Points
    offsets: Ints
    numbers: Ints
    bounds: Points

    def near(self, west: float, south: float, east: float, north: float) -> Ints:
        """Polygons whose bounds meet a box.

        Parameters
        ----------
        west, south, east, north : float
            Local ground metres.

        Returns
        -------
        int64 (m,)
            Their numbers, in drawing order.
        """
        b = self.bounds
        return np.nonzero((b[:, 0] <= east) & (b[:, 2] >= west) & (b[:, 1] <= north) & (b[:, 3] >= south))[0]


class _PolygonList:
    """Collects polygons; `in_order` sorts them by storey, distance from the sensor and order of arrival."""

    def __init__(self) -> None:
        self.polygons: list[Points] = []
        self.numbers: list[tuple[int, ...]] = []
        self.keys: list[tuple[float, float]] = []
        self.key = (0.0, 0.0)

    def add(self, outline: Points, *numbers: int) -> None:
        self.polygons.append(outline)
        self.numbers.append(numbers)
        self.keys.append(self.key)

    def in_order(self, width: int) -> PolygonSet:
        keys = np.array(self.keys, float).reshape(-1, 2)
        order = np.lexsort((np.arange(len(keys)), keys[:, 1], keys[:, 0]))
        polygons = [self.polygons[k] for k in order]
        counts = [len(p) for p in polygons]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        verts = np.concatenate(polygons) if polygons else np.zeros((0, 2))
        numbers = np.array([self.numbers[k] for k in order], np.int64).reshape(-1, width)
        starts = offsets[:-1]
        edges = (np.minimum, np.minimum, np.maximum, np.maximum)
        columns = [f.reduceat(verts[:, k % 2], starts) for k, f in enumerate(edges)] if polygons else [np.zeros(0)] * 4
        return PolygonSet(verts, offsets, numbers, np.column_stack(columns))


def _level(top_m: float) -> int:
    """The shadow level of a roof: shadows that reach it come from what is higher."""
    return max(1, min(LEVELS - 1, round(top_m / HEIGHT_M))) if top_m < 16 else NO_SHADOW


class _Painter:
    def __init__(self, world: World, index: int) -> None:
        self.world, self.index = world, index
        self.look: Look = world.looks[index]
        self.fine = self.look.gsd_m < 2.0
        self.seen, self.shade = _PolygonList(), _PolygonList()

    def facing(self, east: float, north: float, up: float) -> int:
        """Sun factor in percent of a face with this normal; a level face has 100."""
        sun = self.look.sun
        norm = max(1e-9, float(np.sqrt(east * east + north * north + up * up)))
        return int(np.clip(100 * (east * sun[0] + north * sun[1] + up * sun[2]) / (norm * sun[2]), 0, 250))

    def cast(self, outline: Points, base_m: float, top_m: float) -> None:
        """Shadows of an upright body on every level below its top."""
        for level in range(min(_level(top_m), LEVELS)):
            plane = level * HEIGHT_M
            here = outline + self.look.lean * plane
            low = here + self.look.shadow * max(0.0, base_m - plane)
            high = here + self.look.shadow * max(0.0, top_m - plane)
            bit = 1 << level
            self.shade.add(high, bit)
            if base_m <= plane:
                self.shade.add(low, bit)
            for k in range(len(outline)):
                j = (k + 1) % len(outline)
                self.shade.add(np.array([low[k], low[j], high[j], high[k]]), bit)

    def body(self, outline: Points, base_m: float, top_m: float, roof: int, wall: int, edge: int = 0) -> None:
        """Visible walls, then the roof where the view sets it."""
        outline = counterclockwise(outline)
        low, high = outline + self.look.lean * base_m, outline + self.look.lean * top_m
        if self.fine and self.look.off_nadir_deg > 1.0:
            for k in range(len(outline)):
                j = (k + 1) % len(outline)
                e, n = outline[j] - outline[k]
                if n * self.look.lean[0] - e * self.look.lean[1] < 0:
                    self.seen.add(
                        np.array([low[k], low[j], high[j], high[k]]),
                        wall,
                        min(90, self.facing(n, -e, 0)),
                        NO_SHADOW,
                        88,
                    )
        self.seen.add(high, roof, FULL, _level(top_m), edge or 100)

    def at(self, outline: Points, base_m: float) -> None:
        """Things nearer to the sensor come later, what rests on others after them."""
        lean = self.look.lean
        centre = outline.mean(axis=0)
        self.seen.key = (1.0 if base_m < 1.1 else 2.0, -float(centre @ lean) / (float(np.hypot(*lean)) + 1e-9))

    def patch(self, patch: Patch) -> None:
        keep = patch.label == KEEP_LABEL
        self.seen.add(patch.outline, patch.label, KEEP if keep else patch.sun, KEEP if keep else 0, patch.tone)

    def mound(self, mound: Mound) -> None:
        foot, crest = mound.foot, mound.crest
        up = abs(mound.height_m)
        sign = 1.0 if mound.height_m > 0 else -1.0
        for k in range(len(foot)):
            j = (k + 1) % len(foot)
            face = np.array([foot[k], foot[j], crest[j], crest[k]])
            out = (foot[k] + foot[j] - crest[k] - crest[j]) / 2
            run = max(0.3, float(np.hypot(*out)))
            e, n = out / run * (up / run) * sign
            self.seen.add(face, mound.slope, self.facing(float(e), float(n), 1.0), 0, 100)
        self.seen.add(crest, mound.top, FULL, NO_SHADOW if mound.height_m > 0 else 0, 100)
        if mound.height_m > 0:
            self.cast(crest, 0.0, up)
        else:
            self._rim(mound)

    def _rim(self, pit: Mound) -> None:
        """The rim on the sun's side shades the floor."""
        fall = self.look.shadow * abs(pit.height_m)
        rim = counterclockwise(pit.foot)
        for k in range(len(rim)):
            j = (k + 1) % len(rim)
            e, n = rim[j] - rim[k]
            if fall[0] * n - fall[1] * e < 0:
                self.shade.add(np.array([rim[k], rim[j], rim[j] + 0.6 * fall, rim[k] + 0.6 * fall]), 1)

    def solid(self, solid: Solid) -> None:
        self.at(solid.outline, solid.base_m)
        self.body(solid.outline, solid.base_m, solid.height_m, solid.roof, solid.wall)
        lean = self.look.lean * solid.height_m
        level = _level(solid.height_m)
        if solid.ridged:
            a, b, c, d = solid.outline
            for half, out in (
                (np.array([a, b, (b + c) / 2, (a + d) / 2]), a - d),
                (np.array([(a + d) / 2, (b + c) / 2, c, d]), d - a),
            ):
                e, n = out / max(1e-9, float(np.hypot(*out))) * 0.14
                self.seen.add(half + lean, solid.roof, self.facing(float(e), float(n), 1.0), level, 100)
        for decal in solid.decals:
            self.seen.add(decal.outline + lean, decal.label, KEEP, level, decal.tone)
        self.cast(solid.outline, solid.base_m, solid.height_m)

    def stack(self, base_m: float, boxes: list[Container]) -> None:
        outlines = [self.world.box_outline(box) for box in boxes]
        self.at(outlines[0], base_m)
        for k, (box, outline) in enumerate(zip(boxes, outlines, strict=True)):
            top = base_m + (k + 1) * HEIGHT_M
            last = k == len(boxes) - 1
            self.body(outline, top - HEIGHT_M, top, box.label, box.label, box.edge_tone)
            if last and self.fine:
                lean = self.look.lean * top
                self.seen.add(inset(outline, 0.13) + lean, box.label, FULL, _level(top), 100)
                for decal in box.decals:
                    self.seen.add(decal.outline + lean, decal.label, KEEP, KEEP, decal.tone)
        self.cast(outlines[-1], base_m, base_m + len(boxes) * HEIGHT_M)

    def occlusion(self, outlines: Iterable[Points]) -> None:
        """Less sky reaches the ground close to a box, least between two."""
        for outline in outlines:
            for by, tone in ((-0.45, 90), (-0.2, 78)):
                self.seen.add(inset(outline, by), KEEP_LABEL, KEEP, KEEP, tone)

    def tree(self, tree: Tree) -> None:
        sun, lean = self.look.sun[:2], self.look.lean
        foot = np.array([tree.x, tree.y])
        top = foot + lean * tree.height_m * 0.7
        self.at(foot[None], 0.0)
        lobes = tree.lobes if self.fine else tree.lobes[:1]
        for e, n, radius, _ in lobes:
            for height in (0.35, 0.7, 0.95):
                fall = self.look.shadow * min(30.0, tree.height_m) * height
                self.shade.add(_CIRCLE * radius * 0.95 + foot + fall + (e, n), 1)
        for e, n, radius, tone in lobes:
            self.seen.add(_CIRCLE * radius + top + (e, n), tree.label, 38, NO_SHADOW, int(tone))
        for e, n, radius, tone in lobes:
            for size, share, light in ((0.82, 0.18, 72), (0.6, 0.36, 100), (0.32, 0.5, 125)):
                self.seen.add(
                    _CIRCLE * radius * size + top + (e, n) + sun * radius * share,
                    tree.label,
                    light,
                    NO_SHADOW,
                    int(tone),
                )


_Lasting = TypeVar("_Lasting", Patch, Solid, Mound, Tree)


def _standing(things: Iterable[_Lasting], index: int) -> Iterator[_Lasting]:
    return (thing for thing in things if thing.born <= index < thing.gone)


def scene_polygons(world: World, index: int) -> tuple[PolygonSet, PolygonSet]:
    """What is drawn on a date, and what is shaded.

    Parameters
    ----------
    world : World
        The site.
    index : int
        Number of the date.

    Returns
    -------
    seen : PolygonSet
        Surfaces with label, sun factor, shadow level and tone, displaced with their height as the view has it.
    shade : PolygonSet
        Cast shadows, with the bit of the level that they fall on.
    """
    painter = _Painter(world, index)
    for patch in _standing(world.patches, index):
        painter.patch(patch)
    for mound in _standing(world.mounds, index):
        painter.mound(mound)
    stacks = world.stacks(index)
    if painter.fine:
        painter.occlusion(
            world.box_outline(boxes[-1]) for slot, boxes in stacks.items() if world.slots[slot].base_m == 0
        )
    for solid in _standing(world.solids, index):
        painter.solid(solid)
    for slot, boxes in stacks.items():
        painter.stack(world.slots[slot].base_m, boxes)
    for tree in _standing(world.trees, index):
        painter.tree(tree)
    return painter.seen.in_order(4), painter.shade.in_order(1)
