"""Forests from scikit-learn and from the bytes of a file."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from changedet.kernels import boosted_trees, forest_files
from changedet.stages.change.learned import change_trees


def test_from_boosting_gives_scikit_learn_s_forest():
    ensemble = pytest.importorskip("sklearn.ensemble", reason="scikit-learn is only needed to fit the trees")
    rng = np.random.default_rng(6)
    x = rng.normal(size=(4000, 5)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] + x[:, 2] > 0.3).astype(int)
    x[rng.random(x.shape) < 0.1] = np.nan
    model = ensemble.HistGradientBoostingClassifier(max_iter=30, early_stopping=False).fit(x, y)
    grown = forest_files.from_boosting([step[0].nodes for step in model._predictors], model._baseline_prediction)
    np.testing.assert_allclose(boosted_trees.margins(grown, x, 30), model.decision_function(x), atol=1e-5)
    whole = ~np.isnan(x).any(axis=1)
    np.testing.assert_array_equal(
        boosted_trees.margins(grown, x[whole], 30), boosted_trees.margins(grown, x, 30)[whole]
    )


def test_load_gives_what_dump_was_given():
    (grown, *_), *_ = change_trees()
    other = grown._replace(baseline=0.25)
    content = forest_files.dump((grown, other), {"note": 1})
    assert content == forest_files.dump((grown, other), {"note": 1})
    (again, second), about, checksum = forest_files.load(content)
    assert second.baseline == 0.25
    assert (about, checksum) == ({"note": 1}, hashlib.sha256(content).hexdigest())
    for mine, kept in zip(grown, again, strict=True):
        np.testing.assert_array_equal(mine, kept)
