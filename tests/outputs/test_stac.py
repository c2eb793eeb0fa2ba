"""stac/: self-contained, and true to the files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pystac
import rasterio
from made_up_run import BANDS, DATES

from changedet.outputs import stac


def test_write_stac_is_self_contained_and_true(made_up_run: Any) -> None:
    folder, made = made_up_run
    box = {"type": "Polygon", "coordinates": [[[123, 27.1], [123.1, 27.1], [123.1, 27.2], [123, 27.2], [123, 27.1]]]}
    more = {"objects": folder / "objects.gpkg"}
    written = stac.write_stac(
        folder / "stac", site_id="depot-north", title="D", rasters=made["layers"], geometry=box, assets=more
    )
    assert written[-1].name == "collection.json"
    collection = pystac.Collection.from_file(str(written[-1]))
    items = list(collection.get_items(recursive=True))
    assert [item.id for item in items] == [f"depot-north-{date}" for date in DATES]
    assert set(collection.assets) == {"first_change", "objects"}
    assert collection.extent.spatial.bboxes == [[123, 27.1, 123.1, 27.2]]
    for item in items:
        assert item.get_collection() is not None
        for asset in item.assets.values():
            path = Path(asset.get_absolute_href() or "")
            assert not asset.href.startswith("/")
            assert asset.extra_fields["file:checksum"] == "1220" + hashlib.sha256(path.read_bytes()).hexdigest()
            with rasterio.open(path) as source:
                assert asset.extra_fields["proj:shape"] == list(source.shape)
    last = items[-1].assets
    assert set(last) == {"scene", "mask", "score"}
    assert last["score"].extra_fields["changedet:threshold"] == 3
    assert last["score"].extra_fields["bands"][0]["nodata"] == "nan"
    assert [band["name"] for band in last["scene"].extra_fields["bands"]] == BANDS
