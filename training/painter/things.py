"""Things that stand on the ground: containers, vehicles, rolling stock, ships, cranes, buildings, plants, clutter."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from mesh import LEAF, WATER, but, paint, shade

SIZES = {"20ft": 6.06, "40ft": 12.19, "45ft": 13.72}
WIDE = 2.44
#: container paints: blue, green, red, nir reflectance, and how common they are
PAINTS = [
    ("brown", (0.062, 0.068, 0.150, 0.235), 15),
    ("rust", (0.060, 0.072, 0.205, 0.290), 10),
    ("maroon", (0.055, 0.042, 0.115, 0.220), 5),
    ("navy", (0.135, 0.065, 0.035, 0.200), 9),
    ("blue", (0.270, 0.135, 0.055, 0.310), 9),
    ("sky", (0.370, 0.290, 0.190, 0.330), 5),
    ("grey", (0.225, 0.222, 0.215, 0.230), 8),
    ("pale", (0.365, 0.375, 0.370, 0.380), 6),
    ("dark", (0.075, 0.072, 0.070, 0.090), 3),
    ("green", (0.085, 0.150, 0.050, 0.220), 7),
    ("teal", (0.165, 0.185, 0.060, 0.270), 3),
    ("white", (0.600, 0.625, 0.625, 0.640), 8),
    ("cream", (0.330, 0.430, 0.470, 0.540), 2),
    ("orange", (0.045, 0.135, 0.440, 0.520), 5),
    ("red", (0.048, 0.050, 0.330, 0.440), 5),
    ("yellow", (0.060, 0.300, 0.480, 0.560), 2),
    ("magenta", (0.170, 0.055, 0.330, 0.450), 1),
]
STEEL = paint((0.16, 0.165, 0.17, 0.19), 0.1)
DARK = paint((0.035, 0.036, 0.038, 0.045), 0.1)
GLASS = paint((0.022, 0.024, 0.024, 0.03), 0.0, gloss=0.08, rough=0.07)
RUBBER = paint((0.025, 0.025, 0.026, 0.03), 0.05)
RUST = np.array((0.045, 0.065, 0.130, 0.210))


@dataclass
class Box:
    """A container: what it is, where it stands (site frame, tier from 1) and when."""

    oid: str
    kind: str
    colour: str
    bgrn: np.ndarray
    high: float
    seed: int
    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0
    tier: int = 1
    slot: str = ""
    yard: str = ""
    consignment: str = ""
    arrived: int = 0
    departed: int | None = None
    lift: float = 0.0
    extra: dict = field(default_factory=dict)

    @property
    def length(self):
        return SIZES[self.kind]

    def here(self, day):
        return self.arrived <= day and (self.departed is None or day < self.departed)


def new_box(rng, oid, kind=None, colour=None, fleet=None):
    """A container of a common size and paint, faded and dirty to its own degree."""
    kind = kind or str(rng.choice(["20ft", "40ft", "45ft"], p=[0.36, 0.58, 0.06]))
    names = [p[0] for p in PAINTS]
    if colour is None:
        if fleet is not None and rng.random() < 0.7:
            colour = fleet
        else:
            w = np.array([p[2] for p in PAINTS], float)
            colour = str(rng.choice(names, p=w / w.sum()))
    base = np.array(PAINTS[names.index(colour)][1])
    grey = base.mean() * 0.55 + 0.06
    fade = rng.beta(1.4, 3.6) * 0.7
    c = base * (1 - fade) + np.array([grey, grey, grey * 1.05, grey * 1.2]) * fade
    c = np.clip(c * rng.normal(1.0, 0.10) * rng.normal(1, 0.035, 4), 0.015, 0.72)
    high = 2.896 if kind == "45ft" or (kind == "40ft" and rng.random() < 0.65) else 2.591
    return Box(oid, kind, colour, c.astype(np.float32), high, int(rng.integers(1, 10**6)))


def odd_box(m, b, x, y, z, yaw, form, oid):
    """A tank in its frame, an open-topped box with its load, or a flat rack, of a container's outline."""
    rng = np.random.default_rng([b.seed, 6])
    frame = paint(b.bgrn, 0.08, dirt=0.2)
    ln, hi = b.length, b.high if form == "tank" else b.high * rng.choice([0.6, 1.0])
    c, s = np.cos(yaw), np.sin(yaw)

    def at(u, v, h):
        return np.array([x + u * c - v * s, y + u * s + v * c, z + h])

    a, w = ln / 2 - 0.08, WIDE / 2 - 0.08
    if form == "tank":
        shell = paint(
            (0.42, 0.43, 0.43, 0.45) if rng.random() < 0.6 else (0.55, 0.56, 0.55, 0.56),
            0.05,
            dirt=0.15,
            gloss=0.08,
            rough=0.25,
        )
        m.tube(x, y, z + hi / 2, ln - 0.5, 1.12, yaw, shell, oid=oid)
        m.box(x, y, z + hi - 0.22, ln * 0.6, 0.5, 0.06, yaw, shade(STEEL, 1.6), oid=oid)
    else:
        load = paint(rng.uniform(0.05, 0.35) * np.array([0.8, 0.95, 1.1, 1.3]), 0.3, 0.8, 0.8)
        m.box(x, y, z, ln, WIDE, 0.45, yaw, shade(frame, 0.8), frame, oid=oid)
        m.box(x, y, z + 0.45, ln * rng.uniform(0.5, 0.92), 2.1, hi * rng.uniform(0.2, 0.8), yaw, load, oid=oid)
        for k in (-1, 1):
            if form == "rack":
                m.box(x, y, z, 0.25, WIDE, hi, yaw, frame, oid=oid, dx=k * (ln / 2 - 0.12))
            else:
                m.box(
                    x,
                    y,
                    z,
                    ln,
                    0.08,
                    hi,
                    yaw,
                    frame,
                    but(frame, bump=0.5, period=0.28),
                    oid=oid,
                    dy=k * (WIDE / 2 - 0.04),
                )
                m.box(x, y, z, 0.08, WIDE, hi, yaw, frame, oid=oid, dx=k * (ln / 2 - 0.04))
    for u in (-a, a):
        for v in (-w, w):
            m.beam(at(u, v, 0), at(u, v, hi), 0.15, frame, oid)
        m.beam(at(u, -w, hi - 0.07), at(u, w, hi - 0.07), 0.14, frame, oid)
    if form == "tank":
        for v in (-w, w):
            m.beam(at(-a, v, hi - 0.07), at(a, v, hi - 0.07), 0.12, frame, oid)


