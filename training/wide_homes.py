"""Colonies of houses with their annexes, and rakes of coaches and closed wagons, a few boxes beside either.

Half a roof, a porch and a coach's roof are each as wide as a container; what they belong to tells that they are none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely

from changedet.kernels.containers import LENGTH_OF_KIND_M
from changedet.simulate import structures
from changedet.simulate.builder import Builder
from changedet.simulate.elements import Decal, Solid
from changedet.simulate.grounds import clear, land
from changedet.simulate.materials import vary
from changedet.simulate.palette import Spectrum
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import blob
from changedet.simulate.stock import Stock
from training import wide_sites, wide_things
from training.network_sites import place
from training.vehicles import DARK, Parked, any_of, anywhere, piece, trailer, truck, van
from training.wide_roofs import SHEETS, TILES, sheet

WHITE: Spectrum = (0.6, 0.61, 0.6, 0.61)
LIVERIES: tuple[Spectrum, ...] = (
    (0.05, 0.055, 0.33, 0.42), (0.05, 0.05, 0.2, 0.3), WHITE, (0.42, 0.43, 0.43, 0.44), (0.22, 0.23, 0.23, 0.25),
    (0.28, 0.14, 0.06, 0.25), (0.1, 0.16, 0.07, 0.22), (0.06, 0.28, 0.46, 0.5), (0.35, 0.44, 0.46, 0.5), DARK,
)  # fmt: skip
"""Roofs of coaches: reds, white, silver, grey, blue, green, yellow, cream, sooty."""
CLOSED: tuple[Spectrum, ...] = (
    WHITE, WHITE, (0.48, 0.49, 0.48, 0.49), (0.3, 0.31, 0.31, 0.32), (0.15, 0.155, 0.16, 0.18),
    (0.06, 0.075, 0.15, 0.22), (0.05, 0.055, 0.26, 0.34), (0.25, 0.13, 0.06, 0.22),
)  # fmt: skip
"""Roofs of closed wagons: white, greys, brown, red, blue."""
APART_M = 2.2
"""Nearer to a house nothing is a container: what stands there is its porch or garage."""
ANNEXES = (WHITE, WHITE, (0.45, 0.46, 0.45, 0.46), (0.3, 0.31, 0.31, 0.33), *SHEETS, *LIVERIES)
"""Porches, garages and sheds."""


@dataclass(frozen=True)
class Style:
    """What the houses of one builder share: size and height, how roof, walls and annexes are painted, where these are.

    Lengths in metres; `annex` is its width, its length, and its place across and along the house in shares of both.
    """

    wide_m: float
    long_m: float
    turn_deg: float
    roofs: tuple[Spectrum, ...]
    hipped: bool
    annex: tuple[float, float, float, float]
    is_along: bool
    annex_paint: Spectrum
    gap_m: float

    @staticmethod
    def drawn(rng: np.random.Generator) -> Style:
        """Any style."""
        roofs = (TILES, TILES, SHEETS, LIVERIES)[int(rng.integers(4))]
        end = float(rng.choice([-1.0, 1.0]))
        at = (float(rng.uniform(-0.4, 0.4)), end) if rng.random() < 0.6 else (end, float(rng.uniform(-0.4, 0.4)))
        return Style(
            float(rng.uniform(6, 11.5)), float(rng.uniform(8, 16)), float(rng.choice([0.0, 90.0])), roofs,
            bool(rng.random() < 0.25), (float(rng.uniform(2.1, 3.6)), float(rng.uniform(4, 8)), *at),
            bool(rng.random() < 0.5), any_of(rng, ANNEXES), float(rng.choice([0.0, 0.0, 0.3, 0.8, 1.6])),
        )  # fmt: skip


def at(u: float, v: float, turn_deg: float, across: float, along: float) -> tuple[float, float]:
    """A place so many metres beside and ahead of a thing that is turned clockwise against v."""
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    return float(u + across * c + along * s), float(v - across * s + along * c)


def roofed(b: Builder, u: float, v: float, style: Style, size: tuple[float, float], turn: float) -> None:
    """A house's roof: two slopes or four, of which the sun leaves some in shade; windows, chimneys, panels."""
    rng = b.rng
    outline, roof = b.frame.box(u, v, *size, turn), sheet(b, style.roofs)
    wall = b.plain(vary(rng, (0.3, 0.31, 0.32, 0.34), 0.4))
    dark, half = int(rng.uniform(28, 88)), (0.5, 1.0) if rng.random() < 0.5 else (0.0, 0.5)
    marks = [Decal(piece(outline, (0, 1), half), KEEP_LABEL, dark)]
    if style.hipped:
        for s, tone in ((0.0, 75), (1.0, 112)):
            ends = np.array([piece(outline, (s, s), (t, t))[0] for t in (0.0, 1.0)])
            tip = piece(outline, (abs(s - 0.5 * size[0] / size[1]),) * 2, (0.5, 0.5))[0]
            marks.append(Decal(np.array([ends[0], tip, ends[1]]), roof, tone))
    if rng.random() < 0.6:
        marks.append(Decal(piece(outline, (0, 1), (0.485, 0.515)), KEEP_LABEL, int(rng.choice([75, 125]))))
    for _ in range(int(rng.integers(0, 4))):
        s, t = (float(c) for c in rng.uniform(0.08, 0.8, 2))
        window = piece(outline, (s, s + float(rng.uniform(0.6, 3.5)) / size[1]), (t, t + 0.12))
        marks.append(Decal(window, b.plain(any_of(rng, (DARK, DARK, (0.5, 0.5, 0.5, 0.5))))))
    b.world.solids.append(Solid(outline, float(rng.uniform(4, 9)), roof, wall, 0.0, "building", decals=tuple(marks)))


