"""The kind `lookalikes`: parcels of things that have a container's width, pitch or colour and are none, and few boxes.

What earlier networks took for boxes on real pictures was a piece of something longer: a bay of a panelled or louvred
roof, a stretch of a canopy, truss or jet bridge, a cell of a row. So each parcel repeats such a piece beyond its ends
or its sides, in many widths, pitches, heights and paints. On half of the sites a few boxes stand beside them, so that
what distinguishes the two is in one picture.
"""

from __future__ import annotations

import numpy as np
import things as T
from mesh import Mesh, but, paint, shade
from parts import Slot

USES = (
    "panels", "panels", "louvres", "louvres", "sawtooth", "canopy", "canopy", "garages", "garages", "truss", "jetways",
    "solar", "marked", "slabs", "wagons", "rows", "roofs", "timber", "skips", "buses", "trailers", "tents", "halls",
    "furrows", "lone", "lone",
)  # fmt: skip
#: roofs and sheets: a roof's colours, and a third of them of those that only containers and panels have
TONES = (*T.ROOFS.values(), *T.ROOFS.values(), *(p[1] for p in T.PAINTS[:13]))


def tone(rng, dirt=0.3):
    """A paint of a roof or sheet, weathered to its own degree."""
    base = np.array(TONES[rng.integers(len(TONES))]) * rng.uniform(0.8, 1.15)
    return paint(base, 0.05, 1.5, 3, dirt=rng.uniform(0.02, dirt), dirt_bgrn=base * 0.7, seed=rng.uniform(0, 60))


def along(rect):
    """Centre, length, width and yaw of a rectangle along its long side."""
    x0, y0, x1, y1 = rect
    w, d = x1 - x0, y1 - y0
    return ((x0 + x1) / 2, (y0 + y1) / 2, w, d, 0.0) if w >= d else ((x0 + x1) / 2, (y0 + y1) / 2, d, w, np.pi / 2)


def lanes(rect, rng, width, gap):
    """Strips of a rectangle along its long side, each of a width of its own with a gap behind it."""
    x, y, length, wide, yaw = along(rect)
    v = -wide / 2
    while True:
        w = rng.uniform(*width)
        if v + w > wide / 2:
            return
        off = v + w / 2
        yield x - off * np.sin(yaw), y + off * np.cos(yaw), length, w, yaw
        v += w + rng.uniform(*gap)


def panels(m, rng, rect, z):
    """Flat roofs of panels with seams: pieces of a box's size, edge to edge, of nearly one tone."""
    for x, y, length, w, yaw in lanes(rect, rng, (14, 30), (3, 8)):
        high, roof = rng.uniform(3, 11), tone(rng)
        m.box(x, y, z, length, w, high, yaw, roof, paint(T.WALL[rng.integers(4)], 0.05))
        long, short = rng.choice([4.0, 6.0, 6.1, 9.0, 12.0, 12.2]), rng.uniform(1.8, 3.6)
        raised, uneven = rng.choice([0.03, 0.03, 0.15, 0.4]), rng.uniform(0.0, 0.16)
        a, b = (long, short) if rng.random() < 0.5 else (short, long)
        seam = rng.uniform(0.08, 0.5)
        for u in np.arange(-length / 2 + a / 2 + 0.6, length / 2 - a / 2, a):
            for v in np.arange(-w / 2 + b / 2 + 0.6, w / 2 - b / 2, b):
                top = shade(roof, rng.normal(1.0, uneven + 0.02))
                m.box(x, y, z + high, a - seam, b - seam, raised, yaw, top, shade(roof, 0.7), dx=u, dy=v)
        for s in (-1, 1):
            m.box(x, y, z + high, length, 0.4, rng.uniform(0.2, 0.9), yaw, shade(roof, 0.9), dy=s * (w / 2 - 0.2))


def louvres(m, rng, rect, z):
    """Low long buildings crossed by raised bays, whose shadows part them into strips."""
    for x, y, length, w, yaw in lanes(rect, rng, (4.5, 14), (3, 9)):
        high, roof = rng.uniform(2.5, 7), tone(rng)
        m.box(x, y, z, length, w, high, yaw, roof, paint(T.WALL[rng.integers(4)], 0.05))
        pitch = rng.uniform(2.2, 4.2)
        part, up = rng.uniform(0.45, 0.9), rng.uniform(0.15, 1.2)
        top = shade(roof, rng.choice([0.6, 0.85, 1.0, 1.2, 1.5]))
        reach = rng.uniform(0.75, 1.02)
        for u in np.arange(-length / 2 + pitch / 2, length / 2, pitch):
            own = shade(top, rng.normal(1, 0.06))
            m.box(x, y, z + high, pitch * part, w * reach, up, yaw, own, shade(own, 0.8), dx=u)