def draw_box(m, b, x, y, z, yaw, oid=-1):
    form = np.random.default_rng([b.seed, 5]).random()
    if form < 0.022 and b.kind == "20ft":
        odd_box(m, b, x, y, z, yaw, "tank", oid)
        return
    if 0.03 < form < 0.045:
        odd_box(m, b, x, y, z, yaw, "rack" if form < 0.036 and b.kind != "20ft" else "open", oid)
        return
    rng = np.random.default_rng(b.seed)
    ln, hi = b.length, b.high
    seed = float(rng.uniform(0, 50))
    old = rng.beta(1.5, 3.0)
    side = paint(
        b.bgrn, 0.05, 1.5, 3.0, dirt=0.05 + 0.25 * old, bump=0.55, period=0.28, seed=seed, gloss=0.02, rough=0.3
    )
    dust = (0.17, 0.19, 0.21, 0.25) if rng.random() < 0.7 else (0.08, 0.095, 0.12, 0.17)
    top = paint(
        b.bgrn * rng.uniform(0.9, 1.12),
        0.05 + 0.07 * old,
        3.0,
        1.2,
        dirt=0.04 + 0.42 * old,
        dirt_bgrn=dust,
        bump=0.10,
        period=0.3,
        seed=seed + 1,
        gloss=0.015,
        rough=0.35,
    )
    tarp = rng.random() < 0.02
    if tarp:
        top = but(
            top,
            bgrn=[(0.2, 0.1, 0.05, 0.3), (0.08, 0.12, 0.07, 0.3), (0.3, 0.3, 0.3, 0.33)][rng.integers(3)],
            bump=0.25,
            period=1.2,
            amp=0.12,
        )
    end = but(side, bump=0.0, dirt=0.1 + 0.2 * old)
    m.box(x, y, z, ln, WIDE, hi, yaw, top, side, end, oid)
    zt = z + hi + 0.015
    rail = shade(but(top, dirt=0.0, bump=0.0), rng.choice([0.72, 0.85, 1.12]))
    for s in (-1, 1):
        m.decal(x, y, zt, 0.22, WIDE, yaw, rail, dx=s * (ln / 2 - 0.12), oid=oid)
        m.decal(x, y, zt, ln, 0.10, yaw, shade(rail, 0.92), dy=s * (WIDE / 2 - 0.06), oid=oid)
        for t in (-1, 1):
            m.decal(
                x,
                y,
                zt + 0.01,
                0.2,
                0.18,
                yaw,
                shade(STEEL, 0.6),
                dx=s * (ln / 2 - 0.1),
                dy=t * (WIDE / 2 - 0.1),
                oid=oid,
            )
    if rng.random() < 0.10 + 0.15 * old:  # welded patches, rust
        for _ in range(rng.integers(1, 3)):
            m.decal(
                x,
                y,
                zt + 0.005,
                rng.uniform(0.6, 2.4),
                rng.uniform(0.5, 1.8),
                yaw,
                shade(top, rng.uniform(0.78, 1.3)),
                dx=rng.uniform(-1, 1) * (ln / 2 - 1.6),
                dy=rng.uniform(-0.3, 0.3),
                oid=oid,
            )
    ink = (0.5, 0.52, 0.52, 0.55) if b.bgrn[:3].mean() < 0.33 else (0.10, 0.07, 0.06, 0.15)
    if rng.random() < 0.14:  # number on the roof
        m.decal(
            x,
            y,
            zt + 0.008,
            rng.uniform(1.2, 2.2),
            0.3,
            yaw,
            paint(ink, 0.25),
            dx=rng.choice([-1, 1]) * (ln / 2 - 1.8),
            dy=rng.uniform(-0.6, 0.6),
            oid=oid,
        )
    if rng.random() < 0.55:  # name on the sides
        w, h = min(ln * 0.6, rng.uniform(2.5, 6.5)), rng.uniform(0.5, 1.2)
        c, s = np.cos(yaw), np.sin(yaw)
        for k in (-1, 1):
            oy = k * (WIDE / 2 + 0.012)
            q = []
            for u, v in ((-w / 2, 1.3), (w / 2, 1.3), (w / 2, 1.3 + h), (-w / 2, 1.3 + h)):
                q.append([x + u * c - oy * s, y + u * s + oy * c, z + v])
            m.quads([q], paint(ink, 0.3, 0.7, 0.7), oid)
    if b.colour == "white" and rng.random() < 0.5:  # a reefer's machine
        m.decal(x, y, zt + 0.005, 0.5, WIDE, yaw, paint((0.2, 0.2, 0.2, 0.22)), dx=ln / 2 - 0.3, oid=oid)


# -- vehicles ---------------------------------------------------------------------------------------------------------
CAR = (
    [(0.60, 0.61, 0.60, 0.60)] * 5
    + [(0.33, 0.34, 0.34, 0.36)] * 4
    + [(0.025, 0.025, 0.026, 0.04)] * 4
    + [(0.11, 0.11, 0.11, 0.13)] * 4
    + [
        (0.15, 0.07, 0.035, 0.2),
        (0.04, 0.04, 0.25, 0.4),
        (0.05, 0.05, 0.16, 0.3),
        (0.30, 0.38, 0.42, 0.5),
        (0.06, 0.1, 0.05, 0.2),
        (0.04, 0.2, 0.42, 0.5),
    ]
)


def car(m, rng, x, y, z, yaw, oid=-1):
    van = rng.random() < 0.16
    c = paint(CAR[rng.integers(len(CAR))] if not van else CAR[rng.integers(3)], 0.02, gloss=0.05, rough=0.13)
    ln, w = (5.4, 2.0) if van else (rng.uniform(3.9, 4.9), rng.uniform(1.72, 1.92))
    m.frustum(x, y, z + 0.25, (ln, w), (ln - 0.25, w - 0.12), 0.62, yaw, c, c, oid=oid)
    m.decal(x, y, z + 0.2, ln - 0.3, w - 0.1, yaw, RUBBER, oid=oid)
    if van:
        m.frustum(x, y, z + 0.85, (4.3, w - 0.05), (4.0, w - 0.2), 1.1, yaw, c, c, GLASS, oid, (-0.5, 0))
    else:
        est = rng.random() < 0.45
        cl = ln * (0.62 if est else 0.52)
        m.frustum(
            x,
            y,
            z + 0.86,
            (cl, w - 0.14),
            (cl - (0.75 if est else 1.1), w - 0.44),
            0.56,
            yaw,
            c,
            GLASS,
            GLASS,
            oid,
            (-ln * (0.13 if est else 0.06), 0),
            0.0,
        )


def cab(m, rng, x, y, z, yaw, colour, oid=-1):
    c = paint(colour, 0.03, gloss=0.04, rough=0.15)
    m.frustum(x, y, z + 0.6, (2.2, 2.4), (1.9, 2.3), 2.3, yaw, c, c, GLASS, oid)
    m.box(x, y, z + 0.4, 2.4, 2.3, 0.9, yaw, c, c, DARK, oid, dx=0.1)
    if rng.random() < 0.5:
        m.frustum(x, y, z + 2.9, (1.4, 2.2), (0.9, 2.1), 0.6, yaw, c, c, oid=oid, at=(-0.3, 0))


def chassis(m, x, y, z, yaw, length, oid=-1, dx=0.0):
    for s in (-0.5, 0.5):
        m.box(x, y, z + 0.95, length, 0.18, 0.3, yaw, STEEL, oid=oid, dx=dx, dy=s)
    for k in np.linspace(-0.85, 0.75, 5):
        m.box(x, y, z + 1.0, 0.2, 2.3, 0.2, yaw, DARK, oid=oid, dx=dx + k * length / 2)
    for k in (-0.72, -0.56, -0.40):
        m.box(x, y, z, 0.9, 2.4, 0.95, yaw, RUBBER, oid=oid, dx=dx + k * length / 2)


