"""`make_plan`: where results may go, and parameters that their method cannot use."""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from small_scenes import ground, write_scene, write_workflow

from changedet.cli.text import plan_in_words
from changedet.errors import InputError
from changedet.imagery.stand_ins import is_grey_among
from changedet.pipeline.changes import mask_shares, shares_of_pair
from changedet.plan import as_shown, make_plan, without
from changedet.stages.normalise.kernels.band_fits import BandLines

DATES = ("2023-01-01", "2023-03-01", "2023-05-01")


@pytest.mark.parametrize(("resolution_m", "grey"), [(0.5, True), (10.0, False)])
def test_make_plan_reads_fine_panchromatic_scenes_as_grey_pictures(
    tmp_path: Path, resolution_m: float, grey: bool
) -> None:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50)[:1], resolution_m=resolution_m)
    plan = make_plan(write_workflow(tmp_path, DATES, bands={"pan": 1}, change={"method": "auto"}))
    assert plan.facts.panchromatic is grey
    assert plan.roles == (("blue", "green", "red") if grey else ("pan",))
    assert plan.choices["change"].method == ("trees" if grey else "cva")
    assert plan.choices["mask"].method == "nodata_only"
    assert any("panchromatic" in said for said in plan.warnings) is grey
    text = plan_in_words(plan)
    assert ("bands      pan, as a grey picture" if grey else "bands      pan") in text
    assert "blue" not in text.split("mask")[0]


@pytest.mark.parametrize(("resolution_m", "stands"), [(0.5, True), (3.0, True), (10.0, False)])
def test_make_plan_reads_green_for_blue_in_colour_infrared(tmp_path: Path, resolution_m: float, stands: bool) -> None:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50)[1:], resolution_m=resolution_m)
    bands = {"green": 1, "red": 2, "nir": 3}
    plan = make_plan(write_workflow(tmp_path, DATES, bands=bands, change={"method": "auto"}))
    assert plan.roles == (("blue", "green", "red", "nir") if stands else ("green", "red", "nir"))
    assert (plan.choices["change"].method == "trees") is stands
    assert any("no blue band" in said for said in plan.warnings) is stands
    assert not plan.facts.panchromatic


@pytest.mark.parametrize(("resolution", "advised"), [("auto", True), (1.25, False)])
def test_make_plan_advises_a_finer_grid_for_pixels_of_three_metres(
    tmp_path: Path, resolution: str | float, advised: bool
) -> None:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50), resolution_m=3.0)
    plan = make_plan(write_workflow(tmp_path, DATES, change={"method": "auto"}, grid={"resolution": resolution}))
    assert any("consider grid: {resolution: 1.25}" in said for said in plan.warnings) is advised
    assert plan.choices["change"].method == "trees"
    assert mask_shares(plan, is_bare=False).missed_m2 == pytest.approx(6000, rel=0.01)


def test_radar_masks_may_lack_ground_that_no_radar_tells_apart(tmp_path: Path) -> None:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50)[:1])
    plan = make_plan(write_workflow(tmp_path, DATES, bands={"amplitude": 1}, change={"method": "auto"}))
    shares = mask_shares(plan, is_bare=False)
    # a new pad of 7,056 m2 on a drawn site of 17.6 ha of which 1,750 m2 were marked
    assert 1_750 / shares.low + shares.missed_m2 + shares.unseen * 176_400 > 7_056


@pytest.mark.parametrize(("gsd_m", "unseen"), [(10.0, 0.27), (3.0, 0.0), (0.5, 0.0)])
def test_shares_of_pair_know_that_coarse_looks_among_fine_ones_show_little(
    tmp_path: Path, gsd_m: float, unseen: float
) -> None:
    for day in DATES:
        coarse = day == DATES[1]
        size = (80, 100) if not coarse else (round(40 / gsd_m), round(50 / gsd_m))
        write_scene(tmp_path / f"{day}.tif", ground(*size), resolution_m=gsd_m if coarse else 0.5)
    plan = make_plan(write_workflow(tmp_path, DATES, change={"method": "auto"}))
    whole = mask_shares(plan, is_bare=False)
    assert shares_of_pair(plan, 0.5, whole) is whole
    shares = shares_of_pair(plan, plan.looks[1].gsd_m, whole)
    assert shares.unseen == unseen
    assert (shares is whole) is (unseen == 0.0)


