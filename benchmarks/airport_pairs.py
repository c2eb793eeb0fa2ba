"""Every two looks of the airports as a pair, each of them once as the earlier one, in whole runs."""

from __future__ import annotations

import datetime as dt
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import rasterio
import yaml
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.airport_outlines import WORKS, drawn  # noqa: E402
from benchmarks.judge_sites import finished  # noqa: E402
from changedet import Run  # noqa: E402
from changedet.store import RunFolder  # noqa: E402

UNSEEN = 255
DAYS = (dt.date(2020, 1, 1), dt.date(2021, 1, 1))
"""Invented: which look is the earlier one is ours to say."""
NOBODYS_PX = 9
"""Two metres of an outline drawn by hand are nobody's."""
LEAST_CLAIM_M2 = 50.0
"""A marked place that counts as one: a lorry's and more."""


def airport_pairs(folder: Path, data: Path, reuse: bool) -> Iterator[tuple[str, dict[str, object]]]:
    """What each pair claims, marks falsely, and finds of what was built; in the last rows all of a place."""
    for place in ("a", "b"):
        looks = sorted(data.glob(f"airports/{place}_*.tif"))
        told = []
        for before, after in itertools.permutations(looks, 2):
            name = f"airport {place} {before.stem[2:]} to {after.stem[2:]}"
            told.append(_figures(_run(folder, name, (before, after), reuse), place, (_day(before), _day(after))))
            yield name, told[-1]
        if told:
            yield f"airport {place}, all pairs", _together(told)


def _day(path: Path) -> dt.date:
    return dt.date.fromisoformat(path.stem[2:])


def _run(folder: Path, name: str, looks: tuple[Path, Path], reuse: bool) -> Run:
    site = folder / ("pair-" + name.replace(" ", "-"))
    site.mkdir(parents=True, exist_ok=True)
    scenes = [{"date": day, "path": str(path.resolve())} for day, path in zip(DAYS, looks, strict=True)]
    content = {
        "site": {"id": site.name},
        "scenes": scenes,
        "bands": {"red": 1, "green": 2, "blue": 3},
        "outputs": {"dir": "out"},
    }
    path = site / "workflow.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return finished(path, reuse=reuse)[0]


def _figures(done: Run, place: str, days: tuple[dt.date, dt.date]) -> dict[str, object]:
    """Of one pair; true is what the outlines of works say that one of its looks alone shows."""
    with rasterio.open(RunFolder(done.path).mask(DAYS[1])) as source:
        mask = source.read(1)
        # The pictures' own corner on the run's grid.
        corner = ~source.transform @ (500000.0, 5400000.0)
        pixel_m2 = abs(source.transform.a * source.transform.e)
    true, nobodys = truth(place, days, corner, mask.shape)
    seen = mask != UNSEEN
    judged, marked = seen & ~nobodys, mask == 1
    row = done.series.iloc[-1]
    low, told, high = (float(row[f"changed_area{part}_m2"]) for part in ("_low", "", "_high"))
    figures: dict[str, object] = {
        "false m2": pixel_m2 * float((marked & judged & ~true).sum()),
        "false %": 100 * float((marked & judged & ~true).sum() / max(1, (judged & ~true).sum())),
        "false places": _places(marked & ~true & ~nobodys, pixel_m2),
        "true m2": pixel_m2 * float(true.sum()),
        "told m2": told,
        "low m2": low,
        "high m2": high,
        "boxes": float(done.series["containers"].max()),
    }
    if true.any():
        figures["recall"] = float(marked[true & seen].mean())
    # The outlines' own error: from without the strip that is nobody's to with it.
    widest = pixel_m2 * float((true | nobodys).sum())
    figures["holds"] = int(low <= widest and high >= pixel_m2 * float((true & ~nobodys).sum()))
    figures["false claim"] = int(low > widest)
    return figures


def truth(
    place: str, days: tuple[dt.date, dt.date], corner: tuple[float, float], shape: tuple[int, ...]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What was built between two looks, and what is nobody's: strips along outlines, mere surfaces."""
    true, nobodys = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    square = np.ones((NOBODYS_PX, NOBODYS_PX), np.uint8)
    for works in WORKS:
        if works.place == place and (days[0] in works.days) != (days[1] in works.days):
            inside = drawn(works.outline, corner, shape)
            wide, narrow = cv2.dilate(inside, square) == 1, cv2.erode(inside, square) == 1
            true |= (inside == 1) & works.counts
            nobodys |= wide & ~narrow if works.counts else wide
    # What is sure by one outline is sure beside another's rim.
    return true, nobodys & ~cv2.erode(true.astype(np.uint8), square).astype(np.bool_)


def _places(marked: NDArray[np.bool_], pixel_m2: float) -> int:
    stats = cv2.connectedComponentsWithStats(marked.astype(np.uint8), connectivity=8)[2]
    return int((stats[1:, cv2.CC_STAT_AREA] * pixel_m2 >= LEAST_CLAIM_M2).sum())


def _together(told: list[dict[str, object]]) -> dict[str, object]:
    """Means of shares, and sums of claims."""
    found: dict[str, object] = {"pairs": len(told)}
    for name in ("false %", "recall"):
        values = [float(str(row[name])) for row in told if name in row]
        if values:
            found[name] = float(np.mean(values))
    return found | {name: sum(int(str(row[name])) for row in told) for name in ("false places", "false claim", "holds")}
