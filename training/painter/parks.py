"""The kind `parks`: rows of what is lived in, sold from or stored, about as wide as a container, and few boxes.

What networks took for boxes last was mostly a thing that stands in rows by itself: tents, timber, narrow sheds with
lights in their roofs, trailers and coaches between empty bays. Beside those stand mobile homes, market stalls, boats,
arches, terraces of houses of many colours. Each parcel has its own sizes, pitch and paints.
"""

from __future__ import annotations

import numpy as np
import things as T
from lookalikes import along, lanes, tone
from mesh import paint, shade

USES = (
    "caravans", "caravans", "camp", "camp", "sheds", "sheds", "sheds", "arches", "stalls", "stalls", "boats",
    "terraces", "terraces", "pallets", "timber", "timber", "tents", "trailers", "trailers", "buses", "skips", "lone",
)  # fmt: skip
PALE = tuple(T.ROOFS[name] for name in ("white", "pale", "grey"))
CANVAS = (
    (0.62, 0.63, 0.62, 0.62), (0.60, 0.61, 0.60, 0.61), (0.30, 0.40, 0.46, 0.52), (0.10, 0.14, 0.09, 0.30),
    (0.17, 0.22, 0.25, 0.35), (0.30, 0.14, 0.06, 0.30), (0.06, 0.20, 0.12, 0.35),
)  # fmt: skip
"""Tents and sheets: white, sand, green, khaki, blue and green tarpaulins (blue, green, red, near infrared)."""


def cloth(rng, colours=CANVAS):
    """A sheet of one colour, hanging in waves."""
    base = np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.8, 1.1)
    return paint(
        base, 0.04, 3, 3, dirt=rng.uniform(0.02, 0.25), bump=0.08, period=rng.uniform(1, 5), seed=rng.uniform(0, 9)
    )


def slope_lights(m, x, y, z, length, width, eave, ridge, yaw, pitch, part, glass):
    """Strips of glass on both sides of a gabled roof, from near the ridge to near the eave."""
    c, s = np.cos(yaw), np.sin(yaw)

    def at(u, v):
        up = ridge - (ridge - eave) * abs(v) / (width / 2)
        return [x + u * c - v * s, y + u * s + v * c, z + up + 0.05]

    for u in np.arange(-length / 2 + pitch / 2, length / 2 - part, pitch):
        for side in (-1, 1):
            low, high = side * width * 0.42, side * width * 0.1
            m.quads([[at(u, low), at(u + part, low), at(u + part, high), at(u, high)]], glass)


def caravans(m, rng, rect, z):
    """Mobile homes, site huts and caravans on pitches, square or slanted to their lane."""
    long = rng.choice([5.5, 7.0, 9.0, 10.7, 12.2])
    wide = rng.uniform(1.9, 2.25) if long < 6 else rng.uniform(2.9, 4.2)
    slant, gap = rng.choice([0.0, 0.0, 0.5, 0.8]), rng.uniform(1.0, 5.0)
    ridged = rng.random() < 0.6
    coat = PALE[rng.integers(len(PALE))] if rng.random() < 0.7 else None
    for x, y, length, _, yaw in lanes(rect, rng, (long * 1.05, long * 1.05), (4, 9)):
        for u in np.arange(-length / 2 + long / 2, length / 2 - long / 2, wide / max(0.4, np.cos(slant)) + gap):
            if rng.random() < 0.2:
                continue
            a, b = x + u * np.cos(yaw), y + u * np.sin(yaw)
            turn = yaw + np.pi / 2 + slant + rng.normal(0, 0.03)
            own = tone(rng) if coat is None else paint(np.array(coat) * rng.uniform(0.75, 1.05), 0.04, dirt=0.2)
            far, v = long * rng.uniform(0.85, 1.0), wide * rng.uniform(0.95, 1.0)
            if ridged:
                m.gable(a, b, z, far, v, 2.5, 2.5 + v * rng.uniform(0.08, 0.25), turn, own, shade(own, 0.8), 0.15)
            else:
                m.box(a, b, z + 0.4, far, v, rng.uniform(2.1, 2.7), turn, own, shade(own, 0.8))
                if rng.random() < 0.6:
                    m.box(a, b, z + 2.9, 0.7, 0.7, 0.15, turn, shade(own, 0.6), dx=rng.uniform(-0.3, 0.3) * far)
            if rng.random() < 0.3:  # an awning or a deck along one side
                m.box(a, b, z, far * 0.6, 2.0, rng.choice([0.4, 2.3]), turn, cloth(rng), dy=v / 2 + 1.0)


