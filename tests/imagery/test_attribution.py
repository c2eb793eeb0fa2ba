"""Sensor, credit and licence: who says them, and what a caption can hold."""

from __future__ import annotations

from pathlib import Path

from small_rasters import noise, write

from changedet.imagery.attribution import LONGEST_WORDS, UNSAID, Attribution, from_stac, from_tags, short_line, together
from changedet.imagery.look import Look
from changedet.imagery.opening import open_scene


def test_attribution_of_a_file_is_what_its_tags_say_below_what_is_given(tmp_path: Path) -> None:
    tags = {"TIFFTAG_COPYRIGHT": "© ACME\n2023", "SATELLITEID": "GE01"}
    path = write(tmp_path / "a.tif", noise(4, 1, 5, 5), tags=tags)
    tagged = open_scene(path, date="2023-06-04")
    assert tagged.attribution == Attribution("GE01", "© ACME 2023")
    given = open_scene(path, date="2023-06-04", attribution=Attribution("GeoEye-1", licence="EULA", show_pixels=False))
    assert given.attribution == Attribution("GeoEye-1", "© ACME 2023", "EULA", show_pixels=False)
    assert given.identity == tagged.identity, "a credit line must redo nothing"


def test_attribution_is_never_invented(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(4, 1, 5, 5), tags={"AREA_OR_POINT": "Area", "LICENSE_FILE": "x"})
    assert open_scene(path, date="2023-06-04").attribution == UNSAID
    assert from_stac({"platform": 7, "providers": "ESA", "license": ["MIT"]}) == UNSAID
    assert from_stac({"providers": [{"name": "Host", "roles": ["host"]}, {"roles": ["producer"]}, "ESA"]}) == UNSAID


def test_from_stac_credits_those_who_license_or_produce() -> None:
    providers = [{"name": n, "roles": r} for n, r in (("ESA", ["producer", "licensor"]), ("AWS", ["host"]))]
    said = {"platform": "sentinel-2a", "license": "CC-BY-4.0", "providers": [*providers, providers[0]]}
    assert from_stac(said) == Attribution("sentinel-2a", "ESA", "CC-BY-4.0")


def test_from_tags_reads_names_with_and_without_a_space() -> None:
    assert from_tags({"ACME:Platform": "X-1", "LICENSE": "MIT"}) == Attribution("X-1", licence="MIT")


def test_together_joins_each_word_once_and_hides_pixels_that_one_scene_hides(tmp_path: Path) -> None:
    one, two = Attribution("A", "x", "MIT"), Attribution("B", "x", "EULA", show_pixels=False)
    assert together([one, two, one]) == Attribution("A; B", "x", "MIT; EULA", show_pixels=False)
    path = write(tmp_path / "a.tif", noise(4, 1, 5, 5))
    scenes = tuple(open_scene(path, date="2023-06-04", attribution=part) for part in (one, two))
    assert not Look(scenes).attribution.show_pixels


def test_short_line_is_one_short_line_that_reads_one_way() -> None:
    assert short_line(" a\u202eb\n\tc\x00 ") == "a b c"
    assert short_line("x" * 999) == "x" * LONGEST_WORDS
    assert short_line(None) == ""
