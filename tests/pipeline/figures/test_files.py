"""Figures of a finished run: their dates, their words, what a licence hides, where they are written."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image
from small_runs import DATES, call
from small_scenes import write_workflow

from changedet.errors import InputError
from changedet.outputs.sentences.words import Calendar
from changedet.pipeline.figures.captions import count_words, surely_any, title_of
from changedet.pipeline.figures.files import figure_name, report_figure, sheet_size, write_figures
from changedet.pipeline.figures.gather import NOT_COUNTED, Wanted, chosen_dates, figure_data
from changedet.pipeline.figures.timelapse import timelapse_data, write_timelapse_of
from changedet.pipeline.finished import open_run
from changedet.pipeline.report_data import report_of
from changedet.pipeline.run import run
from changedet.pipeline.run_sources import RunSources, sources_of_finished


@pytest.fixture(scope="session")
def finished(scenes: Path) -> Path:
    """A run whose scenes say whose they are."""
    said = {"sensor": "Probe-1", "credit": "© ACME <b>", "licence": "CC-BY-4.0"}
    entries = [{"date": date, "path": f"{date}.tif", **said} for date in DATES]
    site = {"id": "figured", "name": "Port & co", "place": "a coast"}
    workflow = write_workflow(scenes, DATES, "figured", site=site, scenes=entries)
    return run(workflow, out=str(scenes / "figured-out")).path


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(finished, tmp_path / "figured"))


def sources(folder: Path) -> RunSources:
    return sources_of_finished(open_run(folder))


def edit(path: Path, change: Any) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_a_figure_is_of_the_reference_and_the_last_clear_date(folder: Path) -> None:
    told = sources(folder)
    assert chosen_dates(told, Wanted()) == (DATES[0], DATES[2])
    table = told.series
    table.loc[table["date"].astype(str).str[:10] == DATES[2], "valid_fraction"] = 0.3
    assert chosen_dates(told, Wanted()) == (DATES[0], DATES[1])
    assert chosen_dates(told, Wanted(after=DATES[2])) == (DATES[0], DATES[2])


def test_a_figure_of_a_site_that_ends_as_it_began_is_of_the_look_in_between(folder: Path) -> None:
    def counts(peak_low: float, last: float = 14.0) -> Any:
        ends = [
            {"value": n, "low": n - 2, "high": n + 3, "date": day} for n, day in ((14.0, DATES[0]), (last, DATES[2]))
        ]
        peak = {"value": 32.0, "low": peak_low, "high": 39.0, "date": DATES[1]}
        return {"first": ends[0], "last": ends[1], "peak": peak}

    told = sources(folder)
    told.summary["onset"] = {"containers": {"date": None}}
    for totals, after in ((counts(28.0), DATES[1]), (counts(16.0), DATES[2]), (counts(28.0, last=22.0), DATES[2])):
        told.summary["totals"] = {"containers": totals}
        assert chosen_dates(told, Wanted()) == (DATES[0], after)
    told.summary["totals"] = {"containers": counts(28.0)}
    assert figure_data(told, Wanted()).title.endswith("; 14 containers (12–17) stood there on 1 May 2023")
    assert chosen_dates(told, Wanted(before=DATES[1])) == (DATES[1], DATES[2])
    told.summary["onset"] = {"changed_area": {"date": DATES[1]}}
    assert chosen_dates(told, Wanted()) == (DATES[0], DATES[2])


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(before="2020-01-01"), "--before: the run has no date '2020-01-01', only 2023-01-01"),
        (Wanted(after="yesterday"), "--after: the run has no date 'yesterday'"),
        (Wanted(before=DATES[2], after=DATES[1]), f"--after: {DATES[1]} is not later than {DATES[2]}"),
        (Wanted(before=DATES[1], after=DATES[1]), f"--after: {DATES[1]} is not later than {DATES[1]}"),
        (Wanted(zone="quay"), "--zone: the run has no zone 'quay', it has none"),
    ],
)
def test_dates_and_zones_that_the_run_does_not_have_are_one_line(finished: Path, wanted: Wanted, said: str) -> None:
    with pytest.raises(InputError) as caught:
        figure_data(sources(finished), wanted)
    assert str(caught.value).startswith(said)
    assert len(caught.value.problems) == 1


def test_a_figure_says_whose_pictures_it_shows_and_what_cannot_be_had(finished: Path) -> None:
    shown = figure_data(sources(finished), Wanted())
    caption = "\n".join(shown.notes)
    for words in ("Probe-1, 10 m pixels, © ACME <b>, CC-BY-4.0, scene 2023-01-01.tif, SHA-256 ", "cannot be counted"):
        assert words in caption
    assert shown.place.startswith("A coast  ·  48.7")
    assert shown.title.startswith("Port & co: ")
    assert "the ground shows no sure change between 1 January and 1 May 2023" in shown.title
    assert [panel.date for panel in shown.panels] == ["1 January 2023", "1 May 2023"]
    assert shown.panels[1].ground
    assert not shown.panels[0].ground


def test_a_figure_says_of_how_many_outlined_boxes_counts_make_something_else(folder: Path) -> None:
    told = sources(folder)
    told.series[["containers", "containers_expected", "containers_low", "containers_high"]] = [62.0, 41.4, 30.0, 71.0]
    caption = "\n".join(figure_data(told, Wanted()).notes)
    assert "followed over all dates; counts take at least 20 of them for something else. Counts:" in caption
    told.series["containers"] = 43.0
    assert "something else" not in "\n".join(figure_data(told, Wanted()).notes), "within rounding of a few boxes"


def test_a_figure_says_what_is_blank_on_a_date_that_it_shows(folder: Path) -> None:
    edit(folder / "summary.json", lambda content: content.update(fill={DATES[2]: {"value": 0.0, "share": 0.493}}))
    notes = figure_data(sources(folder), Wanted()).notes
    assert "1 May 2023 is blank on 49 % of what it shows, which is compared and counted as ground." in notes


@pytest.mark.parametrize("hidden", [0, 2])
def test_a_licence_of_one_scene_hides_the_pixels_of_both(folder: Path, hidden: int) -> None:
    edit(folder / "run.json", lambda content: content["inputs"][hidden].update(show_pixels=False))
    told = sources(folder)
    shown = figure_data(told, Wanted())
    assert [panel.scene for panel in shown.panels] == [None, None]
    assert "Outlines alone: the licence (CC-BY-4.0) does not allow its pixels to be shown." in shown.notes
    frames, _ = timelapse_data(told, Wanted())
    assert [frame.panels[0].scene is None for frame in frames] == [k == hidden for k in range(3)]


def test_a_run_of_before_these_keys_still_has_a_figure(folder: Path) -> None:
    def older(content: dict[str, Any]) -> None:
        for entry in content["inputs"]:
            for name in ("sensor", "credit", "licence", "show_pixels"):
                del entry[name]

    edit(folder / "run.json", older)
    edit(folder / "summary.json", lambda content: [content.pop(name) for name in ("place", "sources")])
    shown = figure_data(sources(folder), Wanted())
    assert shown.panels[0].scene is not None
    assert "ACME" not in "\n".join(shown.notes)


def test_the_title_claims_no_change_within_the_error(finished: Path) -> None:
    told = sources(finished)
    row = told.series["date"].astype(str).str[:10] == DATES[2]
    told.series.loc[row, "changed_area_low_m2"] = 0.0
    title = title_of(told, DATES[0], DATES[2], "", Calendar(years_only=False))
    assert ": the ground shows no sure change between" in title, "nine tenths of the grid stayed"
    told.summary["totals"]["changed_area_m2"]["last"] |= {"low": 0.0, "high": 1e9}
    title = title_of(told, DATES[0], DATES[2], "", Calendar(years_only=False))
    assert ": whether the ground changed between" in title, "all of it may have"
    told.summary["totals"]["changed_area_m2"]["last"] |= {"value": 13.247, "low": 0.0, "high": 85.475}
    nearly = title_of(told, DATES[0], DATES[2], "", Calendar(years_only=False))
    assert ": the ground shows no change beyond error " in nearly
    assert nearly.endswith("; 13 m² (0–86) is marked"), "85.5 in the table"
    told.summary["totals"]["changed_area_m2"]["last"] |= {"value": 0.0, "low": 0.0, "high": 1.2e4}
    nothing = title_of(told, DATES[0], DATES[2], "", Calendar(years_only=False))
    assert nothing.endswith("; 0 ha (0–1.20) is marked"), "as the sentences have it"
    for name in ("containers_expected", "containers_low", "containers_high"):
        told.series[name] = 40.0
    assert count_words(told, DATES[2]) == "40 containers (40–40)"
    assert surely_any(told, DATES[2])
    title = title_of(told, DATES[0], DATES[2], "", Calendar(years_only=False))
    assert title.startswith(
        "Port & co: containers show no change beyond their error, with 40 (40–40) on 1 January and 40"
    )
    ends = ("first", DATES[0]), ("last", DATES[2])
    sums = {part: {"value": 40.0, "low": 30.0, "high": 50.0, "date": day} for part, day in ends}
    risen = {"containers": sums | {"net_change": {"value": 9.0, "low": 1.0, "high": 17.0, "date": DATES[2]}}}
    rose = title_of(replace(told, summary={**told.summary, "totals": risen}), DATES[0], DATES[2], "", Calendar(False))
    assert rose.startswith("Port & co: containers rose by 9 (1–17), from 40 (30–50) on 1 January to 40")
    began = {"containers": {"date": DATES[1], "low": "2023-01-02", "high": DATES[1], "probability": 0.97}}
    grew = replace(told, summary={**told.summary, "onset": began})
    said = (
        "Port & co: all looks together show that containers grew in number; the two dates alone leave it open, with 40"
    )
    assert title_of(grew, DATES[0], DATES[2], "", Calendar(False)).startswith(said)
    assert "grew" not in title_of(grew, DATES[1], DATES[2], "", Calendar(False)), "it had begun by the first of them"
    claims = [{"kind": "at_least", "about": name, "zone": "", "value": 7.0} for name in ("arrivals", "departures")]
    turned = title_of(
        replace(told, summary={**told.summary, "claims": claims}), DATES[0], DATES[2], "", Calendar(False)
    )
    assert turned == f"{title}; at least 7 arrived and 7 left"
    told.series["containers_expected"], told.series["containers_low"], told.series["containers_high"] = 1.4, 0.0, 5.2
    assert count_words(told, DATES[2]) == "at most 5 containers", "no number where none stood there for sure"
    assert not surely_any(told, DATES[2])
    told.series["containers_expected"] = 0.2
    assert count_words(told, DATES[2]) == "0 containers (0–5)"


def test_write_figures_writes_files_of_the_run_again_but_none_that_was_edited(folder: Path) -> None:
    opened = open_run(folder)
    paths = write_figures(opened, Wanted(), size="120mm")
    assert [path.name for path in paths] == [f"figure_{DATES[0]}_{DATES[2]}{end}" for end in (".png", ".svg", ".pdf")]
    first = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in write_figures(opened, Wanted(), size="120mm")] == first
    paths[1].write_text("mine")
    with pytest.raises(InputError, match=r"figure_.*\.svg"):
        write_figures(opened, Wanted())
    assert paths[1].read_text() == "mine"
    assert write_figures(opened, Wanted(), out=folder.parent / "x.png") == [folder.parent / "x.png"]


def test_write_figures_elsewhere_leaves_the_run_as_it_is(folder: Path, tmp_path: Path) -> None:
    paths = write_figures(open_run(folder), Wanted(), size="500x400px", out=tmp_path / "mine")
    assert [path.name for path in paths] == ["mine.png", "mine.svg", "mine.pdf"]
    assert not (folder / "figures").exists()
    with pytest.raises(InputError, match=r"-o: '.*mine\.jpg' ends in '\.jpg', expected \.png, \.svg, \.pdf"):
        write_figures(open_run(folder), Wanted(), out=tmp_path / "mine.jpg")
    with pytest.raises(InputError, match="is no folder"):
        write_figures(open_run(folder), Wanted(), out=tmp_path / "none" / "mine.png")


def test_write_timelapse_of_has_a_frame_a_look(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    (path,) = write_timelapse_of(open_run(folder), Wanted())
    with Image.open(path) as shown:
        assert (path.name, shown.n_frames) == ("timelapse.gif", 3)  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", ["190", "x", "190mmx120", "10mm", "1e3mm", "5000mm", "190x1mm", "１９０mm", ""])
def test_sheet_size_refuses_what_is_none(size: str) -> None:
    with pytest.raises(InputError, match="--size: got"):
        sheet_size(size)


def test_names_of_zones_make_no_paths(finished: Path) -> None:
    assert figure_name(sources(finished), Wanted(zone="../../q uay")) == f"figure_{DATES[0]}_{DATES[2]}_q-uay"
    assert figure_name(sources(finished), Wanted(zone="港", pixels=False)).endswith("_zone_outlines")


def test_the_figure_of_a_report_is_a_picture(finished: Path) -> None:
    assert report_figure(sources(finished)).startswith(b"\x89PNG")


def test_the_commands_print_paths_and_name_what_is_wrong(folder: Path) -> None:
    done = call("figure", folder, "--size", "100mm", "--no-pixels")
    assert (done.returncode, done.stderr) == (0, "")
    assert [Path(line).is_file() for line in done.stdout.splitlines()] == [True] * 3
    done = call("figure", folder, "--before", "2020-01-01")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("--before: the run has no date '2020-01-01'")
    assert done.stderr.count("\n") == 1


def test_a_run_writes_its_figure_from_python(folder: Path, tmp_path: Path) -> None:
    (path,) = open_run(folder).figure(tmp_path / "mine.svg", before=DATES[1], pixels=False)
    text = path.read_text()
    assert "1 March 2023" in text
    assert "Outlines alone, as asked for." in text
    assert "<image" not in text


def test_a_report_begins_with_the_figure(folder: Path) -> None:
    assert report_of(sources(folder)).figure == report_figure(sources(folder))


def test_a_figure_says_of_boxes_that_are_in_no_count_that_they_are_in_none(folder: Path) -> None:
    uncounted = figure_data(sources(folder), Wanted())
    assert (uncounted.boxes_doubt, uncounted.moves_doubt) == (NOT_COUNTED, NOT_COUNTED)

    def count(summary: dict[str, Any]) -> None:
        for name in ("arrivals", "departures"):
            summary["totals"][name] = {"value": 9.0, "low": 7.0, "high": 12.0}

    edit(folder / "summary.json", count)
    rows = pd.read_csv(folder / "timeseries.csv")
    for name, value in (("containers_expected", 9.0), ("containers_low", 7.0), ("containers_high", 12.0)):
        rows[name] = value
    rows.to_csv(folder / "timeseries.csv", index=False)
    counted = figure_data(sources(folder), Wanted())
    assert (counted.boxes_doubt, counted.moves_doubt) == ("", "")