def trailer(m, rng, x, y, z, yaw, oid=-1, length=None):
    """A box, curtain or flat trailer: to the eye of a satellite the container's nearest kin."""
    ln = length or rng.choice([8.5, 10.0, 13.6, 13.6, 13.6, 15.0])
    kind = rng.choice(["box", "curtain", "flat", "reefer", "tank", "tipper"], p=[0.45, 0.22, 0.1, 0.13, 0.05, 0.05])
    chassis(m, x, y, z, yaw, ln, oid)
    seed = rng.uniform(0, 50)
    m.note("trailer" if kind in ("box", "reefer", "curtain") else "open trailer", x, y, z + 4.0, ln, 2.55, yaw)
    if kind in ("box", "reefer"):
        c = [
            (0.55, 0.56, 0.55, 0.56),
            (0.38, 0.39, 0.39, 0.4),
            (0.42, 0.46, 0.47, 0.5),
            (0.27, 0.29, 0.29, 0.32),
            (0.3, 0.22, 0.18, 0.3),
            (0.05, 0.06, 0.2, 0.3),
            (0.33, 0.36, 0.36, 0.4),
        ][rng.integers(7)]
        top = paint(
            np.array(c) * rng.uniform(0.75, 1.1),
            0.06,
            0.8,
            6,
            dirt=rng.uniform(0.05, 0.5),
            dirt_bgrn=(0.24, 0.27, 0.29, 0.32),
            bump=0.05,
            period=1.2,
            seed=seed,
        )
        m.box(x, y, z + 1.25, ln, 2.55, 2.75, yaw, top, paint(c, 0.04, seed=seed), oid=oid)
        for k in np.arange(-ln / 2 + 1.2, ln / 2 - 0.5, 1.2):
            if rng.random() < 0.75:
                m.decal(x, y, z + 4.012, 0.09, 2.5, yaw, shade(top, 0.78), dx=k, oid=oid)
        if kind == "reefer":
            m.box(x, y, z + 2.0, 0.6, 2.2, 1.9, yaw, paint((0.35, 0.36, 0.36, 0.38)), DARK, oid=oid, dx=ln / 2 + 0.3)
    elif kind == "curtain":
        c = CURTAIN[rng.integers(len(CURTAIN))]
        top = paint(
            np.array(c) * 0.9 + 0.04,
            0.08,
            1.2,
            5,
            dirt=0.25,
            dirt_bgrn=(0.2, 0.22, 0.24, 0.28),
            bump=0.12,
            period=1.6,
            seed=seed,
        )
        m.box(x, y, z + 1.2, ln, 2.55, 2.7, yaw, top, paint(c, 0.06, bump=0.2, period=0.8), oid=oid)
    elif kind == "flat":
        m.box(x, y, z + 1.2, ln, 2.5, 0.15, yaw, paint((0.12, 0.15, 0.18, 0.24), 0.15, 0.4, 6), STEEL, oid=oid)
        if rng.random() < 0.5:
            m.box(
                x,
                y,
                z + 1.35,
                ln * rng.uniform(0.3, 0.8),
                2.2,
                rng.uniform(0.5, 1.6),
                yaw,
                paint(rng.uniform(0.08, 0.4) * np.array([0.8, 0.95, 1.1, 1.3]), 0.2, 1, 1),
                oid=oid,
                dx=rng.uniform(-1, 1),
            )
    elif kind == "tank":
        m.tube(x, y, z + 2.3, ln - 1, 1.15, yaw, paint((0.42, 0.43, 0.43, 0.45), 0.03, gloss=0.12, rough=0.2), oid=oid)
    else:
        p = paint((0.2, 0.2, 0.2, 0.24), 0.1)
        m.box(x, y, z + 1.2, ln, 2.5, 1.5, yaw, paint((0.12, 0.14, 0.16, 0.2), 0.3, 1.5, 1.5), p, oid=oid)
    return ln


CURTAIN = [
    (0.35, 0.2, 0.09, 0.4),
    (0.5, 0.5, 0.5, 0.52),
    (0.06, 0.05, 0.3, 0.45),
    (0.1, 0.2, 0.08, 0.35),
    (0.25, 0.25, 0.25, 0.28),
    (0.05, 0.25, 0.5, 0.55),
    (0.2, 0.1, 0.04, 0.3),
]


def truck(m, rng, x, y, z, yaw, oid=-1, load=None):
    """A tractor with a trailer, or with a container (``load``, drawn by the caller at the place returned)."""
    c, s = np.cos(yaw), np.sin(yaw)
    colour = CAR[rng.integers(len(CAR))]
    ln = 13.6 if load is None else max(load.length + 0.4, 8.0)
    if load is None:
        ln = trailer(m, rng, x, y, z, yaw, oid)
    else:
        chassis(m, x, y, z, yaw, ln, oid)
    k = ln / 2 + 1.9
    cab(m, rng, x + k * c, y + k * s, z, yaw, colour, oid)
    return x, y, z + 1.25


def bus(m, rng, x, y, z, yaw, colour, oid=-1):
    ln = rng.choice([11.0, 12.0, 12.0, 9.0])
    m.note("bus", x, y, z + 2.95, ln, 2.5, yaw)
    p = paint(colour, 0.03, 3, 3, dirt=0.06, gloss=0.03, rough=0.15, seed=rng.uniform(0, 9))
    m.box(x, y, z + 0.35, ln, 2.5, 1.0, yaw, p, oid=oid)
    m.frustum(x, y, z + 1.35, (ln, 2.5), (ln - 0.2, 2.3), 1.3, yaw, p, GLASS, GLASS, oid)
    m.frustum(x, y, z + 2.65, (ln - 0.2, 2.3), (ln - 0.7, 1.8), 0.3, yaw, p, p, oid=oid)
    for k in (-0.25, 0.22):
        m.box(x, y, z + 2.95, 0.8, 0.8, 0.12, yaw, paint((0.5, 0.5, 0.5, 0.5)), DARK, oid=oid, dx=k * ln)
    m.box(x, y, z + 2.95, 2.2, 1.5, 0.25, yaw, paint((0.4, 0.4, 0.4, 0.42)), STEEL, oid=oid, dx=-ln * 0.36)


def stacker(m, rng, x, y, z, yaw, oid=-1):
    """A reach stacker."""
    c = paint([(0.04, 0.2, 0.5, 0.55), (0.04, 0.05, 0.33, 0.45), (0.06, 0.32, 0.5, 0.55)][rng.integers(3)], 0.05)
    m.box(x, y, z + 0.9, 7.5, 2.6, 0.9, yaw, c, oid=oid)
    for dx in (-2.6, 2.6):
        for dy in (-1.4, 1.4):
            m.box(x, y, z, 1.7, 0.9, 1.6, yaw, RUBBER, oid=oid, dx=dx, dy=dy)
    m.box(x, y, z + 1.8, 1.8, 1.5, 1.7, yaw, c, GLASS, GLASS, oid, dx=-0.5, dy=0.6)
    cs, sn = np.cos(yaw), np.sin(yaw)
    a = np.array([x - 3.2 * cs, y - 3.2 * sn, z + 3.2])
    b = np.array([x + 5.6 * cs, y + 5.6 * sn, z + rng.uniform(5, 9)])
    m.beam(a, b, 0.55, c, oid)
    m.box(b[0], b[1], b[2] - 0.6, 12.0 if rng.random() < 0.5 else 6.1, 0.5, 0.4, yaw + np.pi / 2, c, oid=oid)


def forklift(m, rng, x, y, z, yaw, oid=-1):
    c = paint((0.04, 0.28, 0.5, 0.55), 0.05)
    m.box(x, y, z + 0.3, 2.6, 1.2, 0.9, yaw, c, oid=oid)
    m.box(x, y, z + 2.1, 1.3, 1.1, 0.08, yaw, DARK, oid=oid)
    m.box(x, y, z + 0.3, 0.2, 1.0, 2.2, yaw, DARK, oid=oid, dx=1.4)


def digger(m, rng, x, y, z, yaw, oid=-1):
    c = paint((0.05, 0.28, 0.48, 0.55), 0.08, dirt=0.3)
    for s in (-1.1, 1.1):
        m.box(x, y, z, 4.0, 0.6, 0.8, yaw, RUBBER, oid=oid, dy=s)
    m.box(x, y, z + 0.9, 3.4, 2.6, 1.2, yaw, c, oid=oid)
    m.box(x, y, z + 2.1, 1.4, 1.0, 0.9, yaw, c, GLASS, oid=oid, dx=0.8, dy=0.7)
    cs, sn = np.cos(yaw), np.sin(yaw)
    p = [np.array([x + k * cs, y + k * sn, z + h]) for k, h in ((1.2, 1.8), (4.2, 4.4), (6.6, 1.0))]
    m.beam(p[0], p[1], 0.5, c, oid), m.beam(p[1], p[2], 0.4, c, oid)


