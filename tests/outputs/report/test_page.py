"""report.html: figures with their intervals, nothing loaded from elsewhere, everything escaped."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from made_up_run import report_data

from changedet.outputs.report import page
from changedet.outputs.report.data import ReportData, unsure_days
from changedet.outputs.report.page import write_report
from changedet.outputs.sentences.facts import Sentence
from changedet.outputs.values import iso_date


def test_write_report_of_one_date_without_any_figure(tmp_path: Path) -> None:
    frame = pd.DataFrame({"date": ["2023-06-04"], "zone": [""]})
    write_report(tmp_path / "report.html", ReportData({"site": "a", "name": "A", "warnings": []}, frame))
    words = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert words.count("not available: the run gave no figure") >= 8


class Page(HTMLParser):
    """Tags, addresses and text of a report."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts, self.addresses, self.words, self.ids = 0, [], [], []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        assert not [name for name, _ in attrs if name.startswith("on")], "no inline handlers"
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "action", "data"}]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


ATTACK = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ 7 * 7 }}</style>"


def test_write_report_is_offline_small_and_escapes_what_a_stranger_wrote(made_up_run: Any) -> None:
    folder = made_up_run[0]
    write_report(folder / "report.html", report_data(folder, ATTACK))
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.scripts == 1
    links = [address for address in page.addresses if address.startswith("#")]
    loaded = [address for address in page.addresses if not address.startswith("#")]
    assert all(address.startswith("data:") for address in loaded)
    assert len(loaded) == 1 + 4 + 3
    assert "".join(page.words).count(ATTACK) >= 8, "it is shown, as text"
    assert len(text) < 8_000_000
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in text
    assert {link[1:] for link in links} <= set(page.ids), "every link leads somewhere"
    assert len(page.ids) == len(set(page.ids))


def words_of(path: Path) -> str:
    return " ".join("".join(Page(path.read_text(encoding="utf-8")).words).split())


def test_write_report_gives_each_figure_its_interval_and_says_what_is_not_to_be_had(made_up_run: Any) -> None:
    folder = made_up_run[0]
    write_report(folder / "report.html", report_data(folder))
    words = words_of(folder / "report.html")
    assert "22 (20–25)" in words
    assert "not available: objects: none Depot North" in words
    assert "not available: no size class" in words
    assert "not available, as containers are not" not in words, "of figures with the same reason alone"
    assert "growth began between 5 June and 4 July 2023 (extremely likely)" in words
    assert "Footprint: no onset of growth: the last two dates lie within the error." in words
    assert "nan" not in words.lower().replace("provenance", "")
    assert "ab12" * 16 in words, "the whole SHA-256 of a scene"


def test_write_report_begins_with_the_answer_and_ends_with_methods(made_up_run: Any) -> None:
    folder = made_up_run[0]
    write_report(folder / "report.html", report_data(folder))
    words = words_of(folder / "report.html")
    answer = words.index("Containers rose from 4 (2–7) on 4 June to 22 (20–25) on 4 October 2023; growth")
    order = [answer, *(words.index(part) for part in ("Expected count with", "1 warning about", "Time line 4"))]
    assert order == sorted(order)
    assert words.index("Methods, and why these") > words.index("The site in figures")


