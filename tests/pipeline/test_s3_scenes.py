"""Scenes in a store that speaks S3, on loopback: the same results as from files, of the parts that are needed alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import rasterio
from loopback_store import Store, named_store
from small_runs import assert_same
from small_scenes import series, write_workflow

from changedet.errors import InputError
from changedet.imagery.pixels import release
from changedet.pipeline.run import run
from changedet.plan import make_plan

DATES = ("2023-01-01", "2023-05-01")
SIDE = 1280
NEAR_THE_SPOT = {"bbox": [15.0003, 48.746, 15.02, 48.7539], "crs": "EPSG:4326"}
"""140 pixels wide, in the upper left corner of the scenes: one of their 25 blocks."""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Two COGs in the bucket `scenes` and in a folder of that name."""
    series(tmp_path / "files", SIDE, SIDE, DATES)
    bucket = tmp_path / "scenes"
    bucket.mkdir()
    with named_store(monkeypatch) as store:
        for date in DATES:
            with rasterio.open(tmp_path / f"files/{date}.tif") as source:
                profile = {"driver": "COG", "blocksize": 256, "compress": "deflate", "nodata": 0, "crs": source.crs}
                profile |= {"transform": source.transform, "dtype": "uint16", "count": 4, "height": SIDE, "width": SIDE}
                with rasterio.open(bucket / f"{date}.tif", "w", **profile) as out:
                    out.write(source.read())
            store.put(f"scenes/order 7/{date}.tif", (bucket / f"{date}.tif").read_bytes())
        yield store
    release()


def _workflow(folder: Path, place: str, dates: tuple[str, ...] = DATES) -> Path:
    scenes = [{"date": date, "path": f"{place}/{date}.tif"} for date in dates]
    site = {"id": "site", "aoi": NEAR_THE_SPOT}
    outputs = {"formats": ["masks", "scores", "scenes", "objects", "tables"]}
    folder.mkdir()
    return write_workflow(folder, dates, site=site, scenes=scenes, outputs=outputs)


def test_scenes_in_s3_give_the_same_results_from_a_part_of_their_bytes(store: Store, tmp_path: Path) -> None:
    here = run(_workflow(tmp_path / "here", str(tmp_path / "scenes")), out=str(tmp_path / "here/out"))
    assert store.asked == []
    there = run(_workflow(tmp_path / "there", "s3://scenes/order 7"), out=str(tmp_path / "there/out"))
    assert_same(here.path, there.path)
    assert there.mask(DATES[1]).shape[-1] < SIDE / 8
    assert (there.mask(DATES[1]) == 1).sum() > 100
    whole = sum(len(content) for content in store.names("scenes/").values())
    assert 0 < sum(one.sent for one in store.asked) < whole / 4
    assert {one.key for one in store.asked} == {f"scenes/order 7/{date}.tif" for date in DATES}
    assert all(one.authorization.startswith("AWS4-HMAC-SHA256 Credential=me/") for one in store.asked)


def test_an_object_that_is_not_in_the_store_is_one_line(store: Store, tmp_path: Path) -> None:
    workflow = _workflow(tmp_path / "lost", "s3://scenes/order 7", (DATES[0], "2023-06-01"))
    with pytest.raises(
        InputError, match=r"s3://scenes/order 7/2023-06-01\.tif: cannot be read, check the address"
    ) as error:
        make_plan(workflow)
    assert len(error.value.problems) == 1