# -- rolling stock ----------------------------------------------------------------------------------------------------
def loco(m, rng, x, y, z, yaw, oid=-1):
    c = paint(
        [(0.05, 0.06, 0.3, 0.4), (0.2, 0.1, 0.05, 0.25), (0.08, 0.14, 0.06, 0.25), (0.04, 0.2, 0.45, 0.5)][
            rng.integers(4)
        ],
        0.05,
        dirt=0.25,
    )
    ln = rng.uniform(15, 19)
    m.box(x, y, z + 0.9, ln, 2.9, 0.6, yaw, STEEL, DARK, oid=oid)
    m.box(x, y, z + 1.5, ln * 0.9, rng.choice([1.9, 2.8]), 2.0, yaw, c, oid=oid)
    m.box(x, y, z + 1.5, 2.6, 2.9, 2.5, yaw, shade(c, 1.1), GLASS, oid=oid, dx=ln * rng.choice([-0.2, 0.36]))
    for k in (-0.25, 0.0, 0.12):
        m.box(x, y, z + 3.5, 1.4, 1.4, 0.25, yaw, DARK, oid=oid, dx=k * ln)
    return ln + 0.8


def wagon(m, rng, x, y, z, yaw, kind, oid=-1):
    """A wagon on the rail's head at z; the floor for boxes lies 1.15 m above it. Returns its length over buffers."""
    ln = {"flat": 19.4, "flat40": 14.2, "gondola": 14.0, "tank": 13.6, "hopper": 12.8, "van": 16.4}[kind]
    c = paint(
        [(0.06, 0.07, 0.15, 0.22), (0.13, 0.13, 0.13, 0.16), (0.09, 0.1, 0.12, 0.16)][rng.integers(3)],
        0.1,
        dirt=0.3,
        dirt_bgrn=RUST,
    )
    body = ln - 1.2
    for k in (-0.36, 0.36):
        m.box(x, y, z, 2.6, 2.0, 0.9, yaw, DARK, oid=oid, dx=k * ln)
    if kind in ("flat", "flat40"):
        for s in (-1.05, 1.05):
            m.box(x, y, z + 0.85, body, 0.35, 0.3, yaw, c, oid=oid, dy=s)
        m.box(x, y, z + 0.8, body, 0.5, 0.25, yaw, c, oid=oid)
        for k in np.linspace(-0.46, 0.46, 7):
            m.box(x, y, z + 0.85, 0.35, 2.3, 0.26, yaw, c, oid=oid, dx=k * ln)
    elif kind in ("gondola", "hopper"):
        h = 1.9 if kind == "gondola" else 2.7
        m.box(x, y, z + 0.9, body, 2.9, h - 0.6, yaw, RUBBER, c, oid=oid)
        load = rng.choice(["coal", "sand", "scrap", "empty"])
        p = {
            "coal": paint((0.025, 0.025, 0.026, 0.03), 0.3, 1, 1),
            "sand": paint((0.2, 0.26, 0.31, 0.38), 0.15, 1, 1),
            "scrap": paint((0.11, 0.12, 0.15, 0.2), 0.5, 0.6, 0.6),
            "empty": paint((0.05, 0.055, 0.07, 0.1), 0.2),
        }[load]
        f = h * (0.15 if load == "empty" else 0.75)
        m.frustum(
            x, y, z + 0.9 + f, (body - 0.2, 2.7), (body - 1.5, 1.2), 0.0 if load == "empty" else 0.5, yaw, p, p, oid=oid
        )
        for s in (-1, 1):
            m.box(x, y, z + 0.9, body, 0.12, h, yaw, c, oid=oid, dy=s * 1.42)
            m.box(x, y, z + 0.9, 0.12, 2.9, h, yaw, c, oid=oid, dx=s * body / 2)
    elif kind == "tank":
        p = paint(
            [(0.4, 0.41, 0.41, 0.43), (0.06, 0.06, 0.06, 0.08), (0.45, 0.46, 0.45, 0.5)][rng.integers(3)],
            0.05,
            dirt=0.35,
            gloss=0.05,
            rough=0.25,
        )
        m.box(x, y, z + 0.8, body, 0.6, 0.3, yaw, c, oid=oid)
        m.tube(x, y, z + 2.4, body - 0.6, 1.4, yaw, p, oid=oid)
        m.box(x, y, z + 3.75, 1.2, 0.9, 0.4, yaw, STEEL, oid=oid)
    else:
        m.box(x, y, z + 0.95, body, 2.8, 2.2, yaw, c, paint((0.1, 0.11, 0.2, 0.26), 0.1, bump=0.3, period=0.6), oid=oid)
        m.tube(x, y, z + 2.6, body, 1.55, yaw, shade(c, 1.3), oid=oid, start=0.4, stop=np.pi - 0.4)
    return ln


def rails(m, x0, x1, y, z, sleepers=True, key=0):
    """A track along x: two heads, and sleepers as the ballast's ribs."""
    rail = paint((0.20, 0.20, 0.21, 0.23), 0.05, 30, 1, gloss=0.08, rough=0.25)
    side = paint((0.06, 0.075, 0.105, 0.15), 0.1)
    for s in (-0.7525, 0.7525):
        m.box((x0 + x1) / 2, y + s, z + 0.02, x1 - x0, 0.075, 0.16, 0.0, rail, side)
    if sleepers:
        rng = np.random.default_rng(int(abs(y) * 100) + key)
        k = np.arange(x0, x1, 0.62)
        hw, hl = 0.125, 1.28
        q = np.stack(
            [
                np.column_stack([k - hw, np.full_like(k, y - hl)]),
                np.column_stack([k + hw, np.full_like(k, y - hl)]),
                np.column_stack([k + hw, np.full_like(k, y + hl)]),
                np.column_stack([k - hw, np.full_like(k, y + hl)]),
            ],
            1,
        )
        q = np.concatenate([q, np.full((len(k), 4, 1), z + 0.03)], -1)
        base = (0.21, 0.22, 0.225, 0.25) if (key % 2) else (0.085, 0.09, 0.1, 0.15)
        rows = np.repeat(paint(base, 0.1)[None], len(k), 0)
        rows[:, :4] *= rng.normal(1, 0.12, (len(k), 1))
        m.quads(q, rows)


# -- port -------------------------------------------------------------------------------------------------------------
def gantry(m, rng, x, y, z, yaw, span=16.0, reach=34.0, high=30.0, oid=-1):
    """A ship-to-shore crane on the quay; its boom points along +y of its own frame."""
    c = paint([(0.25, 0.12, 0.05, 0.25), (0.05, 0.06, 0.32, 0.42), (0.33, 0.34, 0.34, 0.36)][rng.integers(3)], 0.05)
    cs, sn = np.cos(yaw), np.sin(yaw)

    def w(u, v, h):
        return np.array([x + u * cs - v * sn, y + u * sn + v * cs, z + h])

    for u in (-9, 9):
        for v in (-span / 2, span / 2):
            m.beam(w(u, v, 0), w(u * 0.8, v, high), 1.3, c, oid)
        m.beam(w(u, -span / 2, 12), w(u, span / 2, 12), 1.1, c, oid)
        m.beam(w(u * 0.8, -span / 2, high), w(u * 0.8, span / 2, high), 1.2, c, oid)
    for v in (-span / 2, span / 2):
        m.beam(w(-9, v, 1.2), w(9, v, 1.2), 1.4, c, oid)
        m.beam(w(-7.2, v, high), w(7.2, v, high), 1.2, c, oid)
    for u in (-2.6, 2.6):
        m.beam(w(u, -span / 2 - 12, high + 1), w(u, span / 2 + reach, high + 1), 1.1, c, oid)
    for v in np.arange(-span / 2 - 10, span / 2 + reach, 6.0):
        m.beam(w(-2.6, v, high + 1), w(2.6, v, high + 1), 0.5, c, oid)
    m.beam(w(-5, span / 2, high), w(0, span / 2, high + 16), 0.9, c, oid)
    m.beam(w(5, span / 2, high), w(0, span / 2, high + 16), 0.9, c, oid)
    m.beam(w(0, span / 2, high + 16), w(0, span / 2 + reach * 0.8, high + 1.5), 0.5, c, oid)
    m.beam(w(0, span / 2, high + 16), w(0, -span / 2 - 8, high + 1.5), 0.5, c, oid)
    p = w(0, -span / 2 - 5, high + 1.5)
    m.box(*p, 7.0, 9.0, 4.0, yaw, paint((0.42, 0.43, 0.43, 0.45)), c, oid=oid)
    t = w(0, rng.uniform(-4, span / 2 + reach * 0.7), high - 1.6)
    m.box(*t, 5.0, 5.0, 2.0, yaw, paint((0.3, 0.3, 0.3, 0.3)), c, oid=oid)


