"""Axes of tracks: side by side along any bend, and of a fan, from drawn answers of the network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from changedet.arrays import Floats, Singles
from changedet.pipeline.things.kernels.rail_axes import axes_of
from changedet.pipeline.things.kernels.rail_fans import OFF
from changedet.pipeline.things.kernels.siding_tracks import CLASSES, cars_on

LONG = 260
ALONG = np.arange(LONG)


def answer(lines: Sequence[Floats], cars: Sequence[tuple[int, int]], high: int = 80) -> Singles:
    """The network's answer where cars stand on lines of rows, from one step to another."""
    odds = np.full((len(CLASSES) + 1, high, LONG), -6.0, np.float32)
    odds[0] = 6.0
    rows = np.arange(high)[:, None]
    for line, (first, last) in zip(lines, cars, strict=True):
        near = (np.abs(rows - line[None]) <= 1.2) & (first <= ALONG) & (last > ALONG)
        odds[0][near], odds[2][near] = -6.0, 6.0
        ends = (ALONG - first) % 14
        odds[-1][near & ((ends == 0) | (ends == 13))] = 6.0
    return odds


def strays(track: Floats, line: Floats, first: int, last: int) -> float:
    return float(np.abs(track - line)[first:last].max())


def test_tracks_follow_an_uneven_bend() -> None:
    form = 30 + 8 * np.sin(ALONG / 60)
    lines = [form + 9.6 * k for k in range(3)]
    spans = [(10, 150), (60, 256), (20, 118)]
    found = axes_of([answer(lines, spans)])
    assert len(found) == 3
    for track, line, span in zip(found, lines, spans, strict=True):
        assert strays(track, line, *span) < 2.2


def test_tracks_of_all_dates_are_found_together() -> None:
    lines = [np.full(LONG, 20.0), np.full(LONG, 29.5)]
    found = axes_of([answer(lines[:1], [(0, 98)]), answer(lines[1:], [(100, 240)])])
    assert [float(np.median(one)) for one in found] == pytest.approx([20, 29.5], abs=1)


def test_a_fan_is_read_track_by_track() -> None:
    lines = [40 + (ALONG - 40).clip(0) * slope for slope in (-0.16, 0.0, 0.16)]
    spans = [(120, 246), (80, 248), (100, 254)]
    odds = answer(lines, spans)
    found = axes_of([odds])
    assert len(found) == 3
    for track, line, (first, last) in zip(found, lines, spans, strict=True):
        own = (track != OFF)[first:last]
        assert own.mean() > 0.9
        assert np.abs(track - line)[first:last][own].max() < 2
        read = cars_on(odds, track)
        assert read is not None
        assert len(read.cars) == pytest.approx((last - first) / 14, abs=1)


def test_no_car_no_track() -> None:
    assert not axes_of([answer([], [])])
