"""How far a description lies from those of the training scenes."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.objects.kernels import familiarity

GSDS = np.array([0.3, 0.5, 1.0])


def scenes(seed, count=180, numbers=60):
    """Descriptions of few causes, another mean at each of three resolutions."""
    rng = np.random.default_rng(seed)
    cause = np.random.default_rng(1).normal(size=(8, numbers))
    level = np.random.default_rng(2).normal(0, 5, (3, numbers))
    own = np.arange(count) % 3
    return level[own] + rng.normal(size=(count, 8)) @ cause + 0.1 * rng.normal(size=(count, numbers)), GSDS[own]


@pytest.fixture(scope="module")
def reference():
    return familiarity.fit(*scenes(0), folds=6)


def test_most_further_scenes_lie_within_the_edge(reference):
    far = [familiarity.distance(one, gsd, reference) for one, gsd in zip(*scenes(5), strict=True)]
    assert 0.88 <= np.mean(np.array(far) <= 1) <= 0.99


def test_a_scene_is_compared_with_those_of_its_own_resolution(reference):
    table, gsd = scenes(6)
    right = [familiarity.distance(one, g, reference) for one, g in zip(table, gsd, strict=True)]
    wrong = [familiarity.distance(one, g, reference) for one, g in zip(table, np.roll(gsd, 1), strict=True)]
    assert np.median(wrong) > 2 * np.median(right)
    near = familiarity.distance(table[1], 0.47, reference)
    assert near == familiarity.distance(table[1], 0.5, reference)


def test_what_no_cause_explains_and_what_goes_too_far_along_one_lie_far(reference):
    table, gsd = scenes(7)
    odd = table + np.random.default_rng(8).normal(0, 3.0, table.shape)
    mean = reference.mean[np.searchsorted(GSDS, gsd)]
    for other in (odd, mean + 5 * (table - mean)):
        far = [familiarity.distance(one, g, reference) for one, g in zip(other, gsd, strict=True)]
        assert np.median(far) > 2


def test_coordinates_are_as_long_as_the_distance(reference):
    for one, gsd in zip(*scenes(9, count=12), strict=True):
        length = np.linalg.norm(familiarity.coordinates(one, gsd, reference))
        assert length == pytest.approx(familiarity.distance(one, gsd, reference))