def rtg(m, rng, x, y, z, yaw, span=24.0, high=20.0, oid=-1):
    """A yard gantry on tyres over a block of stacks."""
    c = paint([(0.3, 0.31, 0.31, 0.33), (0.05, 0.28, 0.48, 0.55), (0.24, 0.12, 0.05, 0.25)][rng.integers(3)], 0.04)
    cs, sn = np.cos(yaw), np.sin(yaw)

    def w(u, v, h):
        return np.array([x + u * cs - v * sn, y + u * sn + v * cs, z + h])

    for v in (-span / 2, span / 2):
        for u in (-3.4, 3.4):
            m.beam(w(u, v, 0), w(u * 0.8, v, high), 0.8, c, oid)
        m.beam(w(-5, v, 1.0), w(5, v, 1.0), 0.9, c, oid)
    for u in (-2.7, 2.7):
        m.beam(w(u, -span / 2, high), w(u, span / 2, high), 1.0, c, oid)
    t = w(0, rng.uniform(-0.35, 0.35) * span, high)
    m.box(*t, 5.6, 3.6, 1.8, yaw, paint((0.35, 0.36, 0.36, 0.38)), STEEL, oid=oid)


def ship(m, rng, x, y, z, yaw, length=120.0, width=19.0, oid=-1):
    """A feeder's hull; returns the places (x, y, z) and heading where boxes lie on its hatches."""
    hull = paint(
        [(0.12, 0.06, 0.04, 0.15), (0.05, 0.05, 0.2, 0.3), (0.07, 0.1, 0.06, 0.15), (0.03, 0.03, 0.03, 0.05)][
            rng.integers(4)
        ],
        0.08,
        dirt=0.2,
        dirt_bgrn=RUST,
    )
    deck = paint(
        [(0.08, 0.09, 0.17, 0.22), (0.10, 0.14, 0.09, 0.16), (0.2, 0.2, 0.2, 0.22)][rng.integers(3)],
        0.12,
        5,
        5,
        dirt=0.2,
        dirt_bgrn=RUST,
    )
    cs, sn = np.cos(yaw), np.sin(yaw)
    u = np.array([-0.5, -0.48, 0.32, 0.42, 0.48, 0.5]) * length
    hw = np.array([0.36, 0.5, 0.5, 0.36, 0.16, 0.01]) * width
    n = len(u)

    def w(uu, vv, h):
        return np.column_stack([x + uu * cs - vv * sn, y + uu * sn + vv * cs, np.full(n, z) + h])

    sheer = np.array([0, 0, 0, 0.8, 1.6, 2.0])
    lo_l, lo_r = w(u, hw, -1.0), w(u, -hw, -1.0)
    hi_l, hi_r = w(u, hw, 5.0 + sheer), w(u, -hw, 5.0 + sheer)
    m.quads(np.stack([lo_l[:-1], lo_l[1:], hi_l[1:], hi_l[:-1]], 1), hull, oid)
    m.quads(np.stack([lo_r[:-1], lo_r[1:], hi_r[1:], hi_r[:-1]], 1), hull, oid)
    m.quads(np.stack([hi_l[:-1], hi_l[1:], hi_r[1:], hi_r[:-1]], 1), deck, oid)
    m.quads([[lo_l[0], hi_l[0], hi_r[0], lo_r[0]]], hull, oid)
    white = paint((0.6, 0.61, 0.6, 0.6), 0.04, dirt=0.08)
    p = [x - 0.40 * length * cs, y - 0.40 * length * sn]
    m.box(*p, z + 5, 11, width * 0.86, 9, yaw, white, white, oid=oid)
    m.box(*p, z + 14, 7, width * 1.0, 2.6, yaw, white, GLASS, oid=oid, dx=1.5)
    m.box(*p, z + 14, 3.5, 3.0, 4.5, yaw, hull, hull, oid=oid, dx=-4.2)
    m.beam([p[0], p[1], z + 16], [p[0], p[1], z + 25], 0.4, white, oid)
    hatch = paint((0.13, 0.13, 0.17, 0.2), 0.1, 4, 4, dirt=0.3, dirt_bgrn=RUST)
    places = []
    for k in np.arange(-0.30, 0.30, 14.2 / length):
        hx, hy = x + (k * length + 6.4) * cs, y + (k * length + 6.4) * sn
        m.box(hx, hy, z + 5, 12.8, width * 0.86, 1.6, yaw, hatch, STEEL, oid=oid)
        places.append((hx, hy, z + 6.6))
    return places


# -- buildings --------------------------------------------------------------------------------------------------------
ROOFS = {
    "white": (0.58, 0.60, 0.60, 0.60),
    "pale": (0.40, 0.415, 0.42, 0.44),
    "grey": (0.26, 0.27, 0.275, 0.30),
    "galv": (0.33, 0.345, 0.35, 0.37),
    "rustred": (0.065, 0.075, 0.190, 0.28),
    "blue": (0.30, 0.19, 0.10, 0.30),
    "green": (0.10, 0.16, 0.08, 0.22),
    "brown": (0.07, 0.08, 0.115, 0.18),
    "tar": (0.065, 0.068, 0.070, 0.085),
    "gravel": (0.19, 0.21, 0.22, 0.26),
    "tile": (0.070, 0.095, 0.185, 0.270),
    "slate": (0.095, 0.098, 0.10, 0.12),
    "cement": (0.185, 0.195, 0.20, 0.23),
}
WALL = [(0.35, 0.38, 0.4, 0.45), (0.22, 0.24, 0.26, 0.3), (0.09, 0.12, 0.2, 0.28), (0.45, 0.47, 0.47, 0.5)]