def annexed(b: Builder, u: float, v: float, style: Style, size: tuple[float, float], turn: float) -> None:
    """A porch, garage or shed at one side of a house, flat, of a 20-foot box's size or about."""
    rng = b.rng
    wide, long, across, along = style.annex
    wide, long = (wide, long) if style.is_along else (long, wide)
    off = (
        (across * size[0] / 2, np.sign(along) * (size[1] + long) / 2 + np.sign(along) * style.gap_m)
        if abs(along) == 1.0
        else (np.sign(across) * ((size[0] + wide) / 2 + style.gap_m), along * size[1] / 2)
    )
    roof = b.plain(vary(rng, style.annex_paint, 0.12), float(rng.uniform(0.01, 0.06)))
    outline = b.frame.box(*at(u, v, turn, float(off[0]), float(off[1])), wide, long, turn)
    marks = []
    if rng.random() < 0.3:
        marks = [Decal(piece(outline, (0, 1), (t, t + 0.05)), KEEP_LABEL, 85) for t in np.arange(0.1, 0.95, 0.2)]
    height = float(rng.uniform(2.1, 3.1))
    b.world.solids.append(Solid(outline, height, roof, roof, 0.0, "building", decals=tuple(marks)))


def colony(b: Builder) -> list[Parked]:
    """Streets of houses, alike or of all kinds, cut by the frame; annexes, pools, drives, vans, now and then a box."""
    rng = b.rng
    half, style = 0.5 * b.world.size_m, Style.drawn(b.rng)
    land(b, float(rng.uniform(0.1, 0.6)))
    clear(b, (-half, -half, half, half))
    if rng.random() < 0.6:
        b.patch(b.frame.box(0, 0, 2.4 * half, 2.4 * half), wide_sites.bare(b, wide_sites.BARE))
    mixed, loose = rng.random() < 0.4, float(rng.uniform(0, 2.5))
    step, found = float(rng.uniform(14, 26)), []
    for v in np.arange(-half - 4, half + 8, float(rng.uniform(32, 54))):
        b.road((-b.reach, float(v)), (b.reach, float(v)), float(rng.uniform(4, 8)), bool(rng.random() < 0.5))
        for side in (-1, 1):
            away = float(rng.uniform(10, 16))
            for u in np.arange(-half - float(rng.uniform(0, 12)), half + 8, step):
                own = Style.drawn(rng) if mixed and rng.random() < 0.6 else style
                if rng.random() < 0.88:
                    spot = float(u + rng.normal(0, loose)), float(v) + side * away + float(rng.normal(0, loose))
                    found += _plot(b, *spot, own, side)
    _boxes(b, half, int(rng.integers(0, 12)) if rng.random() < 0.75 else 0)
    return found