@pytest.mark.parametrize(("gains", "is_light"), [((1.2, 1.2, 1.3, 1.0), True), ((0.16, 0.22, 0.34, 0.58), False)])
def test_bounds_are_wide_where_the_light_is_not_told(
    tmp_path: Path, gains: tuple[float, ...], *, is_light: bool
) -> None:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(80, 100), resolution_m=0.5)
    plan = make_plan(write_workflow(tmp_path, DATES, change={"method": "auto"}))
    whole, none = mask_shares(plan, is_bare=False), [None] * 4
    lines = BandLines("invariant", list(gains), [0.0] * 4, 900, none, none, none, [True] * 4, "")
    shares = shares_of_pair(plan, 0.5, whole, lines)
    assert (shares is whole) is is_light
    assert is_light or (shares.low <= 0.4 and shares.unseen == 0.27)


@pytest.mark.parametrize(
    ("resolution", "warned"),
    [
        ("auto", ""),
        (19.0, ""),
        (3.0, ""),
        (99999, "1 x 1 of them: what is smaller is lost"),
        (2.0, "25 times as many cost"),
    ],
)
def test_make_plan_warns_of_a_grid_in_other_pixels_than_any_scene(
    tmp_path: Path, resolution: str | float, warned: str
) -> None:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50), resolution_m=10.0)
    plan = make_plan(write_workflow(tmp_path, DATES, grid={"resolution": resolution}))
    said = [one for one in plan.warnings if "the finest scene has pixels of 10 m" in one]
    assert warned in said[0] if warned else not said, said


@pytest.mark.parametrize(("least_m2", "warned"), [("auto", False), (80, False), (81, True)])
def test_make_plan_warns_of_a_least_area_that_drops_much(tmp_path: Path, least_m2: str | float, warned: bool) -> None:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50), resolution_m=1.0)
    plan = make_plan(write_workflow(tmp_path, DATES, change={"method": "cva", "min_area_m2": least_m2}))
    assert any("change.min_area_m2: changes below 81 m2 are dropped" in said for said in plan.warnings) is warned


@pytest.mark.parametrize("least_m2", [2100.0, 1e300])
def test_make_plan_refuses_a_least_area_beyond_the_site(tmp_path: Path, least_m2: float) -> None:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50), resolution_m=1.0)
    (line,) = problems(write_workflow(tmp_path, DATES, change={"method": "cva", "min_area_m2": least_m2}))
    assert f"change.min_area_m2: {least_m2:g} m2 are more than the whole site, " in line
    assert line.endswith(" m2: nothing could be marked; give less, or auto")


def test_make_plan_leaves_pixels_of_three_metres_that_show_the_seasons_as_they_are(tmp_path: Path) -> None:
    days = tuple(f"2023-{month:02d}-05" for month in range(1, 11))
    for day in days:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50), resolution_m=3.0)
    plan = make_plan(write_workflow(tmp_path, days, change={"method": "auto"}))
    assert not any("consider grid" in said for said in plan.warnings)
    assert plan.choices["change"].reason.endswith("what no season of the site's own fields explains")