def camp(m, rng, rect, z):
    """Tents of one kind in rows, from a family's to a store's, with a few under other sheets."""
    long, wide = rng.choice([(4.0, 4.0), (6.0, 4.0), (6.6, 3.0), (12.0, 6.0), (9.0, 5.0), (16.0, 6.5)])
    gap, one, arched = rng.uniform(0.8, 5.0), cloth(rng), rng.random() < 0.35
    across = rng.random() < 0.5
    a, b = (wide, long) if across else (long, wide)
    for x, y, length, _, yaw in lanes(rect, rng, (b, b), (gap, gap + 4)):
        turn = yaw + (np.pi / 2 if across else 0.0)
        for u in np.arange(-length / 2 + a / 2, length / 2 - a / 2, a + gap):
            if rng.random() < 0.15:
                continue
            px, py = x + u * np.cos(yaw), y + u * np.sin(yaw)
            own = shade(one, rng.normal(1, 0.06)) if rng.random() < 0.85 else cloth(rng)
            if arched:
                m.tube(px, py, z, long, wide / 2, turn + rng.normal(0, 0.03), own, 10, start=0.0, stop=np.pi)
            else:
                eave = rng.uniform(0.6, 2.2)
                m.gable(px, py, z, long, wide, eave, eave + wide * 0.28, turn + rng.normal(0, 0.03), own, own, 0.1)


def sheds(m, rng, rect, z):
    """Long narrow gabled sheds side by side, with strips of light, vents on the ridge, or neither."""
    ridge_of, roof = rng.uniform(0.1, 0.3), tone(rng)
    glass = paint(np.array((0.5, 0.52, 0.5, 0.5)) * rng.uniform(0.5, 1.2), 0.05)
    pitch, part = rng.uniform(3.0, 8.0), rng.uniform(0.7, 2.4)
    style = rng.choice(["lights", "vents", "plain", "bare"], p=[0.4, 0.2, 0.25, 0.15])
    one = rng.random() < 0.6
    for x, y, length, w, yaw in lanes(rect, rng, (4.5, 12), (1.0, 9)):
        own = roof if one else tone(rng)
        wall = paint(T.WALL[rng.integers(4)], 0.05)
        eave = rng.uniform(2.4, 5)
        ridge = eave + w / 2 * ridge_of * 2
        cut = rng.choice([1, 1, 2, 3])
        for k in range(cut):
            far = length / cut - (rng.uniform(2, 6) if cut > 1 else 0)
            off = (k + 0.5) * length / cut - length / 2
            a, b = x + off * np.cos(yaw), y + off * np.sin(yaw)
            if far < 8:
                continue
            m.gable(a, b, z, far, w, eave, ridge, yaw, own, wall, 0.25)
            if style == "lights":
                slope_lights(m, a, b, z, far, w, eave, ridge, yaw, pitch, part, glass)
            elif style == "vents":
                step = rng.uniform(4, 9)
                for u in np.arange(-far / 2 + 2, far / 2 - 2, step):
                    m.box(a, b, z + ridge - 0.2, step * rng.uniform(0.3, 0.8), 1.0, 0.8, yaw, shade(own, 0.8), dx=u)
            elif style == "plain":
                # Nothing is drawn of these: without them all that follows would differ from the sites that taught.
                for _ in np.arange(-far / 2 + pitch / 2, far / 2 - part, pitch):
                    if rng.random() < 0.6:
                        rng.random()


def arches(m, rng, rect, z):
    """Tunnels and arched sheds, alone or in touching rows."""
    r, gap = rng.uniform(1.3, 5.0), rng.choice([0.1, 0.6, 2.5, 5.0])
    colours = (*CANVAS[:3], *PALE)
    for x, y, length, _, yaw in lanes(rect, rng, (2 * r, 2 * r), (gap, gap + 0.4)):
        T.poly_tunnel(
            m, rng, x, y, z, length * rng.uniform(0.6, 1.0), yaw, r, colour=colours[rng.integers(len(colours))]
        )


def stalls(m, rng, rect, z):
    """Stalls and kiosks of a market, packed, in the paints of boxes and shorter than any."""
    long, deep = rng.uniform(2.2, 4.8), rng.uniform(2.0, 3.4)
    dull = rng.random() < 0.4
    for x, y, length, _, yaw in lanes(rect, rng, (deep, deep), (0.3, 5.0)):
        turned = yaw
        for u in np.arange(-length / 2 + long / 2, length / 2 - long / 2, long + rng.choice([0.05, 0.3, 1.0])):
            if rng.random() < 0.12:
                continue
            a, b = x + u * np.cos(yaw), y + u * np.sin(yaw)
            own = tone(rng, 0.6) if dull or rng.random() < 0.5 else cloth(rng)
            far, up = long * rng.uniform(0.8, 1.02), rng.uniform(1.9, 3.0)
            if rng.random() < 0.4:
                m.gable(a, b, z, far, deep, up, up + deep * rng.uniform(0.1, 0.3), turned, own, shade(own, 0.7), 0.2)
            else:
                m.box(a, b, z, far, deep, up, turned + rng.normal(0, 0.03), own, shade(own, 0.7))