def sawtooth(m, rng, rect, z):
    """North-light roofs and rows of narrow gables, one beside the other."""
    x, y, length, wide, yaw = along(rect)
    high, roof, pitch = rng.uniform(4, 8), tone(rng), rng.uniform(2.6, 6.5)
    up, glass = (
        pitch * rng.uniform(0.15, 0.45),
        but(T.GLASS, bgrn=np.array((0.2, 0.22, 0.22, 0.25)) * rng.uniform(0.3, 1.6)),
    )
    c, s = np.cos(yaw), np.sin(yaw)
    m.box(x, y, z, length, wide, high, yaw, roof, paint(T.WALL[rng.integers(4)], 0.05))
    crest = 0.5 if rng.random() < 0.4 else 0.98
    for u in np.arange(-length / 2, length / 2 - pitch, pitch):

        def at(k, v, h, u=u):
            return [x + (u + k * pitch) * c - v * s, y + (u + k * pitch) * s + v * c, z + high + h]

        v = wide / 2
        own = shade(roof, rng.normal(1, 0.05))
        other = shade(own, 0.98) if crest < 0.6 else glass
        m.quads([[at(0, -v, 0.02), at(crest, -v, up), at(crest, v, up), at(0, v, 0.02)]], own)
        m.quads([[at(crest, -v, up), at(1, -v, 0.02), at(1, v, 0.02), at(crest, v, up)]], other)


def canopy(m, rng, rect, z):
    """Roofs on posts over platforms, bays and queues, in strips with sheets of two tones across."""
    for x, y, length, w, yaw in lanes(rect, rng, (2.4, 9), (6, 14)):
        up, roof = rng.uniform(3, 6.5), tone(rng)
        other = shade(roof, rng.choice([0.7, 0.85, 1.15, 1.4])) if rng.random() < 0.7 else tone(rng)
        step, part = rng.uniform(1.8, 7.0), rng.uniform(0.2, 0.8)
        m.box(x, y, z + up, length, w, 0.25, yaw, roof)
        for u in np.arange(-length / 2 + step / 2, length / 2, step):
            m.box(
                x,
                y,
                z + up + 0.25,
                step * part,
                w * rng.choice([0.8, 1.0]),
                0.05,
                yaw,
                shade(other, rng.normal(1, 0.05)),
                dx=u,
            )
            m.box(x, y, z, 0.3, 0.3, up, yaw, T.STEEL, dx=u)
        if rng.random() < 0.5:
            m.box(x, y, z + up + 0.25, length, 0.3, 0.15, yaw, shade(roof, 0.6))


def garages(m, rng, rect, z):
    """Rows of lock-ups, stalls and berths: cells side by side under roofs of nearly one tone, parted by low walls."""
    for x, y, length, w, yaw in lanes(rect, rng, (4.8, 7.5), (5, 9)):
        pitch, high, roof = rng.uniform(2.5, 3.6), rng.uniform(2.3, 3.2), tone(rng)
        uneven, wall = rng.choice([0.03, 0.08, 0.25]), rng.choice([0.0, 0.12, 0.25])
        for u in np.arange(-length / 2 + pitch / 2, length / 2 - pitch / 2, pitch):
            top = tone(rng) if rng.random() < uneven else shade(roof, rng.normal(1, uneven))
            m.box(x, y, z, pitch, w, high + rng.uniform(0, 0.05), yaw, top, shade(roof, 0.8), dx=u)
            m.box(x, y, z + high, 0.2, w, wall + 0.06, yaw, shade(roof, rng.choice([0.6, 1.2])), dx=u + pitch / 2)