def _plot(b: Builder, u: float, v: float, style: Style, side: int) -> list[Parked]:
    """A house and what belongs to it."""
    rng = b.rng
    turn = style.turn_deg + float(rng.normal(0, 2))
    size = style.wide_m * float(rng.uniform(0.93, 1.07)), style.long_m * float(rng.uniform(0.93, 1.07))
    roofed(b, u, v, style, size, turn)
    if rng.random() < 0.75:
        annexed(b, u, v, style, size, turn)
    reach = max(size) / 2
    if rng.random() < 0.6:
        drive = b.frame.box(u + reach + 1.5, v - side * 7, float(rng.uniform(2.4, 4)), float(rng.uniform(6, 12)))
        b.patch(drive, b.surface("concrete"))
    if rng.random() < 0.3:
        blue = b.plain((0.42, 0.38, float(rng.uniform(0.1, 0.22)), 0.05), 0.02)
        spot = at(u, v, 0.0, float(rng.normal(0, 3)), side * (reach + 6.0))
        b.patch(b.frame.box(*spot, 6.0, 9.0), b.surface("concrete"))
        b.patch(b.frame.box(*spot, float(rng.uniform(2.5, 4)), float(rng.uniform(5, 8))), blue)
    if rng.random() < 0.35:
        structures.shed(b, u - reach - 1, v + side * (reach + 3), float(rng.choice([0, 90]) + rng.normal(0, 3)))
    b.wood(u - 7, v + side * 8, 3.0, int(rng.integers(0, 3)))
    if rng.random() < 0.2:
        kind = (van, van, truck, trailer)[int(rng.integers(4))]
        return [kind(b, u + reach + 1.5, v - side * 7, float(rng.choice([0, 180])))]
    return []


def _boxes(b: Builder, half: float, count: int) -> None:
    """Boxes alone in gardens and beside the road, none so near that it could belong to a house."""
    rng, stock = b.rng, Stock(b)
    built = [shapely.Polygon(s.outline) for s in b.world.solids if s.role != "none"]
    for _ in range(6 * count):
        u, v = anywhere(rng, half)
        kind = str(rng.choice(["20ft", "40ft"], p=[0.75, 0.25]))
        turn = float(rng.choice([0.0, 90.0]) + rng.normal(0, 8)) if rng.random() < 0.7 else float(rng.uniform(0, 180))
        body = shapely.Polygon(b.frame.box(u, v, 2.44, LENGTH_OF_KIND_M[kind], turn))
        if shapely.distance(built, body).min(initial=APART_M) >= APART_M:
            place(b, stock, u, v, turn, kind, 0.0)
            built.append(body)
            count -= 1
        if count <= 0:
            return


def rakes(b: Builder) -> list[Parked]:
    """Tracks with rakes of coaches and of closed wagons, trains of boxes between them, bare tracks."""
    return _tracks(b, (0.0, 0.25, 0.5))


def consists(b: Builder) -> list[Parked]:
    """The same with trains of boxes on most tracks: beside these, too, a car that is none is to be told."""
    return _tracks(b, (0.6, 0.7, 0.85))


def _tracks(b: Builder, shares: tuple[float, ...]) -> list[Parked]:
    """Tracks of which one of the shares holds trains of boxes, others rakes or nothing."""
    rng = b.rng
    land(b, 0.4)
    reach, count = b.reach, int(rng.integers(6, 25))
    pitch, middle = float(rng.uniform(4.1, 5.6)), float(rng.uniform(-0.1, 0.1)) * b.world.size_m
    wide = count * pitch
    clear(b, (-reach, middle - wide / 2 - 25, reach, middle + wide / 2 + 25), 2)
    ground = wide_sites.bare(b, (*wide_sites.BARE, *wide_sites.PAVED))
    b.patch(b.frame.box(0, middle, 2 * reach, wide + float(rng.uniform(4, 60))), ground, "rail")
    stock, bed = wide_sites.fleet_of(b), b.surface("ballast") if rng.random() < 0.6 else ground
    boxed = float(rng.choice(shares))
    livery, closed = any_of(rng, LIVERIES), any_of(rng, CLOSED)
    for k in range(count):
        v = middle + (k + 0.5) * pitch - wide / 2
        b.patch(b.frame.box(0, v, 2 * reach, 3.4), bed)
        wide_things.rails(b, v)
        use = rng.random()
        if use < boxed:
            wide_sites.train(b, stock, v, float(rng.uniform(0.4, 1)))
        elif use < 0.85:
            one = coach if rng.random() < 0.45 else closed_wagon
            paint = (livery if one is coach else closed) if rng.random() < 0.5 else None
            _rake(b, v, one, paint)
    return []


def _rake(b: Builder, v: float, one: Callable[..., float], paint: Spectrum | None) -> None:
    """Cars of a kind end to end, of one paint or of many, now and then one of another kind."""
    rng = b.rng
    u = float(rng.uniform(-1, 0.2)) * b.reach
    for _ in range(int(rng.integers(1, 14))):
        if u > b.reach:
            return
        kind = one if rng.random() < 0.9 else (coach, closed_wagon)[int(rng.integers(2))]
        colours = LIVERIES if kind is coach else CLOSED
        u += kind(b, u, v, vary(rng, paint, 0.06) if paint and rng.random() < 0.85 else any_of(rng, colours))
        u += float(rng.uniform(0.5, 1.5))