def boats(m, rng, rect, z):
    """Boats on trailers and cradles, in rows, some under covers."""
    long = rng.uniform(5.5, 13)
    hull = paint((0.6, 0.61, 0.6, 0.6), 0.04, gloss=0.03, rough=0.25)
    for x, y, length, _, yaw in lanes(rect, rng, (long, long), (3, 8)):
        for u in np.arange(-length / 2 + 2, length / 2 - 2, rng.uniform(2.9, 4.4)):
            if rng.random() < 0.2:
                continue
            a, b = x + u * np.cos(yaw), y + u * np.sin(yaw)
            far, v, turn = long * rng.uniform(0.75, 1.0), rng.uniform(1.9, 3.2), yaw + np.pi / 2 + rng.normal(0, 0.05)
            own = cloth(rng, (*CANVAS[-2:], *PALE)) if rng.random() < 0.5 else shade(hull, rng.uniform(0.8, 1.05))
            m.frustum(a, b, z + 0.8, (far * 0.6, v * 0.6), (far * 0.75, v), 1.2, turn, own, shade(own, 0.6))
            m.frustum(
                a, b, z + 0.8, (far * 0.2, v * 0.4), (far * 0.25, v * 0.5), 1.2, turn, own, own, at=(far * 0.5, 0.0)
            )
            if rng.random() < 0.5:
                m.box(a, b, z + 2.0, far * 0.3, v * 0.6, 0.9, turn, shade(own, 0.8), T.GLASS)


def terraces(m, rng, rect, z):
    """Houses side by side under one ridge, each with a roof of its own age and colour, with chimneys and dormers."""
    deep, front = rng.uniform(6.5, 11), rng.uniform(4.2, 7.5)
    for x, y, length, _, yaw in lanes(rect, rng, (deep, deep), (7, 14)):
        roof, mixed = tone(rng), rng.random() < 0.5
        eave = rng.uniform(4.5, 8)
        ridge = eave + deep * rng.uniform(0.15, 0.4)
        for u in np.arange(-length / 2 + front / 2, length / 2 - front / 2, front):
            a, b = x + u * np.cos(yaw), y + u * np.sin(yaw)
            own = tone(rng) if mixed and rng.random() < 0.4 else shade(roof, rng.normal(1, 0.12))
            m.gable(a, b, z, front, deep, eave, ridge, yaw, own, paint(T.WALL[rng.integers(4)]), 0.0)
            m.box(a, b, z + ridge - 0.5, 0.6, 0.9, 1.2, yaw, shade(own, 0.6), dx=front / 2 - 0.4)
            if rng.random() < 0.35:
                m.box(a, b, z + eave, 2.0, deep * 0.5, (ridge - eave) * 0.7, yaw, shade(own, 0.85), dy=deep * 0.2)
            if rng.random() < 0.3:
                m.box(a, b, z, 2.6, 4.5, 2.6, yaw, tone(rng), dy=-deep / 2 - 2.4)


def pallets(m, rng, rect, z):
    """Stacks of crates, bales and sheeted goods, in blocks with lanes, as high as a box or lower."""
    x0, y0, x1, y1 = rect
    long, short, high = rng.uniform(1.2, 6.5), rng.uniform(1.1, 2.8), rng.uniform(0.8, 2.8)
    one, uneven = tone(rng), rng.uniform(0.03, 0.3)
    x = x0
    while x < x1 - long:
        for y in np.arange(y0, y1 - short, short + rng.choice([0.1, 0.3])):
            if rng.random() < 0.8:
                own = shade(one, float(np.clip(rng.normal(1, uneven), 0.4, 1.6))) if rng.random() < 0.9 else tone(rng)
                up = high * rng.choice([0.5, 1.0, 1.0])
                m.box(x + long / 2, y + short / 2, z, long * 0.97, short, up, rng.normal(0, 0.01), own, shade(own, 0.8))
        x += long + rng.choice([0.15, 0.4, 4.0])


SOLID = {
    "caravans": caravans, "camp": camp, "sheds": sheds, "arches": arches, "stalls": stalls, "boats": boats,
    "terraces": terraces, "pallets": pallets,
}  # fmt: skip
GROUNDS = ("asphalt_old", "concrete_old", "gravel", "gravel_dark", "concrete", "asphalt", "dirt", "dirt_pale", "grass")


class Parks:
    """What ``Site`` lays out as `parks`."""

    def _parks(self):
        self._parcels(USES, self._parked)

    def _parked(self, p, use, key):
        if use not in SOLID:
            self._alike(p, use, key)
            return
        r = self.rng
        x0, y0, x1, y1 = p
        inner = (x0 + 3, y0 + 3, x1 - 3, y1 - 3)
        x, y, length, _, yaw = along(inner)
        name = str(r.choice(GROUNDS))
        if name == "grass":
            self.painters.append(lambda g, look: g.lay(p, "grass", 1.0, 0.6, key, when=look.when, tone=1.0))
        else:
            self.surface(p, name, key, busy=0.7)
        lane = (
            (x - length / 2, y - 2, x + length / 2, y + 2)
            if not yaw
            else (x - 2, y - length / 2, x + 2, y + length / 2)
        )
        if r.random() < 0.4:
            self.surface(lane, str(r.choice(["asphalt_old", "gravel", "dirt"])), key + 1, busy=1.0, rough=0.3)
        self.solid(lambda m, g, z: SOLID[use](m, g, inner, float(z((x0 + x1) / 2, (y0 + y1) / 2)) + 0.02))