def truss(m, rng, rect, z):
    """Bridges, conveyors and racks of pipes: lattices over strips of ground, decks and shade between their bars."""
    for x, y, length, w, yaw in lanes(rect, rng, (2.2, 7), (5, 12)):
        up, bay, bar = rng.uniform(4, 10), rng.uniform(3, 9), tone(rng, 0.1)
        c, s = np.cos(yaw), np.sin(yaw)

        def at(u, v, h, x=x, y=y, c=c, s=s):
            return np.array([x + u * c - v * s, y + u * s + v * c, z + h])

        for v in (-w / 2, w / 2):
            m.beam(at(-length / 2, v, up), at(length / 2, v, up), rng.uniform(0.25, 0.6), bar)
        steps = np.arange(-length / 2, length / 2 - bay, bay)
        for k, u in enumerate(steps):
            m.beam(at(u, -w / 2, up), at(u, w / 2, up), 0.35, bar)
            side = w / 2 if k % 2 else -w / 2
            m.beam(at(u, side, up), at(u + bay, -side, up), 0.25, bar)
            m.beam(at(u, 0, 0), at(u, 0, up), 0.4, T.STEEL)
        style = rng.random()
        if style < 0.4:
            deck = tone(rng)
            for u in steps[rng.random(len(steps)) < 0.8]:
                m.box(
                    x,
                    y,
                    z + up - 0.6,
                    bay - rng.uniform(0.1, 0.6),
                    w * 0.8,
                    0.2,
                    yaw,
                    shade(deck, rng.normal(1, 0.1)),
                    dx=u + bay / 2,
                )
        elif style < 0.75:
            for v in np.arange(-w / 2 + 0.4, w / 2, rng.uniform(0.6, 1.2)):
                m.tube(*at(0, v, up + 0.3), length, rng.uniform(0.15, 0.4), yaw, tone(rng), 6)


def jetways(m, rng, rect, z):
    """Aircraft on stands, with bridges, steps, carts and cabins beside them."""
    x0, y0, x1, y1 = rect
    for x in np.arange(x0 + 16, x1 - 14, rng.uniform(32, 40)):
        y, yaw = (y0 + y1) / 2 + rng.normal(0, 2), rng.choice([-1, 1]) * np.pi / 2 + rng.normal(0, 0.03)
        c, s = np.cos(yaw), np.sin(yaw)
        if rng.random() < 0.75:
            skin = paint(np.array((0.6, 0.61, 0.6, 0.6)) * rng.uniform(0.5, 1.1), 0.03, gloss=0.04, rough=0.2)
            long, w = rng.uniform(26, 38), rng.uniform(1.5, 2.1)
            m.tube(x, y, z + 3.2, long, w, yaw, skin, 14)
            m.cylinder(x + long / 2 * c, y + long / 2 * s, z + 2.0, w * 0.9, 2.0, skin, skin, 12)
            for k in (-1, 1):
                q = [(2.0, 0.8), (-3.5, 0.8), (-7.5, long * 0.47), (-5.5, long * 0.47)]
                m.quads([[[x + u * c - k * v * s, y + u * s + k * v * c, z + 3.0] for u, v in q]], skin)
                q = [(-long / 2 + 4, 0.4), (-long / 2, 0.4), (-long / 2 - 1, 6.0), (-long / 2 + 1, 6.0)]
                m.quads([[[x + u * c - k * v * s, y + u * s + k * v * c, z + 4.5] for u, v in q]], skin)
        arm = paint(
            np.array(T.ROOFS[str(rng.choice(["white", "pale", "grey", "galv"]))]) * rng.uniform(0.7, 1.1),
            0.04,
            dirt=0.2,
        )
        side, bend, reach = rng.choice([-1, 1]), rng.normal(0, 0.35), rng.uniform(10, 24)
        px, py, turn = x + side * rng.uniform(9, 12), y + rng.uniform(2, 9), yaw + np.pi / 2 * side + bend
        for k in range(int(rng.integers(1, 4))):
            a, b = px + reach * k * 0.5 * np.cos(turn), py + reach * k * 0.5 * np.sin(turn)
            m.box(a, b, z + 3.5, reach * 0.52, 2.6 + 0.35 * (k % 2), 2.8 - 0.2 * k, turn, arm, shade(arm, 0.7))
        m.cylinder(
            px, py, z, rng.uniform(1.8, 3.2), rng.uniform(4, 7), shade(arm, 0.8), shade(arm, rng.uniform(0.8, 1.1)), 14
        )
        m.box(
            px - 4,
            py,
            z,
            rng.uniform(2.5, 5),
            rng.uniform(3.2, 5),
            rng.uniform(2.5, 5),
            turn,
            tone(rng),
            shade(arm, 0.6),
        )
        for _ in range(rng.poisson(4)):
            m.box(
                x + rng.uniform(-15, 15),
                y + rng.uniform(-14, 14),
                z,
                rng.uniform(1.5, 4),
                rng.uniform(1.3, 2),
                rng.uniform(0.5, 2),
                rng.uniform(0, 3),
                tone(rng),
            )


