"""The stratified sample of a small run: drawn, labelled and scored."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
from small_scenes import series, write_workflow

from changedet.assess.sample import sample_run
from changedet.assess.score.run import score_run
from changedet.errors import InputError
from changedet.pipeline.run import run

DATES = ("2023-01-05", "2023-02-04", "2023-03-06")


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


def test_sample_run_a_sample_is_drawn_labelled_and_scored(finished):
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


def test_adjusted_area_a_sample_of_another_mask_is_refused(finished, tmp_path):
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
