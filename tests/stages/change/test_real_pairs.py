"""Published figures of real pairs, where there are any."""

from __future__ import annotations

import pytest
from real import DATA, WHY

from benchmarks import real_pairs


@pytest.fixture(scope="module")
def real():
    if not (DATA / "taizhou").is_dir():
        pytest.skip(WHY)
    return real_pairs, {pair.name: pair for pair in real_pairs.pairs(DATA)}


def kappa(real, pair_name, method):
    module, pairs = real
    return float(module.run(pairs[pair_name], method).split("kappa")[1].split()[0])


@pytest.mark.parametrize(
    ("pair", "method", "least"),
    [
        ("taizhou", "irmad", 0.935),
        ("taizhou", "cva", 0.95),
        ("taizhou", "pca_kmeans", 0.89),
        ("taizhou", "isfa", 0.935),
        ("beijing_a", "irmad", 0.60),
        ("beijing_a", "structure", 0.74),
        ("ottawa", "log_ratio", 0.90),
        ("bern", "log_ratio", 0.75),
        ("ottawa", "omnibus", 0.92),
        ("bern", "omnibus", 0.8),
    ],
)
def test_real_pairs_reach_the_published_figures(real, pair, method, least):
    assert kappa(real, pair, method) >= least


@pytest.mark.parametrize("pair", ["null_1", "null_2"])
@pytest.mark.parametrize("method", ["cva", "irmad", "isfa", "pca_kmeans", "structure"])
def test_copies_of_one_picture_show_no_change(real, pair, method):
    module, pairs = real
    assert "marked  0.000%" in module.run(pairs[pair], method)
