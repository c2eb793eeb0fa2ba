"""Ships of made-up ports, as a run writes them: others on each look, and one at two ports where it is planted."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
import pandas as pd

DECKS = np.array([[150, 60, 50], [60, 90, 140], [70, 120, 90], [170, 170, 165], [110, 80, 60], [200, 150, 60]], float)
SLICES, RELOADED = 5, 0.25
LENGTH_SHARE, WIDTH_M = 0.025, 1.0
"""Errors of a measured length, as a share, and of a width."""


class Ship(NamedTuple):
    """A ship as it is: metres, and colours (slice, 3) of its deck from 0 to 255."""

    length_m: float
    width_m: float
    deck: np.ndarray


def ship(rng: np.random.Generator) -> Ship:
    """Any ship of the world."""
    length = float(np.clip(rng.lognormal(4.6, 0.45), 35, 320))
    deck = DECKS[rng.integers(0, len(DECKS), 2)]
    colours = deck[rng.integers(0, 2, SLICES)] * rng.uniform(0.7, 1.2)
    return Ship(length, length * float(rng.uniform(0.13, 0.19)), colours)


def row(one: Ship, day: dt.date, number: int, rng: np.random.Generator) -> dict[str, object]:
    """A look at a ship: measured with errors, either way round, sometimes loaded anew."""
    deck = ship(rng).deck if rng.random() < RELOADED else one.deck
    deck = deck[:: rng.choice([1, -1])] * np.exp(rng.normal(0, 0.15)) + rng.normal(0, 8, (SLICES, 3))
    words = ["#" + "".join(f"{round(value):02x}" for value in colour) for colour in deck.clip(0, 255)]
    return {
        "date": pd.Timestamp(day, tz="UTC"), "ship_id": number, "kind": "ship", "zone": "quay", "is_whole": True,
        "length_m": one.length_m * (1 + rng.normal(0, LENGTH_SHARE)),
        "length_error_m": np.hypot(1.0, 0.03 * one.length_m),
        "width_m": one.width_m + rng.normal(0, WIDTH_M), "width_error_m": WIDTH_M, "deck": " ".join(words),
    }  # fmt: skip


def port(days: list[dt.date], planted: list[tuple[Ship, dt.date]], rng: np.random.Generator) -> pd.DataFrame:
    """The layer ``ships`` of a port: up to two others on each look, and the planted ones."""
    seen = [(ship(rng), day) for day in days for _ in range(int(rng.integers(0, 3)))] + planted
    return pd.DataFrame([row(one, day, k, rng) for k, (one, day) in enumerate(seen, 1)])
