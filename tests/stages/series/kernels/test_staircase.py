"""The staircase model against enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from changedet.stages.series.kernels import staircase as kernel


def brute_staircase(values, floor, ceiling, turns_over):
    """The posterior by enumeration of all level paths on a small grid; what is bounded lies anywhere between."""
    without = kernel.TURNOVER if turns_over else kernel.PHI
    top = values.max()
    levels = np.linspace(max(0.0, values.min() - 2.0), 1.05 * top + 2.0, kernel.LEVELS)
    n, none, growth = len(values), 0.0, np.zeros(len(values))
    share = (np.arange(2000) + 0.5) / 2000
    anywhere = floor[:, None] + (ceiling - floor)[:, None] * share
    for phi in without:
        sd = np.sqrt(0.3 * levels + (phi * levels) ** 2 + 0.5)
        p = np.stack(
            [(np.exp(-0.5 * ((anywhere - m) / s) ** 2) / s).mean(1) for m, s in zip(levels, sd, strict=True)], 1
        )
        none += 0.5 / len(without) * np.prod(p, 0).mean()
        for base in range(len(levels) - 1) if phi in kernel.PHI else ():
            above = [i for i in range(base + 1, len(levels)) if levels[i] >= levels[base] + sd[base]]
            for k in range(1, n):
                for path in itertools.product(above, repeat=n - k):
                    q = 1 / len(above)
                    for a, b in itertools.pairwise(path):
                        up, down = len(levels) - 1 - a, a - above[0]
                        shares = {0: 0.6, 1: 0.32 if up else 0, -1: 0.08 if down else 0}
                        q *= shares[np.sign(b - a)] / {0: 1, 1: up, -1: down}[np.sign(b - a)] / sum(shares.values())
                    q *= np.prod(p[:k, base]) * np.prod([p[k + i, b] for i, b in enumerate(path)])
                    growth[k] += 0.5 / len(kernel.PHI) / (n - 1) * q / len(levels)
    return growth / (none + growth.sum())


@pytest.mark.parametrize("turns_over", [False, True])
def test_onset_posterior_sums_what_enumeration_sums(monkeypatch, turns_over):
    monkeypatch.setattr(kernel, "LEVELS", 6)
    for values, hidden in (([5.0, 6.0, 11.0, 12.0], 0), ([9.0, 8.0, 8.0, 10.0], 0), ([5.0, 8.0, 11.0, 12.0], 4.0)):
        value = np.array(values)
        floor, ceiling = value - np.array([0, hidden, 0, hidden / 2]), value + np.array([0, hidden / 2, 0, hidden])
        found = kernel.onset_posterior(value, np.zeros(4), floor, ceiling, turns_over=turns_over)
        assert np.allclose(found, brute_staircase(value, floor, ceiling, turns_over), rtol=1e-4)


def test_onset_posterior_of_bounds_far_from_every_level_does_not_overflow():
    values = np.array([20.0, 21.0, 3000.0, 9000.0, 9100.0])
    floor, ceiling = (np.where(np.arange(5) == 2, bound, values) for bound in (10.0, 9000.0))
    found = kernel.onset_posterior(values, np.zeros(5), floor, ceiling, turns_over=True)
    assert np.isfinite(found).all()
    assert found.sum() == pytest.approx(1.0)
    assert found[2] + found[3] > 0.99


def test_shortest_run_holds_its_share():
    assert kernel.shortest_run(np.array([0.0, 0.02, 0.96, 0.02]), 0.95) == (2, 2)
    assert kernel.shortest_run(np.array([0.0, 0.3, 0.3, 0.3, 0.1]), 0.7) == (1, 3)
    assert kernel.shortest_run(np.array([0.0, 0.1, 0.3, 0.3, 0.3]), 0.9) == (2, 4)
    assert kernel.shortest_run(np.array([0.1, 0.2, 0.7]), 1.0) == (0, 2)
