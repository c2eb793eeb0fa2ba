"""The kinds `colonies` and `rakes`: houses with their annexes, and rakes of coaches and closed wagons, boxes beside.

Half a gabled roof, a porch and a piece of a coach's roof are each as wide as a container: what they belong to tells
that they are none. Each street and each rake has its own sizes, paints and fittings; some boxes stand in gardens and on
wagons between.
"""

from __future__ import annotations

import numpy as np
import things as T
from lookalikes import tone
from mesh import WATER, paint, shade
from parts import Slot

FLAT = (
    (0.60, 0.61, 0.60, 0.61), (0.60, 0.61, 0.60, 0.61), (0.45, 0.46, 0.46, 0.48), (0.33, 0.34, 0.34, 0.36),
    (0.22, 0.23, 0.23, 0.25),
)  # fmt: skip
"""Flat roofs of porches, garages, closed wagons: white and greys (blue, green, red, near infrared)."""
LIVERIES = (
    (0.045, 0.05, 0.30, 0.40), (0.045, 0.05, 0.18, 0.28), (0.58, 0.59, 0.58, 0.59), (0.40, 0.41, 0.41, 0.42),
    (0.22, 0.23, 0.23, 0.25), (0.28, 0.14, 0.06, 0.28), (0.09, 0.15, 0.06, 0.22), (0.06, 0.28, 0.46, 0.52),
    (0.34, 0.43, 0.46, 0.52), (0.06, 0.062, 0.065, 0.08),
)  # fmt: skip
WAGONS = (*FLAT, (0.06, 0.075, 0.15, 0.22), (0.045, 0.05, 0.24, 0.34), (0.12, 0.13, 0.14, 0.17))
COACH_M, CLOSED_M = (18.0, 20.0, 23.5, 26.4), (10.0, 12.5, 14.0, 15.5, 16.4, 21.7, 23.2)
APART_M = 6.5
"""From a house's walls to the middle of a box in its garden: what stands nearer is its porch or garage."""


def coat(rng, colours, dirt=0.25, **kw):
    """A roof in one of the colours, weathered to its own degree."""
    base = np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.8, 1.1)
    return paint(base, 0.04, 2, 4, dirt=rng.uniform(0.0, dirt), dirt_bgrn=base * 0.6, seed=rng.uniform(0, 60), **kw)


def moved(x, y, yaw, u, v):
    return x + u * np.cos(yaw) - v * np.sin(yaw), y + u * np.sin(yaw) + v * np.cos(yaw)


def hipped(m, x, y, z, length, width, eave, ridge, yaw, roof, wall):
    """A roof of four slopes over walls."""
    m.box(x, y, z, length, width, eave - 0.05, yaw, wall)
    low = m.rect(x, y, z + eave, length + 0.8, width + 0.8, yaw)
    half = max((length - width) / 2, 0.3)
    a, b = ([*moved(x, y, yaw, k * half, 0.0), z + ridge] for k in (-1, 1))
    m.quads([[low[0], low[1], b, a], [low[2], low[3], a, b], [low[1], low[2], b, b], [low[3], low[0], a, a]], roof)


class Street:
    """What the houses of one builder share."""

    def __init__(self, rng):
        self.size = rng.uniform(8, 16), rng.uniform(6, 11)
        self.eave, self.pitch = rng.uniform(2.4, 6.0), rng.uniform(0.25, 1.1)
        self.form = str(rng.choice(["gable", "gable", "gable", "hip", "flat"]))
        self.roof = tone(rng)
        self.mixed, self.yaw = rng.random() < 0.5, rng.choice([0.0, np.pi / 2])
        self.annex = rng.uniform(4.2, 8.0), rng.uniform(2.2, 3.4)
        self.place = str(rng.choice(["end", "side", "corner"]))
        self.gap, self.high = rng.choice([0.0, 0.0, 0.4, 1.2]), rng.uniform(2.2, 3.2)
        self.along, self.white = rng.random() < 0.6, coat(rng, FLAT)
        self.sign = rng.choice([-1, 1]), rng.choice([-1, 1])


