"""Vendors' folders around a few pixels, and what the starter makes of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
from affine import Affine
from starter_scenes import start

from changedet.workflow import Workflow
from changedet.workflow.starter.starter import starter_workflow
from scenarios.vendor_folders import VENDORS, Shot

PLACE = Affine(0.5, 0, 400_000, 0, -0.5, 6_700_000)


def shots(count: int = 2) -> list[Shot]:
    random = np.random.default_rng(1)
    first = dt.datetime(2022, 4, 5, 1, 23, 45)
    return [
        Shot(first + dt.timedelta(days=30 * i), random.integers(100, 3000, (4, 24, 32)).astype(np.uint16), PLACE)
        for i in range(count)
    ]


def order(vendor: str, count: int = 2) -> tuple[str, Workflow]:
    """A vendor's folder, and the workflow that nobody was asked about."""
    VENDORS[vendor](Path(vendor), shots(count))
    return start(vendor)


def draft(*scenes: str) -> tuple[str, list[str]]:
    text, problems = starter_workflow(scenes, ask=None)
    return text, [str(problem) for problem in problems]
