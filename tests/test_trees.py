"""Trees of change: features by brute force, the forest against scikit-learn, and what simulated pairs must show."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy import ndimage

from changedet.errors import ChangedetError, MethodError
from changedet.kernels import boosted_trees, forest_files
from changedet.kernels.components import drop_small_components
from changedet.models import loader
from changedet.simulate import Truth, make_world, render
from changedet.stages.change.kernels import (
    box_sums,
    edges,
    feature_names,
    features,
    guess_context,
    patch_search,
    range_evidence,
    structure_odds,
    trees,
    trees_statistics,
)
from changedet.stages.change.kernels.image_planes import fit_scale
from changedet.stages.change.kernels.local_correlation import correlate
from changedet.stages.change.learned import FEATURES, change_trees
from changedet.stages.change.stage import STAGE as CHANGE
from changedet.stages.registry import Facts

RGBN = ("blue", "green", "red", "nir")
BANDS = [0, 1, 2, 3]


def simulated(kind, seed, days=60, gsd_m=0.5, start=dt.date(2023, 4, 1)):
    """The first date, the second without a shift, and what changed; on seeds that nothing was fitted on."""
    world = make_world(kind, 2, seed, gsd_m, 300 * gsd_m, start=start, interval_days=days)
    world.looks[1] = dataclasses.replace(world.looks[1], to_ground=world.looks[0].to_ground)
    pictures = [render(world, k).image.astype(np.float32) for k in (0, 1)]
    return *pictures, Truth(world).mask(1)


def marked(before, after, roles=RGBN, gsd_m=0.5, **parameters):
    method = CHANGE.get("trees")
    made = method.function(Facts(gsd_m, roles), **method.resolve(parameters))
    model = made.fit(before[None], after[None])
    score = made.apply(before, after, model=model)
    least_px = int(np.ceil(model.min_area_m2 / gsd_m**2))
    return drop_small_components((score > model.threshold).astype(np.uint8), least_px) == 1


def wider(mask):
    return cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 1


def f1(mask, truth):
    judged = truth != 255
    mask, truth = mask & judged, truth == 1
    precision = (mask & wider(truth)).sum() / max(1, mask.sum())
    recall = (truth & wider(mask)).sum() / max(1, truth.sum())
    return 2 * precision * recall / max(precision + recall, 1e-9)


# features -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("half", [2, 4, 10, 22])
def test_sums_over_squares_are_exact(half):
    image = np.random.default_rng(half).integers(-2000, 2000, (60, 47)).astype(np.int16)
    wanted = ndimage.convolve(image.astype(np.int64), np.ones((2 * half + 1,) * 2, int), mode="constant")
    np.testing.assert_array_equal(box_sums.box_sum(image, half), wanted)


def test_distance_outside_the_range_is_its_definition():
    rng = np.random.default_rng(3)
    before, after = rng.integers(-900, 900, (2, 13, 15)).astype(np.int16)
    valid = rng.random((13, 15)) > 0.1
    first, second = range_evidence.outside((before, after), valid, 1)
    for y in range(13):
        for x in range(15):
            window = slice(max(0, y - 1), y + 2), slice(max(0, x - 1), x + 2)
            if not valid[y, x]:
                assert first[y, x] == second[y, x] == 0
                continue
            b, a = (image[window][valid[window]].astype(int) for image in (before, after))
            p, q = int(before[y, x]), int(after[y, x])
            assert first[y, x] == max(0, q - b.max()) - max(0, b.min() - q)
            assert second[y, x] == max(0, a.min() - p) - max(0, p - a.max())


def test_correlation_and_texture_are_numpy_s():
    rng = np.random.default_rng(4)
    before = rng.integers(-3000, 3000, (30, 34)).astype(np.int16)
    after = (before // 2 + rng.integers(-500, 500, before.shape)).astype(np.int16)
    out = np.empty((3, 30, 34), np.float32)
    correlate(before, after, np.ones(before.shape, bool), 4, out)
    for y, x in ((15, 16), (4, 4), (25, 29), (0, 0)):
        window = slice(max(0, y - 4), y + 5), slice(max(0, x - 4), x + 5)
        b, a = before[window].ravel().astype(float), after[window].ravel().astype(float)
        assert out[0, y, x] == pytest.approx(np.corrcoef(b, a)[0, 1], abs=1e-3)
        assert out[1, y, x] == pytest.approx(np.log2(b.var() + 100), abs=1e-4)
        assert out[2, y, x] == pytest.approx(np.log2(a.var() + 100), abs=1e-4)


def test_gain_and_offset_change_no_feature_but_colour():
    before, after, _ = simulated("growth", 47001)
    brighter = after * np.float32(2.0) + np.float32(64.0)
    tables = []
    for image in (after, brighter):
        scale = fit_scale(before[None], image[None], BANDS)
        tables.append(features.change_features(before, image, BANDS, scale, 0.5)[0])
    evidence = [k for k, name in enumerate(feature_names.names()) if "outside" in name or name.startswith("brighter")]
    assert np.abs(tables[0][evidence] - tables[1][evidence]).mean() < 1.0  # of 256 a doubling


def test_without_near_infrared_its_features_are_empty_and_no_others():
    before, after, _ = simulated("quiet", 47002)
    scale = fit_scale(before[None], after[None], [0, 1, 2, None])
    table, valid = features.change_features(before[:3], after[:3], [0, 1, 2, None], scale, 0.5)
    assert valid.all()
    told = [k for k in range(len(table)) if (table[k] != 0).any()]
    assert tuple(told) == feature_names.known_columns(nir=False)
    assert {feature_names.names()[k] for k in feature_names.known_columns(nir=True) if k not in told} == {
        name for name in feature_names.names() if "nir" in name or "ndvi" in name
    }


def turned(image, valid, y, x):
    """Steepness and direction of a pixel, by the arc tangent; none where a neighbour is not seen."""
    if not (valid[y, [x - 1, x + 1]].all() and valid[[y - 1, y + 1], x].all()):
        return 0, 0
    across, down = int(image[y, x + 1]) - int(image[y, x - 1]), int(image[y + 1, x]) - int(image[y - 1, x])
    way = round(np.degrees(np.arctan2(down, across)) % 180 / 45) % 4
    a, d = sorted((abs(across), abs(down)))
    return way, min(d + a // 2, edges.STRONGEST)


def test_edges_are_histograms_of_directions_by_hand_too():
    rng = np.random.default_rng(21)
    pair = [rng.integers(-900, 900, (40, 42)).astype(np.int16) for _ in range(2)]
    valid = rng.random((40, 42)) > 0.05
    out = np.empty((len(edges.edge_names()), 40, 42), np.float32)
    edges.edges((pair[0], pair[1]), valid, out)
    half = edges.EDGES_PX[0] // 2
    for y, x in ((20, 21), (12, 30)):
        sums = np.zeros((2, 4))
        for date, image in enumerate(pair):
            for v in range(y - half, y + half + 1):
                for u in range(x - half, x + half + 1):
                    way, steep = turned(image, valid, v, u)
                    sums[date, way] += steep
        cosine = sums[0] @ sums[1] / np.linalg.norm(sums[0]) / np.linalg.norm(sums[1])
        n = valid[y - half : y + half + 1, x - half : x + half + 1].sum()
        wanted = [1 - cosine, *np.log2(1 + sums.sum(axis=1) / n)]
        np.testing.assert_allclose(out[:3, y, x], wanted, atol=0.02)


def test_edges_are_spared_where_no_tree_asks_for_them():
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


def test_edges_know_a_new_wall_and_not_another_light():
    rng = np.random.default_rng(22)
    before = rng.normal(0, 60, (60, 60)) + np.where(np.arange(60) < 30, 0, 500)[:, None]
    after = before.copy()
    after[:, 30:] += 900
    valid, out = np.ones((60, 60), bool), np.empty((2, len(edges.edge_names()), 60, 60), np.float32)
    for k, other in enumerate((1.6 * before + 200, after)):
        edges.edges((before.astype(np.int16), other.astype(np.int16)), valid, out[k])
    assert out[0, 0, 30, 30] < 0.02
    assert out[1, 0, 30, 30] > 0.2


def likest(first, second, y, x, reach):
    """Least sum of absolute differences of 3 x 3 patches, by hand; what lies beyond the picture is 0."""
    wide = reach + 1
    first, second = (np.pad(image.astype(int), ((0, 0), (wide, wide), (wide, wide))) for image in (first, second))
    own = first[:, y + wide - 1 : y + wide + 2, x + wide - 1 : x + wide + 2]
    inside = np.zeros(first.shape[1:], bool)
    inside[wide:-wide, wide:-wide] = True
    found = []
    for dy in range(-reach, reach + 1, patch_search.STEP_PX):
        for dx in range(-reach, reach + 1, patch_search.STEP_PX):
            rows, columns = slice(y + dy + wide - 1, y + dy + wide + 2), slice(x + dx + wide - 1, x + dx + wide + 2)
            if own.shape == second[:, rows, columns].shape:
                found.append(np.minimum(np.abs(own - second[:, rows, columns]).sum(axis=0), 255).sum())
    return min(found)


def test_the_likest_patch_is_found_by_hand_too():
    rng = np.random.default_rng(11)
    before, after = rng.integers(0, 90, (2, 3, 30, 34)).astype(np.uint8)
    after[:, 4:20, 9:25] = before[:, 6:22, 5:21]
    found = patch_search.unmatched(list(zip(before, after, strict=True)))
    for y, x in ((15, 15), (14, 20), (17, 12)):  # far enough from the edge that no patch is cut off
        wanted = [likest(before, after, y, x, 0)]
        wanted += [likest(*pair, y, x, 4) for pair in ((before, after), (after, before))]
        assert [int(image[y, x]) for image in found[:3]] == wanted
    assert found[1][10, 10] == 0  # displaced by 2 rows and -4 columns
    assert found[0][10, 10] > 0


def test_a_leaning_roof_is_found_again_and_a_new_one_is_not():
    shape = (60, 60)
    ground, roof = np.full(shape, 60, np.uint8), np.zeros(shape, bool)
    roof[25:30, 20:32] = True
    before, after, fresh = ground.copy(), ground.copy(), ground.copy()
    before[roof], after[np.roll(roof, (4, -6), (0, 1))], fresh[roof] = 180, 180, 120
    moved = patch_search.unmatched([(before, after)] * 3)
    replaced = patch_search.unmatched([(before, fresh)] * 3)
    middle = roof.copy()
    middle[[25, 29]] = False
    middle[:, [20, 31]] = False
    assert (moved[3][middle] == 0).all()
    assert (replaced[3][middle] > 500).all()


def test_the_second_guess_knows_the_mean_of_the_first_around_it():
    rng = np.random.default_rng(12)
    margin = rng.normal(-2, 3, (70, 80)).astype(np.float32)
    margin[10:14, 5:40] = np.nan
    guess, valid = guess_context.likely(margin, -3.0), np.isfinite(margin)
    assert (guess[~(margin >= -3)] == 0).all()
    np.testing.assert_allclose(guess[margin >= -3], 1000 / (1 + np.exp(-margin[margin >= -3])), atol=16)
    where = rng.random(margin.shape) < 0.01
    found = guess_context.context(guess, valid, where)
    for k, size in enumerate(feature_names.CONTEXT_PX):
        half = size // 2
        for value, (y, x) in zip(found[k], np.argwhere(where), strict=True):
            window = slice(max(0, y - half), y + half + 1), slice(max(0, x - half), x + half + 1)
            assert value == pytest.approx(guess[window].sum() / max(1, valid[window].sum()), rel=1e-6)


# the forest -----------------------------------------------------------------------------------------------------------


def by_hand(grown, row, count):
    margin = np.float32(grown.baseline)
    for node in grown.root[:count]:
        while grown.feature[node] != boosted_trees.LEAF:
            value = row[grown.feature[node]]
            left = grown.missing_left[node] if np.isnan(value) else value <= grown.value[node]
            node = grown.left[node] if left else grown.left[node] + 1
        margin += grown.value[node]
    return margin


def test_stages_stop_where_they_say_and_nowhere_else():
    (grown, *_), *_ = change_trees()
    rng = np.random.default_rng(5)
    table = rng.normal(100, 300, (len(feature_names.names()), 6, 70)).astype(np.float32)
    table[rng.random(table.shape) < 0.1] = np.nan
    valid = np.ones((6, 70), bool)
    valid[2, 3] = False
    rows = table.reshape(len(table), -1).T
    early, late = (np.array([by_hand(grown, row, count) for row in rows]).reshape(6, 70) for count in (9, 10**6))
    least = float(np.median(early))
    found = boosted_trees.staged_margins(grown, table, valid, [[9, least]])
    wanted = np.where(early < np.float32(least), early, late)
    wanted[2, 3] = np.nan
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(boosted_trees.margins(grown, rows, 9), early.ravel())
    bounded = boosted_trees.staged_margins(grown, table, valid, [[9, least]], least - 5)
    held = np.where(early < np.float32(least), np.minimum(early, np.float32(least - 5)), late)
    np.testing.assert_array_equal(bounded[valid], held[valid])


def test_the_forest_is_scikit_learn_s():
    ensemble = pytest.importorskip("sklearn.ensemble", reason="scikit-learn is only needed to fit the trees")
    rng = np.random.default_rng(6)
    x = rng.normal(size=(4000, 5)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] + x[:, 2] > 0.3).astype(int)
    x[rng.random(x.shape) < 0.1] = np.nan
    model = ensemble.HistGradientBoostingClassifier(max_iter=30, early_stopping=False).fit(x, y)
    grown = forest_files.from_boosting([step[0].nodes for step in model._predictors], model._baseline_prediction)
    np.testing.assert_allclose(boosted_trees.margins(grown, x, 30), model.decision_function(x), atol=1e-5)
    other = grown._replace(baseline=0.25)
    whole = ~np.isnan(x).any(axis=1)
    np.testing.assert_array_equal(
        boosted_trees.margins(grown, x[whole], 30), boosted_trees.margins(grown, x, 30)[whole]
    )
    content = forest_files.dump((grown, other), {"note": 1})
    assert content == forest_files.dump((grown, other), {"note": 1})
    (again, second), about, checksum = forest_files.load(content)
    assert second.baseline == 0.25
    assert (about, checksum) == ({"note": 1}, hashlib.sha256(content).hexdigest())
    for mine, kept in zip(grown, again, strict=True):
        np.testing.assert_array_equal(mine, kept)


def test_the_calibration_rises_and_meets_its_points():
    at, value = np.array([-3.0, 0.0, 2.0]), np.array([0.01, 0.3, 0.9])
    margin = np.linspace(-9, 9, 181, dtype=np.float32)[None]
    found = trees._calibrated(margin, at, value)[0]
    assert (np.diff(found) > 0).all()
    assert ((found > 0) & (found < 1)).all()
    np.testing.assert_allclose(found[[60, 90, 110]], value, atol=1e-6)


# the file that comes with the package ---------------------------------------------------------------------------------


def test_the_model_is_the_released_one_and_its_card_says_so():
    folder = Path(loader.__file__).parent
    checksum = hashlib.sha256((folder / "change_trees.npz").read_bytes()).hexdigest()
    assert checksum == loader.RELEASED["change_trees.npz"] == change_trees().sha256
    assert checksum in (folder / "change_trees.md").read_text()
    assert (folder / "change_trees.npz").stat().st_size < 2_000_000


def test_released_trees_refuses_another_file(monkeypatch):
    read = loader.released_trees.__wrapped__
    with pytest.raises(ChangedetError, match="not the file of this version"):
        read("change_trees.npz", FEATURES[:-1])
    monkeypatch.setitem(loader.RELEASED, "change_trees.npz", "0" * 64)
    with pytest.raises(ChangedetError, match="not the file of this version"):
        read("change_trees.npz", FEATURES)
    with pytest.raises(ChangedetError, match=r"lost\.npz: cannot be read"):
        read("lost.npz", FEATURES)


# what it finds --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "seed", "least"), [("growth", 47013, 0.7), ("trains", 47011, 0.6)])
def test_what_changed_is_found(kind, seed, least):
    before, after, truth = simulated(kind, seed)
    assert (truth == 1).mean() > 0.002
    assert f1(marked(before, after), truth) > least


@pytest.mark.parametrize(("roles", "least"), [(RGBN, 0.65), (RGBN[:3], 0.5)])
def test_a_planted_object_is_found_and_nothing_else(roles, least):
    before, after, truth = simulated("quiet", 47020)
    planted = np.zeros(truth.shape, bool)
    planted[140:150, 100:124] = True
    after[:, planted] = np.array([700, 900, 2900, 2600], np.float32)[:, None]
    mask = marked(before[: len(roles)], after[: len(roles)], roles)
    assert mask[planted].mean() > least
    assert (mask & ~wider(planted | (truth == 1))).mean() < 0.001


@pytest.mark.parametrize("days", [30, 180])
def test_a_quiet_site_stays_silent_whatever_the_season(days):
    for seed in (47030, 47031):
        before, after, truth = simulated("quiet", seed, days)
        assert (marked(before, after) & ~wider(truth == 1)).mean() < 0.001


def test_a_displacement_is_no_change():
    before, after, truth = simulated("quiet", 47040)
    moved = cv2.warpAffine(after.transpose(1, 2, 0), np.array([[1, 0, 0.6], [0, 1, -0.3]]), (300, 300), borderMode=1)
    mask = marked(before, np.ascontiguousarray(moved.transpose(2, 0, 1)))
    assert (mask & ~wider(truth == 1)).mean() < 0.001


def test_strips_and_windows_give_the_same_bits():
    before, after, _ = simulated("port", 47050)
    before[:, 90:97, 40:200] = np.nan
    method = CHANGE.get("trees")
    made = method.function(Facts(0.5, RGBN), **method.resolve({}))
    model = made.fit(before[None], after[None])
    whole = made.apply(before, after, model=model)
    assert before.shape[1] > trees.STRIP_PX
    halo = made.halo_px
    for y, x, size in ((halo, halo, 60), (150, 90, 83)):
        part = (slice(None), slice(y - halo, y + size + halo), slice(x - halo, x + size + halo))
        inner = made.apply(before[part], after[part], model=model)[halo : halo + size, halo : halo + size]
        np.testing.assert_array_equal(inner, whole[y : y + size, x : x + size])
    np.testing.assert_array_equal(np.isnan(whole), np.isnan(before[0]))
    assert np.nanmin(whole) >= 0
    assert np.nanmax(whole) <= 1


def test_thresholds_follow_the_resolution_and_can_be_given():
    known = [[0.3, 0.8], [0.5, 0.6], [1.0, 0.7]]
    assert trees_statistics.by_resolution(0.5, known) == pytest.approx(0.6)
    assert trees_statistics.by_resolution(2**-0.5, known) == pytest.approx(0.65)
    assert trees_statistics.by_resolution(0.1, known) == 0.8
    before, after, _ = simulated("growth", 47060)
    assert marked(before, after, threshold=0.2).sum() >= marked(before, after, threshold=0.9).sum() > 0


@pytest.mark.parametrize(("roles", "gsd_m", "least"), [(4, 0.5, 4.0), (3, 0.5, 8.0), (4, 1.3, 3 * 1.3**2)])
def test_half_hidden_boxes_are_kept_where_near_infrared_tells_them(roles, gsd_m, least):
    method = CHANGE.get("trees")
    made = method.function(Facts(gsd_m, ("blue", "green", "red", "nir")[:roles]), **method.resolve({}))
    assert made.min_area_m2 == pytest.approx(least)


def test_scenes_without_colour_are_refused():
    with pytest.raises(MethodError, match="blue, green, red"):
        CHANGE.get("trees").function(Facts(0.5, ("pan",)))


# the second voice -----------------------------------------------------------------------------------------------------


def test_structure_moves_what_the_trees_have_not_dismissed():
    rng = np.random.default_rng(3)
    before = (100 + 3 * rng.normal(size=(3, 160, 160))).astype(np.float32)
    after = before + 20  # all of it brighter, as a meadow that dries out
    after[:, 60:100, 100:140] += 60 * (np.arange(40) // 5 % 2)  # and halls in rows
    floors = structure_odds.fit_structure_odds(before[None], after[None])
    told = np.full((160, 160), 0.75, np.float32)
    told[:, :20] = 5e-5
    told[:5] = np.nan
    heard = structure_odds.with_structure_odds(told, before, after, floors, trees.LEAST_PROBABILITY)
    np.testing.assert_array_equal(heard[5:, :20], told[5:, :20])
    assert np.isnan(heard[:5]).all()
    assert heard[70:90, 110:130].min() > 0.75
    assert heard[20:150, 25:70].max() < 0.5
    # a part of the scene with its surroundings has the same bits
    part = structure_odds.with_structure_odds(
        told[30:130, 50:], before[:, 30:130, 50:], after[:, 30:130, 50:], floors, 1e-4
    )
    reach = structure_odds.HALO_PX
    np.testing.assert_array_equal(part[reach:-reach, reach:], heard[30:130, 50:][reach:-reach, reach:])


def test_structure_that_stayed_says_nothing_of_a_yard_full_of_it():
    rng = np.random.default_rng(4)
    before = (100 + 3 * rng.normal(size=(3, 160, 160))).astype(np.float32)
    rows = 60 * (np.arange(60) // 5 % 2)[:, None] + 60 * (np.arange(60) // 5 % 2)
    before[:, 50:110, 50:110] += rows
    after = before.copy()
    after[:2, 50:110, 50:110] += 0.8 * rows  # other paints in the same rows
    floors = structure_odds.fit_structure_odds(before[None], after[None])
    told = np.full((160, 160), 0.7, np.float32)
    heard = structure_odds.with_structure_odds(told, before, after, floors, trees.LEAST_PROBABILITY)
    assert heard[65:95, 65:95].min() > 0.65
    assert heard[:30].max() < 0.6


def test_scenes_with_near_infrared_do_not_hear_it():
    before, after, _ = simulated("quiet", 47020)
    for roles in (RGBN, RGBN[:3]):
        method = CHANGE.get("trees")
        made = method.function(Facts(0.5, roles), **method.resolve({}))
        model = made.fit(before[None, : len(roles)], after[None, : len(roles)])
        assert (model.structure_floors is not None) == (len(roles) == 3)