def hall(m, rng, x, y, z, length, width, eave, yaw, colour=None, oid=-1, span=None):
    """A ribbed steel hall of one or more gables with skylights, vents, gutters, patched and streaked sheets."""
    m.roof("hall", x, y, length, width, yaw)
    colour = colour or str(
        rng.choice(["white", "pale", "grey", "galv", "galv", "rustred", "blue", "green", "brown", "cement"])
    )
    base = np.array(ROOFS[colour]) * rng.uniform(0.85, 1.1)
    wall = paint(WALL[rng.integers(len(WALL))], 0.06, bump=0.25, period=0.9)
    spans = max(1, int(round(width / (span or rng.uniform(14, 30)))))
    w = width / spans
    rise = w / 2 * rng.uniform(0.10, 0.30)
    rib = rng.choice([0.33, 0.5, 1.0])
    c, s = np.cos(yaw), np.sin(yaw)
    lights = rng.random() < 0.5
    for i in range(spans):
        dy = (i + 0.5) * w - width / 2
        cx, cy = x - dy * s, y + dy * c
        rusty = rng.random() < 0.4
        grime = rng.uniform(0.02, 0.10) if rusty else rng.uniform(0.05, 0.35)
        roof = paint(
            base,
            rng.uniform(0.03, 0.07),
            rng.uniform(0.8, 2.0),
            9,
            dirt=grime,
            dirt_bgrn=RUST if rusty else base * 0.72,
            bump=rng.uniform(0.08, 0.25),
            period=rib,
            seed=rng.uniform(0, 60),
            gloss=0.02,
            rough=0.4,
        )
        m.gable(cx, cy, z, length, w, eave, eave + rise, yaw, roof, wall, over=0.15 if spans > 1 else 0.4, oid=oid)
        slope = np.hypot(w / 2, rise)

        def on_roof(u, v, du, dv, p, lift=0.03, cx=cx, cy=cy, w=w, rise=rise):
            """A patch on the pitch: u along the ridge, v from the ridge (signed), sizes along u and down the pitch."""
            q = []
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                uu, vv = u + a * du / 2, v + b * dv / 2
                h = eave + rise * (1 - min(abs(vv) / (w / 2), 1.0)) + lift
                q.append([cx + uu * c - vv * s, cy + uu * s + vv * c, z + h])
            m.quads([q], p, oid)

        m.box(
            cx, cy, z + eave + rise - 0.02, length + 0.4, 0.5, 0.14, yaw, shade(roof, rng.choice([0.8, 1.15])), oid=oid
        )
        if lights:
            step = rng.choice([5.0, 6.0, 10.0])
            for u in np.arange(-length / 2 + step / 2, length / 2, step):
                for v in (-0.25, 0.25):
                    on_roof(
                        u,
                        v * w,
                        1.0,
                        w * 0.28,
                        paint(
                            (0.42, 0.47, 0.48, 0.5) if colour != "white" else (0.3, 0.36, 0.38, 0.42), 0.1, gloss=0.03
                        ),
                    )
        for _ in range(rng.poisson(length / 14)):  # odd sheets
            on_roof(
                rng.uniform(-0.48, 0.48) * length,
                rng.choice([-1, 1]) * w * rng.uniform(0.15, 0.35),
                rng.choice([1.0, 2.0, 3.0]),
                w * 0.22,
                shade(roof, rng.uniform(0.75, 1.25)),
            )
        for _ in range(rng.poisson(length / 18)):
            u, v = rng.uniform(-0.45, 0.45) * length, rng.uniform(-0.4, 0.4) * w
            h = eave + rise * (1 - abs(v) / (w / 2))
            if rng.random() < 0.5:
                m.cylinder(
                    cx + u * c - v * s, cy + u * s + v * c, z + h, 0.45, 0.9, STEEL, shade(STEEL, 1.5), 8, oid=oid
                )
            else:
                m.box(cx + u * c - v * s, cy + u * s + v * c, z + h, 1.4, 1.4, 0.9, yaw, shade(STEEL, 1.8), oid=oid)
    return spans, slope


def flat_roof(m, rng, x, y, z, length, width, height, yaw, colour=None, oid=-1):
    """A flat roof with parapet, machines, ducts, skylights, patches and ponding stains."""
    m.roof("flat", x, y, length, width, yaw)
    colour = colour or str(rng.choice(["white", "pale", "gravel", "gravel", "tar", "grey", "cement"]))
    base = np.array(ROOFS[colour]) * rng.uniform(0.9, 1.08)
    wall = paint(WALL[rng.integers(len(WALL))], 0.05)
    roof = paint(
        base, 0.07, 6, 6, dirt=rng.uniform(0.1, 0.4), dirt_bgrn=base * rng.uniform(0.55, 0.8), seed=rng.uniform(0, 60)
    )
    m.box(x, y, z, length, width, height, yaw, roof, wall, oid=oid)
    cope = shade(but(roof, dirt=0), 1.25 if colour in ("tar", "gravel", "grey") else 0.85)
    for s in (-1, 1):
        m.box(x, y, z + height, length, 0.35, 0.5, yaw, cope, oid=oid, dy=s * (width / 2 - 0.17))
        m.box(x, y, z + height, 0.35, width, 0.5, yaw, cope, oid=oid, dx=s * (length / 2 - 0.17))
    zt = z + height
    if rng.random() < 0.6:  # felt lanes
        for k in np.arange(-width / 2 + 1, width / 2 - 0.5, rng.choice([1.0, 2.0, 3.0])):
            m.decal(x, y, zt + 0.012, length - 0.8, 0.12, yaw, shade(roof, 0.88), dy=k, oid=oid)
    grid = rng.random() < 0.45
    if grid:
        sx, sy = rng.uniform(5, 9), rng.uniform(5, 9)
        for u in np.arange(-length / 2 + sx / 2, length / 2 - 2, sx):
            for v in np.arange(-width / 2 + sy / 2, width / 2 - 1, sy):
                m.box(
                    x,
                    y,
                    zt,
                    rng.choice([1.2, 2.4]),
                    1.2,
                    0.35,
                    yaw,
                    paint((0.5, 0.53, 0.54, 0.55), 0.1, gloss=0.04),
                    STEEL,
                    oid=oid,
                    dx=u,
                    dy=v,
                )
    for _ in range(rng.poisson(length * width / 170)):
        dx, dy = rng.uniform(-0.44, 0.44) * length, rng.uniform(-0.42, 0.42) * width
        k = rng.random()
        if k < 0.5:
            a, b = rng.uniform(0.8, 3.5), rng.uniform(0.8, 2.4)
            m.box(
                x,
                y,
                zt,
                a,
                b,
                rng.uniform(0.6, 1.8),
                yaw,
                paint(np.array((0.36, 0.37, 0.37, 0.39)) * rng.uniform(0.6, 1.3), 0.1),
                STEEL,
                oid=oid,
                dx=dx,
                dy=dy,
            )
        elif k < 0.7:
            m.box(
                x,
                y,
                zt + 0.3,
                rng.uniform(4, 12),
                0.6,
                0.5,
                yaw + rng.choice([0, np.pi / 2]),
                shade(STEEL, 2.0),
                oid=oid,
                dx=dx * 0.6,
                dy=dy * 0.5,
            )
        else:
            m.decal(
                x,
                y,
                zt + 0.015,
                rng.uniform(1, 6),
                rng.uniform(1, 4),
                yaw,
                shade(roof, rng.uniform(0.7, 1.3)),
                dx=dx * 0.85,
                dy=dy * 0.8,
                oid=oid,
            )


def house(m, rng, x, y, z, yaw, oid=-1):
    ln, w = rng.uniform(9, 14), rng.uniform(7, 9.5)
    m.roof("house", x, y, ln, w, yaw)
    colour = str(rng.choice(["tile", "tile", "slate", "brown", "grey"]))
    roof = paint(
        np.array(ROOFS[colour]) * rng.uniform(0.8, 1.2),
        0.1,
        1.5,
        3,
        dirt=0.2,
        bump=0.1,
        period=0.35,
        seed=rng.uniform(0, 60),
    )
    m.gable(
        x, y, z, ln, w, rng.uniform(2.8, 5.5), rng.uniform(6.5, 8.5), yaw, roof, paint(WALL[rng.integers(4)]), oid=oid
    )
    m.box(
        x, y, z + 6, 0.7, 0.7, 2.6, yaw, paint((0.09, 0.1, 0.17, 0.25)), oid=oid, dx=rng.uniform(-0.3, 0.3) * ln, dy=0.8
    )
    if rng.random() < 0.5:
        m.gable(
            x - 0.5 * (ln + 5) * np.cos(yaw),
            y - 0.5 * (ln + 5) * np.sin(yaw),
            z,
            5,
            5,
            2.4,
            4.0,
            yaw,
            roof,
            paint(WALL[0]),
            oid=oid,
        )