def test_write_report_says_of_many_dates_from_which_to_which_a_sentence_rests(
    made_up_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = tuple(f"2023-0{month}-04" for month in range(1, 9))
    for dates, said in ((days, "4 January 2023 to 4 August 2023"), (days[:2], "4 January 2023 4 February 2023")):
        told = Sentence("turnover", "About 5 left.", dates)
        monkeypatch.setattr(page, "sentences", lambda *_, told=told: [told])
        write_report(tmp_path / "report.html", report_data(made_up_run[0]))
        assert f"About 5 left. {said}" in words_of(tmp_path / "report.html")


def test_write_report_says_of_which_looks_there_is_no_count(made_up_run: Any, tmp_path: Path) -> None:
    data = report_data(made_up_run[0])
    rows = data.timeseries.copy()
    counted = [name for name in rows if name.startswith("containers_")]
    rows.loc[1, counted] = float("nan")
    write_report(tmp_path / "report.html", replace(data, timeseries=rows))
    assert words_of(tmp_path / "report.html").count("no count of containers") == 1
    rows[counted] = float("nan")
    write_report(tmp_path / "report.html", replace(data, timeseries=rows))
    assert "no count of containers" not in words_of(tmp_path / "report.html")


def test_write_report_shows_the_changed_area_first_where_there_may_be_no_container(
    made_up_run: Any, tmp_path: Path
) -> None:
    data = report_data(made_up_run[0])
    few = data.timeseries.assign(containers_low=0.0)
    unsure = few.assign(changed_area_low_m2=0.0)
    for rows, first in ((data.timeseries, "Containers"), (few, "Changed area"), (unsure, "Containers")):
        write_report(tmp_path / "report.html", replace(data, timeseries=rows))
        text = (tmp_path / "report.html").read_text(encoding="utf-8")
        found = re.search(r'<figure class="card"><h3>([^<]*)</h3>', text)
        assert found is not None
        assert found[1] == first


def test_write_report_explains_grey_looks_where_there_are_any(made_up_run: Any, tmp_path: Path) -> None:
    data = report_data(made_up_run[0])
    for clear, told in ((1.0, False), (0.65, True)):
        rows = data.timeseries.assign(valid_fraction=clear)
        write_report(tmp_path / "report.html", replace(data, timeseries=rows))
        assert ("Grey looks hide a tenth" in words_of(tmp_path / "report.html")) == told


def test_write_report_compares_with_the_last_look_that_shows_most_of_the_site(made_up_run: Any, tmp_path: Path) -> None:
    data = report_data(made_up_run[0])
    days = sorted(data.quicklooks)
    last = data.timeseries["date"].map(iso_date) == days[-1]
    hidden = data.timeseries.assign(valid_fraction=data.timeseries["valid_fraction"].mask(last, 0.1))
    for rows, shown in ((data.timeseries, days[-1]), (hidden, days[-2])):
        write_report(tmp_path / "report.html", replace(data, timeseries=rows))
        later = (tmp_path / "report.html").read_text(encoding="utf-8").split('id="after"')[1].split("</select>")[0]
        assert re.findall(r'value="([^"]*)" selected', later) == [shown]


def test_write_report_hides_nothing_on_paper(made_up_run: Any) -> None:
    folder = made_up_run[0]
    write_report(folder / "report.html", report_data(folder))
    text = (folder / "report.html").read_text(encoding="utf-8")
    paper = text[text.index("@media print") : text.index("</style>")]
    assert "details::details-content { content-visibility: visible" in paper, "warnings are not left folded"
    assert re.search(r"nav, \.basis,[^{]*\{ display: none", paper), "links that lead nowhere on paper"
    assert ".strip { display: block; }" in paper, "a grid is cut through its pictures at the end of a page"
    assert "beforeprint" in text


def test_write_report_shows_the_figure_where_there_is_one(made_up_run: Any, tmp_path: Path) -> None:
    plain = report_data(made_up_run[0])
    sources = {"2023-06-04": {"sensor": "WV-3", "credit": "© Someone <b>", "licence": "", "show_pixels": False}}
    summary = {**plain.summary, "place": "Springfield <b>", "sources": sources}
    data = replace(plain, figure=b"\x89PNG figure", summary=summary)
    write_report(tmp_path / "report.html", data)
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    shown = "data:image/png;base64," + base64.b64encode(data.figure).decode()
    assert page.addresses.count(shown) == 1
    words = "".join(page.words)
    assert ", Springfield <b>" in words
    assert "WV-3; © Someone <b>" in words
    assert "Not shown, as their licence forbids it: 4 June 2023." in words


def test_write_report_names_columns_in_words(made_up_run: Any) -> None:
    folder = made_up_run[0]
    write_report(folder / "report.html", report_data(folder))
    words = words_of(folder / "report.html")
    assert "Containers expected" in words
    for name in ("containers_expected", "valid_fraction", "changed_area_m2", "gsd_m"):
        assert name not in words


def test_write_report_says_what_single_patches_may_be_where_no_change_is_beyond_error(
    made_up_run: Any, tmp_path: Path
) -> None:
    data = report_data(made_up_run[0])
    told = "single patches may be vehicles, aircraft or light"

    def written(low: float) -> str:
        area = data.timeseries.assign(changed_area_low_m2=low)
        write_report(tmp_path / "report.html", replace(data, timeseries=area))
        return words_of(tmp_path / "report.html")

    assert told not in written(1.0)
    assert told in written(0.0)


def test_unsure_days_are_those_whose_changed_area_is_within_its_error() -> None:
    rows = [("2023-06-04", "", None, None), ("2023-07-04", "", 40.0, 0.0), ("2023-08-04", "", 900.0, 300.0)]
    rows += [("2023-08-04", "yard", 10.0, 0.0), ("2023-09-04", "", 0.0, 0.0)]
    series = pd.DataFrame(rows, columns=["date", "zone", "changed_area_m2", "changed_area_low_m2"])
    assert unsure_days(series) == {"2023-07-04"}
    assert unsure_days(series[["date", "zone"]]) == set()


def test_what_is_drawn_pale_is_explained_where_it_is(made_up_run: Any) -> None:
    folder = made_up_run[0]
    given = report_data(folder)
    for low, explained in ((0.0, True), (1.0, False)):
        series = given.timeseries.assign(changed_area_m2=50.0, changed_area_low_m2=low)
        write_report(folder / "report.html", replace(given, timeseries=series))
        assert ("pale: small patches" in (folder / "report.html").read_text(encoding="utf-8")) == explained


def test_a_page_of_a_single_look_speaks_of_no_comparison(made_up_run: Any, tmp_path: Path) -> None:
    data = report_data(made_up_run[0])
    day = data.summary["dates"][-1]
    rows = data.timeseries[data.timeseries["date"].astype(str).str[:10] == day]
    claim = {"kind": "at_least", "about": "containers", "zone": "", "date": day, "value": 3.0, "rows": {"dates": [day]}}
    summary = {**data.summary, "dates": [day], "reference_date": day, "claims": [claim], "robust": None}
    alone = replace(data, summary=summary, timeseries=rows, overlays={}, quicklooks={day: data.quicklooks[day]})
    write_report(tmp_path / "one.html", alone)
    words = words_of(tmp_path / "one.html")
    assert "At least 3 containers" in words
    for untrue in ("differs from the reference", "(reference)", "another reference date"):
        assert untrue not in words
    write_report(tmp_path / "all.html", replace(data, summary={**data.summary, "claims": [claim], "robust": None}))
    words = words_of(tmp_path / "all.html")
    assert "Magenta: differs from the reference date" in words
    assert "another reference date" in words
