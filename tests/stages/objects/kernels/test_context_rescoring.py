"""Boxes rescored from their neighbours: against a plain reference, invariances, what the trees make of rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from changedet.stages.objects.kernels import context_rescoring
from changedet.stages.objects.rescoring import context_forests


def neighbour_features_by_pairs(s: context_rescoring.BoxEvidence, i: int) -> list[float]:
    """The company of one box, pair by pair."""
    side, row, near_parallel, near_askew, covered, same, wide = [], [], [], [], [0.0], [], []
    kinds_near, kinds_wide, paler = [], [], []
    for j in range(len(s.boxes)):
        d = s.boxes[j, :2] - s.boxes[i, :2]
        far = float(np.hypot(*d))
        if j == i or far > context_rescoring.REACH_M:
            continue
        direction = np.array([np.sin(s.boxes[i, 4]), -np.cos(s.boxes[i, 4])])
        along, across = abs(d @ direction), abs(d @ np.array([-direction[1], direction[0]]))
        turn = min(abs(s.boxes[i, 4] - s.boxes[j, 4]) % np.pi, np.pi - abs(s.boxes[i, 4] - s.boxes[j, 4]) % np.pi)
        parallel = np.exp(-0.5 * (turn / 0.12) ** 2)
        length, p = (s.boxes[i, 2] + s.boxes[j, 2]) / 2, s.confidence[j]
        pitch = np.exp(-0.5 * (max(0, across - 2.6) / 1.2) ** 2) if across > 1.6 else 0.0
        side.append(parallel * pitch * np.exp(-0.5 * (along / (0.3 * length)) ** 2) * p)
        gap = along - length
        row.append(parallel * np.exp(-0.5 * (across / 0.8) ** 2) * np.exp(-max(0, gap) / 4) * p if gap > -1.5 else 0.0)
        near_parallel.append(parallel * np.exp(-far / 10) * p)
        near_askew.append((1 - parallel) * np.exp(-far / 10) * p)
        if p > s.confidence[i]:
            end = np.exp(-0.5 * (max(0, along - 0.3 * length) / 1.5) ** 2)
            covered.append(p * np.exp(-0.5 * (across / 1.2) ** 2) * end)
        same.append(near_parallel[-1] * np.exp(-0.5 * (s.boxes[i, 2] - s.boxes[j, 2]) ** 2))
        wide.append(np.exp(-far / context_rescoring.REACH_M) * p)
        container = 1 / (1 + np.exp(np.clip(s.other[j], -8, 8)))
        kinds_near.append(near_parallel[-1] * container)
        kinds_wide.append(wide[-1] * container)
        paler.append(side[-1] * (s.brightness[j, 0] - s.brightness[i, 0]))
    kind_near = sum(kinds_near) / sum(near_parallel) if sum(near_parallel) > 0.02 else 0.5
    kind_wide = sum(kinds_wide) / sum(wide) if sum(wide) > 0.02 else 0.5
    pale = sum(paler) / sum(side) if sum(side) > 0.05 else 0.0
    beside = [max([0.0, *side]), sum(side), max([0.0, *row]), sum(row), sum(near_parallel), sum(near_askew)]
    return [*beside, kind_near, max(covered), pale, sum(same), kind_wide, sum(wide)]


def seen(rng: np.random.Generator, count: int, spread_m: float = 60.0) -> context_rescoring.BoxEvidence:
    boxes = np.column_stack(
        [
            rng.uniform(0, spread_m, (count, 2)),
            rng.choice([6.06, 12.19], count),
            rng.normal(2.44, 0.05, count),
            rng.choice([0.3, 0.35, 1.9], count) + rng.normal(0, 0.02, count),
        ]
    )
    confidence = rng.uniform(0.05, 1, count)
    logit = np.where(rng.random(count) < 0.1, np.nan, rng.normal(0, 3, count))
    brightness = rng.uniform(0, 1, (count, 6))
    gsd_m = np.full(count, 0.5)
    return context_rescoring.BoxEvidence(
        boxes, confidence, logit, rng.normal(-2, 4, count), brightness, rng.uniform(0, 0.3, count), gsd_m
    )


def taken(s: context_rescoring.BoxEvidence, order: NDArray[np.intp]) -> context_rescoring.BoxEvidence:
    return context_rescoring.BoxEvidence(*(getattr(s, name)[order] for name in s.__dataclass_fields__))


def row_of(count: int, faint: int) -> context_rescoring.BoxEvidence:
    """Boxes of 40 feet side by side, one of which the network hardly sees."""
    boxes = np.column_stack(
        [np.arange(count) * 2.7, np.zeros(count), np.full(count, 12.19), np.full(count, 2.44), np.zeros(count)]
    )
    logit = np.where(np.arange(count) == faint, -1.0, 4.0)
    confidence = np.where(np.arange(count) == faint, 0.35, 0.99)
    brightness = np.tile([0.5, 0.03, 0.35, 0.35, 0.3, 0.3], (count, 1))
    return context_rescoring.BoxEvidence(
        boxes, confidence, logit, np.full(count, -4.0), brightness, np.full(count, 0.1), np.full(count, 0.5)
    )


def test_features_equal_a_plain_loop_over_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    s = seen(np.random.default_rng(3), 60)
    found = context_rescoring.features(s)
    wanted = np.array([neighbour_features_by_pairs(s, i) for i in range(60)])
    np.testing.assert_allclose(
        found[:, len(context_rescoring.OWN) + len(context_rescoring.OWN_ENDS) :], wanted, rtol=2e-5, atol=2e-6
    )
    assert found.shape == (60, len(context_rescoring.NAMES))
    monkeypatch.setattr(context_rescoring, "BLOCK", 7)
    np.testing.assert_array_equal(context_rescoring.features(s), found)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(-3, 3), st.floats(-500, 500))
def test_features_depend_on_no_place_direction_or_order(seed: int, turn: float, away: float) -> None:
    rng = np.random.default_rng(seed)
    s = seen(rng, 25)
    moved = s.boxes.copy()
    c, sn = np.cos(turn), np.sin(turn)
    moved[:, :2] = moved[:, :2] @ np.array([[c, sn], [-sn, c]]) + away
    moved[:, 4] = (moved[:, 4] + turn) % np.pi
    first = context_rescoring.features(s)
    turned = context_rescoring.features(
        context_rescoring.BoxEvidence(moved, *(getattr(s, n) for n in list(s.__dataclass_fields__)[1:]))
    )
    np.testing.assert_allclose(turned, first, rtol=1e-4, atol=1e-4)
    order = rng.permutation(25)
    np.testing.assert_allclose(context_rescoring.features(taken(s, order)), first[order], rtol=1e-5, atol=1e-6)


def test_rescored_is_surer_of_a_faint_box_in_a_row_than_alone() -> None:
    row = row_of(9, 4)
    inside, container = context_rescoring.rescored(context_rescoring.features(row), *context_forests())
    alone = context_rescoring.rescored(context_rescoring.features(taken(row, np.array([4]))), *context_forests())[0]
    assert inside[4] > alone[0] + 0.1
    assert container.all()


def test_features_of_no_boxes_are_none() -> None:
    none = taken(row_of(3, 0), np.empty(0, np.intp))
    assert context_rescoring.features(none).shape == (0, len(context_rescoring.NAMES))