def greenhouse(m, rng, x, y, z, length, width, yaw, oid=-1):
    n = max(1, int(round(width / 6.4)))
    w = width / n
    glass = paint(
        (0.33, 0.38, 0.40, 0.45),
        0.10,
        1.5,
        8,
        dirt=0.25,
        dirt_bgrn=(0.45, 0.48, 0.49, 0.5),
        bump=0.06,
        period=2.0,
        gloss=0.05,
        rough=0.2,
        seed=rng.uniform(0, 60),
    )
    for i in range(n):
        dy = (i + 0.5) * w - width / 2
        cx, cy = x - dy * np.sin(yaw), y + dy * np.cos(yaw)
        if rng.random() < 0.3:
            glass = but(glass, bgrn=np.clip(glass[:4] * rng.uniform(0.8, 1.2), 0, 0.8))
        m.gable(cx, cy, z, length, w, 3.0, 4.2, yaw, glass, glass, 0.0, oid)
        m.box(cx, cy, z + 4.2, length, 0.15, 0.1, yaw, paint((0.6, 0.6, 0.6, 0.6)), oid=oid)
        for k in np.arange(-length / 2, length / 2 + 1, 4.0):
            m.box(cx, cy, z + 3.0, 0.12, w, 0.06, yaw, paint((0.55, 0.56, 0.56, 0.56)), oid=oid, dx=k)


def poly_tunnel(m, rng, x, y, z, length, yaw, radius=3.2, oid=-1, colour=(0.52, 0.55, 0.55, 0.58)):
    m.tube(
        x,
        y,
        z,
        length,
        radius,
        yaw,
        paint(colour, 0.06, 2, 4, dirt=0.12, bump=0.08, period=2.0, gloss=0.05, rough=0.25, seed=rng.uniform(0, 60)),
        oid=oid,
        start=0.0,
        stop=np.pi,
    )


def silo(m, rng, x, y, z, oid=-1, radius=None):
    r = radius or rng.uniform(2.2, 6.0)
    h = rng.uniform(1.6, 3.4) * r
    p = paint(
        np.array(ROOFS[str(rng.choice(["galv", "white", "pale", "cement"]))]), 0.06, dirt=0.2, gloss=0.04, rough=0.3
    )
    m.cylinder(x, y, z, r, h, p, shade(p, 0.95), 24, cone=r * 0.35, oid=oid)
    m.cylinder(x, y, z + h + r * 0.3, 0.5, 0.6, STEEL, STEEL, 8, oid=oid)


def tank(m, rng, x, y, z, radius, height, oid=-1):
    p = paint((0.52, 0.54, 0.54, 0.55) if rng.random() < 0.7 else (0.2, 0.21, 0.21, 0.23), 0.05, dirt=0.2)
    m.cylinder(x, y, z, radius, height, p, but(p, dirt=0.3), 32, cone=radius * 0.06, oid=oid)
    for a in np.linspace(0, 1.6, 14):
        m.box(
            x + radius * np.cos(a) * 1.02,
            y + radius * np.sin(a) * 1.02,
            z + height * a / 1.6,
            0.8,
            0.8,
            0.1,
            a,
            STEEL,
            oid=oid,
        )


def timber(m, rng, x, y, z, length, yaw, oid=-1):
    """Stacks of logs or of sawn boards, some under sheets."""
    if rng.random() < 0.5:
        r0 = 0.25
        wood = paint((0.10, 0.145, 0.20, 0.33), 0.25, 6, 0.5)
        for row in range(rng.integers(3, 7)):
            k = 9 - row
            for i in range(k):
                dy = (i - k / 2) * 2 * r0
                m.tube(
                    x - dy * np.sin(yaw),
                    y + dy * np.cos(yaw),
                    z + r0 + row * r0 * 1.75,
                    length * rng.uniform(0.92, 1.0),
                    r0,
                    yaw,
                    shade(wood, rng.uniform(0.7, 1.3)),
                    6,
                    oid,
                )
    else:
        for k in np.arange(-length / 2, length / 2, 4.4):
            h = rng.choice([1.1, 2.2, 3.3])
            p = paint((0.16, 0.23, 0.30, 0.42) if rng.random() < 0.75 else (0.5, 0.5, 0.48, 0.5), 0.15, 0.4, 3)
            m.box(x, y, z, 4.0, 1.15, h, yaw, p, shade(p, 0.8), oid=oid, dx=k, dy=0.0)
            m.box(x, y, z, 4.0, 1.15, rng.choice([1.1, 2.2]), yaw, p, shade(p, 0.8), oid=oid, dx=k, dy=1.35)


def pool(m, rng, x, y, z, yaw, oid=-1):
    m.decal(x, y, z + 0.04, 11.5, 7.0, yaw, paint((0.3, 0.33, 0.35, 0.4), 0.05, 1, 1), oid=oid)
    m.decal(
        x,
        y,
        z + 0.06,
        8.5,
        4.2,
        yaw,
        paint((0.42, 0.36, 0.13, 0.04), 0.05, 4, 4, gloss=0.02, rough=0.05, kind=WATER, bump=0.01),
        oid=oid,
    )


