"""Masks of a series read together: what a run makes of a single bad look, however it is cut and resumed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from small_scenes import changing_series, write_workflow

from changedet.blocks import Window, tiles
from changedet.grid import Grid
from changedet.kernels import components
from changedet.pipeline.finished import open_run
from changedet.pipeline.run import run
from changedet.pipeline.series_job import SeriesJob
from changedet.pipeline.series_masks import series_tile
from changedet.pipeline.series_scores import scores_of_pairs
from changedet.pipeline.site_shows import ShownNear, count_sure
from changedet.stages.change.kernels import movers
from changedet.stages.change.kernels import series_hmm as kernel
from changedet.stages.change.kernels.mark_rims import without_outline

DATES = ("2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01", "2023-05-01")


def test_count_sure_counts_changed_and_seen_pixels(tmp_path):
    work = written(
        tmp_path, np.where(np.arange(5)[:, None, None] == 1, 0.9, np.full((5, 60, 140), 0.02)).astype(np.float32)
    )
    found = count_sure(work, Window(0, 0, 60, 100))
    assert found.counts.tolist() == [6000] + [6000] * 5
    assert found.first == b"", "no cells are gathered unasked"


def written(folder, scores):
    """Score and contrast rasters as a run keeps them, and the work of reading them together."""
    transform = Affine(0.5, 0, 500_000, 0, -0.5, 5_400_000)
    profile = {"driver": "GTiff", "dtype": "float32", "crs": "EPSG:32633", "transform": transform, "nodata": np.nan}
    profile |= {"height": scores.shape[1], "width": scores.shape[2]}
    for t, score in enumerate(scores):
        for name, bands in (("score", score[None]), ("contrast", contrast_of(score))):
            with rasterio.open(folder / f"{name}{t}.tif", "w", count=len(bands), **profile) as out:
                out.write(bands)
    paths = [tuple(folder / f"{name}{t}.tif" for t in range(len(scores))) for name in ("score", "contrast")]
    grid = Grid("EPSG:32633", transform, scores.shape[1:])
    return SeriesJob(grid, *paths, (), (0.75,) * len(scores), True, (1.0,) * len(scores), (True,) * len(scores))


def contrast_of(score):
    """No evidence of gain or loss, no plants, and a network that was not asked."""
    return np.stack([*np.zeros((3, *score.shape), np.float32), np.full_like(score, np.nan)])


def marked(work, window):
    return (
        np.stack([found.score for found in series_tile(work, window, [None] * len(work.scores))]) > kernel.CHANGED_ABOVE
    )


def test_series_tile_lets_each_date_count_alone_on_sidings(tmp_path):
    scores = np.full((5, 60, 140), 0.02, np.float32)
    scores[1, 20:25, 20:44] = scores[1, 20:25, 100:124] = 0.8
    work = replace(written(tmp_path, scores), sidings=shapely.box(500_005, 5_399_980, 500_030, 5_400_000))
    found = marked(work, Window(0, 0, 60, 140))
    assert found[1, 20:25, 20:44].all()
    assert found.sum() == found[1, 20:25, 20:44].sum()
    assert not marked(replace(work, sidings=None), Window(0, 0, 60, 140)).any()


def random_work(folder):
    """Five dates of scores and of what the network says, without any order."""
    rng = np.random.default_rng(5)
    scores = rng.uniform(0, 1, (5, 60, 140)).astype(np.float32)
    scores[1, :20, :30] = np.nan
    work = written(folder, scores)
    for path in work.contrasts:
        with rasterio.open(path, "r+") as out:
            out.write(rng.uniform(-3, 3, (60, 140)).astype(np.float32), 4)
    return work


def test_scores_beyond_the_grid_are_not_observed_and_change_nothing_within(tmp_path):
    work = random_work(tmp_path)
    inside, wide = Window(10, 100, 40, 40), Window(-90, 0, 240, 300)
    found, around = scores_of_pairs(work, inside), scores_of_pairs(work, wide)
    np.testing.assert_array_equal(found, around[:, 100:140, 100:140])
    assert np.isnan(around[:, :90]).all()
    assert np.isnan(around[..., 140:]).all()
    assert np.isnan(scores_of_pairs(work, Window(80, 0, 5, 5))).all()


def test_a_site_of_one_tile_is_scored_once(tmp_path, monkeypatch):
    work, window = random_work(tmp_path), Window(0, 0, 60, 140)
    known = count_sure(work, window).scores
    assert count_sure(work, Window(0, 0, 60, 100)).scores is None
    expected = series_tile(work, window, [None] * 5)
    monkeypatch.setattr("changedet.pipeline.series_scores._scores_within", None)
    for tile, other in zip(series_tile(work, window, [None] * 5, ShownNear(), known), expected, strict=True):
        np.testing.assert_array_equal(tile.score, other.score)
        assert tile.raw == other.raw


def test_series_tile_bounds_the_trees_by_the_network_in_any_window(tmp_path):
    scores = np.full((3, 200, 240), 0.02, np.float32)
    scores[:, :, :100] = 0.95
    scores[:, 20:60, 150:200] = 0.95
    work = written(tmp_path, scores)
    for t, path in enumerate(work.contrasts):
        contrast = contrast_of(scores[t])
        contrast[3, :, :100], contrast[3, :, 100:] = -1.5, 1.0
        with rasterio.open(path, "r+") as out:
            out.write(contrast)
    whole = marked(work, Window(0, 0, 200, 240))
    assert not whole[:, :, :80].any()
    assert whole[:, 20:60, 150:200].all()
    for window in tiles((200, 240), 90):
        assert (marked(work, window) == whole[(slice(None), *window.slices)]).all()


def test_series_tile_marks_wide_ground_that_all_looks_are_sure_of(tmp_path):
    scores = np.full((3, 200, 240), 0.02, np.float32)
    scores[:, :, :100] = 0.97
    work = written(tmp_path, scores)
    for t, path in enumerate(work.contrasts):
        contrast = contrast_of(scores[t])
        contrast[3] = -1.5
        with rasterio.open(path, "r+") as out:
            out.write(contrast)
    whole = marked(work, Window(0, 0, 200, 240))
    assert whole[:, :, :90].all()
    assert not whole[:, :, 110:].any()
    for window in tiles((200, 240), 90):
        assert (marked(work, window) == whole[(slice(None), *window.slices)]).all()
    for alone in ({"nir": (False,) * 3}, {"together": False}):
        assert not marked(replace(work, **alone), Window(0, 0, 200, 240))[:, :, :80].any()


def test_series_tile_leaves_out_a_thing_of_the_reference_alone(tmp_path):
    scores = np.full((3, 60, 140), 0.02, np.float32)
    scores[:, 20:40, 20:44] = 0.95
    work, gone = written(tmp_path, scores), np.zeros((7, 60, 140), np.uint8)
    gone[0, 20:40, 20:32] = movers.GONE
    paths = standing_files(tmp_path, gone)
    whole = marked(replace(work, standing=paths), Window(0, 0, 60, 140))
    assert whole[:, 20:40, 33:44].all()
    assert not whole[:, 20:40, 20:32].any()
    for window in tiles((60, 140), 50):
        assert (marked(replace(work, standing=paths), window) == whole[(slice(None), *window.slices)]).all()


def standing_files(folder, standing):
    """The same of each of three dates, as a run keeps what stands on the ground."""
    with rasterio.open(folder / "score0.tif") as like:
        profile = like.profile | {"dtype": "uint8", "count": len(standing), "nodata": movers.UNKNOWN}
    paths = tuple(folder / f"standing{t}.tif" for t in range(3))
    for path in paths:
        with rasterio.open(path, "w", **profile) as out:
            out.write(standing)
    return paths


def test_series_tile_sums_the_rims_of_marks_alike_however_the_site_is_cut(tmp_path):
    scores = np.full((3, 200, 240), 0.02, np.float32)
    scores[:, 60:140, 70:150] = 0.95
    work = written(tmp_path, scores)
    for t, path in enumerate(work.contrasts):
        contrast = contrast_of(scores[t])
        contrast[3] = 1.0
        with rasterio.open(path, "r+") as out:
            out.write(contrast)
    standing = np.full((7, 200, 240), 150, np.uint8)
    # brighter than the reference by two levels, less than another surface would be
    standing[0], standing[-movers.DIFFERENCES :] = movers.GROUND, movers.MIDDLE + 2
    work = replace(work, standing=standing_files(tmp_path, standing))

    def rims(windows, across):
        regions = [series_tile(work, window, [None] * 3)[1].regions for window in windows]
        return components.join({divmod(k, across): own for k, own in enumerate(regions)})

    whole, cut = rims([Window(0, 0, 200, 240)], 1), rims(tiles((200, 240), 80), 3)
    assert whole.sums.tolist() == cut.sums.tolist()
    assert without_outline(whole.areas, whole.sums[:, 1:], 0.5).tolist() == [True]


def test_series_tile_is_the_same_however_the_site_is_cut(tmp_path):
    rng = np.random.default_rng(4)
    scores = np.kron(rng.random((4, 20, 25)) ** 4, np.ones((1, 6, 7))).astype(np.float32)
    work = replace(written(tmp_path, scores), sidings=shapely.box(500_010, 5_399_970, 500_040, 5_399_990))
    whole = marked(work, Window(0, 0, 120, 175))
    assert 0.01 < whole.mean() < 0.9
    for window in tiles((120, 175), 64):
        assert (marked(work, window) == whole[(slice(None), *window.slices)]).all()


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    return changing_series(tmp_path_factory.mktemp("series"), DATES, over_tiles=True)


def workflow(folder, name="site", **more):
    return write_workflow(folder, DATES, name, **{"mask": "none", **more})


@pytest.fixture(scope="module")
def finished(series: Path) -> Path:
    """The run of all five dates, only to be read."""
    return run(workflow(series), out=str(series / "out")).path


def marks(done, date):
    with rasterio.open(done / "change" / f"{date}_mask.tif") as mask:
        found = mask.read(1)
    with rasterio.open(done / "change" / f"{date}_score.tif") as score:
        above = score.read(1) > float(score.tags()["THRESHOLD"])
        assert mask.shape == score.shape
    assert above[found == 1].all()
    return [
        round(float((found[place] == 1).mean()))
        for place in (np.s_[45:75, 45:75], np.s_[155:185, 45:75], np.s_[45:75, 205:235])
    ]


def test_a_single_bad_look_makes_no_change_and_fresh_change_is_shown(series: Path, finished: Path):
    assert [marks(finished, date) for date in DATES[1:]] == [[0, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 1]]
    with rasterio.open(finished / "change" / f"{DATES[1]}_score.tif") as score:
        # Boxes are not followed here.
        assert score.descriptions[0].startswith("probability of change over all dates, from scores by cva: ")
    pairs = workflow(series, "pairs", change={"method": "cva", "persistence": "none"})
    alone = run(pairs, out=str(series / "out")).path
    assert [marks(alone, date) for date in DATES[1:]] == [[0, 1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 1]]
    with rasterio.open(finished / "change" / "first_change.tif") as first:
        assert len(np.unique(first.read(1)[[60, 170, 60], [60, 60, 220]])) == 3


@pytest.mark.usefixtures("tiles_as_asked")
def test_what_is_read_together_is_the_same_however_it_is_cut_and_done_again_only_where_it_must_be(
    series: Path, finished: Path, tmp_path: Path
):
    whole = Path(shutil.copytree(finished, tmp_path / "whole" / "site"))
    small = run(workflow(series, compute={"chunk": 128}), out=str(tmp_path / "small")).path
    for date in DATES[1:]:
        for kind in ("mask", "score"):
            name = f"change/{date}_{kind}.tif"
            assert (whole / name).read_bytes() == (small / name).read_bytes()
    changes = [open_run(folder).changes for folder in (whole, small)]
    assert changes[0].equals(changes[1])
    # the tiles of 128 px cut one of the two regions that last into four
    assert [(changes[0]["date"].astype(str).str[:10] == date).sum() for date in DATES[2:]] == [2, 2, 3]
    scores = sorted((whole / ".changedet" / "score").glob("*.gtif"))
    times = [path.stat().st_mtime_ns for path in scores]
    # as after a kill while the masks were written
    record = whole / ".changedet" / "steps" / f"masks_{DATES[2]}.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"identity": None}))
    (whole / "change" / f"{DATES[2]}_mask.tif").unlink()
    run(workflow(series), out=str(whole.parent))
    assert [path.stat().st_mtime_ns for path in scores] == times
    name = f"change/{DATES[2]}_mask.tif"
    assert (whole / name).read_bytes() == (small / name).read_bytes()


def test_a_new_date_scores_only_itself_and_is_read_with_the_others(series: Path):
    part = write_workflow(series, DATES[:4], "grows", mask="none")
    folder = run(part, out=str(series / "out")).path
    scores = sorted((folder / ".changedet" / "score").glob("*.gtif"))
    times = [path.stat().st_mtime_ns for path in scores]
    # on the last of two looks the bad one cannot be gainsaid
    assert marks(run(write_workflow(series, DATES[:2], "two", mask="none"), out=str(series / "out")).path, DATES[1])[1]
    run(workflow(series, "grows"), out=str(series / "out"))
    assert [path.stat().st_mtime_ns for path in scores] == times
    assert marks(folder, DATES[4]) == [1, 0, 1]


def test_a_reference_in_the_middle_has_a_series_on_either_side(series: Path):
    done = run(workflow(series, "middle", before=DATES[2]), out=str(series / "out")).path
    # read backwards, the second date is the first look of two and its bad look is not confirmed
    assert marks(done, DATES[0])[0] == marks(done, DATES[1])[0] == 1
    assert marks(done, DATES[1])[1] == 0
    assert marks(done, DATES[4]) == [0, 0, 1]


def test_a_series_without_change_has_no_masks(series: Path):
    done = run(workflow(series, "plain", change={"method": "none"}), out=str(series / "out"))
    assert done.series["changed_area_m2"].isna().all()
    assert {path.name.split("_")[1] for path in (done.path / "change").glob("*.tif")} == {"quality.tif"}
