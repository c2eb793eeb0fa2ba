"""Simulated tracks of yards whose boxes come and go, without pictures; two yards share lots or do not."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from changedet.arrays import Floats
from changedet.assess.compare.sites import Site, site_of

PAINTS = ["#7d3b33", "#b23a30", "#33588c", "#3c7c78", "#8d9294", "#cfd0cb", "#b89a45", "#3f7152", "#c0703a"]
KINDS = ["20ft", "40ft", "45ft"]
SHARES = [0.35, 0.6, 0.05]
"""Of the boxes, by kind."""
START = dt.date(2023, 1, 10)


def looks(count: int, phase: int = 0) -> list[dt.date]:
    """So many dates, every 30 days, the first `phase` days after `START`."""
    return [START + dt.timedelta(days=phase + 30 * k) for k in range(count)]


def box(rng: np.random.Generator, paint: str, cast: Floats) -> str:
    """The colour of a box of a paint, dusty and under the light of its site."""
    value = np.array([int(paint[i : i + 2], 16) / 255 for i in (1, 3, 5)]) ** 2.2
    dusty = (0.65 * value + 0.35 * 0.2) * np.exp(rng.normal(0, 0.1)) * np.exp(rng.normal(0, 0.04, 3)) * cast
    return "#" + "".join(f"{round(255 * min(1.0, v) ** (1 / 2.2)):02x}" for v in dusty)


class Yard:
    """A site's tracks, built box by box; dates as numbers of looks."""

    def __init__(self, rng: np.random.Generator, days: list[dt.date], fleet: Floats | None = None) -> None:
        self.rng, self.days = rng, days
        self.fleet = rng.dirichlet(np.ones(len(PAINTS)) * 1.5) if fleet is None else fleet
        self.cast = np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.05, 3))
        self.rows: list[dict[str, object]] = []

    def add(self, boxes: int, came: int, gone: int, paint: str | None = None, kind: str | None = None) -> None:
        """Boxes that come and leave together; `came` 0: from the start, `gone` at or beyond the last look: never."""
        for _ in range(boxes):
            own = paint or str(self.rng.choice(PAINTS, p=self.fleet))
            size = kind or str(self.rng.choice(KINDS, p=SHARES))
            last = min(gone, len(self.days)) - 1
            self.rows.append(
                {
                    "track_id": len(self.rows) + 1,
                    "first_seen": self.days[came],
                    "last_seen": self.days[last],
                    "not_after": self.days[gone] if gone < len(self.days) else None,
                    "not_before": self.days[came - 1] if came else None,
                    "kind": size,
                    "color": box(self.rng, own, self.cast),
                }
            )

    def busy(self, stock: int, lots: int, singles: int) -> Yard:
        """Stock from the start, lots of one paint and kind that come and go together, and single boxes."""
        n = len(self.days)
        for _ in range(stock):
            self.add(1, 0, int(self.rng.integers(1, 3 * n)))
        for _ in range(lots):
            came = int(self.rng.integers(1, n))
            paint, kind = str(self.rng.choice(PAINTS, p=self.fleet)), str(self.rng.choice(KINDS, p=SHARES))
            self.add(int(self.rng.integers(3, 9)), came, came + int(self.rng.integers(1, n)), paint, kind)
        for _ in range(singles):
            came = int(self.rng.integers(1, n))
            self.add(1, came, came + int(self.rng.integers(1, n)))
        return self

    def table(self) -> pd.DataFrame:
        """Tracks as a run writes them, one row each."""
        return pd.DataFrame(self.rows)


def site(name: str, yard: Yard) -> Site:
    """A yard as a finished run is opened for comparison."""
    return site_of(name, yard.table())


def unrelated(seed: int, fleet: Floats | None = None) -> tuple[Site, Site]:
    """Two yards that share nothing."""
    rng = np.random.default_rng(seed)
    one = Yard(rng, looks(int(rng.integers(6, 13))), fleet).busy(80, int(rng.integers(3, 9)), 30)
    other = Yard(rng, looks(int(rng.integers(6, 13)), int(rng.integers(0, 20))), fleet).busy(
        80, int(rng.integers(3, 9)), 30
    )
    return site(f"one-{seed}", one), site(f"other-{seed}", other)


def related(seed: int, lag: int = 2) -> tuple[Site, Site, set[tuple[int, int]]]:
    """Two yards that share six lots, which travel for `lag` looks; the true pairs of first track ids."""
    rng = np.random.default_rng([7, seed])
    one, other = Yard(rng, looks(10)).busy(70, 0, 25), Yard(rng, looks(10, 9)).busy(70, 0, 25)
    true = set()
    for gone in range(2, 8):
        paint, kind, boxes = str(rng.choice(PAINTS)), str(rng.choice(["20ft", "40ft"])), int(rng.integers(4, 10))
        true.add((len(one.rows) + 1, len(other.rows) + 1))
        one.add(boxes, max(gone - 2, 0), gone, paint, kind)
        other.add(boxes, gone + lag, gone + lag + 20, paint, kind)
    return site("one", one), site("other", other), true
