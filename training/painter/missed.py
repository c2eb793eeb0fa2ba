"""Kinds of what the detector misses most, each a kind of ``kinds.py`` with more of it in one picture.

`outposts` are earthworks with many boxes alone beside the dirt roads, `darkrail` a railway of dark boxes beside white
halls, `cranes` a port with many cranes over stacks with free places, or over none at all.
"""

from __future__ import annotations

import numpy as np
import things as T
from parts import Slot

#: paints about as bright as ballast and dark paving, and how common they are
DARK_PAINTS = (("brown", 5), ("rust", 4), ("maroon", 3), ("navy", 3), ("dark", 3), ("green", 1), ("grey", 1))


class Missed:
    """What ``Site`` lays out as `outposts`, `darkrail` and `cranes`."""

    dark = False
    hall_colour: str | None = None

    def dark_colour(self):
        names, weight = zip(*DARK_PAINTS, strict=True)
        return str(self.rng.choice(names, p=np.array(weight, float) / sum(weight)))

    def _outposts(self):
        self._earthworks()
        r = self.rng
        a, b = self.size * 0.44, self.size * 0.38
        roads = [w for w, _ in self.sealed if w[3] - w[1] > self.size * 0.4 and w[2] - w[0] < 8]
        for w in roads:
            mid = (w[0] + w[2]) / 2
            for y in np.arange(-b + 14, b - 10, r.uniform(11, 16)):
                if r.random() < 0.75:
                    self._store(mid + r.choice([-1, 1]) * r.uniform(4.2, 7.0), y, r.normal(0, 0.1))
        for _ in range(60):
            x, y = r.uniform(-a, a), r.uniform(-b - 4, self.size * 0.48)
            if not any(w[0] - 4 < x < w[2] + 4 and w[1] - 4 < y < w[3] + 4 for w, _ in self.sealed):
                self._store(x, y, r.uniform(0, np.pi))

    def _store(self, x, y, turn):
        """A box that stands alone, on a worn patch or on grass."""
        r = self.rng
        if any(np.hypot(s.x - x, s.y - y) < 9 for s in self.slots):
            return
        if r.random() < 0.6:
            patch = str(r.choice(["dirt", "dirt_pale", "gravel", "grass_dry", "soil_dark"]))
            far, key = r.uniform(3, 8), 700 + len(self.slots)
            self.painters.append(
                lambda g, look: g.lay(
                    (x - far, y - far, x + far, y + far), patch, 1.5, 1.6, key, alpha=0.75, when=look.when
                )
            )
        size = str(r.choice(["20ft", "40ft"], p=[0.7, 0.3]))
        slot = Slot(x, y, np.pi / 2 + turn, size, "site", 1, 0.0, 0.6)
        self.slots.append(slot)
        self.arrive(slot, -50, colour=self.dark_colour() if r.random() < 0.4 else None)

    def _darkrail(self):
        self.dark = self.rng.random() < 0.8
        self.hall_colour = "white" if self.rng.random() < 0.7 else None
        self.fleet = self.dark_colour()
        self._rail()

    def _cranes(self):
        self._port()
        r, s = self.rng, self.size
        free = r.random() < 0.3
        for slot in self.slots:
            if free or r.random() < 0.15:
                while slot.stack:
                    slot.ever.remove(slot.stack.pop())
        ys = sorted({round(q.y, 1) for q in self.slots})
        low, high = (ys[0], ys[-1]) if ys else (-s * 0.3, 0.0)
        for _ in range(int(r.integers(3, 7))):
            y, span, up = r.uniform(low, high), r.uniform(14, 30), r.uniform(12, 22)
            x = r.uniform(-0.45, 0.45) * s
            self.solid(lambda m, g, z, x=x, y=y, span=span, up=up: T.rtg(m, g, x, y, 0.0, 0.0, span, up))
        if free or r.random() < 0.5:
            quay = max(w[3] for w, _ in self.sealed)
            for x in np.arange(-0.42, 0.45, r.uniform(0.16, 0.26)) * s:
                reach, up = r.uniform(22, 45), r.uniform(20, 36)
                self.solid(
                    lambda m, g, z, x=x, reach=reach, up=up: T.gantry(m, g, x, quay - 12, 0.0, 0.0, 17.0, reach, up)
                )
