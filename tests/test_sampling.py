"""The stratified sample and the error-adjusted area, against the example of the paper and on a small run."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
from small_scenes import series, write_workflow

from changedet.assess.kernels.areas import error_adjusted
from changedet.assess.sample import sample_run
from changedet.assess.score.run import score_run
from changedet.errors import InputError
from changedet.pipeline.run import run

DATES = ("2023-01-05", "2023-02-04", "2023-03-06")
HECTARES = 0.09
"""Of a pixel of 30 m."""


def test_the_paper_s_own_example():
    """Olofsson et al. 2014, tables 8 and 9: deforestation, forest gain, stable forest, stable non-forest."""
    counts = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
    found = error_adjusted(counts, np.array([200_000, 150_000, 3_200_000, 6_450_000]) * HECTARES)
    assert found.area[0] == pytest.approx(21_158, abs=1)
    assert found.area_margin[0] == pytest.approx(6_158, abs=1)
    assert float(found.overall) == pytest.approx(0.947, abs=1e-3)
    assert float(found.overall_margin) == pytest.approx(0.018, abs=1e-3)
    np.testing.assert_allclose(found.users, [0.88, 0.73, 0.93, 0.96], atol=0.005)
    np.testing.assert_allclose(found.users_margin, [0.07, 0.10, 0.04, 0.02], atol=0.005)
    np.testing.assert_allclose(found.producers, [0.75, 0.85, 0.93, 0.96], atol=0.005)
    assert found.producers_margin[0] == pytest.approx(0.21, abs=0.005)


def test_the_interval_covers_the_true_area():
    rng = np.random.default_rng(4)
    truth = rng.random(100_000) < 0.03
    mapped = np.where(truth, rng.random(truth.size) < 0.6, rng.random(truth.size) < 0.01)
    strata = [np.flatnonzero(~mapped), np.flatnonzero(mapped)]
    held = 0
    for _ in range(300):
        counts = np.zeros((2, 2), int)
        for k, (own, size) in enumerate(zip(strata, (1500, 200), strict=True)):
            labels = truth[rng.choice(own, size, replace=False)]
            counts[k] = (~labels).sum(), labels.sum()
        found = error_adjusted(counts, np.array([len(own) for own in strata], float))
        held += abs(found.area[1] - truth.sum()) <= found.area_margin[1]
    assert 0.88 < held / 300 < 0.99


def test_a_stratum_without_labels_is_refused():
    with pytest.raises(ValueError, match="1 labelled points"):
        error_adjusted(np.array([[1, 0], [20, 3]]), np.array([5.0, 5.0]))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sampled")
    series(folder, 160, 200, DATES)
    return run(write_workflow(folder, DATES), out=str(folder / "out"))


def labelled(path, truth):
    """The sample with the labels that a person who knows the truth would give."""
    points = pyogrio.read_dataframe(path, layer="sample")
    with_truth = points.assign(label=np.asarray(truth(points), np.int32))
    path.unlink()
    pyogrio.write_dataframe(with_truth, path, layer="sample", driver="GPKG")


def test_a_sample_is_drawn_labelled_and_scored(finished):
    words = sample_run(finished.path, points=120, seed=3)
    path = finished.path / f"sample_{finished.dates[-1]}.gpkg"
    assert str(path) in words
    points = pyogrio.read_dataframe(path, layer="sample")
    assert len(points) == 120
    assert points["label"].isna().all()
    assert (points["stratum"] == "changed").sum() >= 50
    assert not points.geometry.duplicated().any()
    with pytest.raises(InputError, match="exists"):
        sample_run(finished.path)
    with pytest.raises(InputError, match="label more points"):
        score_run(finished.path, path)
    labelled(path, lambda rows: rows["stratum"] == "changed")
    figures = score_run(finished.path, path)["area"]
    mask = np.asarray(finished.mask(finished.dates[-1]))
    assert figures["labelled"] == 120
    assert figures["users"] == figures["producers"] == figures["overall"] == 1
    assert figures["changed_area_m2"] == pytest.approx(figures["mapped_m2"])
    moved = pyogrio.read_dataframe(path, layer="sample").to_crs("EPSG:4326")
    pyogrio.write_dataframe(moved, path.with_name("moved.gpkg"), layer="sample")
    assert score_run(finished.path, path.with_name("moved.gpkg"))["area"] == figures
    assert figures["mapped_m2"] == pytest.approx((mask == 1).sum() * 100.0, rel=2e-3)


def test_a_sample_of_another_mask_is_refused(finished, tmp_path):
    sample_run(finished.path, day=finished.dates[1], points=100)
    path = finished.path / f"sample_{finished.dates[1]}.gpkg"
    points = pyogrio.read_dataframe(path, layer="sample")
    other = {"changed": "unchanged", "unchanged": "changed"}
    pyogrio.write_dataframe(points.assign(stratum=points["stratum"].map(other)), tmp_path / "s.gpkg", layer="sample")
    with pytest.raises(InputError, match="another mask"):
        score_run(finished.path, tmp_path / "s.gpkg")
    for odd, said in (
        ({"label": "yes"}, "words where"),
        ({"date": "soon"}, "words where"),
        ({"geometry": None}, "place"),
    ):
        pyogrio.write_dataframe(points.assign(**odd), tmp_path / f"{said}.gpkg", layer="sample", geometry_type="Point")
        with pytest.raises(InputError, match=said):
            score_run(finished.path, tmp_path / f"{said}.gpkg")
    gpd.GeoDataFrame({"date": ["x"]}, geometry=gpd.points_from_xy([0], [0]), crs=3857).to_file(
        tmp_path / "t.gpkg", layer="other"
    )
    with pytest.raises(InputError, match="layer 'sample'"):
        score_run(finished.path, tmp_path / "t.gpkg")
    with pytest.raises(InputError, match="no mask of"):
        sample_run(finished.path, day=finished.dates[0])