def solar(m, rng, rect, z):
    """Tables of solar panels or roofs over parking, tilted, in rows."""
    up, deep, pitch = rng.uniform(0.6, 3.5), rng.uniform(1.9, 5.5), rng.uniform(4.2, 8)
    cell = paint(np.array((0.05, 0.035, 0.03, 0.06)) * rng.uniform(0.8, 2.2), 0.03, gloss=0.05, rough=0.15)
    frame, table = paint((0.42, 0.43, 0.43, 0.44)), rng.choice([6.0, 8.0, 12.0, 12.0, 18.0])
    for x, y, length, w, yaw in lanes(rect, rng, (deep, deep), (pitch - deep, pitch - deep + 0.01)):
        for u in np.arange(-length / 2 + table / 2, length / 2 - table / 2, table + rng.uniform(0.2, 1.0)):
            lo = Mesh.rect(x, y, z + up, table, w, yaw, u)
            lo[2:, 2] += w * 0.25
            m.quads([lo], cell)
            if rng.random() < 0.7:
                m.quads([Mesh.rect(x, y, z + up + w * 0.125 + 0.06, table, 0.12, yaw, u)], frame)


def slabs(m, rng, rect, z):
    """Plinths, pads, trench covers and patches: flat or hardly raised, a box's outline and none of its height."""
    x0, y0, x1, y1 = rect
    long, short = rng.choice([4.0, 6.1, 9.0, 12.2]), rng.uniform(1.8, 3.4)
    gap, up = rng.uniform(0.4, 4.0), rng.choice([0.03, 0.05, 0.2, 0.45])
    turned, one = rng.random() < 0.5, tone(rng)
    a, b = (short, long) if turned else (long, short)
    for x in np.arange(x0 + a / 2 + 1, x1 - a / 2, a + gap):
        for y in np.arange(y0 + b / 2 + 1, y1 - b / 2, b + rng.uniform(0.3, 3.0)):
            if rng.random() < 0.65:
                m.box(
                    x,
                    y,
                    z + 0.01,
                    a,
                    b,
                    up,
                    rng.normal(0, 0.01),
                    shade(one, rng.normal(1, 0.1)) if rng.random() < 0.8 else tone(rng),
                )


def rows(m, rng, rect, z):
    """Stored goods: pallets, bricks, pipes, beams and bales in rows, of many lengths, mostly lower than a box."""
    for x, y, length, w, yaw in lanes(rect, rng, (1.1, 3.4), (0.8, 5)):
        piece, high, one = rng.uniform(2.5, 14), rng.uniform(0.5, 2.2), tone(rng)
        for u in np.arange(-length / 2 + piece / 2, length / 2 - piece / 2, piece + rng.uniform(0.1, 2)):
            if rng.random() < 0.7:
                own = shade(one, rng.normal(1, 0.12))
                for v in np.arange(-w / 2 + 0.3, w / 2, rng.choice([0.6, 1.1, 5.0])):
                    m.box(
                        x,
                        y,
                        z,
                        piece * rng.uniform(0.85, 1),
                        min(w, 1.0) * 0.92,
                        high * rng.uniform(0.8, 1),
                        yaw,
                        shade(own, rng.normal(1, 0.06)),
                        dx=u,
                        dy=v,
                    )


