"""Exchanges that no look shows: simulated ones stay below the bound; nothing that came, nothing unseen."""

import numpy as np
import pytest

from changedet.stages.series.kernels.exchanges import alike_share, most_unseen_exchanges, most_untold


def test_alike_share_counts_pairs_of_one_kind_and_colour():
    rgb = np.array([(100, 20, 20), (110, 30, 20), (20, 20, 120), (100, 20, 20)], float)
    kinds = ["20ft", "20ft", "20ft", "40ft"]
    assert alike_share(kinds, rgb) == pytest.approx((1 + 1) / (6 + 3))
    rgb[2] = np.nan  # like all of its kind
    assert alike_share(kinds, rgb) == pytest.approx((3 + 1) / (6 + 3))
    assert alike_share([], np.empty((0, 3))) == pytest.approx(1 / 3)


def test_alike_share_is_that_of_all_pairs_one_by_one():
    rng = np.random.default_rng(0)
    kinds, rgb = rng.choice(["20ft", "40ft"], 60), rng.integers(0, 90, (60, 3)).astype(float)
    rgb[rng.random(60) < 0.1] = np.nan
    pairs = [(a, b) for a in range(60) for b in range(a)]
    alike = sum(kinds[a] == kinds[b] and not np.linalg.norm(rgb[a] - rgb[b]) > 25 for a, b in pairs)
    assert alike_share(kinds.tolist(), rgb) == pytest.approx((alike + 1) / (len(pairs) + 3))


def test_most_unseen_exchanges_of_nothing_that_came_or_stood_is_none():
    assert most_unseen_exchanges(3.0, 0.0, 20.0, 0.0, 0.5) == 0
    assert most_unseen_exchanges(0.0, 5.0, 0.0, 0.0, 0.5) == 0


def test_most_unseen_exchanges_grows_with_what_left_and_came_and_shrinks_with_free_ground():
    usual = most_unseen_exchanges(4.0, 10.0, 20.0, 10.0, 0.3)
    assert most_unseen_exchanges(9.0, 10.0, 20.0, 10.0, 0.3) > usual
    assert most_unseen_exchanges(4.0, 40.0, 20.0, 10.0, 0.3) > usual
    assert most_unseen_exchanges(4.0, 10.0, 20.0, 200.0, 0.3) < usual
    assert most_unseen_exchanges(4.0, 10.0, 20.0, 10.0, 0.9) > usual
    assert most_unseen_exchanges(30.0, 10.0, 20.0, -1.0, 0.3) >= usual


def test_most_untold_is_what_tops_changed_beyond_what_is_told():
    tops = np.array([0.9, 0.6, 0.5])
    assert most_untold(tops, np.array([1.0, 0.0, 0.0])) > 2.0
    assert most_untold(tops, np.zeros(3)) > most_untold(tops, np.array([1.0, 0.0, 0.0]))
    assert most_untold(tops, np.array([1.0, 1.0, 0.0])) == 0
    assert most_untold(np.empty(0), np.empty(0)) == 0


@pytest.mark.parametrize(("stock", "free", "lots"), [(20, 5, 4), (60, 40, 8), (25, 10, 2)])
def test_most_unseen_exchanges_holds_those_of_yards_that_turn_over(stock, free, lots):
    rng = np.random.default_rng(stock)
    held = []
    for _ in range(300):
        colour = rng.integers(0, lots, stock + free).astype(float)
        full = np.arange(stock + free) < stock
        leaves = full & (rng.random(stock + free) < 0.25)
        comes = (leaves | ~full) & (rng.random(stock + free) < 0.6)
        after = np.where(comes, rng.integers(0, lots, stock + free), colour)
        hidden = leaves & comes & (after == colour)
        seen_left, seen_came = (leaves & ~hidden).sum(), (comes & ~hidden).sum()
        now_empty = (~full | leaves) & ~comes
        share = alike_share(["20ft"] * stock, np.repeat(colour[:stock, None], 3, 1) * 100)
        held.append(hidden.sum() <= most_unseen_exchanges(seen_left, seen_came, stock, now_empty.sum(), share))
    assert np.mean(held) >= 0.95
