"""Chains of boxes in two rows."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.assess.kernels import sequences


def test_chain_leaves_out_what_one_row_lacks_and_keeps_the_spacing() -> None:
    rng = np.random.default_rng(6)
    lab, size = rng.uniform(-30, 30, (12, 3)), rng.integers(0, 2, 12)
    whole = sequences.Row(lab, size, np.arange(12) * 7.0)
    kept = np.delete(np.arange(12), [3, 8])
    part = sequences.Row(lab[kept] + (2.0, -3.0, 1.0), size[kept], whole.along[kept] + 40.0)
    found = sequences.chain(whole, part)
    assert found.first.tolist() == kept.tolist()
    assert found.second.tolist() == list(range(10))
    assert not found.turned
    other_way = sequences.chain(whole, sequences.Row(part.lab[::-1], part.size[::-1], -part.along[::-1]))
    assert other_way.turned
    assert other_way.second.tolist() == list(range(10))[::-1]
    assert other_way.score == pytest.approx(found.score)
    closed = sequences.chain(whole, part._replace(along=np.arange(10) * 7.0))
    assert closed.score < found.score - 2.0