def tent(m, rng, x, y, z, yaw, length=None, oid=-1):
    n = int((length or rng.choice([10, 15, 20, 30])) // 5)
    w = rng.choice([6, 10, 12])
    c = [(0.62, 0.63, 0.62, 0.62)] * 4 + [(0.10, 0.14, 0.09, 0.3), (0.17, 0.22, 0.25, 0.35)]
    p = paint(c[rng.integers(len(c))], 0.04, 3, 3, dirt=0.1, bump=0.08, period=5.0, seed=rng.uniform(0, 9))
    m.gable(x, y, z, n * 5, w, 2.6, 2.6 + w * 0.22, yaw, p, p, 0.2, oid)


# -- small things -----------------------------------------------------------------------------------------------------
def lamp(m, x, y, z, yaw, high=10.0, arms=1, oid=-1):
    m.beam([x, y, z], [x, y, z + high], 0.18, STEEL, oid)
    for k in range(arms):
        a = yaw + k * 2 * np.pi / arms
        e = np.array([x + 1.8 * np.cos(a), y + 1.8 * np.sin(a), z + high + 0.2])
        m.beam([x, y, z + high], e, 0.10, STEEL, oid)
        m.box(*e, 0.9, 0.35, 0.15, a, shade(STEEL, 1.6), oid=oid)


def mast(m, x, y, z, high=25.0, oid=-1):
    m.cylinder(x, y, z, 0.35, high, STEEL, STEEL, 8, oid=oid, top_radius=0.18)
    m.cylinder(x, y, z + high - 0.5, 0.8, 0.4, STEEL, shade(STEEL, 1.2), 8, oid=oid)


def power_line(m, pts, z_of, high=9.0):
    tops = []
    wood = paint((0.06, 0.075, 0.09, 0.15), 0.1)
    for (x, y), (x2, y2) in zip(pts, [*pts[1:], pts[-1]], strict=True):
        z = float(z_of(x, y))
        m.beam([x, y, z], [x, y, z + high], 0.25, wood)
        a = np.arctan2(y2 - y, x2 - x) + np.pi / 2 if (x2, y2) != (x, y) else np.pi / 2
        e = 0.9 * np.array([np.cos(a), np.sin(a), 0])
        p = np.array([x, y, z + high - 0.4])
        m.beam(p - e, p + e, 0.14, wood)
        tops.append((p - e, p, p + e))
    for a, b in pairwise(tops):
        for i in range(3):
            mid = (a[i] + b[i]) / 2 - [0, 0, 0.7]
            m.beam(a[i], mid, 0.03, DARK), m.beam(mid, b[i], 0.03, DARK)


def fence(m, line, z_of, high=2.2, step=3.0, solid=False, gaps=()):
    line = np.asarray(line, float)
    post = paint((0.2, 0.205, 0.21, 0.23), 0.1)
    for a, b in pairwise(line):
        n = max(1, int(np.hypot(*(b - a)) / step))
        p = a + (b - a) * np.linspace(0, 1, n + 1)[:, None]
        z = np.asarray(z_of(p[:, 0], p[:, 1]))
        for i in range(n):
            mid = (p[i] + p[i + 1]) / 2
            if any(np.hypot(*(mid - g[:2])) < g[2] for g in gaps):
                continue
            u, v = np.array([*p[i], z[i]]), np.array([*p[i + 1], z[i + 1]])
            if solid:
                m.quads([[u, v, v + [0, 0, high], u + [0, 0, high]]], paint((0.25, 0.27, 0.29, 0.33), 0.1))
                m.quads(
                    [[u + [0, -0.15, high], v + [0, -0.15, high], v + [0, 0.15, high], u + [0, 0.15, high]]],
                    paint((0.3, 0.32, 0.33, 0.36)),
                )
            else:
                m.beam(u, u + [0, 0, high], 0.09, post)
                for h in (0.4, 0.8, 1.2, 1.6, 2.0):
                    m.beam(u + [0, 0, h], v + [0, 0, h], 0.05, post)


def junk(m, rng, box, count, z_of, oid=-1):
    """Pallets, drums, skips, tyres, sheets, crates: what lies about along fences and walls."""
    x0, y0, x1, y1 = box
    for _ in range(int(count)):
        x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
        z, a = float(z_of(x, y)), rng.uniform(0, 3.14)
        c = rng.uniform(0.03, 0.35) * np.array([rng.uniform(0.5, 1.2), rng.uniform(0.7, 1.1), 1.0, 1.25])
        if rng.random() < 0.12:
            c = np.array(CAR[rng.integers(17, 23)])
        k = rng.random()
        if k < 0.7:
            m.box(
                x,
                y,
                z,
                rng.uniform(0.5, 2.6),
                rng.uniform(0.4, 1.6),
                rng.uniform(0.15, 1.5),
                a,
                paint(c, 0.25, 0.8, 0.8),
                oid=oid,
            )
        elif k < 0.85:
            m.cylinder(x, y, z, rng.uniform(0.3, 0.6), rng.uniform(0.3, 0.9), paint(c), paint(c * 0.9), 8, oid=oid)
        else:
            m.decal(x, y, z + 0.08, rng.uniform(1, 4), rng.uniform(1, 3), a, paint(c, 0.25, 1, 1), oid=oid)


def skip(m, rng, x, y, z, yaw, oid=-1):
    """An open skip of 20 to 40 cubic yards: container-like, but open and lower."""
    c = paint(
        [(0.06, 0.13, 0.08, 0.2), (0.15, 0.08, 0.04, 0.2), (0.1, 0.1, 0.11, 0.14)][rng.integers(3)],
        0.1,
        dirt=0.4,
        dirt_bgrn=RUST,
    )
    for s in (-1, 1):
        m.box(x, y, z, 6.2, 0.1, 1.6, yaw, c, oid=oid, dy=s * 1.15)
        m.box(x, y, z, 0.1, 2.3, 1.6, yaw, c, oid=oid, dx=s * 3.05)
    m.box(
        x,
        y,
        z,
        6.0,
        2.2,
        rng.uniform(0.1, 1.4),
        yaw,
        paint(rng.uniform(0.05, 0.25) * np.array([0.8, 1, 1.15, 1.3]), 0.5, 0.7, 0.7),
        oid=oid,
    )


# -- plants -----------------------------------------------------------------------------------------------------------
def trees(m, spec, when, seed):
    """All plants of a site at once.

    Rows of spec: x, y, z, height, crown radius, kind (0 broad, 1 conifer, 2 shrub, 3 poplar).
    """
    if not len(spec):
        return
    spec = np.asarray(spec, float)
    leafy, autumn = when["leaf"], when["autumn"]
    for kind in (0, 1, 2, 3):
        part = spec[spec[:, 5] == kind]
        if not len(part):
            continue
        rng = np.random.default_rng([seed, kind, 5])
        n = len(part)
        per = {0: 15, 1: 9, 2: 3, 3: 9}[kind]
        tone = rng.normal(1, 0.16, (n, 1)) * np.array([[1, 1, 1, 1]]) * rng.normal(1, 0.05, (n, 4))
        green = np.array([0.034, 0.084, 0.054, 0.520])
        if kind == 1:
            col = np.array([0.030, 0.064, 0.044, 0.400]) * tone
            share = 1.0
        else:
            yellow = np.array([0.035, 0.135, 0.175, 0.46])
            turn = np.clip(autumn * rng.uniform(0.5, 1.4, (n, 1)), 0, 1)
            col = (green * (1 - turn) + yellow * turn) * tone
            bare = np.array([0.105, 0.118, 0.135, 0.230])
            col = col * leafy + bare * (1 - leafy)
            share = 0.45 + 0.55 * leafy
        u = rng.standard_normal((n, per, 3))
        u /= np.linalg.norm(u, axis=-1, keepdims=True)
        u *= rng.uniform(0.25, 0.8, (n, per, 1)) ** 0.6
        h, r = part[:, 3][:, None], part[:, 4][:, None]
        k = rng.uniform(0.12, 1.0, (n, per))
        if kind == 1:
            taper = 1.05 - k
            a = rng.uniform(0, 6.28, (n, per))
            c = np.stack(
                [
                    part[:, :1] + r * taper * 0.45 * np.cos(a),
                    part[:, 1:2] + r * taper * 0.45 * np.sin(a),
                    part[:, 2:3] + h * k,
                ],
                -1,
            )
            rad = np.stack([r * taper * 0.75 + 0.2, r * taper * 0.75 + 0.2, h * 0.12 + 0 * k], -1)
        else:
            crown = {0: 0.42, 2: 0.5, 3: 0.48}[kind] * h
            c = np.stack(
                [
                    part[:, :1] + u[..., 0] * r * 0.85,
                    part[:, 1:2] + u[..., 1] * r * 0.85,
                    part[:, 2:3] + h * 0.56 + u[..., 2] * crown,
                ],
                -1,
            )
            q = {0: 0.50, 2: 0.72, 3: 0.8}[kind]
            rad = np.stack([r * q + 0 * k, r * q + 0 * k, np.minimum(crown * 0.6, r * q * 1.2 + 0.4) + 0 * k], -1)
        leaf = {0: 36, 1: 28, 2: 24, 3: 28}[kind]
        size = {0: 0.8, 1: 0.65, 2: 0.5, 3: 0.6}[kind]
        p = paint(green, 0.0, kind=LEAF, snow=0.5)
        rows = np.broadcast_to(p, (n, per, len(p))).copy()
        rows[..., :4] = np.clip(col[:, None] * rng.normal(1, 0.12, (n, per, 1)), 0.008, 0.6)
        m.leaves(
            rng,
            c.reshape(-1, 3),
            rad.reshape(-1, 3),
            max(4, int(leaf * share)),
            size * (0.35 + 0.65 * leafy if kind != 1 else 1.0),
            rows.reshape(-1, len(p)),
        )
        if kind in (0, 3):
            bark = paint((0.05, 0.06, 0.07, 0.14))
            for t in part[:: max(1, n // 150)]:
                m.beam(t[:3], t[:3] + [0, 0, t[3] * 0.55], 0.3, bark)