def house(m, rng, street, x, y, z, yaw):
    """A house of a street with its windows, chimney and, mostly, an annex."""
    long, wide = (n * rng.uniform(0.94, 1.06) for n in street.size)
    roof = tone(rng) if street.mixed and rng.random() < 0.5 else shade(street.roof, rng.normal(1, 0.05))
    roof = paint(roof[:4], 0.07, 1.5, 3, dirt=0.2, bump=rng.choice([0.0, 0.1, 0.2]), period=0.4, seed=x)
    wall, ridge = paint(T.WALL[rng.integers(4)]), street.eave + wide / 2 * street.pitch
    m.roof("house", x, y, long, wide, yaw)
    if street.form == "hip":
        hipped(m, x, y, z, long, wide, street.eave, ridge, yaw, roof, wall)
    elif street.form == "flat":
        m.box(x, y, z, long, wide, street.eave, yaw, roof, wall)
        for s in (-1, 1):
            m.box(x, y, z + street.eave, long, 0.3, 0.35, yaw, shade(roof, 1.1), dy=s * (wide / 2 - 0.15))
    else:
        m.gable(x, y, z, long, wide, street.eave, ridge, yaw, roof, wall, 0.4)
        if rng.random() < 0.6:
            side = rng.choice([-1, 1])
            for u in rng.uniform(-0.4, 0.4, int(rng.integers(1, 5))) * long:
                low, high = (
                    np.array([*moved(x, y, yaw, u, side * v * wide), z + ridge - (ridge - street.eave) * 2 * v + 0.06])
                    for v in (0.32, 0.2)
                )
                step = np.array([np.cos(yaw), np.sin(yaw), 0.0]) * rng.uniform(0.8, 3.0)
                m.quads([[low, low + step, high + step, high]], T.GLASS)
    m.box(x, y, z + ridge - 1.0, 0.7, 0.8, 1.6, yaw, T.RUBBER, dx=rng.uniform(-0.35, 0.35) * long, dy=0.6)
    if rng.random() < 0.8:
        annex(m, rng, street, (x, y, z), (long, wide), yaw)


def annex(m, rng, street, at, size, yaw):
    """A porch, garage, carport or shed beside a house."""
    a, b = street.annex if street.along else street.annex[::-1]
    u, v = size[0] / 2 + a / 2 + street.gap, size[1] / 2 + b / 2 + street.gap
    du = {"end": street.sign[0] * u, "side": rng.uniform(-0.3, 0.3) * size[0], "corner": street.sign[0] * u}
    dv = {"end": rng.uniform(-0.2, 0.2) * size[1], "side": street.sign[1] * v, "corner": street.sign[1] * (v - b)}
    x, y = moved(at[0], at[1], yaw, du[street.place], dv[street.place])
    own = shade(street.white, rng.normal(1, 0.05)) if rng.random() < 0.75 else tone(rng)
    use = rng.random()
    if use < 0.15:
        m.box(x, y, at[2] + street.high - 0.2, a, b, 0.2, yaw, own)
    elif use < 0.35:
        m.gable(x, y, at[2], a, b, 2.2, 2.2 + b * 0.3, yaw, own, paint(T.WALL[rng.integers(4)]), 0.15)
    else:
        m.box(x, y, at[2], a, b, street.high, yaw, own, paint(T.WALL[rng.integers(4)]))


def coach(m, rng, style, x, y, z, long, own):
    """A coach: arched roof, fittings in a row, units, gangways at its ends."""
    wide, high = style["wide"], 3.2
    m.box(x, y, z + 0.9, long, wide, high - 0.9, 0.0, own, style["side"])
    m.tube(x, y, z + high - 0.75, long, wide / 2 + 0.25, 0.0, own, 10, start=0.55, stop=np.pi - 0.55)
    top = z + high + style["wide"] / 2 - 0.55
    for u in style["spots"]:
        if abs(u) < long / 2 - 0.6:
            m.cylinder(x + u, y + style["off"], top - 0.35, style["round"], 0.5, style["fitting"], style["fitting"], 8)
    for u, part, wide_part in style["units"]:
        if abs(u) < long / 2 - part / 2:
            m.box(x + u, y, top - 0.3, part, wide_part, 0.5, 0.0, style["unit"], T.DARK)
    m.box(x + long / 2 + 0.3, y, z + 0.9, 0.6, 1.5, 2.6, 0.0, T.RUBBER)


def closed(m, rng, style, x, y, z, long, own):
    """A covered, sliding-wall or hopper wagon: flat or arched roof, seams, hatches, ribs."""
    wide, high = style["wide"], style["high"]
    rib = paint(own[:4], 0.05, 2, 3, dirt=0.2, bump=style["rib"], period=style["period"], seed=x)
    m.box(x, y, z + 0.9, long, wide, high - 0.9, 0.0, rib, style["side"])
    top = z + high
    if style["arched"]:
        m.tube(x, y, top - 0.9, long, wide / 2 + 0.25, 0.0, rib, 8, start=0.65, stop=np.pi - 0.65)
        top += wide / 2 - 0.65
    step = style["seam"]
    for u in np.arange(-long / 2 + step, long / 2 - step / 2, step):
        m.box(x + u, y, top - 0.02, style["line"], wide * 0.9, 0.07, 0.0, shade(own, style["tone"]))
    for u in np.linspace(-0.42, 0.42, style["hatches"]) * long:
        m.box(x + u, y, top - 0.1, style["hatch"][0], style["hatch"][1], 0.35, 0.0, style["fitting"])