def coach(b: Builder, u: float, v: float, colour: Spectrum) -> float:
    """A coach from u on along u: shaded edges, round or square fittings in a row, units, doors' ends. Its length."""
    rng = b.rng
    length = float(rng.choice([16.0, 20.0, 23.5, 26.4]))
    outline = b.frame.box(u + length / 2, v, float(rng.uniform(2.7, 3.0)), length, 90.0)
    roof = b.plain(colour, float(rng.uniform(0.01, 0.06)))
    marks = [Decal(piece(outline, (0, 1), (0.0, float(rng.uniform(0.08, 0.25)))), KEEP_LABEL, int(rng.uniform(60, 96)))]
    marks.append(Decal(piece(outline, (0, 1), (0.8, 1.0)), KEEP_LABEL, int(rng.uniform(88, 118))))
    fitting = b.plain(any_of(rng, (DARK, DARK, WHITE, (0.3, 0.3, 0.3, 0.3))))
    first, step, size = float(rng.uniform(1, 4)), float(rng.uniform(1.6, 6)), float(rng.uniform(0.3, 0.7))
    middle, many = float(rng.choice([0.5, 0.5, 0.35])), int(rng.integers(0, 11))
    for s in np.arange(first, length - 1, step)[:many]:
        x, y = piece(outline, (s / length,) * 2, (middle,) * 2)[0]
        marks.append(Decal(blob(rng, float(x), float(y), size, 1.1, 8), fitting))
    for _ in range(int(rng.integers(0, 4))):
        s, t = float(rng.uniform(0.04, 0.85)), float(rng.uniform(0.8, 3.5)) / length
        tone = int(rng.choice([55, 75, 90, 118, 135]))
        marks.append(Decal(piece(outline, (s, s + t), (0.2, 0.8)), KEEP_LABEL, tone))
    if rng.random() < 0.3:
        marks += [Decal(piece(outline, span), KEEP_LABEL, 70) for span in ((0.0, 0.03), (0.97, 1.0))]
    b.world.solids.append(Solid(outline, 4.0, roof, roof, 0.0, "object", decals=tuple(marks)))
    return length


def closed_wagon(b: Builder, u: float, v: float, colour: Spectrum) -> float:
    """A covered, sliding-wall or hopper wagon from u on along u: seams, ribs, hatches, a ridge. Its length."""
    rng = b.rng
    length = float(rng.choice([10.0, 12.5, 14.0, 15.5, 16.4, 21.7, 23.2]))
    outline = b.frame.box(u + length / 2, v, float(rng.uniform(2.6, 3.0)), length, 90.0)
    roof = b.plain(colour, float(rng.uniform(0.01, 0.08)))
    marks: list[Decal] = []
    if rng.random() < 0.5:
        marks.append(Decal(piece(outline, (0, 1), (0.0, float(rng.uniform(0.1, 0.5)))), KEEP_LABEL, 85))
    if rng.random() < 0.6:
        step, tone = float(rng.uniform(0.8, 7.5)) / length, int(rng.choice([70, 82, 90, 112]))
        cuts = np.arange(step, 1 - 0.02, step)
        marks += [
            Decal(piece(outline, (s, s + float(rng.choice([0.12, 0.3])) / length)), KEEP_LABEL, tone) for s in cuts
        ]
    if rng.random() < 0.5:
        lid = b.plain(any_of(rng, (DARK, DARK, (0.3, 0.3, 0.3, 0.3), WHITE)))
        wide, long = float(rng.uniform(0.12, 0.35)), float(rng.uniform(0.5, 1.6)) / length
        for s in np.linspace(0.08, 0.92 - long, int(rng.integers(1, 7))):
            marks.append(Decal(piece(outline, (s, s + long), (0.5 - wide / 2, 0.5 + wide / 2)), lid))
    if rng.random() < 0.25:
        marks.append(Decal(piece(outline, (0, 1), (0.42, 0.58)), KEEP_LABEL, int(rng.choice([75, 118]))))
    if rng.random() < 0.2:
        s = float(rng.uniform(0.3, 0.7))
        marks.append(Decal(piece(outline, (s, 1.0)), KEEP_LABEL, int(rng.choice([80, 116]))))
    b.world.solids.append(Solid(outline, float(rng.uniform(3.6, 4.4)), roof, roof, 0.0, "object", decals=tuple(marks)))
    return length


SITES: dict[str, Callable[[Builder], list[Parked]]] = {"colony": colony, "rakes": rakes, "consists": consists}
