"""report.html: figures with their intervals, nothing loaded from elsewhere, everything escaped."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
from made_up_run import report_data

from changedet.outputs.report.data import ReportData
from changedet.outputs.report.page import write_report


def test_write_report_of_one_date_without_any_figure(tmp_path: Path) -> None:
    frame = pd.DataFrame({"date": ["2023-06-04"], "zone": [""]})
    write_report(tmp_path / "report.html", ReportData("a", "A", {}, frame))
    words = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert words.count("not available: the run gave no figure") >= 8


class Page(HTMLParser):
    """Tags, addresses and text of a report."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts, self.addresses, self.words = 0, [], []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        assert not [name for name, _ in attrs if name.startswith("on")], "no inline handlers"
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
    assert all(address.startswith("data:") for address in page.addresses)
    assert len(page.addresses) == 1 + 4 + 3
    assert "".join(page.words).count(ATTACK) >= 10, "it is shown, as text"
    assert len(text) < 6_000_000
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in text


def test_write_report_gives_each_figure_its_interval_and_says_what_is_not_to_be_had(made_up_run: Any) -> None:
    folder = made_up_run[0]
    write_report(folder / "report.html", report_data(folder))
    words = " ".join("".join(Page((folder / "report.html").read_text(encoding="utf-8")).words).split())
    assert "22 (20 to 25)" in words
    assert "not available: objects: none Depot North" in words
    assert "not available: no size class" in words
    assert (
        "Growth of the number of containers began on 2023-07-04 (between 2023-06-05 and 2023-07-04, probability 97 %)."
        in words
    )
    assert "No onset of growth in the footprint, because the last two dates lie within the error." in words
    assert "net change +18 (14 to 22), more than its error" in words
    assert "nan" not in words.lower().replace("provenance", "")
