"""Sites: what lies where, and what happens on which day. Everything is in the site frame (metres, x along the yards).

A site keeps three things: painters of the ground, builders of solids (both called anew for each date, with all
randomness from seeds of their own), and slots in which boxes come and go. Changes other than boxes are kept as regions.
The kinds themselves are in ``kinds.py``.
"""

from __future__ import annotations

import cv2
import numpy as np
import things as T
from colonies import Colonies
from ground import Ground, season
from kinds import Kinds
from lookalikes import Lookalikes
from mesh import Mesh, paint
from missed import Missed
from parks import Parks
from parts import KINDS, NEVER, Look, Region, Slot
from shapely.geometry import Polygon
from shapely.ops import unary_union
from stores import Stores
from twins import Twins


class Site(Kinds, Colonies, Lookalikes, Missed, Parks, Stores, Twins):
    def __init__(self, kind: str, seed: int, size: float, days: list[int], doys: list[int], north=True, res=0.25):
        self.kind, self.seed, self.size, self.days, self.doys, self.north = kind, seed, size, days, doys, north
        self.rng = np.random.default_rng([seed, KINDS.index(kind), 1])
        self.half = size * 0.5 * 1.36 + 14
        self.res = res
        self.painters, self.builders, self.shapers = [], [], []
        self.slots: list[Slot] = []
        self.regions: list[Region] = []
        self.sealed: list[tuple] = []  # (rect, from day): yards, buildings, roads
        self.roads: list[tuple] = []  # those of the rectangles that are roads
        self.zones: list[tuple] = []
        self.plants = []
        self.cars = []  # railcars: (kind, x, y, length over buffers, loaded, train, from, until)
        self.sidings = []  # rectangles around tracks side by side
        self.guests = []  # boxes that ride on trains, ships and trucks: (box, x, y, z, yaw, from, until)
        self.things = []  # earthworks and pads with their states
        self.count = 0
        self.relief = self.rng.uniform(0.3, 1.2)
        self.arid = float(self.rng.choice([0.1, 0.4, 0.8, 1.1]))
        self.snows = [0.0] * len(days)
        self.wets = [float(np.clip(self.rng.beta(1.2, 2.5), 0, 1)) for _ in days]
        self.fleet = str(self.rng.choice([p[0] for p in T.PAINTS]))
        self._base = Ground(self.half, seed, res)
        getattr(self, f"_{'depot' if kind in ('quiet', 'growth', 'dense', 'winter') else kind}")()

    # -- a date -----------------------------------------------------------------------------------------------------
    def region(self, kind, rect, start, soft=0.4, rough=0.0, key=0, alpha=None):
        """Note a change of the ground by the outline that ``Ground.lay`` gives it (or a mask over the site)."""
        g = self._base
        a, w = g.edge(*rect, soft=soft, rough=rough, key=5 + key % 3) if alpha is None else alpha
        found, _ = cv2.findContours((a > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        parts = []
        for c in found:
            if len(c) > 3 and cv2.contourArea(c) * g.res**2 > 3:
                q = (c[:, 0].astype(float) + [w[1].start, w[0].start] + 0.5) * g.res - g.half
                parts.append(Polygon(q).buffer(0).simplify(0.3))
        if parts:
            self.regions.append(Region(kind, rect, int(start), NEVER, unary_union(parts)))

    def look(self, i: int):
        """Ground, mesh and box ids of date i. Returns (ground, mesh, {oid: (slot or guest, box)}, ignored outlines)."""
        look = Look(
            i,
            self.days[i],
            season(self.doys[i], self.north),
            self.wets[i],
            self.snows[i],
            np.random.default_rng([self.seed, 77, i]),
        )
        look.when["dry"] *= self.arid
        look.when["green"] = float(
            np.clip(look.when["green"] * (1.25 - 0.5 * self.arid) + 0.12 * (1 - self.arid), 0, 1)
        )
        g = self._base
        look.ground = g
        g.relief(self.relief)
        for f in self.shapers:
            f(g, look)
        g.alb[:] = g.stuff("meadow", (slice(None), slice(None)), when=look.when, wet=0.0)
        for f in self.painters:
            f(g, look)
        self._ghosts(g, look)
        if look.snow:
            clear = np.zeros_like(g.alb[..., 0])
            for rect, since in self.sealed:
                if since <= look.day:
                    a, w = g.edge(*rect, soft=2.0, rough=0.8)
                    clear[w] = np.maximum(clear[w], a * (0.55 + 0.35 * np.sin(look.index * 2.1)))
            g.snow(look.snow, clear)
        m = Mesh()
        self._terrain(m, g)
        for f in self.builders:
            f(m, look)
        self._plants(m, look)
        tops = {}
        for s in self.slots:
            z = float(g.height(s.x, s.y)) + 0.03 + s.lift
            for b in s.on(look.day):
                oid = len(tops)
                tops[oid] = (s, b, z + b.high)
                T.draw_box(m, b, b.x, b.y, z, b.yaw, oid)
                z += b.high
        for b, x, y, z, yaw, a, e in self.guests:
            if a <= look.day < e:
                oid = len(tops)
                tops[oid] = (None, b, z + b.high)
                b.x, b.y, b.yaw = x, y, yaw
                T.draw_box(m, b, x, y, z, yaw, oid)
        return g, m, tops, look

    def _terrain(self, m, g):
        n = g.m
        idx = np.arange(n * n).reshape(n, n)
        f = np.concatenate(
            [
                np.stack([idx[:-1, :-1], idx[:-1, 1:], idx[1:, 1:]], -1).reshape(-1, 3),
                np.stack([idx[:-1, :-1], idx[1:, 1:], idx[1:, :-1]], -1).reshape(-1, 3),
            ]
        )
        v = np.stack([g.zx, g.zy, g.z], -1).reshape(-1, 3)
        m.add(v, v[:, :2], f, paint((0.2, 0.2, 0.2, 0.2), kind=1.0))

    def _plants(self, m, look):
        if not self.plants:
            return
        spec = np.asarray([p[:6] for p in self.plants if p[6] <= look.day < p[7]], float)
        if len(spec):
            spec[:, 2] = look.ground.height(spec[:, 0], spec[:, 1])
            T.trees(m, spec, look.when, self.seed)

    def plant(self, x, y, kind=0, high=None, r=None, start=-NEVER, stop=NEVER):
        rng = self.rng
        high = (
            high
            or {0: rng.uniform(6, 15), 1: rng.uniform(8, 18), 2: rng.uniform(1.0, 3.0), 3: rng.uniform(14, 22)}[kind]
        )
        r = r or {0: high * rng.uniform(0.28, 0.42), 1: high * 0.2, 2: rng.uniform(0.8, 2.0), 3: 1.8}[kind]
        self.plants.append((x, y, 0.0, high, r, kind, start, stop))

    def _ghosts(self, g, look):
        """Prints that boxes leave on the ground they stood on."""
        for s in self.slots:
            if s.on(look.day) or s.lift or not s.ever or s.ever[0].arrived > look.day:
                continue
            b = s.ever[0]
            r = np.random.default_rng(b.seed)
            along = abs(np.cos(b.yaw)) > 0.7
            a, c = (b.length / 2, 1.22) if along else (1.22, b.length / 2)
            al, w = g.edge(b.x - a, b.y - c, b.x + a, b.y + c, 0.5, 0.25, 2.0)
            if al.size:
                g.scale(al * r.uniform(0.2, 0.8), r.choice([0.84, 0.9, 1.12, 1.18]), w)

    # -- boxes ------------------------------------------------------------------------------------------------------
    def box(self, kind=None, colour=None, fleet=None):
        self.count += 1
        if self.dark and self.rng.random() < 0.85:
            colour = self.dark_colour()
        return T.new_box(self.rng, f"b{self.count:05d}", kind, colour, fleet)

    def arrive(self, slot, day, box=None, consignment="", **kw):
        box = box or self.box(slot.kind, **kw)
        r = self.rng
        j = slot.loose
        low = slot.stack[-1] if slot.stack else None
        box.x = (low.x if low else slot.x) + r.normal(0, 0.03 + (0.0 if low else 0.30 * j))
        box.y = (low.y if low else slot.y) + r.normal(0, 0.02 + (0.0 if low else 0.22 * j))
        box.yaw = (low.yaw if low else slot.yaw) + r.normal(0, 0.002 + (0.0 if low else 0.02 * j))
        box.tier, box.yard, box.arrived, box.consignment = len(slot.stack) + 1, slot.yard, int(day), consignment
        box.slot = f"{slot.yard}:{slot.x:.1f},{slot.y:.1f}"
        slot.stack.append(box)
        slot.ever.append(box)
        return box

    def leave(self, slot, day):
        if slot.stack:
            slot.stack.pop().departed = int(day)

    def strips(
        self,
        rect,
        yard,
        across=True,
        gap=(0.05, 0.15),
        aisle=12.0,
        deep=1,
        ends=0.5,
        kinds=("40ft",),
        most=1,
        loose=0.0,
        start=None,
    ):
        """Slots in strips.

        ``across``: boxes stand side by side along x, their length along y, ``deep`` lengths to a strip; else their
        length runs along x and ``deep`` widths make a strip.
        """
        x0, y0, x1, y1 = rect
        r, out = self.rng, []
        y = y0 + 1.0
        strip = 0
        while True:
            kind = str(r.choice(kinds))
            ln = T.SIZES[kind]
            depth = deep * ln + (deep - 1) * ends if across else deep * (T.WIDE + np.mean(gap))
            if y + depth > y1:
                break
            if across:
                pos = np.arange(deep) * (ln + ends) + ln / 2 + y
                for yy in pos:
                    x = x0 + 1.3 + r.uniform(0, 0.5)
                    while x < x1 - 1.2:
                        out.append(Slot(x, yy, np.pi / 2, kind, yard, most, 0.0, loose))
                        x += T.WIDE + r.uniform(*gap)
            else:
                for k in range(deep):
                    yy = y + T.WIDE / 2 + k * (T.WIDE + r.uniform(*gap))
                    x = x0 + ln / 2 + r.uniform(0, 0.6)
                    while x < x1 - ln / 2:
                        out.append(Slot(x, yy, 0.0, kind, yard, most, 0.0, loose))
                        x += ln + r.uniform(0.25, 0.25 + ends)
            y += depth + aisle
            strip += 1
        self.slots += out
        return out

    def fill(self, slots, share, day=-200, runs=True, tiers=None):
        """First stock: runs of one colour, gaps in runs."""
        r = self.rng
        on, colour = r.random() < share, None
        for s in slots:
            if r.random() < (0.10 if on else 0.18):
                on = r.random() < share
                colour = None
            if r.random() < 0.25:
                colour = str(
                    r.choice(
                        [p[0] for p in T.PAINTS], p=np.array([p[2] for p in T.PAINTS]) / sum(p[2] for p in T.PAINTS)
                    )
                )
            if not on:
                continue
            n = 1 if tiers is None else int(r.choice(np.arange(1, len(tiers) + 1), p=tiers))
            for _ in range(n):
                if len(s.stack) < s.most:
                    self.arrive(
                        s,
                        day - int(r.integers(0, 150)),
                        colour=colour if runs and r.random() < 0.75 else None,
                        fleet=self.fleet,
                    )

    def turnover(self, slots, rate, grow=0.0, since=1):
        """Between looks some boxes leave and some come."""
        r = self.rng
        for i in range(since, len(self.days)):
            a, b = self.days[i - 1], self.days[i]
            held = [s for s in slots if s.stack and s.stack[-1].arrived < a + 1]
            for s in held:
                if r.random() < rate:
                    self.leave(s, r.integers(a + 1, b + 1))
            n = r.poisson(len(slots) * (rate * 0.6 + grow))
            for s in r.permutation(np.array(slots, dtype=object))[: int(n)]:
                if len(s.stack) < s.most:
                    self.arrive(s, r.integers(a + 1, b + 1), fleet=self.fleet)

    def scatter(self, rect, yard, count, day=-60):
        """Single boxes set down at odd places and angles."""
        r = self.rng
        for _ in range(int(count)):
            for _ in range(25):
                x, y = r.uniform(rect[0] + 5, rect[2] - 5), r.uniform(rect[1] + 5, rect[3] - 5)
                if all(np.hypot(s.x - x, s.y - y) > 12.5 for s in self.slots if s.ever):
                    s = Slot(
                        x,
                        y,
                        r.choice([0.0, np.pi / 2]) + r.normal(0, 0.25),
                        str(r.choice(["20ft", "40ft"])),
                        yard,
                        1,
                        0.0,
                        0.3,
                    )
                    self.slots.append(s)
                    self.arrive(s, day)
                    break

    # -- ground -----------------------------------------------------------------------------------------------------
    def surface(self, rect, name, key, since=-NEVER, until=NEVER, busy=1.0, rough=None, slabs=None, sealed=True):
        soft = name in ("gravel", "gravel_dark", "dirt", "dirt_pale", "sand", "soil_red", "soil_dark")
        rough = (1.1 if soft else 0.12) if rough is None else rough
        slabs = slabs or (self.rng.choice([4.0, 5.0, 6.0]), self.rng.choice([4.0, 6.0, 7.5]))
        tone = self.rng.uniform(0.82, 1.15)
        bend = self.rng.choice(["x", "y"])
        x0, y0, x1, y1 = rect
        area = (x1 - x0) * (y1 - y0) / 1000

        def paint_it(g, look):
            if not since <= look.day < until:
                return
            g.lay(
                rect,
                name,
                soft=0.4,
                rough=rough,
                key=key,
                wet=look.wet * (0.9 if soft else 0.45),
                when=look.when,
                tone=tone,
            )
            rr = np.random.default_rng([self.seed, key, 3])
            if name.startswith("concrete"):
                g.joints(rect, slabs, key)
                g.cracks(rr, area * 2, rect)
            if name.startswith("asphalt"):
                g.patches(rr, area * 1.6, rect)
                g.cracks(rr, area * 2.5, rect)
            age = 1.0 if since < 0 else min(1.0, 0.35 + (look.day - since) / 300)
            g.stains(rr, area * 3.0 * busy * age, rect, (0.5, 3.2), 0.6 if not soft else 0.7)
            if soft:
                g.stains(rr, area * 0.8, rect, (2.0, 8.0), 0.72, 1.4)
            s = 0.14 if soft else 0.085
            g.tracks(rr, area * 3.2 * busy * age, rect, along=bend, strength=s)
            g.tracks(rr, area * 1.2 * busy * age, rect, along="y" if bend == "x" else "x", strength=s)
            g.tracks(rr, area * 1.6 * busy * age, rect, along="o", strength=s)
            late = np.random.default_rng([self.seed, key, 31, look.index])
            g.tracks(late, area * 1.5 * busy, rect, along=bend, strength=s * 0.7)
            if look.wet > 0.35:
                g.stains(rr, area * 1.8 * look.wet, rect, (0.8, 4.5), 0.5, 1.3, 0.0)
            if (soft or name.endswith("old")) and since < 0:  # weeds along the rim
                for box in (
                    (x0, y0, x1, y0 + 2.2),
                    (x0, y1 - 2.2, x1, y1),
                    (x0, y0, x0 + 2.2, y1),
                    (x1 - 2.2, y0, x1, y1),
                ):
                    g.lay(box, "verge", soft=1.0, rough=0.9, key=key + 3, alpha=0.6, when=look.when)

        self.painters.append(paint_it)
        if sealed:
            self.sealed.append((rect, since))

    def road(self, rect, key, name="asphalt", along="x", lines=True, kerb=True, cars=0.012, walk=True):
        x0, y0, x1, y1 = rect
        mid, wide = ((y0 + y1) / 2, y1 - y0) if along == "x" else ((x0 + x1) / 2, x1 - x0)
        a0, a1 = (x0, x1) if along == "x" else (y0, y1)

        def line(v, s, e):
            return [(s, v), (e, v)] if along == "x" else [(v, s), (v, e)]

        tone = self.rng.uniform(0.85, 1.25)

        def paint_it(g, look):
            if walk:
                for k in (-1, 1):
                    c = mid + k * (wide / 2 + 1.4)
                    b = (x0, c - 1.2, x1, c + 1.2) if along == "x" else (c - 1.2, y0, c + 1.2, y1)
                    g.lay(b, "concrete_old", 0.2, 0.05, key + 1, tone=0.95)
                    g.joints(b, (2.0, 2.0), key + 1, 0.2, 0.05)
            g.lay(rect, name, 0.25, 0.06, key, wet=look.wet * 0.4, tone=tone)
            rr = np.random.default_rng([self.seed, key, 4])
            g.patches(rr, (a1 - a0) / 16, rect)
            g.cracks(rr, (a1 - a0) / 8, rect)
            for k in (-0.36, -0.14, 0.14, 0.36):  # wheels wear, oil between
                g.wear([line(mid + k * wide, a0, a1)], 0.8, 0.4, 0.93 if k in (-0.36, 0.36) else 1.05)
            g.stains(rr, (a1 - a0) / 14, rect, (0.4, 1.6), 0.7)
            if lines:
                g.paint_lines([line(mid - wide / 2 + 0.4, a0, a1), line(mid + wide / 2 - 0.4, a0, a1)], 0.14, key=key)
                g.paint_lines([line(mid, s, s + 3.0) for s in np.arange(a0, a1, 9.0)], 0.14, fade=0.75, key=key)
            if kerb:
                for k in (-1, 1):
                    g.paint_lines([line(mid + k * wide / 2, a0, a1)], 0.15, fade=0.3, key=key + 1)

        self.painters.append(paint_it)
        self.sealed.append((rect, -NEVER))
        self.roads.append(rect)

        def traffic(m, look):
            r = np.random.default_rng([self.seed, key, 6, look.index])
            for k in (-1, 1):
                for a in np.arange(a0, a1, 7.0):
                    if r.random() < cars:
                        big = r.random() < 0.3
                        a += r.uniform(-2, 2)
                        v = mid + k * wide * 0.25 + r.normal(0, 0.2)
                        x, y = (a, v) if along == "x" else (v, a)
                        yaw = (
                            (0 if along == "x" else np.pi / 2)
                            + (np.pi if (k > 0) == (along == "x") else 0)
                            + r.normal(0, 0.015)
                        )
                        z = float(look.ground.height(x, y)) + 0.02
                        if big:
                            T.truck(m, r, x, y, z, yaw)
                        else:
                            T.car(m, r, x, y, z, yaw)
                        self.skip(look, x, y, 18.5 if big else 5.0, 2.8, yaw, 1.5 if big else 0)

        self.builders.append(traffic)

    def skip(self, look, x, y, length, width, yaw, dx=0.0):
        """Note a vehicle's outline: neither changed nor unchanged."""
        look.ignore.append(Mesh.rect(x, y, 0, length + 0.8, width + 0.8, yaw, dx)[:, :2])

    def bays(
        self,
        rect,
        key,
        along="x",
        fill=0.6,
        what="car",
        depth=5.2,
        pitch=2.6,
        aisle=6.5,
        lines=True,
        since=-NEVER,
        angle=0.0,
    ):
        """Parking: rows of bays with lines, and what stands in them on each date."""
        x0, y0, x1, y1 = rect
        rows, marks, spots = [], [], []
        lo, hi, a0, a1 = (y0, y1, x0, x1) if along == "x" else (x0, x1, y0, y1)
        v = lo + depth / 2 + 0.3
        k = 0
        while v + depth / 2 <= hi:
            rows.append(v)
            v += depth + (aisle if k % 2 == 0 else 0.3)
            k += 1
        for v in rows:
            for a in np.arange(a0 + pitch / 2, a1 - pitch / 2, pitch):
                spots.append((a + pitch / 2, v))
                marks.append([(a, v - depth / 2), (a, v + depth / 2)])
        if along != "x":
            marks = [[(p[1], p[0]) for p in ln] for ln in marks]
            spots = [(b, a) for a, b in spots]
        colour = "yellow" if self.rng.random() < 0.3 else "white"
        if lines:
            self.painters.append(
                lambda g, look: g.paint_lines(marks, 0.12, colour, 0.45, key) if look.day >= since else None
            )
        kind_colour = (0.03, 0.30, 0.52, 0.58) if self.rng.random() < 0.6 else (0.55, 0.56, 0.56, 0.56)

        def park(m, look):
            if look.day < since:
                return
            base = np.random.default_rng([self.seed, key, 7])
            sticky = base.random(len(spots))
            level = np.clip(fill * np.random.default_rng([self.seed, key, 8, look.index]).uniform(0.5, 1.4), 0, 0.97)
            for i, (x, y) in enumerate(spots):
                stays = sticky[i] < 0.35
                r = np.random.default_rng([self.seed, key, 9, i] + ([] if stays else [look.index]))
                if r.random() > (fill if stays else level):
                    continue
                yaw = (
                    (np.pi / 2 if along == "x" else 0.0)
                    + (np.pi if r.random() < 0.4 else 0)
                    + r.normal(0, 0.025)
                    + angle
                )
                x, y = x + r.normal(0, 0.15), y + r.normal(0, 0.3)
                z = float(look.ground.height(x, y)) + 0.02
                if what == "car":
                    T.car(m, r, x, y, z, yaw)
                    ln = 5.0
                elif what == "bus":
                    T.bus(m, r, x, y, z, yaw, kind_colour if r.random() < 0.85 else (0.55, 0.56, 0.55, 0.56))
                    ln = 12.0
                else:
                    if r.random() < 0.12:
                        T.truck(m, r, x, y, z, yaw)
                        ln = 18.0
                    else:
                        ln = T.trailer(m, r, x, y, z, yaw)
                if not stays:
                    self.skip(look, x, y, ln, 2.6, yaw)

        self.builders.append(park)

    def solid(self, f, since=-NEVER, until=NEVER, key=None):
        """A builder of things that stay: f(mesh, rng, z_of)."""
        key = len(self.builders) * 7 + 1000 if key is None else key

        def build(m, look):
            if since <= look.day < until:
                f(m, np.random.default_rng([self.seed, key, 11]), look.ground.height)

        self.builders.append(build)

    # -- parcels ----------------------------------------------------------------------------------------------------
    def surround(self, core, rural=0.5, road_south=True, skip_north=False):
        """What lies around the core: a road, then parcels cut from the four strips beside it."""
        x0, y0, x1, y1 = core
        h = self.half
        r = self.rng
        key = 200
        road = (-h, y0 - 15.0, h, y0 - 6.0)
        strips = [(-h, -h, h, y0 - 19)] if skip_north else [(-h, y1 + 3, h, h), (-h, -h, h, y0 - 19)]
        strips += [(-h, y0 - 3, x0 - 3, y1 + 1), (x1 + 3, y0 - 3, h, y1 + 1)]
        for s in strips:
            for p in self._cut(s, r):
                key += 11
                self.parcel(p, key, rural)
        if road_south:
            self.road(road, 150, str(r.choice(["asphalt", "asphalt_old"])))
            for x in np.arange(-h + r.uniform(0, 20), h, r.uniform(28, 40)):
                self.solid(
                    lambda m, g, z, x=x: T.lamp(m, x, road[3] + 2.2, float(z(x, road[3] + 2.2)), -np.pi / 2, 9.0)
                )
            if r.random() < 0.6:
                pts = [(x, road[1] - 3.2) for x in np.arange(-h, h, 38.0)]
                self.solid(lambda m, g, z: T.power_line(m, pts, z))
            if r.random() < 0.6:
                for x in np.arange(-h, h, r.uniform(9, 15)):
                    if r.random() < 0.7:
                        self.plant(x, road[1] - 5.0 + r.normal(0, 0.4), 0, r.uniform(5, 10))

    def _cut(self, s, r, least=42.0):
        x0, y0, x1, y1 = s
        w, d = x1 - x0, y1 - y0
        if w < 6 or d < 6:
            return []
        if w > 2 * least and w >= d:
            c = x0 + w * r.uniform(0.35, 0.65)
            return self._cut((x0, y0, c - 1, y1), r) + self._cut((c + 1, y0, x1, y1), r)
        if d > 2 * least:
            c = y0 + d * r.uniform(0.35, 0.65)
            return self._cut((x0, y0, x1, c - 1), r) + self._cut((x0, c + 1, x1, y1), r)
        return [s]

    def parcel(self, p, key, rural):
        r = self.rng
        x0, y0, x1, y1 = p
        w, d = x1 - x0, y1 - y0
        if r.random() < rural:
            use = r.choice(
                ["wheat", "maize", "fallow", "meadow", "wood", "scrub"], p=[0.22, 0.16, 0.18, 0.2, 0.16, 0.08]
            )
        else:
            use = r.choice(
                ["hall", "carpark", "houses", "trailers", "flat", "scrub", "meadow"],
                p=[0.27, 0.12, 0.17, 0.12, 0.16, 0.08, 0.08],
            )
        if min(w, d) < 24 and use not in ("wheat", "maize", "fallow", "meadow", "wood"):
            use = r.choice(["meadow", "wood", "carpark"])
        if use in ("wheat", "maize", "fallow"):
            self.painters.append(lambda g, look: g.field(p, use, look.when, key, look.wet))
            if r.random() < 0.5:
                self.hedge((x0, y0), (x1, y0) if r.random() < 0.5 else (x0, y1))
        elif use == "wood":
            self.painters.append(lambda g, look: g.lay(p, "mulch", 1.0, 1.0, key, when=look.when))
            kinds = r.choice([0, 1, 0, 3])
            for _ in range(int(w * d / 42)):
                self.plant(r.uniform(x0, x1), r.uniform(y0, y1), int(kinds if r.random() < 0.8 else r.integers(0, 3)))
        elif use == "meadow":
            self.painters.append(lambda g, look: g.lay(p, "grass", 1.0, 0.6, key, when=look.when, tone=1.05))
            for _ in range(int(w * d / 420)):
                self.plant(r.uniform(x0, x1), r.uniform(y0, y1), int(r.choice([0, 2, 2])))
        elif use == "scrub":
            self.surface(p, "dirt", key, busy=0.4, rough=2.5, sealed=False)
            for _ in range(int(w * d / 55)):
                self.plant(r.uniform(x0, x1), r.uniform(y0, y1), int(r.choice([2, 2, 2, 0])))
        elif use in ("hall", "flat"):
            self.surface(p, str(r.choice(["asphalt", "asphalt_old", "concrete_old", "gravel"])), key, busy=0.6)
            m0 = r.uniform(5, 10)
            self.works(
                (x0 + m0, y0 + m0 * 0.6, x0 + m0 + (w - 2 * m0) * r.uniform(0.55, 1.0), y1 - m0 * r.uniform(0.5, 1.4)),
                use,
            )
            if w > 34:
                self.bays((x1 - m0 - 0.5, y0 + 4, x1 - 1, y1 - 4), key + 1, "y", 0.5)
        elif use == "carpark":
            self.surface(p, "asphalt", key, busy=0.3)
            self.bays((x0 + 2, y0 + 2, x1 - 2, y1 - 2), key + 1, "x" if w > d else "y", 0.6)
            for _ in range(int(w * d / 300)):
                self.plant(r.choice([x0 + 1, x1 - 1]), r.uniform(y0, y1), 0, r.uniform(4, 8))
        elif use == "trailers":
            self.surface(p, str(r.choice(["gravel_dark", "asphalt_old", "dirt"])), key)
            self.bays(
                (x0 + 3, y0 + 3, x1 - 3, y1 - 3),
                key + 1,
                "x" if w > d else "y",
                0.55,
                "trailer",
                15.0,
                3.8,
                15.0,
                False,
            )
            self.solid(lambda m, g, z: T.fence(m, [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], z))
        else:
            self.homes(p, key)

    def hedge(self, a, b):
        a, b = np.array(a, float), np.array(b, float)
        for t in np.arange(0, 1, 1.6 / max(np.hypot(*(b - a)), 1)):
            if self.rng.random() < 0.92:
                q = a + (b - a) * t
                self.plant(*(q + self.rng.normal(0, 0.3, 2)), 2, self.rng.uniform(1.5, 3.0), self.rng.uniform(0.9, 1.4))

    def homes(self, p, key):
        r = self.rng
        x0, y0, x1, y1 = p
        self.painters.append(lambda g, look: g.lay(p, "grass", 0.5, 0.2, key, when=look.when))
        street = (x0, (y0 + y1) / 2 - 2.5, x1, (y0 + y1) / 2 + 2.5)
        self.road(street, key + 2, "asphalt_old", "x", lines=False, cars=0.03)
        for x in np.arange(x0 + 10, x1 - 8, 19.0):
            for k in (-1, 1):
                y = (y0 + y1) / 2 + k * r.uniform(12, 14)
                if not y0 + 5 < y < y1 - 5 or r.random() < 0.1:
                    continue
                yaw = r.choice([0, np.pi / 2]) + r.normal(0, 0.02)
                self.solid(lambda m, g, z, x=x, y=y, yaw=yaw: T.house(m, g, x, y, float(z(x, y)), yaw))
                drive = (x + 5.5, min(y, (y0 + y1) / 2), x + 8.5, max(y, (y0 + y1) / 2))
                self.painters.append(lambda g, look, drive=drive: g.lay(drive, "concrete_old", 0.3, 0.1, key))
                if r.random() < 0.5:
                    self.solid(
                        lambda m, g, z, x=x, y=y, k=k: T.car(m, g, x + 7, y - k * 2, float(z(x, y)) + 0.05, np.pi / 2)
                    )
                if r.random() < 0.25:
                    py = y + k * 9
                    self.solid(lambda m, g, z, x=x, py=py: T.pool(m, g, x, py, float(z(x, py)), 0.0))
                for _ in range(r.poisson(2.5)):
                    self.plant(x + r.uniform(-9, 9), y + k * r.uniform(5, 12), int(r.choice([0, 2, 1])), None)

    def works(self, rect, use="hall", since=-NEVER, colour=None):
        r = self.rng
        x0, y0, x1, y1 = rect
        if x1 - x0 < 6 or y1 - y0 < 6:
            return
        cx, cy, w, d = (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
        high = r.uniform(5, 11)
        colour = colour or self.hall_colour
        ln, wd, yaw = (w, d, 0.0) if w >= d else (d, w, np.pi / 2)
        if use == "hall":
            self.solid(lambda m, g, z: T.hall(m, g, cx, cy, float(z(cx, cy)), ln, wd, high, yaw, colour), since)
        else:
            self.solid(lambda m, g, z: T.flat_roof(m, g, cx, cy, float(z(cx, cy)), ln, wd, high, yaw, colour), since)
        self.sealed.append((rect, since))
        if since > -NEVER:
            self.regions.append(Region("building", rect, since))
        if r.random() < 0.7:
            self.solid(lambda m, g, z: T.junk(m, g, (x0, y1 + 0.5, x1, y1 + 3), w / 8, z), since)

    def yard_life(self, rect, key, stackers=1, trucks=3, lanes=None):
        """Movers in a yard, elsewhere on every date."""
        x0, y0, x1, y1 = rect

        def free(look, x, y, far):
            return all(np.hypot(s.x - x, s.y - y) > far for s in self.slots if s.on(look.day) and not s.lift)

        def build(m, look):
            r = np.random.default_rng([self.seed, key, 12, look.index])
            for _ in range(r.poisson(stackers) + r.poisson(trucks) * 2):
                for _ in range(30):
                    x, y = r.uniform(x0 + 6, x1 - 6), r.uniform(y0 + 6, y1 - 6)
                    if lanes:
                        ln = lanes[r.integers(len(lanes))]
                        y = ln + r.normal(0, 1)
                    yaw = r.choice([0, np.pi]) + r.normal(0, 0.06) if r.random() < 0.75 else r.uniform(0, 6.28)
                    k = r.random()
                    if not free(look, x, y, 12.0 if k < 0.75 else 8.5):
                        continue
                    z = float(look.ground.height(x, y)) + 0.03
                    if k < 0.3:
                        T.stacker(m, r, x, y, z, yaw)
                        self.skip(look, x, y, 14, 7, yaw, 2)
                    elif k < 0.75:
                        T.truck(m, r, x, y, z, yaw)
                        self.skip(look, x, y, 18, 2.8, yaw, 1.5)
                    else:
                        T.forklift(m, r, x, y, z, yaw)
                        self.skip(look, x, y, 4, 2, yaw)
                    break

        self.builders.append(build)