def roofs(m, rng, rect, z):
    """Halls of many narrow spans, sheds, huts and cabins of other sizes than a box."""
    x0, y0, x1, y1 = rect
    if rng.random() < 0.5:
        x, y, length, wide, yaw = along((x0 + 3, y0 + 3, x1 - 3, y1 - 3))
        T.hall(m, rng, x, y, z, length, wide, rng.uniform(4, 8), yaw, span=rng.uniform(4.5, 9))
        return
    for x in np.arange(x0 + 6, x1 - 5, rng.uniform(8, 13)):
        for y in np.arange(y0 + 6, y1 - 5, rng.uniform(8, 13)):
            long, w, yaw = rng.uniform(3.5, 9), rng.uniform(3.2, 5.5), rng.choice([0, np.pi / 2]) + rng.normal(0, 0.1)
            roof = tone(rng)
            if rng.random() < 0.6:
                m.gable(
                    x,
                    y,
                    z,
                    long,
                    w,
                    2.3,
                    2.3 + w * rng.uniform(0.1, 0.4),
                    yaw,
                    roof,
                    paint(T.WALL[rng.integers(4)]),
                    0.2,
                )
            else:
                m.box(x, y, z, long, w, rng.uniform(2.2, 3.5), yaw, roof, shade(roof, 0.7))


def wagons(m, rng, rect, z):
    """Sidings of wagons that are no box: closed, open, tank, empty flat ones, and coaches."""
    x0, y0, x1, y1 = rect
    for k, y in enumerate(np.arange(y0 + 4, y1 - 3, rng.uniform(4.6, 7))):
        T.rails(m, x0, x1, y, z, key=k)
        x, kind = x0 + rng.uniform(2, 20), str(rng.choice(["van", "van", "gondola", "hopper", "tank", "flat", "coach"]))
        coat = tone(rng)
        while x < x1 - 20:
            own = (
                kind if rng.random() < 0.75 else str(rng.choice(["van", "gondola", "hopper", "tank", "flat", "flat40"]))
            )
            if own == "coach":
                m.box(x + 10, y, z + 1.0, 20, 2.8, 2.4, 0.0, coat, T.GLASS)
                m.tube(
                    x + 10, y, z + 3.2, 20, 1.4, 0.0, shade(coat, rng.choice([0.6, 1.0])), start=0.35, stop=np.pi - 0.35
                )
                x += 20.8
            else:
                half = {"flat": 19.4, "flat40": 14.2, "gondola": 14.0, "tank": 13.6, "hopper": 12.8, "van": 16.4}[
                    own
                ] / 2
                x += half + T.wagon(m, rng, x + half, y, z + 0.18, 0.0, own) - half + 0.1


SOLID = {
    "panels": panels, "louvres": louvres, "sawtooth": sawtooth, "canopy": canopy, "garages": garages, "truss": truss,
    "jetways": jetways, "solar": solar, "slabs": slabs, "rows": rows, "roofs": roofs, "wagons": wagons,
}  # fmt: skip


