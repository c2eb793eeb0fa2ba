"""A kind of site whose places for boxes of 40 feet hold two of 20 feet that touch end to end, many of them dark."""

from __future__ import annotations

import numpy as np
import things as T
from parts import Slot

TOUCHING = (0.05, 0.2)
"""Metres between the two: a place's pins leave .08."""


class Twins:
    """What ``Site`` lays out as `twins`: a port or a depot with pairs, in stacks of heights of their own."""

    def _twins(self):
        r = self.rng
        self.dark = r.random() < 0.4
        if r.random() < 0.65:
            self._port()
        else:
            self._depot()
        share, alike, high = r.uniform(0.3, 1.0), r.uniform(0.2, 0.5), int(r.integers(1, 6))
        paints = [p[0] for p in T.PAINTS]
        for slot in [s for s in self.slots if s.kind == "40ft" and s.stack]:
            tiers = min(len(slot.stack), high) if r.random() < 0.5 else int(r.integers(1, high + 1))
            if r.random() >= share:
                continue
            for box in slot.stack:
                slot.ever.remove(box)
            slot.stack.clear()
            own = T.SIZES["20ft"]
            off = (own + r.uniform(*TOUCHING)) / 2
            colour = str(r.choice(paints)) if r.random() < alike else None
            for way in (-1, 1):
                half = Slot(
                    slot.x + way * off * np.cos(slot.yaw),
                    slot.y + way * off * np.sin(slot.yaw),
                    slot.yaw,
                    "20ft",
                    slot.yard,
                    high,
                    slot.lift,
                    0.0,
                )
                self.slots.append(half)
                for _ in range(tiers if r.random() < 0.85 else int(r.integers(1, high + 1))):
                    self.arrive(half, -50, colour=colour)
