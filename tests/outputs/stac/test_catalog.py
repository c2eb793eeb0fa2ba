"""stac/: self-contained, valid, true to the files, and loadable band by band."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import odc.stac
import pystac
import pytest
import rasterio
import stac_rules
from made_up_run import BANDS, DATES
from pystac.validation import JsonSchemaSTACValidator

from changedet.outputs.rasters.classes import RasterLayer
from changedet.outputs.stac.catalog import write_stac
from changedet.outputs.stac.item_facts import ItemFacts, SourceFile

BOX = {"type": "Polygon", "coordinates": [[[123, 27.1], [123.1, 27.1], [123.1, 27.2], [123, 27.2], [123, 27.1]]]}
KNOWN = ItemFacts(
    time=dt.time(10, 30, 5),
    gsd_m=0.5,
    sun_azimuth_deg=-20.0,
    sun_elevation_deg=41.5,
    view_azimuth_deg=190.0,
    off_nadir_deg=12.0,
    cloud_percent=3.5,
    sensor="WorldView-3",
    credit="© Example 2023",
    licence="CC-BY-4.0",
    sources=(SourceFile("../../../scenes/a.tif", "a.tif", "ab" * 32), SourceFile("https://x.org/b", "b")),
    software="changedet 0.1.0",
    thumbnail=b"\xff\xd8 a picture",
)
EMPTY = ItemFacts()


class Offline(pystac.stac_io.DefaultStacIO):
    """Reads files, and nothing else."""

    def read_text_from_href(self, href: str) -> str:
        assert "://" not in href, f"asks the network for {href}"
        return super().read_text_from_href(href)


@pytest.fixture(scope="module")
def written(made_up_run: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """A copy of the made-up run with its catalogue: all is known of the first date, nothing of the last."""
    folder, made = made_up_run
    copy = Path(shutil.copytree(folder, tmp_path_factory.mktemp("stac") / "run"))
    layers = [
        RasterLayer(copy / layer.path.relative_to(folder), layer.kind, layer.date, layer.dates)
        for layer in made["layers"]
    ]
    files = write_stac(
        copy / "stac",
        site_id="depot-north",
        title="Depot <North>",
        rasters=layers,
        geometry=BOX,
        assets={"objects": copy / "objects.gpkg"},
        facts=dict.fromkeys(DATES[:-1], KNOWN),
    )
    return copy, files


def opened(folder: Path) -> pystac.Collection:
    return pystac.Collection.from_file(str(folder / "stac" / "collection.json"), stac_io=Offline())


def test_it_is_self_contained_and_true_to_its_files(written: tuple[Path, list[Path]], tmp_path: Path) -> None:
    folder, files = written
    assert files[-1].name == "collection.json"
    assert {path for path in (folder / "stac").rglob("*") if path.is_file()} == set(files)
    moved = Path(shutil.copytree(folder, tmp_path / "elsewhere"))
    collection = opened(moved)
    items = list(collection.get_items(recursive=True))
    # The reference last: it has no mask.
    assert [item.id for item in items] == [f"depot-north-{date}" for date in (*DATES[1:], DATES[0])]
    assert set(collection.assets) == {"first_change", "objects"}
    assert collection.extent.spatial.bboxes == [[123, 27.1, 123.1, 27.2]]
    for item in items:
        assert item.get_collection() is collection
        for asset in item.assets.values():
            path = Path(asset.get_absolute_href() or "")
            assert not asset.href.startswith("/")
            assert path.is_relative_to(moved)
            content = path.read_bytes()
            assert asset.extra_fields["file:checksum"] == "1220" + hashlib.sha256(content).hexdigest()
            assert asset.extra_fields["file:size"] == len(content)
    assert str(folder) not in "".join(path.read_text(errors="ignore") for path in files)


def test_bands_classes_and_threshold_are_the_rasters_own(written: tuple[Path, list[Path]]) -> None:
    folder, _ = written
    collection = opened(folder)
    last = list(collection.get_items())[-2].assets
    assert set(last) == {"scene", "mask", "score"}
    for asset in last.values():
        with rasterio.open(asset.get_absolute_href()) as source:
            assert asset.extra_fields["proj:shape"] == list(source.shape)
            assert asset.extra_fields["proj:code"] == source.crs.to_string()
            assert [band["data_type"] for band in asset.extra_fields["bands"]] == list(source.dtypes)
    assert last["score"].extra_fields["changedet:threshold"] == 3
    assert last["score"].extra_fields["bands"][0]["nodata"] == "nan"
    assert [band["name"] for band in last["scene"].extra_fields["bands"]] == BANDS
    assert [band["common_name"] for band in last["scene"].extra_fields["eo:bands"]] == BANDS
    classes = {one["value"]: one["name"] for one in last["mask"].extra_fields["classification:classes"]}
    assert classes == {0: "unchanged", 1: "changed", 255: "no_data"}
    first = collection.assets["first_change"].extra_fields["classification:classes"]
    assert [one["name"] for one in first] == ["never", *DATES[1:], "no_data"]


def test_what_is_known_of_a_date_is_said_and_nothing_else(written: tuple[Path, list[Path]]) -> None:
    folder, _ = written
    collection = opened(folder)
    first, last = (collection.get_item(f"depot-north-{date}") for date in (DATES[0], DATES[-1]))
    assert first is not None
    assert last is not None
    assert first.datetime == dt.datetime(2023, 6, 4, 10, 30, 5, tzinfo=dt.UTC)
    assert {name: value for name, value in first.properties.items() if not name.startswith("proj")} == {
        "datetime": "2023-06-04T10:30:05Z",
        "gsd": 0.5,
        "platform": "WorldView-3",
        "license": "CC-BY-4.0",
        "eo:cloud_cover": 3.5,
        "view:azimuth": 190.0,
        "view:off_nadir": 12.0,
        "view:sun_azimuth": 340.0,
        "view:sun_elevation": 41.5,
        "processing:software": {"changedet": "0.1.0"},
        "processing:lineage": first.properties["processing:lineage"],
        "providers": [{"name": "© Example 2023", "description": "Licence: CC-BY-4.0", "roles": ["licensor"]}],
    }
    made_of = first.get_links(pystac.RelType.DERIVED_FROM)
    assert [(link.href, link.title, link.extra_fields) for link in made_of] == [
        ("../../../scenes/a.tif", "a.tif", {"file:checksum": "1220" + "ab" * 32}),
        ("https://x.org/b", "b", {}),
    ]
    assert Path(first.assets["thumbnail"].get_absolute_href() or "").read_bytes() == KNOWN.thumbnail
    assert {name for name in last.properties if not name.startswith("proj")} == {"datetime"}
    assert not last.get_links(pystac.RelType.DERIVED_FROM)
    assert collection.license == "other"
    assert [one.name for one in collection.providers or []] == ["© Example 2023"]
    assert collection.summaries.to_dict() == {"gsd": {"minimum": 0.5, "maximum": 0.5}}


def test_every_file_is_valid_stac(written: tuple[Path, list[Path]], monkeypatch: pytest.MonkeyPatch) -> None:
    """By the schemas that pystac carries, and by the rules of the extensions."""
    _, files = written
    monkeypatch.setattr("urllib.request.urlopen", None)
    monkeypatch.setattr("requests.sessions.Session.request", None)
    met = set()
    for path in files:
        if path.suffix == ".json":
            found = json.loads(path.read_text())
            kind = pystac.STACObjectType(found["type"])
            JsonSchemaSTACValidator().validate_core(found, kind, found["stac_version"], href=str(path))
            met |= stac_rules.check(found)
    assert met == {
        "classification:classes", "eo:bands", "eo:cloud_cover", "file:checksum", "file:size", "proj:bbox", "proj:code",
        "proj:shape", "proj:transform", "processing:lineage", "processing:software", "raster:bands", "view:azimuth",
        "view:off_nadir", "view:sun_azimuth", "view:sun_elevation",
    }  # fmt: skip


def _taken(found: dict[str, Any], prefix: str) -> float:
    """Take the fields of an extension out of the properties."""
    for name in [name for name in found["properties"] if name.startswith(prefix)]:
        del found["properties"][name]
    return 10.0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found["properties"].update({"view:off_nadir": 120.0}),
        lambda found: found["assets"]["mask"]["classification:classes"][0].update({"name": "not a name"}),
        lambda found: found["assets"]["scene"].update({"eo:common_name": "red"}),
        lambda found: found["stac_extensions"].pop(),
        lambda found: found["assets"]["scene"].update({"file:checksum": "1220ab"}),
        lambda found: found["properties"].update({"file:size": 1}),
        lambda found: found["properties"].update({"eo:bands": found["assets"]["scene"]["eo:bands"]}),
        lambda found: found["assets"]["scene"]["eo:bands"][0].pop("name"),
        lambda found: found["assets"]["scene"]["raster:bands"][0].update({"data_type": "float"}),
        lambda found: found["properties"].update({"proj:shape": [1.5, 2]}),
        lambda found: found["properties"].update({"processing:softwares": "x"}),
        lambda found: found["stac_extensions"].append("https://stac-extensions.github.io/sar/v1.0.0/schema.json"),
        lambda found: found["stac_extensions"].append("https://stac-extensions.github.io/view/v1.1.0/schema.json"),
        lambda found: found["assets"]["scene"].update({"view:off_nadir": _taken(found, "view:")}),
        lambda found: found["assets"]["scene"].update({"processing:lineage": str(_taken(found, "processing:"))}),
    ],
)
def test_the_rules_find_what_is_not_valid(written: tuple[Path, list[Path]], spoil: Any) -> None:
    found = json.loads((written[0] / "stac" / DATES[1] / f"{DATES[1]}.json").read_text())
    stac_rules.check(found)
    spoil(found)
    with pytest.raises((AssertionError, stac_rules.jsonschema.ValidationError)):
        stac_rules.check(found)


# odc-stac's own, with shapely 2.2 and affine 3.
@pytest.mark.filterwarnings("ignore:The 'shapely.ops.transform:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")
def test_odc_stac_loads_every_band_as_it_stands_in_its_file(written: tuple[Path, list[Path]]) -> None:
    items = list(opened(written[0]).get_items())
    loaded = odc.stac.load(items, bands=[*BANDS, "mask", "score"])
    assert dict(loaded.sizes) == {"time": 4, "y": 620, "x": 700}
    for item in items:
        for name in loaded.data_vars:
            asset, band = ("scene", BANDS.index(str(name)) + 1) if name in BANDS else (str(name), 1)
            if asset not in item.assets:
                assert item.id.endswith(DATES[0])
                continue
            shown = loaded[name].sel(time=item.datetime.replace(tzinfo=None)).values  # type: ignore[union-attr]
            with rasterio.open(item.assets[asset].get_absolute_href()) as source:
                np.testing.assert_array_equal(shown, source.read(band))
    assert loaded["mask"].attrs["nodata"] == 255
    assert loaded["red"].dtype == np.uint16


def test_a_catalogue_without_a_dated_raster_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one dated raster"):
        write_stac(tmp_path, site_id="a", title="A", rasters=[], geometry=BOX)
