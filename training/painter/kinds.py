"""The kinds of site: depot (quiet, growth, dense, winter), rail, port, earthworks, decoys."""

from __future__ import annotations

import cv2
import numpy as np
import things as T
from ground import COLOUR
from mesh import WATER, Mesh, paint
from parts import NEVER, Slot

CAR_WORDS = {"flat": "flat", "flat40": "flat", "gondola": "open", "hopper": "open", "tank": "tank", "van": "box"}
"""What the truth calls a wagon."""


class Kinds:
    """What ``Site`` lays out, one method a kind; it uses the site's own tools (surface, strips, bays, solid)."""

    def _depot(self):
        r, s = self.rng, self.size
        a, b = s * r.uniform(0.36, 0.44), s * r.uniform(0.30, 0.38)
        core = (-a, -b, a, b)
        self.shapers.append(lambda g, look: g.flatten(core, 0.0, 12.0))
        self.surround(core, rural=r.uniform(0.2, 0.8))
        name = str(r.choice(["gravel", "gravel_dark", "concrete_old", "asphalt_old", "dirt", "concrete"]))
        cut = -a + 2 * a * r.uniform(0.24, 0.34)
        edge = a if self.kind != "growth" else r.uniform(0.05, 0.25) * a
        store = (cut, -b, edge, b)
        self.surface((-a, -b, edge, b), name, 10)
        if r.random() < 0.6:
            self.surface(
                (-a + 1, -b + 1, cut - 2, b - 1), str(r.choice(["asphalt", "concrete_old", "asphalt_old"])), 11
            )
        # service side: hall, office, parking, trailers
        split = r.uniform(-0.1, 0.35) * b
        self.works((-a + 5, split + 6, cut - 7, b - 8), str(r.choice(["hall", "hall", "flat"])))
        self.bays((-a + 3, split - 14, cut - 6, split + 2), 20, "x", 0.6)
        if r.random() < 0.8:
            self.bays((-a + 3, -b + 4, cut - 6, split - 18), 22, "y", 0.55, "trailer", 15.0, 3.6, 14.0, False)
        self.zones.append(("yard-a", store))
        gate = ((cut - 4), -b, 9.0)
        self.painters.append(lambda g, look: g.lay((cut - 9, -b - 7, cut + 1, -b + 2), "asphalt_old", 0.5, 0.2, 12))
        ring = [(-a, -b), (edge, -b), (edge, b), (-a, b), (-a, -b)]
        self.solid(lambda m, g, z: T.fence(m, ring, z, gaps=[gate]))
        self.solid(lambda m, g, z: T.junk(m, g, (-a + 1, -b + 2, -a + 4, b), 30, z))
        self.solid(lambda m, g, z: T.junk(m, g, (cut, b - 3, edge, b - 0.8), 14, z))
        for x in (cut, edge - 2):
            for y in (-b + 3, 0, b - 3):
                self.solid(lambda m, g, z, x=x, y=y: T.mast(m, x, y, 0.0, 18.0))
        dense = self.kind == "dense"
        inner = (cut + 4, -b + 6, edge - 5, b - 6)
        across = r.random() < 0.6
        if dense:
            for k, kinds in enumerate((("40ft",), ("40ft", "20ft"))):
                part = (
                    inner[0],
                    inner[1] + k * (inner[3] - inner[1]) / 2,
                    inner[2],
                    inner[1] + (k + 1) * (inner[3] - inner[1]) / 2 - 6,
                )
                self.strips(
                    part,
                    "yard-a",
                    across if k == 0 else not across,
                    (0.05, 0.15),
                    r.uniform(9, 13),
                    2 if (across if k == 0 else not across) else int(r.integers(4, 7)),
                    0.3,
                    kinds,
                    2,
                    0.04,
                )
            self.fill(self.slots, 0.96, tiers=(0.8, 0.2))
            want = 520 * (s / 300) ** 2
            while sum(len(q.stack) for q in self.slots) > want * 1.1:
                self.leave(self.slots[r.integers(len(self.slots))], -1)
            self.turnover(self.slots, 0.06, 0.02)
        else:
            loose = r.uniform(0.2, 1.0)
            slots = self.strips(
                inner,
                "yard-a",
                across,
                (0.08, 0.5 + loose),
                r.uniform(11, 17),
                int(r.integers(1, 3)) if across else int(r.integers(1, 5)),
                0.8,
                ("40ft", "40ft", "20ft"),
                int(r.choice([1, 2, 2, 3])),
                loose,
            )
            self.fill(slots, r.uniform(0.35, 0.65), tiers=(0.75, 0.25))
            if self.kind in ("growth", "winter"):
                self.turnover(slots, 0.06)
        self.scatter(inner, "yard-a", r.integers(0, 9))
        self.yard_life(inner, 30, 1, 1)
        if self.kind == "growth":
            self._new_yard((edge + 3, -b * r.uniform(0.6, 1.0), a, b * r.uniform(0.6, 1.0)))
        if self.kind == "winter":
            self.snows = [float(np.clip(r.choice([0.0, 0.25, 0.45, 0.6, 0.8]), 0, 1)) for _ in self.days]
            self.snows[int(r.integers(len(self.days)))] = 0.5

    def _new_yard(self, rect):
        """A yard levelled on a known day on what was field; boxes follow in batches."""
        r = self.rng
        n = len(self.days)
        start = r.integers(1, max(2, n // 2 + 1))
        day = int(r.integers(self.days[start - 1] + 1, self.days[start] + 1))
        self.onset = day
        before = str(r.choice(["fallow", "maize", "meadow", "scrub"]))
        if before in ("fallow", "maize"):
            self.painters.append(
                lambda g, look: g.field(rect, before, look.when, 61, look.wet) if look.day < day else None
            )
        for _ in range(25):
            self.plant(r.uniform(rect[0], rect[2]), r.uniform(rect[1], rect[3]), 2 if r.random() < 0.8 else 0, stop=day)
        name = str(r.choice(["gravel", "dirt_pale", "gravel_dark", "dirt", "asphalt_new", "concrete"]))
        raw = int(r.integers(12, 40))
        self.surface(rect, "dirt", 62, day, day + raw, busy=1.6, rough=0.7)
        self.surface(rect, name, 65, day + raw, busy=0.8, rough=0.7)
        self.shapers.append(lambda g, look: g.flatten(rect, 0.0, 6.0) if look.day >= day else None)
        self.region("paving", rect, day, 0.4, 0.7, 65)
        self.zones.append(("yard-b", rect))

        def edge_bank(g, look):
            if look.day >= day:
                g.mound([(rect[0] + 4, rect[3] + 3.0), (rect[2] - 4, rect[3] + 3.0)], 0.8, 1.4, 1.6)

        self.shapers.append(edge_bank)
        self.painters.append(
            lambda g, look: (
                g.lay((rect[0] + 1, rect[3] + 0.5, rect[2] - 1, rect[3] + 6), "dirt", 0.8, 0.5, 64)
                if day <= look.day
                else None
            )
        )
        self.region("earth", (rect[0] + 1, rect[3] + 0.5, rect[2] - 1, rect[3] + 6), day, 0.8, 0.5, 64)
        inner = (rect[0] + 4, rect[1] + 4, rect[2] - 4, rect[3] - 4)
        across = r.random() < 0.5
        loose = r.uniform(0.1, 0.8)
        slots = self.strips(
            inner,
            "yard-b",
            across,
            (0.06, 0.3 + loose * 0.6),
            r.uniform(9, 14),
            1 if across else int(r.integers(1, 4)),
            0.6,
            ("40ft", "20ft", "40ft"),
            2,
            loose,
        )
        i = 0
        batch = 0
        for k in range(start, n):
            when = max(self.days[k - 1] + 1, day + 5) if k == start else self.days[k - 1] + 1
            if when > self.days[k]:
                continue
            for _ in range(int(r.integers(1, 3))):
                batch += 1
                colour = str(r.choice([p[0] for p in T.PAINTS]))
                size = int(r.integers(6, max(8, len(slots) // 5)))
                for q in slots[i : i + size]:
                    self.arrive(
                        q,
                        r.integers(when, self.days[k] + 1),
                        consignment=f"lot-{batch}",
                        colour=colour if r.random() < 0.7 else None,
                    )
                i += size + int(r.integers(0, 3))
            for q in slots[:i]:
                if q.stack and q.stack[-1].arrived < self.days[k - 1] and r.random() < 0.07:
                    self.leave(q, r.integers(self.days[k - 1] + 1, self.days[k] + 1))
        if r.random() < 0.5:
            self.works((inner[2] - 26, inner[3] - 12, inner[2], inner[3]), "hall", self.days[-2] + 2)
            dead = [q for q in slots if inner[2] - 40 < q.x and inner[3] - 22 < q.y]
            self.slots = [q for q in self.slots if q not in dead]

    def _rail(self):
        r, s = self.rng, self.size
        h = self.half
        a, b = s * 0.46, s * 0.36
        n = int(r.integers(4, 8))
        pitch = 4.9
        y_low = -r.uniform(0.1, 0.3) * b
        band = (-h, y_low - 4, h, y_low + n * pitch + 2)
        pad = (-a, band[3] + 2, a, band[3] + 2 + r.uniform(36, 55))
        self.shapers.append(lambda g, look: g.flatten((-h, -b, h, pad[3] + 4), 0.0, 12.0))
        self.surround((-a, -b, a, pad[3] + 3), rural=r.uniform(0.2, 0.7))
        self.surface((-h, band[1] - 7, h, band[3] + 3), "gravel_dark", 10, busy=0.3, rough=0.8)
        self.surface(pad, str(r.choice(["concrete_old", "asphalt_old", "concrete"])), 11)
        self.zones.append(("pad", pad))
        ys = [band[1] + 4 + k * pitch for k in range(n)]
        self.sidings.append((-h, ys[0] - 3, h, ys[-1] + 3))

        def bed(g, look):
            for k, y in enumerate(ys):
                g.lay(
                    (-h, y - 2.0, h, y + 2.0),
                    "ballast_rust" if k % 3 else "ballast",
                    0.5,
                    0.35,
                    40 + k,
                    tone=1.0 + 0.1 * (k % 2),
                )
                g.wear([[(-h, y), (h, y)]], 0.8, 0.4, 0.8)

        self.painters.append(bed)
        self.sealed.append((band, -NEVER))
        for k, y in enumerate(ys):
            self.solid(lambda m, g, z, y=y, k=k: T.rails(m, -h, h, y, 0.0, key=k))
        wires = r.random() < 0.5
        if wires:
            for x in np.arange(-h, h, 48.0):
                self.solid(
                    lambda m, g, z, x=x: (
                        T.mast(m, x, band[1] - 1, 0, 8),
                        T.mast(m, x, band[3], 0, 8),
                        m.beam([x, band[1] - 1, 7.5], [x, band[3], 7.5], 0.3, T.STEEL),
                    )
                )
        # trains: on a track from a day until another
        for k, y in enumerate(ys):
            i = 0
            while i < len(self.days):
                if r.random() < 0.55:
                    stay = int(r.choice([1, 1, 1, 2, len(self.days)], p=[0.35, 0.2, 0.15, 0.2, 0.1]))
                    self._train(
                        y, self.days[i - 1] + 1 if i else -30, self.days[min(i + stay, len(self.days)) - 1] + 1, r, h, k
                    )
                    i += stay
                else:
                    i += 1
        # the pad: boxes along the track, movers, a crane on rails
        slots = self.strips(
            (pad[0] + 8, pad[1] + 9, pad[2] - 8, pad[3] - 3),
            "pad",
            False,
            (0.1, 0.5),
            11.0,
            int(r.integers(2, 5)),
            0.6,
            ("40ft", "20ft"),
            2,
            0.3,
        )
        self.fill(slots, 0.55, tiers=(0.75, 0.25))
        self.turnover(slots, 0.16, 0.02)
        self.yard_life((pad[0], pad[1], pad[2], pad[3]), 31, 1, 2, [pad[1] + 5])
        if r.random() < 0.6:
            span = n * pitch * 0.5 + 22

            def crane(m, look):
                q = np.random.default_rng([self.seed, 51, look.index])
                x = q.uniform(-0.3, 0.3) * s
                T.rtg(m, np.random.default_rng([self.seed, 52]), x, band[3] - 4, 0.0, 0.0, span, 14.0)
                self.skip(look, x, band[3] - 4, 12, span + 3, 0.0)

            self.builders.append(crane)
        # south: sheds, sidings of cars
        south = (-a, -b, a, band[1] - 8)
        if south[3] - south[1] > 20:
            self.surface(south, str(r.choice(["asphalt_old", "gravel", "dirt"])), 13)
            c = r.uniform(-0.3, 0.3) * a
            self.works((south[0] + 6, south[1] + 6, c - 6, south[3] - 5), "hall")
            if r.random() < 0.5:
                self.bays(
                    (c, south[1] + 3, south[2] - 4, south[3] - 3), 23, "x", 0.5, "trailer", 15.0, 3.6, 14.0, False
                )
            else:
                self.bays((c, south[1] + 3, south[2] - 4, south[3] - 3), 23, "x", 0.5)

    def _train(self, y, start, stop, r, h, track):
        kinds = r.choice(["box", "box", "mixed", "tank", "bulk"], p=[0.4, 0.2, 0.15, 0.1, 0.15])
        x = -h + r.uniform(-20, 60)
        end = h - r.uniform(0, 90)
        load = r.uniform(0.15, 1.0)
        key = int(r.integers(10**6))
        plan = []
        if r.random() < 0.6:
            plan.append(("loco", x + 9))
            self.cars.append(("locomotive", x + 9, y, 18.0, False, f"{track}:{key}", start, stop))
            x += 18.5
        while x < end:
            k = {
                "box": ["flat", "flat", "flat40"],
                "mixed": ["flat", "gondola", "van", "tank"],
                "tank": ["tank"],
                "bulk": ["gondola", "hopper"],
            }[kinds]
            k = str(r.choice(k))
            ln = {"flat": 19.4, "flat40": 14.2, "gondola": 14.0, "tank": 13.6, "hopper": 12.8, "van": 16.4}[k]
            plan.append((k, x + ln / 2))
            loaded = False
            if k in ("flat", "flat40"):
                spots = (
                    [("40ft", 0.0)]
                    if k == "flat40"
                    else (
                        [("20ft", -6.1), ("20ft", 0.1), ("20ft", 6.3)]
                        if r.random() < 0.4
                        else [("40ft", -3.1), ("20ft", 6.2)]
                        if r.random() < 0.8
                        else [("40ft", 0.0)]
                    )
                )
                for kind, dx in spots:
                    if r.random() < load:
                        b = self.box(kind, fleet=self.fleet)
                        b.arrived, b.departed, b.yard, b.slot = start, stop, "train", f"train:{track}"
                        b.lift = 1.15
                        loaded = True
                        self.guests.append((b, x + ln / 2 + dx, y + r.normal(0, 0.03), 0.18 + 1.13, 0.0, start, stop))
            self.cars.append((CAR_WORDS[k], x + ln / 2, y, ln, loaded, f"{track}:{key}", start, stop))
            x += ln + 0.1

        def build(m, look):
            if start <= look.day < stop:
                q = np.random.default_rng([self.seed, key])
                for k, xx in plan:
                    if k == "loco":
                        T.loco(m, q, xx, y, 0.18, 0.0)
                    else:
                        T.wagon(m, q, xx, y, 0.18, 0.0, k)
                self.skip(look, (plan[0][1] + plan[-1][1]) / 2, y, plan[-1][1] - plan[0][1] + 18, 3.0, 0.0)

        self.builders.append(build)

    def _port(self):
        r, s = self.rng, self.size
        h = self.half
        quay = s * r.uniform(0.12, 0.24)
        self.shapers.append(lambda g, look: g.flatten((-h, -h, h, h), 0.0, 1.0))
        land = (-h, -s * 0.40, h, quay)
        self.surround((-h, land[1], h, h), rural=0.1, skip_north=True)
        self.surface((-h, land[1], h, quay), str(r.choice(["asphalt_old", "concrete_old", "asphalt"])), 10, busy=0.8)
        apron = quay - r.uniform(30, 38)
        self.surface((-h, apron, h, quay), str(r.choice(["concrete", "concrete_old"])), 11, slabs=(8.0, 6.0))
        self.zones.append(("terminal", (-s / 2, max(-s / 2, land[1]), s / 2, quay)))

        def sea(g, look):
            al, w = g.edge(-h, quay, h, h + 5, 0.2)
            g.tint(al, COLOUR["water"], w)
            g.scale(al * np.clip(0.5 + 0.4 * g.noise(30.0, 90)[w], 0, 1), 0.8, w)

        self.painters.append(sea)
        self.shapers.append(lambda g, look: g.z.__isub__(np.where(g.zy > quay + 0.5, 6.0, 0.0).astype(np.float32)))
        tint = self.rng.uniform(0.8, 1.8)

        def water(m, look):
            q = np.random.default_rng([self.seed, 91, look.index])
            c = np.array([0.030, 0.038, 0.028, 0.010]) * tint * q.uniform(0.9, 1.2)
            p = paint(
                c,
                0.10,
                7,
                3,
                dirt=0.25,
                dirt_bgrn=c * 1.25,
                gloss=0.022,
                rough=q.uniform(0.12, 0.25),
                kind=WATER,
                bump=q.uniform(0.015, 0.05),
                snow=0.0,
                seed=q.uniform(0, 99),
            )
            m.quads([[[-h, quay, -2.5], [h, quay, -2.5], [h, h, -2.5], [-h, h, -2.5]]], p)
            wall = paint((0.10, 0.115, 0.125, 0.15), 0.2, 3, 1)
            m.quads([[[-h, quay, -4], [h, quay, -4], [h, quay, 0.0], [-h, quay, 0.0]]], wall)
            m.box(0, quay - 0.4, 0.0, 2 * h, 0.7, 0.25, 0.0, paint((0.33, 0.35, 0.36, 0.4), 0.1))
            for x in np.arange(-h, h, 15.0):
                m.box(x, quay + 0.5, -1.8, 1.2, 1.0, 1.6, 0.0, T.RUBBER)
                m.cylinder(x + 3, quay - 1.6, 0, 0.3, 0.6, T.DARK, T.DARK, 8)

        self.builders.append(water)
        span = r.uniform(15, 18)
        rail_y = quay - 3.5
        self.painters.append(
            lambda g, look: [g.wear([[(-h, v), (h, v)]], 0.5, 0.1, 0.5) for v in (rail_y, rail_y - span)]
        )
        lanes = [apron + 4.5 + k * 3.8 for k in range(3)]
        self.painters.append(
            lambda g, look: g.paint_lines(
                [[(x, v), (x + 4, v)] for v in lanes for x in np.arange(-h, h, 8.0)], 0.15, "yellow", 0.5
            )
        )

        def cranes(m, look):
            q = np.random.default_rng([self.seed, 92, look.index])
            base = np.random.default_rng([self.seed, 93])
            for k in range(int(2 if s < 260 else 3)):
                x = (k - 1) * s * 0.3 + q.uniform(-0.14, 0.14) * s
                up = 28
                T.gantry(m, base, x, rail_y - span / 2, 0.0, 0.0, span, 36.0, up)
                self.skip(look, x, rail_y - span / 2 + 12, 22, span + 64, 0.0)

        self.builders.append(cranes)
        # a ship on some dates
        for i in range(len(self.days)):
            if r.random() < 0.65:
                start, stop = (self.days[i - 1] + 1 if i else -3), self.days[i] + 1
                ln, wd = r.uniform(95, 150), r.uniform(16, 22)
                x = r.uniform(-0.25, 0.25) * s
                key = int(r.integers(10**6))
                yaw = float(r.choice([0.0, np.pi]))
                probe = T.ship(
                    Mesh(), np.random.default_rng([self.seed, key]), x, quay + 2.5 + wd / 2, -2.5, yaw, ln, wd
                )
                load = r.choice([0.0, 0.3, 0.8])
                for px, py, pz in probe:
                    for c in range(int(wd * 0.8 / 2.5)):
                        t = int(r.integers(0, 4)) if r.random() < load else 0
                        z = pz
                        for k in range(t):
                            b = self.box("40ft", fleet=self.fleet)
                            b.tier, b.yard, b.slot = k + 1, "ship", f"ship:{i}:{px:.0f}:{c}"
                            b.arrived, b.departed = start, stop
                            yy = py + (c - (int(wd * 0.8 / 2.5) - 1) / 2) * 2.5
                            self.guests.append((b, px, yy, z, 0.0, start, stop))
                            z += b.high

                def build(m, look, x=x, ln=ln, wd=wd, key=key, yaw=yaw, start=start, stop=stop):
                    if start <= look.day < stop:
                        T.ship(m, np.random.default_rng([self.seed, key]), x, quay + 2.5 + wd / 2, -2.5, yaw, ln, wd)
                        self.skip(look, x, quay + 2.5 + wd / 2, ln, wd, yaw)

                self.builders.append(build)
        # blocks of stacks
        y = apron - 4.0
        blocks = []
        while y - 20 > land[1] + 34:
            rows = int(r.integers(5, 7))
            depth = rows * 2.65
            x = -h + 12 + r.uniform(0, 20)
            while x < h - 70:
                ln = r.uniform(70, 130)
                kind = "40ft" if r.random() < 0.7 else "20ft"
                L = T.SIZES[kind]
                block = []
                for bx in np.arange(x + L / 2, x + ln - L / 2, L + 0.45):
                    for k in range(rows):
                        q = Slot(bx, y - depth + 1.3 + k * 2.65, 0.0, kind, "terminal", 4, 0.0, 0.08)
                        block.append(q)
                self.slots += block
                blocks.append((x, y - depth - 4.2, x + ln, y, block))
                x += ln + r.uniform(12, 20)
            y -= depth + 4.5 + r.uniform(13, 18)
        for x0, y0, x1, y1, block in blocks:
            self.fill(block, r.uniform(0.5, 0.9), tiers=(0.25, 0.3, 0.28, 0.17))
            self.turnover(block, 0.25, 0.03)

            def crane(m, look, x0=x0, y0=y0, x1=x1, y1=y1):
                q = np.random.default_rng([self.seed, int(abs(x0 * 10)), look.index])
                x = q.uniform(x0, x1)
                T.rtg(
                    m,
                    np.random.default_rng([self.seed, int(abs(x0 * 7))]),
                    x,
                    (y0 + y1) / 2,
                    0.0,
                    0.0,
                    y1 - y0 + 2.5,
                    17.0,
                )
                self.skip(look, x, (y0 + y1) / 2, 12, y1 - y0 + 5, 0.0)

            self.builders.append(crane)
            self.painters.append(
                lambda g, look, x0=x0, y0=y0, x1=x1, y1=y1: g.paint_lines(
                    [[(x0, y0 - 0.6), (x1, y0 - 0.6)], [(x0, y1 + 0.6), (x1, y1 + 0.6)]], 0.2, "yellow", 0.55
                )
            )
        self.yard_life((-h, land[1], h, apron), 32, 2, 4)
        if y - land[1] > 18:
            c = r.uniform(-0.4, 0.1) * s
            self.works((c, land[1] + 4, c + r.uniform(60, 110), y - 6), "hall")
            self.bays((c + 120, land[1] + 4, h - 10, y - 6), 24, "x", 0.6)
        for x in np.arange(-h + 15, h, 70):
            self.solid(lambda m, g, z, x=x: T.mast(m, x, apron - 1.5, 0.0, 28.0))

    def _earthworks(self):
        r, s = self.rng, self.size
        self.relief = r.uniform(0.8, 2.5)
        a, b = s * 0.44, s * 0.38
        self.surround((-a, -b, a, b), rural=0.95)
        soil = str(r.choice(["dirt", "dirt_pale", "soil_red", "sand"]))
        last = self.days[-1]
        days = lambda: int(r.integers(2, last + 1)) if r.random() < 0.45 else -NEVER
        # roads of the site: some new
        gap = r.uniform(68, 76)
        nx = max(2, int((2 * a - 20) / gap))
        xs = (np.arange(nx) - (nx - 1) / 2) * gap
        ways = [((-a, -b + 8, a, -b + 13), -NEVER)]
        ways += [((x - 2.4, -b + 8, x + 2.4, b - 8), -NEVER if k == 0 else days()) for k, x in enumerate(xs)]
        for k, (w, since) in enumerate(ways):
            self.surface(w, soil if k else "gravel", 20 + k, since, busy=2.0, rough=0.35)
            along = "x" if w[2] - w[0] > w[3] - w[1] else "y"
            self.painters.append(
                lambda g, look, w=w, since=since, along=along, k=k: (
                    g.tracks(np.random.default_rng([self.seed, 25, k]), 14, w, along=along, bend=0.06, strength=0.2)
                    if look.day >= since
                    else None
                )
            )
            if since > -NEVER:
                self.region("paving", w, since, 0.4, 0.35, 20 + k)
        # stores inside banks, in rows along the roads; their style is the site's
        self.style = {"covered": r.choice([0.0, 0.3, 0.8]), "high": r.uniform(2.8, 4.6), "tone": r.uniform(1.0, 1.3)}
        step = r.uniform(35, 44)
        for x in xs:
            for side in (-1, 1):
                for y in np.arange(-b + 34, b - 16, step):
                    if r.random() < 0.2:
                        continue
                    self._revetment(x + side * gap * 0.27, y + r.normal(0, 0.8), side, days(), soil)
        # pits and heaps
        for _ in range(int(r.integers(2, 5))):
            for _ in range(40):  # a free place, in the site or north of its fence
                x, y = r.uniform(-a + 15, a - 15), r.uniform(-b + 30, b + 26)
                if all(
                    not (w[0] - 26 < x < w[2] + 26 and w[1] - 15 < y < w[3] + 15)
                    for w, _ in self.sealed
                    if w[2] - w[0] < 60
                ):
                    break
            since = int(r.integers(2, last + 1)) if r.random() < 0.75 else -NEVER
            self._dig(x, y, since, soil)
        # a few boxes as stores
        slots = [
            Slot(x + r.choice([-1, 1]) * 4.6, y, np.pi / 2, str(r.choice(["20ft", "40ft"])), "site", 1, 0.0, 1.0)
            for x in xs
            for y in np.arange(-b + 20, b - 15, 17.0)
            if r.random() < 0.4
        ]
        self.slots += slots
        self.zones.append(("site", (-a, -b, a, b)))
        for q in slots:
            if r.random() < 0.6:
                self.arrive(q, -50)
        self.turnover(slots, 0.08, 0.03)
        self.solid(lambda m, g, z: T.fence(m, [(-a, -b), (a, -b), (a, b), (-a, b), (-a, -b)], z, step=4.0))
        for _ in range(40):
            self.plant(r.uniform(-a, a), r.uniform(-b, b), int(r.choice([2, 2, 0])))
        for w, since in self.sealed:  # nothing grows where earth is moved
            self.plants = [
                (*p[:7], min(p[7], since)) if w[0] - 4 < p[0] < w[2] + 4 and w[1] - 4 < p[1] < w[3] + 4 else p
                for p in self.plants
            ]

        def diggers(m, look):
            q = np.random.default_rng([self.seed, 94, look.index])
            for _ in range(q.poisson(2.0)):
                x, y = q.uniform(-a, a), q.uniform(-b, b)
                yaw = q.uniform(0, 6.28)
                T.digger(m, q, x, y, float(look.ground.height(x, y)), yaw)
                self.skip(look, x, y, 9, 3, yaw, 2)

        self.builders.append(diggers)

    def _revetment(self, x, y, side, since, soil):
        """A bank on three sides of a pad with a store, or an earth-covered store; grass grows on it with age."""
        r = self.rng
        covered = r.random() < self.style["covered"]
        high = self.style["high"] * r.uniform(0.9, 1.1)
        key = 300 + len(self.regions) + len(self.builders)
        u, v = r.uniform(8.5, 10.5), r.uniform(9.0, 11.5)
        face = -side  # open towards the road
        if covered:
            line = [(x - 5, y), (x + 5, y)]
            e = 4 + high * 1.5 + 2
            rect = (x - 5 - e, y - e, x + 5 + e, y + e)
            raise_it = lambda g: g.mound(line, 8.0, high, 1.5)
            fx = x + face * (5 + 4.0 + high * 0.7)
            self.solid(
                lambda m, g, z: m.box(
                    fx,
                    y,
                    float(z(x, y)) - high,
                    1.2,
                    8.0,
                    high + 0.6,
                    0.0,
                    paint((0.27, 0.3, 0.32, 0.36), 0.08),
                    paint((0.24, 0.27, 0.29, 0.33), 0.08),
                ),
                since,
            )
            self.solid(
                lambda m, g, z: [m.box(x + k, y, float(z(x, y)), 0.9, 0.9, 1.0, 0.0, T.STEEL) for k in (-4, 0, 4)],
                since,
            )
        else:
            line = [(x + face * u, y - v), (x - face * u, y - v), (x - face * u, y + v), (x + face * u, y + v)]
            e = 0.5 + high * 1.45 + 2
            rect = (x - u - e, y - v - e, x + u + e, y + v + e)
            raise_it = lambda g: g.mound(line, 0.9, high, 1.45)
            pad = (x - u + 4.5, y - v + 4.5, x + u + 5 if face > 0 else x + u - 4.5, y + v - 4.5)
            if face < 0:
                pad = (x - u - 5, pad[1], x + u - 4.5, pad[3])
        # the earth's outline: what the bank covers, ragged by a metre, and the ground within
        g = self._base
        keep, g.z = g.z, np.zeros_like(g.z)
        raise_it(g)
        dz, g.z = g.z, keep
        w = g.window(*rect)
        up = cv2.resize(np.abs(dz), (g.n, g.n), interpolation=cv2.INTER_LINEAR)[w]
        if up.size == 0:
            return
        alpha = np.clip(
            cv2.GaussianBlur(np.clip(up * 2, 0, 1), (0, 0), 1.2 / g.res) * 2.6 - 0.5 + 0.22 * g.noise(3.0, 5, 4)[w],
            0,
            1,
        )
        tone = self.style["tone"]

        def skin(g, look):
            if look.day < since:
                return
            age = 1.0 if since < 0 else np.clip((look.day - since) / 450, 0, 0.6)
            fresh = g.stuff(soil, w, key, wet=look.wet, tone=tone)
            green = g.stuff("grass", w, key, when=look.when) * 0.95
            a = (alpha * 0.96)[..., None]
            g.alb[w] += ((fresh * (1 - 0.85 * age) + green * 0.85 * age) - g.alb[w]) * a

        self.shapers.append(lambda g, look: raise_it(g) if look.day >= since else None)
        self.painters.append(skin)
        if not covered:
            self.surface(
                pad, str(r.choice(["concrete_old", "gravel", "asphalt_old"])), key + 1, since, busy=0.4, rough=0.3
            )
            if not self.style.get("bare") and r.random() < 0.7:
                self.solid(
                    lambda m, g, z: T.hall(m, g, x, y, float(z(x, y)), 9.0, 6.5, 3.2, 0.0, None, span=6.5), since
                )
        if since > -NEVER:
            if not covered:
                b, q = g.edge(*pad, soft=0.4, rough=0.3, key=5 + (key + 1) % 3)
                whole = np.zeros_like(g.alb[..., 0])
                whole[w] = alpha
                whole[q] = np.maximum(whole[q], b)
                full = (slice(0, g.n), slice(0, g.n))
                self.region("earth", rect, since, alpha=(whole, full))
            else:
                self.region("earth", rect, since, alpha=(alpha, w))
        self.sealed.append((rect, since))

    def _dig(self, x, y, since, soil):
        r = self.rng
        key = 500 + len(self.painters)
        kind = r.choice(["pit", "heaps", "trench"])
        self.plants = [(*p[:7], min(p[7], since)) if np.hypot(p[0] - x, p[1] - y) < 24 else p for p in self.plants]
        if kind == "pit":
            R, d = r.uniform(8, 16), r.uniform(2, 5)
            move = lambda g: (g.heap(x, y, R, -d, 1.4), g.heap(x + R * 1.7, y + 3, R * 0.6, d * 0.7, 1.3))
            rect = (x - R * 1.45, y - R * 1.05, x + R * 2.5, y + R * 1.05)
        elif kind == "heaps":
            hs = [
                (x + r.uniform(-14, 14), y + r.uniform(-9, 9), r.uniform(3, 6), r.uniform(1.2, 3))
                for _ in range(int(r.integers(4, 9)))
            ]
            move = lambda g: [g.heap(*q) for q in hs]
            rect = (x - 20, y - 15, x + 20, y + 15)
        else:
            ln = r.uniform(20, 40)
            move = lambda g: (
                g.mound([(x - ln, y), (x + ln, y)], 1.5, -2.0, 0.8),
                g.mound([(x - ln, y + 5), (x + ln, y + 5)], 0.5, 1.5, 1.4),
            )
            rect = (x - ln - 3, y - 3.5, x + ln + 3, y + 8.5)
        self.shapers.append(lambda g, look: move(g) if look.day >= since else None)
        self.painters.append(
            lambda g, look: g.lay(rect, soil, 1.2, 1.4, key, wet=look.wet, tone=1.1) if look.day >= since else None
        )
        if since > -NEVER:
            self.region("earth", rect, since, 1.2, 1.4, key)
        self.sealed.append((rect, since))

    def _decoys(self):
        r, s = self.rng, self.size
        a, b = s * 0.46, s * 0.42
        self.shapers.append(lambda g, look: g.flatten((-a, -b, a, b), 0.0, 12.0))
        self.surround((-a, -b, a, b), rural=0.35)
        cols, rows = 3, 2 if s < 260 else 3
        uses = list(
            r.permutation(
                [
                    "hall",
                    "flat",
                    "trailers",
                    "buses",
                    "greenhouse",
                    "silos",
                    "timber",
                    "tents",
                    "cars",
                    "skips",
                    "halls",
                    "pools",
                ]
            )
        )
        w, d = 2 * a / cols, 2 * b / rows
        for i in range(cols):
            for j in range(rows):
                p = (-a + i * w + 1.5, -b + j * d + 1.5, -a + (i + 1) * w - 5.5, -b + (j + 1) * d - 5.5)
                self._decoy(p, uses[(i * rows + j) % len(uses)], 600 + 20 * (i * rows + j))
        for i in range(1, cols):
            x = -a + i * w - 2
            self.road((x - 2.8, -b - 8, x + 2.8, b), 160 + i, "asphalt_old", "y", cars=0.03, walk=False)

    def _decoy(self, p, use, key):
        r = self.rng
        x0, y0, x1, y1 = p
        cx = (x0 + x1) / 2
        name = str(r.choice(["asphalt_old", "concrete_old", "gravel", "concrete", "dirt"]))
        self.surface(p, name, key, busy=0.7)
        if use in ("hall", "flat"):
            self.works((x0 + 6, y0 + 8, x1 - 12, y1 - 6), use, colour="white" if r.random() < 0.35 else None)
            self.bays((x1 - 11, y0 + 4, x1 - 1, y1 - 4), key + 1, "y", 0.5)
        elif use == "halls":
            for y in np.arange(y0 + 9, y1 - 6, 17.0):
                self.works((x0 + 5, y - 5, x1 - 5, y + 5), "hall")
        elif use == "trailers":
            self.bays(
                (x0 + 3, y0 + 3, x1 - 3, y1 - 3), key + 1, "x", 0.7, "trailer", 15.0, r.uniform(3.0, 3.8), 15.0, False
            )
        elif use == "buses":
            self.bays((x0 + 3, y0 + 3, x1 - 3, y1 - 3), key + 1, "x", 0.8, "bus", 12.5, 3.5, 9.0)
        elif use == "cars":
            self.bays((x0 + 3, y0 + 3, x1 - 3, y1 - 3), key + 1, "x", 0.75)
        elif use == "greenhouse":
            for y in np.arange(y0 + 12, y1 - 8, 26.0):
                if r.random() < 0.6:
                    self.solid(lambda m, g, z, y=y: T.greenhouse(m, g, cx, y, 0.0, x1 - x0 - 10, 19.0, 0.0))
                else:
                    for t in (-8, 0, 8):
                        self.solid(lambda m, g, z, y=y, t=t: T.poly_tunnel(m, g, cx, y + t, 0.0, x1 - x0 - 12, 0.0))
        elif use == "silos":
            for x in np.arange(x0 + 10, x1 - 8, 13.0):
                for y in np.arange(y0 + 10, y1 - 8, 14.0):
                    if r.random() < 0.7:
                        self.solid(
                            lambda m, g, z, x=x, y=y: (
                                T.silo(m, g, x, y, 0.0) if g.random() < 0.6 else T.tank(m, g, x, y, 0.0, 5.5, 7.0)
                            )
                        )
        elif use == "timber":
            for x in np.arange(x0 + 8, x1 - 7, 15.0):
                for y in np.arange(y0 + 5, y1 - 4, r.uniform(4.5, 6.5)):
                    if r.random() < 0.75:
                        self.solid(lambda m, g, z, x=x, y=y: T.timber(m, g, x, y, 0.0, 12.0, g.normal(0, 0.02)))
        elif use == "tents":
            for x in np.arange(x0 + 16, x1 - 12, 32.0):
                for y in np.arange(y0 + 9, y1 - 7, 15.0):
                    if r.random() < 0.85:
                        self.solid(lambda m, g, z, x=x, y=y: T.tent(m, g, x, y, 0.0, g.normal(0, 0.02)))
        elif use == "skips":
            for x in np.arange(x0 + 6, x1 - 5, 8.5):
                for y in np.arange(y0 + 4, y1 - 3, 3.4):
                    if r.random() < 0.45:
                        self.solid(lambda m, g, z, x=x, y=y: T.skip(m, g, x, y, 0.0, g.normal(0, 0.06)))
        else:
            self.homes(p, key + 1)
        self.solid(
            lambda m, g, z: T.fence(
                m, [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], z, step=4.0, gaps=[(cx, y0, 6.0)]
            )
        )
