"""Features of a pair: blind to gain and offset, empty without near infrared, spared where no tree uses them."""

from __future__ import annotations

import numpy as np
from change_pairs import simulated

from changedet.kernels import boosted_trees
from changedet.stages.change.kernels import (
    feature_names,
    features,
    trees,
    trees_statistics,
)
from changedet.stages.change.kernels.image_planes import fit_scale
from changedet.stages.change.kernels.patch_search import SEARCH_PX
from changedet.stages.change.learned import change_trees

BANDS = [0, 1, 2, 3]


def test_change_features_but_colour_are_blind_to_gain_and_offset():
    before, after, _ = simulated("growth", 47001)
    brighter = after * np.float32(2.0) + np.float32(64.0)
    tables = []
    for image in (after, brighter):
        scale = fit_scale(before[None], image[None], BANDS)
        tables.append(features.change_features(before, image, BANDS, scale, 0.5)[0])
    evidence = [k for k, name in enumerate(feature_names.names()) if "outside" in name or name.startswith("brighter")]
    assert np.abs(tables[0][evidence] - tables[1][evidence]).mean() < 1.0  # of 256 a doubling


def test_known_columns_are_those_that_are_not_empty_without_near_infrared():
    before, after, _ = simulated("quiet", 47002)
    scale = fit_scale(before[None], after[None], [0, 1, 2, None])
    table, valid = features.change_features(before[:3], after[:3], [0, 1, 2, None], scale, 0.5)
    assert valid.all()
    told = [k for k in range(len(table)) if (table[k] != 0).any()]
    assert tuple(told) == feature_names.known_columns(nir=False)
    assert {feature_names.names()[k] for k in feature_names.known_columns(nir=True) if k not in told} == {
        name for name in feature_names.names() if "nir" in name or "ndvi" in name
    }


def test_uses_edges_spares_edges_where_no_tree_uses_them():
    own, about, sha256 = change_trees()
    asked = {name: [own[k].feature for k in kept["forests"]] for name, kept in about["worlds"].items()}
    before, after, _ = simulated("growth", 47070)
    for name, bands in (("rgbn", BANDS), ("rgb", [0, 1, 2, None])):
        needed = any(features.uses_edges(one) for one in asked[name])
        model = trees_statistics.fit_trees(
            before[None], after[None], bands, 0.5, about, sha256, trees_statistics.TreesSettings("auto", 8.0)
        )
        score = trees.apply_trees(before, after, model, own)
        table = features.change_features(before, after, bands, model.scale, 0.5, with_edges=needed)
        whole = features.change_features(before, after, bands, model.scale, 0.5)
        guess = own[model.forests[0]]
        for mine, full in zip(table, whole, strict=True):
            assert mine.shape == full.shape
        margins = [boosted_trees.staged_margins(guess, *one, model.first_stages) for one in (table, whole)]
        np.testing.assert_array_equal(*margins)
        assert np.isfinite(score).all()


def test_apply_trees_of_what_is_seen_does_not_depend_on_what_is_blank_around_it():
    own, about, sha256 = change_trees()
    before, after, _ = (part[..., :150, :170] for part in simulated("growth", 47071))
    after[:, 70:80, 90:95] = np.nan
    model = trees_statistics.fit_trees(
        before[None], after[None], BANDS, 0.5, about, sha256, trees_statistics.TreesSettings("auto", 8.0)
    )
    reach, found = SEARCH_PX[-1] + 1, []
    for frame in ((reach, reach, reach, reach), (70, 20, 11, 90)):
        border = ((0, 0), frame[:2], frame[2:])
        wide = [np.pad(image, border, constant_values=np.float32(np.nan)) for image in (before, after)]
        score = trees.apply_trees(*wide, model, own)
        assert np.isfinite(score).sum() == np.isfinite(after[0]).sum()
        assert len({value.tobytes() for value in score[np.isnan(score)]}) == 1
        found.append(score[frame[0] : frame[0] + 150, frame[2] : frame[2] + 170])
    np.testing.assert_array_equal(*found)
    assert not np.array_equal(found[0], trees.apply_trees(before, after, model, own))
    nothing = np.full_like(before, np.nan)
    assert np.isnan(trees.apply_trees(nothing, after, model, own)).all()