class Lookalikes:
    """What ``Site`` lays out as `lookalikes`."""

    def _lookalikes(self):
        self._parcels(USES, self._alike)

    def _parcels(self, uses, lay):
        """Nine parcels, each laid out for one of the uses, and on half of the sites a few boxes beside them."""
        r, s = self.rng, self.size
        a, b = s * 0.47, s * 0.45
        self.shapers.append(lambda g, look: g.flatten((-a, -b, a, b), 0.0, 12.0))
        self.surround((-a, -b, a, b), rural=0.3)
        cols, lines = 3, 3
        uses = r.permutation(np.array(uses))
        w, d = 2 * a / cols, 2 * b / lines
        for i in range(cols):
            for j in range(lines):
                p = (-a + i * w + 1.5, -b + j * d + 1.5, -a + (i + 1) * w - 4.0, -b + (j + 1) * d - 4.0)
                lay(p, str(uses[(i * lines + j) % len(uses)]), 600 + 20 * (i * lines + j))
        if r.random() < 0.5:
            self.scatter((-a, -b, a, b), "odd", int(r.integers(3, 12)))
        self.zones.append(("odd", (-a, -b, a, b)))

    def _alike(self, p, use, key):
        r = self.rng
        x0, y0, x1, y1 = p
        inner = (x0 + 3, y0 + 3, x1 - 3, y1 - 3)
        if use in SOLID:
            name = str(
                r.choice(["asphalt_old", "concrete_old", "gravel", "gravel_dark", "concrete", "asphalt", "dirt"])
            )
            self.surface(p, "ballast_rust" if use == "wagons" and r.random() < 0.6 else name, key, busy=0.7)
            self.solid(lambda m, g, z: SOLID[use](m, g, inner, float(z((x0 + x1) / 2, (y0 + y1) / 2)) + 0.02))
        elif use == "marked":
            self.surface(p, str(r.choice(["asphalt", "concrete", "asphalt_old"])), key, busy=0.7)
            self._marked(inner, key)
        elif use == "furrows":
            self.painters.append(lambda g, look: g.field(p, "fallow", look.when, key, look.wet))
            self._strips(inner, key)
        elif use == "lone":
            self._lone(p, key)
        else:
            self._decoy(p, use, key)

    def _marked(self, rect, key):
        """Bays for lorries, hatched areas and lanes, painted on the ground; some of them filled."""
        x0, y0, x1, y1 = rect
        r = np.random.default_rng([self.seed, key, 21])
        pitch, deep = r.uniform(2.6, 4.0), r.choice([6.0, 9.0, 12.5, 15.0])
        colour = str(r.choice(["white", "yellow"]))
        lines = []
        for y in np.arange(y0 + deep / 2, y1 - deep / 2, deep + r.uniform(1, 9)):
            for x in np.arange(x0, x1, pitch):
                lines.append([(x, y - deep / 2), (x, y + deep / 2)])
                if r.random() < 0.25:
                    lines.append([(x, y - deep / 2), (min(x + pitch, x1), y + deep / 2)])
            lines.append([(x0, y - deep / 2), (x1, y - deep / 2)])
        self.painters.append(lambda g, look: g.paint_lines(lines, r.choice([0.12, 0.2, 0.35]), colour, 0.35, key))
        filled = [ln for ln in lines if r.random() < 0.12 and ln[0][0] == ln[1][0]]

        def fill(m, g, z):
            one = tone(g)
            for (x, low), (_, high) in filled:
                m.decal(
                    x + pitch / 2,
                    (low + high) / 2,
                    float(z(x, low)) + 0.05,
                    pitch * 0.9,
                    high - low,
                    0.0,
                    shade(one, g.normal(1, 0.05)),
                )

        self.solid(fill)

    def _strips(self, rect, key):
        """Sheets over beds of a field, and rows of stubble between them."""

        def sheets(m, g, z):
            cover = tone(g)
            for x, y, length, w, yaw in lanes(rect, g, (0.8, 2.6), (0.5, 3.0)):
                if g.random() < 0.6:
                    cut = g.uniform(5, length)
                    m.box(
                        x,
                        y,
                        float(z(x, y)) + 0.02,
                        cut,
                        w,
                        g.uniform(0.05, 0.5),
                        yaw,
                        shade(cover, g.normal(1, 0.06)),
                        dx=g.uniform(-0.5, 0.5) * (length - cut),
                    )

        self.solid(sheets)

    def _lone(self, p, key):
        """A dirt road through patchy grass, and a few boxes beside it."""
        r = self.rng
        x0, y0, x1, y1 = p
        mid = r.uniform(x0 + 14, x1 - 14)
        self.painters.append(lambda g, look: g.lay(p, "grass", 1.0, 0.6, key, when=look.when, tone=1.05))
        for k in range(int(r.integers(2, 7))):
            x, y, far = r.uniform(x0, x1), r.uniform(y0, y1), r.uniform(3, 12)
            patch = str(r.choice(["dirt", "dirt_pale", "gravel", "grass_dry", "soil_dark"]))
            self.painters.append(
                lambda g, look, x=x, y=y, far=far, patch=patch, k=k: g.lay(
                    (x - far, y - far * 0.6, x + far, y + far * 0.6), patch, 1.5, 1.6, key + 4 + k % 3, alpha=0.7
                )
            )
        road = (mid - r.uniform(1.8, 3.2), y0, mid + r.uniform(1.8, 3.2), y1)
        self.surface(
            road,
            str(r.choice(["dirt", "dirt_pale", "soil_red", "gravel", "gravel_dark"])),
            key + 1,
            busy=2.0,
            rough=0.4,
        )
        for y in np.arange(y0 + 9, y1 - 8, r.uniform(14, 22)):
            if r.random() < 0.7:
                side = r.choice([-1, 1])
                yaw = r.choice([0.0, np.pi / 2], p=[0.35, 0.65]) + r.normal(0, 0.12)
                size = str(r.choice(["20ft", "40ft"], p=[0.65, 0.35]))
                slot = Slot(mid + side * r.uniform(6, 10), y, yaw, size, "odd", 1, 0.0, 0.3)
                self.slots.append(slot)
                self.arrive(slot, -60)
