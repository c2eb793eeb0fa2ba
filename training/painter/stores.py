"""The kind `stores`: revetments, pits, pads and heaps that are made, used, emptied, roofed or filled, with a truth."""

from __future__ import annotations

import numpy as np
import things as T
from parts import NEVER, Region, Slot, Thing


class Stores:
    """A site of stores whose states are known on every day; each thing is a `Thing` of the site."""

    def _stores(self):
        r, s = self.rng, self.size
        self.relief = r.uniform(0.5, 1.5)
        a, b = s * 0.45, s * 0.4
        self.surround((-a, -b, a, b), rural=0.95, road_south=bool(r.random() < 0.5))
        soil = str(r.choice(["dirt", "dirt_pale", "soil_red", "sand"]))
        self.style = {"covered": 0.0, "high": r.uniform(2.6, 4.2), "tone": r.uniform(1.0, 1.3), "bare": True}
        gap = r.uniform(66, 74)
        xs = (np.arange(max(1, int((2 * a - 8) / gap))) - (max(1, int((2 * a - 8) / gap)) - 1) / 2) * gap
        for k, x in enumerate(xs):
            way = (x - 2.4, -b + 4, x + 2.4, b - 4)
            self.surface(way, soil if k else "gravel", 20 + k, busy=2.0, rough=0.35)
        step = r.uniform(36, 44)
        made = {"revetment": self._banked, "pit": self._pit, "pad": self._pad, "heap": self._heap}
        for x in xs:
            for side in (-1, 1):
                for y in np.arange(-b + 20, b - 14, step):
                    if r.random() < 0.12:
                        continue
                    what = str(r.choice(list(made), p=[0.5, 0.22, 0.13, 0.15]))
                    made[what](x + side * gap * 0.27, y + r.normal(0, 0.8), side, soil)
        if r.random() < 0.8:
            y = b - 6
            self.works(
                (-a + 6, y - 20, -a + 6 + r.uniform(18, 30), y - 4), str(r.choice(["hall", "flat"])), self._day()
            )
        self.zones.append(("site", (-a, -b, a, b)))
        for k, one in enumerate(self.things):
            if one.cell is not None:
                self.zones.append((f"cell-{k}", one.cell))
        for _ in range(25):
            self.plant(r.uniform(-a, a), r.uniform(-b, b), int(r.choice([2, 2, 0])))
        for w, since in self.sealed:  # nothing grows where earth is moved
            self.plants = [
                (*p[:7], min(p[7], since)) if w[0] - 4 < p[0] < w[2] + 4 and w[1] - 4 < p[1] < w[3] + 4 else p
                for p in self.plants
            ]

    def _day(self):
        """A day between two looks, or before all of them."""
        return -NEVER if self.rng.random() < 0.35 else int(self.rng.integers(2, max(3, int(0.75 * self.days[-1]))))

    def _life(self, since, ends):
        """States from a day on: dug, then in use, then emptied or covered, each with a chance."""
        r, last = self.rng, self.days[-1]
        story = [(since, "dug")]
        now = max(since, 0)
        if r.random() < 0.75:
            now = since if since < 0 and r.random() < 0.5 else int(r.integers(now + 1, max(now + 2, last)))
            story.append((now, "in use"))
            if r.random() < 0.6:
                now = int(r.integers(max(now, 0) + 1, max(now, 0) + 1 + max(1, last - max(now, 0))))
                story.append((now, "emptied"))
        if r.random() < ends and now < last:
            now = int(r.integers(max(now, 0) + 1, last + 1))
            story.append((now, "covered"))
        return [one for k, one in enumerate(story) if k == len(story) - 1 or story[k + 1][0] > one[0]]

    def _load(self, x, y, story, along, width):
        """Boxes on the floor while it is in use, in one to three rows side by side."""
        r = self.rng
        kinds = "20ft" if r.random() < 0.7 else "40ft"
        if along < 13:
            kinds = "20ft"
        count = int(r.integers(1, max(2, int(width / 2.9)) + 1))
        slots = [
            Slot(x + (k - (count - 1) / 2) * 2.8, y + r.normal(0, 0.2), np.pi / 2, kinds, "site", 1, 0.0, 0.3)
            for k in range(count)
        ]
        self.slots += slots
        for k, (day, state) in enumerate(story):
            if state != "in use":
                continue
            for q in slots:
                self.arrive(q, max(day, -50))
                if k + 1 < len(story):
                    self.leave(q, story[k + 1][0])

    def _roof(self, x, y, story, length, width, yaw=0.0):
        for day, state in story:
            if state == "covered":
                self.solid(
                    lambda m, g, z: T.hall(m, g, x, y, float(z(x, y)), length, width, 3.2, yaw, None, span=width), day
                )
                rect = (x - length / 2, y - width / 2, x + length / 2, y + width / 2)
                self.regions.append(Region("building", rect, day))

    def _banked(self, x, y, side, soil):
        story = self._life(self._day(), 0.4)
        self._revetment(x, y, side, story[0][0], soil)
        rect, _ = self.sealed[-1]
        face = -side
        pad = (x - 5.5 + (0 if face > 0 else -5), y - 5.5, x + 5.5 + (5 if face > 0 else 0), y + 5.5)
        self._load(x + face * 2.0, y, story, 9.0, 9.0)
        self._roof(x + face * 1.0, y, story, 9.5, 8.0)
        inner = (rect[0] + 2, rect[1] + 2, rect[2] - 2, rect[3] - 2)
        self.things.append(Thing("revetment", inner, story, pad))

    def _pit(self, x, y, side, soil):
        r = self.rng
        story = self._life(self._day(), 0.5)
        w, h, d = r.uniform(6, 9), r.uniform(7, 10), r.uniform(2.0, 3.5)
        floor = (x - w, y - h, x + w, y + h)
        filled = next((day for day, state in story if state == "covered"), NEVER)
        since = story[0][0]
        edge = d * 1.3
        rect = (floor[0] - edge - 1, floor[1] - edge - 1, floor[2] + edge + 1, floor[3] + edge + 1)

        def dig(g, look):
            if since <= look.day < filled:
                g.flatten(floor, float(g.height(x, y)) - d, 1.3)

        self.shapers.append(dig)
        key = 500 + len(self.painters)
        self.painters.append(
            lambda g, look: g.lay(rect, soil, 1.0, 1.2, key, wet=look.wet, tone=1.1) if look.day >= since else None
        )
        if since > -NEVER:
            self.region("earth", rect, since, 1.0, 1.2, key)
        self.sealed.append((rect, since))
        self._load(x, y, story, 2 * h, 2 * w - 2)
        self.things.append(Thing("pit", rect, story, floor))

    def _pad(self, x, y, side, soil):
        r = self.rng
        story = self._life(self._day(), 0.4)
        w, h = r.uniform(8, 11), r.uniform(8, 11)
        rect = (x - w, y - h, x + w, y + h)
        name = str(r.choice(["gravel", "concrete_old", "concrete", "asphalt_old"]))
        key = 500 + len(self.painters)
        self.surface(rect, name, key, story[0][0], busy=0.5, rough=0.3)
        if story[0][0] > -NEVER:
            self.region("paving", rect, story[0][0], 0.4, 0.3, key)
        self._load(x, y, story, 2 * h, 2 * w - 3)
        self._roof(x, y, story, 2 * w - 3, 2 * h - 4)
        self.things.append(Thing("pad", rect, story, rect))

    def _heap(self, x, y, side, soil):
        r = self.rng
        since = self._day()
        high, wide = r.uniform(2, 4), r.uniform(6, 10)
        long = wide * r.uniform(1.0, 1.6)
        rect = (x - long, y - wide, x + long, y + wide)
        self.shapers.append(lambda g, look: g.heap(x, y, wide, high, long / wide) if look.day >= since else None)
        key = 500 + len(self.painters)
        self.painters.append(
            lambda g, look: g.lay(rect, soil, 1.4, 1.6, key, wet=look.wet, tone=1.1) if look.day >= since else None
        )
        if since > -NEVER:
            self.region("earth", rect, since, 1.4, 1.6, key)
        self.sealed.append((rect, since))
        self.things.append(Thing("heap", rect, [(since, "dug")], None))