def mixed_series(folder: Path, grey: tuple[int, ...], *, header: bool, count: int = 4, **more: object) -> Path:
    """A workflow of looks in colours, of which some have one band, or three that show the same."""
    days = [f"2023-{month:02d}-01" for month in range(1, count + 1)]
    colours = {"blue": 1, "green": 2, "red": 3}
    scenes = [{"date": day, "path": f"{day}.tif", "bands": dict(colours)} for day in days]
    for k, day in enumerate(days):
        image = ground(40, 50, seed=k)[:3]
        if k in grey:
            image = image[:1] if header else np.repeat(image[:1], 3, axis=0)
            scenes[k]["bands"] = {"pan": 1} if header else colours
        write_scene(folder / f"{day}.tif", image, resolution_m=0.5)
    return write_workflow(folder, days, scenes=scenes, change={"method": "auto"}, **more)


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_few_grey_looks_are_not_compared_with_those_in_colours(tmp_path: Path, first: bool, header: bool) -> None:
    grey = 0 if first else 1
    plan = make_plan(mixed_series(tmp_path, (grey,), header=header))
    assert any("grey" in said for said in plan.warnings) is header
    shown = as_shown(plan)
    assert not shown.facts.panchromatic
    assert shown.choices["mask"].method == "spectral"
    assert shown.roles == ("blue", "green", "red")
    assert [is_grey_among(look, shown.looks) for look in shown.looks] == [k == grey for k in range(4)]
    assert shown.reference == (1 if first else 0)
    (said,) = [line for line in shown.warnings if "grey" in line]
    assert said.startswith(
        f"2023-0{grey + 1}-01 is a grey picture and the others have colours: boxes are counted on it"
    )
    assert ("change is told since 2023-02-01" in said) is first
    assert as_shown(shown) is shown
    rows = [line.split() for line in plan_in_words(shown).splitlines() if line.startswith("2023-")]
    assert [("pan" in row, "red" in row) for row in rows] == [(k == grey, k != grey) for k in range(4)]


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(("grey", "count", "before"), [((1,), 2, None), ((0, 1, 3), 4, None), ((2,), 4, "2023-03-01")])
def test_all_looks_are_compared_in_grey_where_hardly_any_has_colours_or_the_reference_is_grey(
    tmp_path: Path, grey: tuple[int, ...], count: int, before: str | None, header: bool
) -> None:
    more = {} if before is None else {"before": before}
    plan = make_plan(mixed_series(tmp_path, grey, header=header, count=count, **more))
    assert plan.facts.panchromatic is header
    shown = as_shown(plan)
    assert shown.facts.panchromatic
    assert shown.choices["mask"].method == "nodata_only"
    assert not any(is_grey_among(look, shown.looks) for look in shown.looks)
    (said,) = [line for line in shown.warnings if "grey" in line]
    assert "so all looks are compared in grey, those in colours by their green band" in said
    assert as_shown(shown) is shown
    rest = without(shown, [count - 1], ["scene skipped"])
    assert rest.facts.panchromatic


def problems(workflow: Path, out: str | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        make_plan(workflow, out=out)
    return str(caught.value).splitlines()


@pytest.mark.parametrize("by_option", [False, True])
@pytest.mark.parametrize("obstacle", ["file", "file above", "link", "run folder"])
def test_make_plan_refuses_results_that_could_not_be_written(scenes: Path, obstacle: str, by_option: bool) -> None:
    out = scenes / "out"
    if obstacle == "link":
        out.symlink_to(scenes / "nowhere")
    elif obstacle == "run folder":
        out.mkdir()
        (out / "site").write_text("")
    else:
        out.write_text("")
    wanted = out / "deep" if obstacle == "file above" else out
    workflow = write_workflow(scenes, DATES, outputs={"dir": str(scenes / "x") if by_option else str(wanted)})
    (line,) = problems(workflow, str(wanted) if by_option else None)
    assert "expected a folder" in line
    assert line.startswith("--out: " if by_option else f"{workflow}:18: outputs.dir: ")


def test_make_plan_refuses_a_folder_without_permission(scenes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != scenes and may(path, mode))
    (line,) = problems(write_workflow(scenes, DATES))
    assert "outputs.dir" in line
    assert "no permission" in line
    assert not (scenes / "out").exists()


@pytest.mark.skipif(os.name != "posix" or not os.access("/proc", os.W_OK), reason="takes root, to whom /proc says yes")
def test_make_plan_refuses_a_file_system_that_holds_no_files(scenes: Path) -> None:
    (line,) = problems(write_workflow(scenes, DATES, outputs={"dir": "/proc/x"}))
    assert line.endswith("outputs.dir: '/proc/x' cannot be made: '/proc' is the system's own and holds no files")


def test_make_plan_takes_a_mounted_store_that_says_it_holds_nothing(
    scenes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = os.statvfs(scenes)
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result((*size[:2], 0, *size[3:])))
    make_plan(write_workflow(scenes, DATES))
    assert not (scenes / "out").exists()
    assert not list(scenes.glob(".changedet-*"))


def test_make_plan_refuses_a_name_that_no_disk_holds(scenes: Path) -> None:
    (line,) = problems(write_workflow(scenes, DATES, outputs={"dir": "x" * 300}))
    assert "outputs.dir: '" in line
    assert "is longer than the 255 bytes that a name may have" in line
    assert "x" * 101 not in line
    (line,) = problems(write_workflow(scenes, DATES, outputs={"dir": "/".join(["x" * 200] * 20)}))
    assert "its path with those of its files is longer than 4096 bytes" in line


@pytest.mark.parametrize(
    ("stage", "settings", "said"),
    [
        ("align", {"method": "phase_correlation", "chip_px": 1}, "align.chip_px: 1 is too small"),
        ("change", {"method": "pca_kmeans", "block_px": 4}, "change.block_px: 4, expected an odd number"),
        ("change", {"method": "irmad", "iterations": 0}, "change.iterations: 0, expected at least 1"),
        ("change", {"method": "cva", "tolerance_px": 100_000}, "change: looks at 100"),
    ],
)
def test_make_plan_names_the_line_of_a_parameter_that_its_method_cannot_use(
    scenes: Path, stage: str, settings: dict[str, object], said: str
) -> None:
    workflow = write_workflow(scenes, DATES, **{stage: settings})
    (line,) = problems(workflow)
    assert line.startswith(f"{workflow}:")
    assert said in line


def test_make_plan_names_a_resolution_so_fine_that_windows_in_metres_are_too_wide(tmp_path: Path) -> None:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(40, 50), resolution_m=0.5)
    (line,) = problems(write_workflow(tmp_path, DATES, grid={"resolution": 0.01}))
    assert "grid.resolution: 0.01 m is finer than any scene, 0.5 m, by so much that objects looks at " in line
    assert line.endswith("; give metres, or auto")


