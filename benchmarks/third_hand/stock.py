"""Blocks of places for containers, and how stacks fill, stand and turn over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.third_hand.plan import LENGTHS_M, WIDTH_M, Box, Plan, Slot

PLACING_M, PLACING_RAD = 0.07, 0.004
"""How far a crane misses its mark."""


@dataclass(frozen=True)
class Block:
    """A block of bays along u and rows across; gaps between ends and sides in m."""

    u: float
    v: float
    bays: int
    rows: int
    gap_along: float
    gap_across: float
    yard: str
    kinds: tuple[str, ...] = ("20ft", "40ft", "40ft", "45ft")
    loose: float = 1.0
    """Times the usual error of placing."""
    reach: float = 1e9
    """Greatest length along u."""
    across: bool = False
    """Whether boxes lie across u."""


def slots(plan: Plan, block: Block) -> list[Slot]:
    """The places of a block, bay by bay; each bay is of one length."""
    made = []
    along, rng = 0.0, plan.rng
    for _ in range(block.bays):
        kind = str(rng.choice(block.kinds))
        length = LENGTHS_M[kind]
        if along + length > block.reach:
            break
        for row in range(block.rows):
            u, v = along + length / 2, row * (WIDTH_M + block.gap_across) + WIDTH_M / 2
            if block.across:
                u, v = v, u
            error = rng.normal(0, PLACING_M * block.loose, 2)
            x, y = plan.frame.at(block.u + u + error[0], block.v + v + error[1])
            turn = rng.normal(0, PLACING_RAD * block.loose) + (np.pi / 2 if block.across else 0.0)
            made.append(Slot(x, y, kind, plan.frame.angle + turn, block.yard))
        along += length + block.gap_along
    plan.slots += made
    return made


def stack(plan: Plan, slot: Slot, tiers: int) -> tuple[Box, ...]:
    """New containers, one on another."""
    return tuple(plan.box(slot.kind) for _ in range(tiers))


def start(plan: Plan, places: list[Slot], full: float, most: int) -> None:
    """Fill a share of the places on the first date, more or less by neighbourhood, up to `most` tiers."""
    level = plan.rng.random()
    for slot in places:
        level = np.clip(0.75 * level + 0.25 * plan.rng.random() + plan.rng.normal(0, 0.12), 0, 1)
        tiers = 1 + int(plan.rng.random() ** 1.3 * most) if plan.rng.random() < full else 0
        tiers = min(max(round(tiers * (0.6 + 0.8 * level)), 1 if tiers else 0), most)
        slot.stacks.append(stack(plan, slot, tiers))


def go_on(plan: Plan, places: list[Slot], leave: float, come: float, most: int) -> None:
    """The next date: of each place a share loses its top ones, a share gets more."""
    for slot in places:
        now = list(slot.stacks[-1])
        if now and plan.rng.random() < leave:
            del now[-int(plan.rng.integers(1, len(now) + 1)) :]
        if len(now) < most and plan.rng.random() < come:
            now += stack(plan, slot, int(plan.rng.integers(1, most - len(now) + 1)))
        slot.stacks.append(tuple(now))


def rest(places: list[Slot], dates: int) -> None:
    """The same stacks to the end."""
    for slot in places:
        slot.stacks += [slot.stacks[-1]] * (dates - len(slot.stacks))


def empty(places: list[Slot]) -> None:
    """Nothing on the next date."""
    for slot in places:
        slot.stacks.append(())