def rake_style(rng):
    """What the cars of a rake share."""
    fittings = (T.DARK, T.DARK, paint((0.5, 0.5, 0.5, 0.5)), paint((0.25, 0.25, 0.25, 0.27)))
    units = [(rng.uniform(-11, 11), rng.uniform(1, 4), rng.uniform(0.8, 2.0)) for _ in range(int(rng.integers(0, 4)))]
    return {
        "wide": rng.uniform(2.6, 2.95), "high": rng.uniform(3.5, 4.2), "arched": rng.random() < 0.5,
        "side": paint((0.1, 0.1, 0.11, 0.13)), "round": rng.uniform(0.25, 0.6), "off": rng.choice([0.0, 0.0, 0.5]),
        "spots": np.arange(-13, 13, rng.uniform(1.5, 6.0)) if rng.random() < 0.8 else (), "units": units,
        "fitting": fittings[rng.integers(4)], "unit": coat(rng, LIVERIES), "rib": rng.choice([0.0, 0.1, 0.3]),
        "period": rng.uniform(0.3, 1.5), "seam": rng.choice([1.2, 2.5, 4.0, 7.2, 40.0]), "line": rng.uniform(0.06, 0.3),
        "tone": rng.choice([0.5, 0.75, 1.2]), "hatches": int(rng.choice([0, 1, 2, 4, 6])),
        "hatch": (rng.uniform(0.5, 1.6), rng.uniform(0.5, 1.2)),
    }  # fmt: skip