@pytest.mark.parametrize("asked", [{}, {"grid": {"resolution": 0.02}}])
def test_make_plan_advises_a_grid_for_pictures_of_drones(tmp_path: Path, asked: dict[str, object]) -> None:
    for day in DATES:
        write_scene(tmp_path / f"{day}.tif", ground(600, 500), resolution_m=0.02)
    lines = problems(write_workflow(tmp_path, DATES, **asked))
    assert lines[0].split(": ", 1)[1].startswith("grid.resolution: pixels of 0.02 m are so fine that objects looks at ")
    assert all(line.endswith("; give 0.1 (metres)") for line in lines)
    make_plan(write_workflow(tmp_path, DATES, grid={"resolution": 0.1}))


CLUSTER = "tcp://192.0.2.1:8786"


def test_make_plan_connects_to_no_cluster_that_only_the_workflow_names(
    scenes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = write_workflow(scenes, DATES, compute={"scheduler": CLUSTER})
    monkeypatch.setenv("CHANGEDET_SCHEDULER", "tcp://192.0.2.2:8786")
    (line,) = problems(workflow)
    assert line.startswith(f"{workflow}:")
    assert f"compute.scheduler: names a cluster; if you trust it, give --scheduler {CLUSTER}, or set" in line
    assert make_plan(workflow, scheduler=CLUSTER).scheduler == CLUSTER
    assert make_plan(workflow, scheduler="threads").scheduler == "threads"
    monkeypatch.setenv("CHANGEDET_SCHEDULER", CLUSTER)
    assert make_plan(workflow).scheduler == CLUSTER


@pytest.mark.parametrize("asked", ["tls://192.0.2.1:8786", "tcp://", "", "dask"])
def test_make_plan_refuses_a_scheduler_that_is_none(scenes: Path, asked: str) -> None:
    with pytest.raises(InputError, match=r"--scheduler: .* expected threads, processes or tcp://HOST:PORT"):
        make_plan(write_workflow(scenes, DATES), scheduler=asked)


def test_make_plan_refuses_less_memory_than_a_run_takes_and_names_the_least(scenes: Path) -> None:
    (line,) = problems(write_workflow(scenes, DATES, compute={"memory": "100MB"}))
    assert "compute.memory: 100 MB are too little" in line
    least = re.search("give at least ([0-9]+MB)", line)
    assert least is not None
    plan = make_plan(write_workflow(scenes, DATES, compute={"memory": least[1]}))
    assert plan.memory_bytes <= int(least[1].removesuffix("MB")) * 1_000_000


def test_make_plan_warns_of_letters_that_no_font_has(scenes: Path) -> None:
    square = shapely.box(*make_plan(write_workflow(scenes, DATES)).grid.bounds)

    def warned(name: str, zone: str = "a") -> list[str]:
        zones = gpd.GeoDataFrame({"name": [zone]}, geometry=[square], crs=make_plan(scenes / "site.yaml").grid.crs)
        zones.to_file(scenes / "zones.geojson")
        site = {"id": "site", "name": name, "zones": "zones.geojson"}
        return [line for line in make_plan(write_workflow(scenes, DATES, site=site)).warnings if "font" in line]

    assert warned("D\u00e9p\u00f4t Nord \u00a9 \u0421\u043a\u043b\u0430\u0434") == []
    (line,) = warned("Depot \U00012000\U00012001")
    assert line.startswith("no font of this machine has the letters '\U00012000\U00012001'")
    assert "install a font" in line
    # Each name is a line of its own in a figure, and drawn in the font that has its letters.
    (line,) = warned("\u0421\U00012000", "\u05d0\U00012000")
    assert line.count("\U00012000") == 1
    assert "\u0421" not in line
    assert warned("Depot", "\U00012000") != []


def test_make_plan_warns_of_a_few_looks_that_take_near_infrared_from_all(scenes: Path) -> None:
    colours = {"blue": 1, "green": 2, "red": 3}

    def said(*lacking: str) -> list[str]:
        own = {day: colours if day in lacking else colours | {"nir": 4} for day in DATES}
        listed = [{"date": day, "path": f"{day}.tif", "bands": bands} for day, bands in own.items()]
        return [line for line in make_plan(write_workflow(scenes, DATES, scenes=listed)).warnings if "infrared" in line]

    assert said() == said(*DATES) == said(*DATES[1:]) == []
    (line,) = said(DATES[1])
    assert line.startswith(f"{DATES[1]}: no near infrared, which the other 2 looks have")
    assert "leave it out where" in line


def test_make_plan_warns_of_dates_yet_to_come(scenes: Path) -> None:
    def said(*entries: tuple[str, str]) -> list[str]:
        listed = [{"date": date, "path": f"{name}.tif"} for name, date in entries]
        warnings = make_plan(write_workflow(scenes, DATES, scenes=listed), out=str(scenes / "out")).warnings
        return [line for line in warnings if "yet to come" in line]

    assert said(*zip(DATES, DATES, strict=True)) == []
    tomorrow = str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1))
    assert said((DATES[0], DATES[0]), (DATES[1], tomorrow)) == []
    (line,) = said((DATES[0], DATES[0]), (DATES[1], "2098-01-02"), (DATES[2], "2099-01-02"))
    assert line.startswith("2098-01-02, 2099-01-02: yet to come by this machine's clock")


def test_make_plan_warns_of_ground_that_a_narrow_reference_leaves_out(scenes: Path) -> None:
    def said(narrow: int, **keys: object) -> list[str]:
        write_scene(scenes / "narrow.tif", ground(40, narrow))
        listed = [{"date": DATES[0], "path": "narrow.tif"}, *({"date": day, "path": f"{day}.tif"} for day in DATES[1:])]
        plan = make_plan(write_workflow(scenes, DATES, scenes=listed, **keys), out=str(scenes / "out"))
        return [line for line in plan.warnings if "site.aoi" in line]

    (line,) = said(30)
    assert line.startswith("without site.aoi the site is what the reference shows: 2 other looks show up to 67% more")
    # A strip cut off at an edge is no other site, nor is it where the workflow says what the site is.
    assert said(45) == said(30, before=DATES[1]) == []
    square = shapely.box(*make_plan(scenes / "site.yaml").grid.bounds)
    gpd.GeoDataFrame(geometry=[square], crs=make_plan(scenes / "site.yaml").grid.crs).to_file(scenes / "aoi.geojson")
    assert said(30, site={"id": "site", "aoi": "aoi.geojson"}) == []
