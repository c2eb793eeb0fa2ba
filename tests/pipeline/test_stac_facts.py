"""The STAC items of a run: what they say of their dates, and where they lead."""

from __future__ import annotations

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import stac_rules
from pystac import STACObjectType
from pystac.validation import JsonSchemaSTACValidator
from small_runs import DATES
from small_scenes import write_workflow

from changedet.outputs.stac.item_facts import THUMBNAIL
from changedet.pipeline.published import published_files
from changedet.pipeline.run import run
from changedet.pipeline.stac_facts import _href
from changedet.plan import make_plan

TABLES = ["geoparquet"] if find_spec("pyarrow") else []
FORMATS = {"formats": ["masks", "scenes", "objects", "stac", *TABLES]}


@pytest.fixture(scope="module")
def catalogued(scenes: Path) -> Path:
    """A run of the three small dates with a catalogue."""
    workflow = write_workflow(scenes, DATES, name="catalogued", outputs=FORMATS, objects={"method": "none"})
    return run(workflow, out=str(scenes / "catalogued")).path


def item(folder: Path, day: str) -> dict[str, Any]:
    return json.loads((folder / "stac" / day / f"{day}.json").read_text())


def test_items_say_what_is_known_and_are_valid(catalogued: Path) -> None:
    for day in DATES:
        found = item(catalogued, day)
        assert found["properties"]["gsd"] == pytest.approx(10, rel=1e-3)
        assert found["properties"]["processing:software"]["changedet"]
        assert 0 <= found["properties"].get("eo:cloud_cover", 0) <= 100
        assert {"scene", "quality", "thumbnail"} <= set(found["assets"])
        JsonSchemaSTACValidator().validate_core(found, STACObjectType.ITEM, found["stac_version"])
        stac_rules.check(found)
    collection = json.loads((catalogued / "stac" / "collection.json").read_text())
    stac_rules.check(collection)
    tables = {"containers", "tracks"} if TABLES else set()
    assert set(collection["assets"]) == {"first_change", "objects"} | tables
    assert {path.stem for path in catalogued.glob("*.parquet")} == tables


def test_items_lead_to_the_scenes_that_they_were_made_from(catalogued: Path, scenes: Path) -> None:
    for day in DATES:
        links = [link for link in item(catalogued, day)["links"] if link["rel"] == "derived_from"]
        assert [link["title"] for link in links] == [f"{day}.tif"]
        target = (catalogued / "stac" / day / links[0]["href"]).resolve()
        assert target == (scenes / f"{day}.tif").resolve()
        assert links[0]["file:checksum"] == "1220" + hashlib.sha256(target.read_bytes()).hexdigest()


def test_thumbnails_show_the_scene(catalogued: Path) -> None:
    picture = cv2.imread(str(catalogued / "stac" / DATES[0] / THUMBNAIL))
    assert picture is not None
    assert max(picture.shape) == 256
    assert np.std(picture) > 1


def test_a_licence_that_forbids_to_show_pixels_leaves_no_thumbnail(own: Path) -> None:
    hidden = {"licence": {"name": "Closed", "show_pixels": False}}
    entries = [{"date": day, "path": f"{day}.tif", **(hidden if day == DATES[1] else {})} for day in DATES]
    plan = make_plan(write_workflow(own, (), scenes=entries, outputs=FORMATS))
    pictures = {path.parent.name for path in published_files(plan, "stac") if path.name == THUMBNAIL}
    assert pictures == {DATES[0], DATES[2]}


def test_links_keep_no_secret_of_a_url() -> None:
    assert _href("https://me:key@x.org/a/b.tif?sig=abc#c", Path("/run/stac")) == "https://x.org/a/b.tif"
    assert _href("/data/a.tif", Path("/run/stac/2023-01-01")) == "../../../data/a.tif"