class Colonies:
    """What ``Site`` lays out as `colonies` and `rakes`."""

    def _colonies(self):
        r, h = self.rng, self.half
        lush = r.uniform(0.8, 1.2)
        self.painters.append(lambda g, look: g.lay((-h, -h, h, h), "grass", 1.0, 0.6, 500, when=look.when, tone=lush))
        if r.random() < 0.5:
            name = str(r.choice(["dirt", "dirt_pale", "grass_dry", "gravel"]))
            self.painters.append(lambda g, look: g.lay((-h, -h, h, h), name, 1.5, 1.6, 501, alpha=0.7, when=look.when))
        first, one, built = Street(r), r.random() < 0.5, []
        for k, y in enumerate(np.arange(-h + r.uniform(6, 30), h - 6, r.uniform(34, 52))):
            self.road((-h, y - 2.6, h, y + 2.6), 510 + 9 * k, "asphalt_old", lines=r.random() < 0.5, cars=0.03)
            for side in (-1, 1):
                street = first if one or r.random() < 0.3 else Street(r)
                away, step = r.uniform(10.5, 15.5), r.uniform(15, 25)
                loose = r.choice([0.1, 0.6, 2.0])
                for x in np.arange(-h + r.uniform(2, 12), h - 5, step):
                    if r.random() < 0.88:
                        spot = x + r.normal(0, loose), y + side * away + r.normal(0, loose)
                        self._home(street, *spot, side, len(built))
                        built.append((*spot, max(street.size) / 2))
        self._in_gardens(built, int(r.integers(3, 16)) if r.random() < 0.8 else 0)
        self.zones.append(("site", (-h, -h, h, h)))

    def _home(self, street, x, y, side, key):
        r = self.rng
        yaw, reach = street.yaw + r.normal(0, 0.03), max(street.size) / 2
        self.solid(lambda m, g, z: house(m, g, street, x, y, float(z(x, y)), yaw))
        drive = (x + reach + 0.5, min(y, y - side * 11), x + reach + 3.5, max(y, y - side * 11))
        if r.random() < 0.6:
            self.painters.append(lambda g, look: g.lay(drive, "concrete_old", 0.3, 0.1, key))
            if r.random() < 0.5:
                self.solid(lambda m, g, z: T.car(m, g, x + reach + 2, y - side * 4, float(z(x, y)) + 0.05, np.pi / 2))
        garden = y + side * (reach + 4)
        if r.random() < 0.3:
            wide, long, blue = r.uniform(3, 4.5), r.uniform(5, 9), r.uniform(0.12, 0.22)
            self.solid(lambda m, g, z: _basin(m, x, garden, float(z(x, garden)), long, wide, blue))
            if r.random() < 0.5:
                hut, turn = x + long / 2 + 2.5, r.choice([0, np.pi / 2])
                self.solid(lambda m, g, z: m.box(hut, garden, float(z(x, y)), 5.5, 2.5, 2.4, turn, street.white))
        elif r.random() < 0.4:
            size, turn = (r.uniform(2.5, 6), r.uniform(2, 3.6)), r.choice([0, np.pi / 2]) + r.normal(0, 0.1)
            self.solid(lambda m, g, z: _shed(m, g, x - reach, garden, float(z(x, garden)), size, turn))
        for _ in range(r.poisson(1.2)):
            self.plant(x + r.uniform(-10, 10), y + side * r.uniform(6, 13), int(r.choice([0, 2, 1])), None)

    def _in_gardens(self, built, count):
        """Boxes alone, none so near to a house that it could belong to it."""
        r, a = self.rng, self.size * 0.49
        for _ in range(8 * count):
            x, y = r.uniform(-a, a, 2)
            if count == 0 or any(np.hypot(x - u, y - v) < far + APART_M for u, v, far in built):
                continue
            if any(np.hypot(s.x - x, s.y - y) < 13 for s in self.slots):
                continue
            size = str(r.choice(["20ft", "40ft"], p=[0.75, 0.25]))
            turn = r.choice([0.0, np.pi / 2]) + r.normal(0, 0.15) if r.random() < 0.7 else r.uniform(0, np.pi)
            slot = Slot(x, y, turn, size, "site", 1, 0.0, 0.4)
            self.slots.append(slot)
            self.arrive(slot, -60)
            count -= 1

    def _rakes(self):
        r, h = self.rng, self.half
        b = self.size * r.uniform(0.12, 0.42)
        self.shapers.append(lambda g, look: g.flatten((-h, -b - 4, h, b + 4), 0.0, 12.0))
        self.surround((-self.size * 0.46, -b, self.size * 0.46, b), rural=0.5)
        ground = str(r.choice(["gravel_dark", "gravel", "dirt", "dirt_pale", "asphalt_old"]))
        self.surface((-h, -b, h, b), ground, 10, busy=0.3, rough=0.8)
        pitch, ys, y = r.uniform(4.4, 5.4), [], -b + 5
        while y < b - 4:
            ys.append(y)
            y += pitch if r.random() < 0.85 else pitch + r.uniform(3, 12)
        laid, key = bool(r.random() < 0.6), r.integers(3)
        if laid:
            self.painters.append(
                lambda g, look: [
                    g.lay((-h, y - 2, h, y + 2), "ballast_rust" if key else "ballast", 0.5, 0.35, 40) for y in ys
                ]
            )
        boxed, livery, last = r.choice([0.0, 0.3, 0.5]), LIVERIES[r.integers(len(LIVERIES))], self.days[-1] + 1
        for k, y in enumerate(ys):
            self.solid(lambda m, g, z, y=y, k=k: T.rails(m, -h, h, y, 0.0, key=k))
            use = r.random()
            if use < boxed:
                self._train(y, -30, last, r, h, k)
            elif use < 0.85:
                self._rake(y, coach if r.random() < 0.45 else closed, livery if r.random() < 0.4 else None)

    def _rake(self, y, one, livery):
        r = self.rng
        style, colours = rake_style(r), LIVERIES if one is coach else WAGONS
        own = paint(np.array(livery), 0.03, dirt=0.1) if livery is not None and one is coach else coat(r, colours)
        mixed, x, plan = r.random() < 0.4, -self.half + r.uniform(-20, 150), []
        size = r.choice(COACH_M if one is coach else CLOSED_M)
        for _ in range(int(r.integers(1, 16))):
            if x > self.half:
                break
            long = size if r.random() < 0.9 else r.choice(CLOSED_M)
            roof = coat(r, colours) if mixed and r.random() < 0.6 else shade(own, r.normal(1, 0.05))
            plan.append((x + long / 2, long, roof))
            x += long + r.uniform(0.7, 1.4)
        self.solid(lambda m, g, z: [one(m, g, style, x, y, 0.18, long, roof) for x, long, roof in plan])


def _basin(m, x, y, z, long, wide, red):
    m.decal(x, y, z + 0.04, long + 3, wide + 3, 0.0, paint((0.3, 0.33, 0.35, 0.4), 0.05, 1, 1))
    m.decal(x, y, z + 0.06, long, wide, 0.0, paint((0.42, 0.38, red, 0.04), 0.05, 4, 4, kind=WATER, bump=0.01))


def _shed(m, rng, x, y, z, size, turn):
    own = tone(rng)
    if rng.random() < 0.5:
        m.gable(x, y, z, *size, 2.0, 2.0 + size[1] * 0.3, turn, own, paint(T.WALL[rng.integers(4)]), 0.15)
    else:
        m.box(x, y, z, *size, 2.3, turn, own, shade(own, 0.7))
