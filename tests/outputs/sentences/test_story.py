"""Sentences on what a run found: none claims more than its interval."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

from changedet.outputs.reasons import SWITCHED_OFF, TOO_COARSE
from changedet.outputs.sentences.facts import Sentence
from changedet.outputs.sentences.ground import REFUTED, is_within_error
from changedet.outputs.sentences.story import sentences, sentences_json, words_explained
from changedet.stages.objects.stage import choose
from changedet.stages.registry import Facts

DAYS = ["2023-03-12", "2023-06-12", "2023-12-17"]


def figure(value: float, low: float, high: float, date: str) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "date": date}


def table(clear: tuple[float, ...] = (1.0, 1.0, 1.0), days: list[str] = DAYS, **columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"date": days, "zone": [""] * len(days), "gsd_m": 0.5, "valid_fraction": list(clear), **columns}
    )


def summary(days: list[str] = DAYS, **more: Any) -> dict[str, Any]:
    return {"dates": days, "reference_date": days[0], "totals": {}, "onset": {}, **more}


def counts(*ends: tuple[float, float, float], peak: dict[str, Any] | None = None) -> dict[str, Any]:
    first, last = figure(*ends[0], DAYS[0]), figure(*ends[-1], DAYS[-1])
    return {"first": first, "last": last, "peak": peak or last}


def texts(found: dict[str, Any], rows: pd.DataFrame | None = None, **unavailable: str) -> dict[str, str]:
    told = sentences(found, table() if rows is None else rows, unavailable)
    return {one.about: one.text for one in told}


def test_sentences_say_that_containers_rose_only_where_the_intervals_lie_apart() -> None:
    rose = summary(totals={"containers": counts((41, 37, 44), (139, 127, 150))})
    said = texts(rose)["containers"]
    assert said == "Containers rose from 41 (37–44) on 12 March to 139 (127–150) on 17 December 2023."
    fell = summary(totals={"containers": counts((139, 127, 150), (41, 37, 44))})
    assert "fell from 139 (127–150)" in texts(fell)["containers"]
    same = summary(totals={"containers": counts((41, 37, 46), (50, 45, 60))})
    said = texts(same)["containers"]
    assert said == (
        "Containers show no change beyond their error, with 41 (37–46) on 12 March and 50 (45–60) on 17 December 2023."
    )


def test_sentences_never_deny_a_net_change_that_the_table_shows_beyond_its_error() -> None:
    ends = counts((95.0, 79.8, 125.1), (133.4, 111.4, 184.5)) | {"net_change": figure(38.4, 1.1, 91.7, DAYS[-1])}
    said = texts(summary(totals={"containers": ends}))["containers"]
    assert said == ("Containers rose by 38 (1–92), from 95 (80–125) on 12 March to 133 (111–185) on 17 December 2023.")
    grew = {"containers": {"date": DAYS[1], "low": "2023-03-13", "high": DAYS[1], "probability": 0.97}}
    said = texts(summary(totals={"containers": ends}, onset=grew))["containers"]
    assert said.endswith("; growth began between 13 March and 12 June 2023 (extremely likely).")
    fewer = counts((505.1, 444.7, 599.0), (432.7, 381.7, 516.7)) | {"net_change": figure(-72.3, -146.7, -3.1, DAYS[-1])}
    said = texts(summary(totals={"containers": fewer}, onset=grew))["containers"]
    assert said.startswith("Containers fell by 72 (3–147), from 505 (445–599)")
    assert "growth" not in said
    may_be_none = ends | {"net_change": figure(38.4, -0.6, 91.7, DAYS[-1])}
    said = texts(summary(totals={"containers": may_be_none}))["containers"]
    assert said.startswith("Containers show no change beyond their error")


def test_sentences_tell_a_fall_or_rise_between_ends_that_are_alike() -> None:
    most = figure(68, 52, 76, DAYS[1])
    fell = texts(summary(totals={"containers": counts((52, 38, 58), (40, 35, 47), peak=most)}))["containers"]
    assert fell.endswith("and 40 (35–47) on 17 December 2023; they fell from 68 (52–76) on 12 June 2023.")
    rose = texts(summary(totals={"containers": counts((40, 35, 47), (52, 38, 58), peak=most)}))["containers"]
    assert rose.endswith("and 52 (38–58) on 17 December 2023; they had risen to 68 (52–76) on 12 June 2023.")
    told = texts(summary(totals={"containers": counts((62, 50, 70), (40, 35, 47), peak=most)}))["containers"]
    assert told == "Containers fell from 62 (50–70) on 12 March to 40 (35–47) on 17 December 2023."


def test_sentences_say_what_figures_have_of_the_ground_that_the_last_look_hides() -> None:
    cut = table((1.0, 1.0, 0.31))
    stood = {"containers": counts((41, 37, 44), (139, 127, 150))}
    counted = "the last shows 31 % of the site, what it hides is counted as the looks before show it"
    assert texts(summary(totals=stood), cut)["looks"].endswith(f"{counted}.")
    snowy = texts(summary(totals=stood), table((1.0, 0.0, 0.31)))["looks"]
    assert snowy.endswith(f"{counted}; 12 June shows nothing of the site.")
    moved = moves((52, 21, 75), (14, 0, 28))
    assert texts(summary(totals=stood | moved), cut)["looks"].endswith(
        f"{counted}, and what came or left there since is in no arrival or departure."
    )
    stood["containers"]["last"]["date"] = DAYS[1]
    assert texts(summary(totals=stood | moved), cut)["looks"].endswith("the last shows 31 % of the site."), (
        "not counted"
    )


def test_sentences_say_of_counts_that_may_be_none_only_how_many_there_are_at_most() -> None:
    found = summary(totals={"containers": counts((1.4, 0, 5.6), (0.7, 0, 3.4))})
    said = texts(found)["containers"]
    assert said == "No containers beyond error: at most 6 on 12 March and at most 3 on 17 December 2023."
    grew = summary(totals={"containers": counts((0.2, 0, 2), (96, 87, 107))})
    assert "rose from 0 (0–2)" in texts(grew)["containers"]


def test_sentences_do_not_deny_boxes_that_every_look_shows_though_none_is_in_the_lower_bound() -> None:
    ends = counts((19.9, 0, 25.5), (19.9, 0, 26.2))
    told = "No containers beyond doubt: at most 26 stood there on 17 December 2023, and all that are detected may be"
    assert texts(summary(totals={"containers": ends}))["containers"].startswith(told)
    single = {"containers": {"first": ends["last"], "last": ends["last"]}}
    assert texts(summary(totals=single))["containers"].startswith(told)
    sure = {"containers": ends | {"peak": figure(60.0, 40, 80.0, DAYS[1])}}
    assert "after 60 (40–80) on 12 June" in texts(summary(totals=sure))["containers"]


def test_sentences_say_of_a_single_look_once_that_nothing_is_compared() -> None:
    alone = summary(days=DAYS[:1])
    rows = table((1.0,), days=DAYS[:1])
    told = texts(alone, rows, changed_area_m2="a single date: nothing is compared")
    assert " ".join(told.values()).count("nothing is compared") == 1
    told = texts(summary(), changed_area_m2="no band is shared")
    assert told["changed_area"] == "No change is measured: no band is shared."


def test_sentences_say_where_boxes_may_all_be_something_else() -> None:
    doubt = "and no look shows most of them for sure: they may all be something else of a container's size."
    ends = counts((27.2, 0, 67.4), (25.1, 0, 50))
    said = texts(summary(totals={"containers": ends}, none_is_sure=True))["containers"]
    assert said == f"No containers beyond doubt: at most 67 stood there on 12 March 2023, {doubt}"
    peak = {"containers": ends | {"peak": figure(40.0, 0, 80.0, DAYS[1])}}
    assert "at most 80 stood there on 12 June 2023" in texts(summary(totals=peak, none_is_sure=True))["containers"]
    few = summary(totals={"containers": counts((1.4, 0, 9), (2.4, 0, 16))}, none_is_sure=True)
    assert texts(few)["containers"].startswith("No containers beyond error: at most 9 on 12 March")
    one = figure(27.2, 0, 67.4, DAYS[0])
    single = summary(totals={"containers": {"first": one, "last": one}}, none_is_sure=True)
    assert texts(single)["containers"] == said
    # A zone of sure boxes bounds the whole site from below.
    sure = figure(214.0, 57, 395, DAYS[0])
    said = texts(summary(totals={"containers": {"first": sure, "last": sure}}, none_is_sure=True))["containers"]
    assert said.startswith("Between 57 and 395 containers stood there on 12 March 2023: no look shows most of them for")


def test_sentences_say_since_when_containers_rose_and_zones_do_not_say_it_again() -> None:
    began = {"date": DAYS[1], "low": "2023-03-13", "high": DAYS[1], "probability": 0.97}
    rose = counts((41, 37, 44), (139, 127, 150))
    onset = {"containers": began}
    east = {"containers": counts((0, 0, 2), (97, 92, 102)), "onset": {"containers": began}}
    later = began | {"low": "2023-06-13", "high": DAYS[2]}
    west = {"containers": counts((0, 0, 2), (30, 25, 35)), "onset": {"containers": later}}
    said = texts(summary(totals={"containers": rose}, onset=onset, zones={"east": east, "west": west}))
    assert said["containers"].endswith(
        "to 139 (127–150) on 17 December 2023; growth began between 13 March and 12 June 2023 (extremely likely)."
    )
    assert said["zones"] == (
        "By zone: east from 0 (0–2) to 97 (92–102) containers; west from 0 (0–2) to 30 (25–35) containers, growth "
        "began between 13 June and 17 December 2023 (extremely likely)."
    )
    fell = summary(totals={"containers": counts((139, 127, 150), (41, 37, 44))}, onset=onset)
    assert "growth" not in texts(fell)["containers"]


def test_sentences_tell_growth_that_all_looks_show_together_and_a_peak_beyond_both_ends() -> None:
    began = {"date": DAYS[1], "low": "2023-03-13", "high": DAYS[1], "probability": 0.97}
    found = summary(totals={"containers": counts((41, 37, 46), (50, 45, 60))}, onset={"containers": began})
    assert texts(found)["containers"] == (
        "All looks together show that containers grew in number, beginning between 13 March and 12 June 2023 "
        "(extremely likely); the first and the last look alone leave it open, with 41 (37–46) on 12 March and "
        "50 (45–60) on 17 December 2023."
    )
    high = figure(180, 170, 190, DAYS[1])
    found = summary(totals={"containers": counts((41, 37, 46), (50, 45, 60), peak=high)})
    assert "after 180 (170–190) on 12 June 2023" in texts(found)["containers"]
    low = figure(62, 58, 70, DAYS[1])
    found = summary(totals={"containers": counts((41, 37, 46), (50, 45, 60), peak=low)})
    assert "after" not in texts(found)["containers"]


def claim(about: str, value: float, zone: str = "") -> dict[str, Any]:
    return {"kind": "at_least", "about": about, "zone": zone, "value": value}


def moves(came: tuple[float, float, float], left: tuple[float, float, float]) -> dict[str, Any]:
    return {"arrivals": figure(*came, DAYS[2]), "departures": figure(*left, DAYS[2])}


def test_sentences_tell_turnover_by_what_may_be_claimed() -> None:
    totals = {"containers": counts((41, 37, 46), (44, 40, 49)), **moves((40, 31.7, 50), (35, 28.9, 44))}
    found = texts(summary(totals=totals, claims=[claim("arrivals", 31.7), claim("departures", 28.9)]))
    assert found["turnover"] == (
        "The net change hides turnover: at least 32 containers arrived and 29 left between the looks; the best "
        "estimates are 40 (32–50) and 35 (29–44)."
    ), "the same bound is the same number"


def test_sentences_say_why_what_left_is_more_than_the_count_fell_by() -> None:
    stood = {"containers": counts((258, 215, 342), (257, 218, 335))}
    said = texts(summary(totals=stood | moves((180, 62, 285), (242, 100, 320))))["turnover"]
    assert said.endswith("those taken from the top of others do not lower them.")


def test_sentences_say_why_what_came_is_more_than_the_count_rose_by() -> None:
    set_on_others = ". Counts are of the boxes seen from above: those set on top of others do not raise them."
    stood = {"containers": counts((41, 37, 46), (138, 126, 150))}
    said = texts(summary(totals=stood | moves((136, 84, 169), (4, 0, 46))))["turnover"]
    assert said == f"Between the looks about 136 (84–169) containers arrived and 4 (0–46) left{set_on_others}"
    for came in (101, 105):
        said = texts(summary(totals=stood | moves((came, 84, 169), (4, 0, 46))))["turnover"]
        assert said.endswith("4 (0–46) left."), "97 is what the count rose by, and the sum is not beyond rounding"
    fewer = texts(summary(totals=stood | moves((60, 50, 169), (4, 0, 46))))["turnover"]
    assert fewer.endswith("left."), "nothing was set on top"
    hidden = texts(summary(totals=stood | moves((136, 84, 169), (4, 0, 46))), table((1.0, 1.0, 0.3)))["turnover"]
    assert hidden.endswith("4 (0–46) left."), "what came or left on what the last look hides is in neither"


def test_sentences_tell_turnover_by_best_estimates_where_not_both_may_be_claimed() -> None:
    stood = {"containers": counts((257, 182, 475), (253, 175, 366))}
    of_a_port = moves((140.0, 34.1, 234.1), (138.8, 31.8, 224.7))
    told = "Between the looks about 140 (34–234) containers arrived and 139 (32–225) left."
    assert texts(summary(totals=stood | of_a_port))["turnover"] == told
    stood = {"containers": counts((257, 182, 475), (295, 175, 366))}
    growing = moves((52.4, 21.2, 74.9), (14.4, 0.2, 27.9))
    told = "Between the looks about 52 (21–75) containers arrived and 14 (0–28) left."
    assert texts(summary(totals=stood | growing, claims=[claim("arrivals", 31)]))["turnover"] == told


def test_sentences_tell_no_turnover_where_both_may_be_next_to_nothing() -> None:
    stood = {"containers": counts((140, 118, 161), (139, 114, 173))}
    assert "turnover" not in texts(summary(totals=stood | moves((2.7, 0, 17.8), (6, 2.9, 17))))


def test_sentences_on_ground_name_what_was_laid_when_and_the_first_boxes() -> None:
    began = {"low": "2023-04-27", "high": DAYS[1], "probability": 0.999}
    laid = {**figure(7623, 6911, 8299, DAYS[1]), "kind": "yard", "began": began, "boxes_by": "2023-07-24"}
    assert texts(summary(new_ground=laid))["ground"] == (
        "A yard of about 7,620 m² (6,910–8,300) was laid between 27 April and 12 June 2023 (virtually certain); "
        "the first boxes stood on it by 24 July."
    )
    uncertain = summary(new_ground={**laid, "low": 0.0})
    assert "ground" not in texts(uncertain), "what may be nothing is not told of as laid"


def test_sentences_on_new_ground_tell_how_much_differs_in_all_where_surely_more_does() -> None:
    began = {"low": "2023-03-13", "high": DAYS[1], "probability": 0.999}
    laid = {**figure(2438, 1021, 3612, DAYS[1]), "kind": "building", "began": began, "since": DAYS[0]}
    rows = table(
        changed_area_m2=[None, 2271.0, 4583.0],
        changed_area_low_m2=[None, 1659.0, 3508.0],
        changed_area_high_m2=[None, 4970.0, 9061.0],
    )
    told = sentences(summary(new_ground=laid), rows, {})[0]
    assert told.text == (
        "A building, or more than one, of about 2,440 m² (1,020–3,610) was put up between 13 March and 12 June 2023 "
        "(virtually certain); in all, about 4,580 m² (3,510–9,060) of the ground differed on 17 December 2023 from "
        "what stood there on 12 March."
    )
    assert told.dates == (DAYS[1], DAYS[2])
    same = texts(summary(new_ground=laid), rows.assign(changed_area_low_m2=[None, 1659.0, 2400.0]))["ground"]
    assert "in all" not in same, "what may be the new ground itself is not told again"
    later = texts({**summary(new_ground=laid), "reference_date": DAYS[1]}, rows)["ground"]
    assert "in all" not in later, "a reference that shows the new ground is compared with other ground"


def test_sentences_tell_of_other_boxes_where_they_are_many_beside_the_count() -> None:
    stood = summary(totals={"containers": counts((6.0, 4, 10), (21.0, 17, 27))})
    said = texts(stood, table(other_boxes=[11, 9, 6]))
    assert said["other_boxes"] == (
        "Not counted are other boxes as wide as containers, such as trailers and wagons: 11 on 12 March 2023."
    )
    both = texts(stood, table(other_boxes=[11, 9, 16]))["other_boxes"]
    assert both.endswith(": 11 on 12 March and 16 on 17 December 2023.")
    assert "other_boxes" not in texts(stood, table(other_boxes=[4, 9, 10])), "some lorries stand at any gate"
    assert "other_boxes" not in texts(summary(), table(other_boxes=[11, 9, 16])), "where containers are not counted"


def test_sentences_on_changed_area_claim_none_where_the_interval_reaches_nothing() -> None:
    rows = table(
        changed_area_m2=[None, 20.0, 3300.0],
        changed_area_low_m2=[None, 0.0, 2800.0],
        changed_area_high_m2=[None, 90.0, 4100.0],
    )
    said = texts(summary(), rows)["changed_area"]
    assert said.startswith("About 3,300 m² (2,800–4,100) of the ground differed on 17 December 2023")
    rows["changed_area_low_m2"] = [None, 0.0, 0.0]
    assert "shows no change beyond error" in texts(summary(), rows)["changed_area"]
    grid = {"resolution_m": 0.5, "shape": [520, 520]}
    assert (
        "shows no change beyond error"
        in texts(summary(grid=grid), rows.assign(changed_area_high_m2=600.0))["changed_area"]
    ), "of 6.8 ha"
    vague = texts(summary(grid=grid), rows.assign(changed_area_high_m2=9000.0))["changed_area"]
    assert vague.startswith(
        "Whether the ground changed from 12 March to 17 December 2023 cannot be told: 3,300 m² (0–9"
    )
    little = texts(summary(grid=grid), rows.assign(changed_area_high_m2=4100.0))["changed_area"]
    assert little == (
        "The ground shows no sure change from 12 March to 17 December 2023, and at most 4,100 m² of it differs: "
        "3,300 m² (0–4,100) is marked."
    )
    assert is_within_error(little)
    small = rows.assign(changed_area_m2=30.0, changed_area_high_m2=1535.2)
    assert "at most 1,535 m² of it differs: 30 m² (0–1,535)" in texts(summary(grid=grid), small)["changed_area"]
    bare = rows.assign(changed_area_high_m2=4100.0)
    told = texts(summary(grid=grid, bared_m2={DAYS[-1]: 500.0}), bare)["changed_area"]
    assert told == f"{little[:-1]}; another 500 m² bore plants and is bare, which cannot be told from ploughing."
    assert texts(summary(grid=grid, bared_m2={DAYS[-1]: 300.0}), bare)["changed_area"] == little, "by other causes"
    assert texts(summary(grid=grid, bared_m2={DAYS[1]: 500.0}), bare)["changed_area"] == little, "an earlier look"
    grey = texts(summary(), rows, earthworks="heaped earth is not seen")["changed_area"]
    assert grey.endswith("is marked; heaped earth is not seen.")
    cloudy = rows.assign(valid_fraction=[1.0, 1.0, 0.2])
    assert "to 12 June 2023" in texts(summary(), cloudy)["changed_area"], "the last look that shows most of the site"


def test_sentences_on_changed_area_are_no_surer_of_boxes_than_those_on_containers() -> None:
    rows = table(
        changed_area_m2=[None, 20.0, 3300.0],
        changed_area_low_m2=[None, 0.0, 2800.0],
        changed_area_high_m2=[None, 90.0, 4100.0],
    )
    sure = texts(summary(totals=moves((0.4, 0, 2), (14, 3, 28))), rows)["changed_area"]
    assert sure.endswith("12 March, including boxes that came or left."), "departures alone"
    doubt = summary(totals=moves((5, 0, 12), (14, 0, 28)))
    assert texts(doubt, rows)["changed_area"].endswith("12 March; some of it may be boxes that came or left.")
    nearly = summary(totals=moves((6, 0.65, 16), (0, 0, 6)))
    assert texts(nearly, rows)["changed_area"].endswith("may be boxes that came or left."), "as the chips' caution says"
    grew = nearly | {"onset": {"containers": {"date": DAYS[1], "low": "2023-03-13", "high": DAYS[1], "probability": 1}}}
    assert texts(grew, rows)["changed_area"].endswith(", including boxes that came or left.")
    assert texts(doubt | {"none_is_sure": True}, rows)["changed_area"].endswith("stood there on 12 March.")
    wide = rows.assign(changed_area_m2=[None, 20.0, 33e3], changed_area_high_m2=[None, 90.0, 41e3])
    earth = wide.assign(changed_area_low_m2=[None, 0.0, 28e3])
    assert texts(doubt, earth)["changed_area"].endswith("stood there on 12 March."), "40 boxes are 1,200 m2 of it"


def test_sentences_on_changed_area_say_of_what_part_of_the_site_they_tell() -> None:
    areas = {"changed_area_m2": [None, 20.0], "changed_area_high_m2": [None, 90.0]}
    none, some = ({**areas, "changed_area_low_m2": [None, low]} for low in (0.0, 10.0))

    def said(clear: tuple[float, float], columns: dict[str, Any]) -> str:
        return texts(summary(DAYS[:2]), table(clear, DAYS[:2], **columns))["changed_area"]

    assert "to 12 June 2023: 20 m² (0–90) is marked" in said((1.0, 0.9), none)
    assert "to 12 June 2023, on the 58 % of the site that this look shows: 20 m²" in said((1.0, 0.58), none)
    assert "to 12 June 2023, on the 34 % of the site at most that both looks show: 20 m²" in said((0.34, 0.4), none)
    assert "stood there on 12 March, on the 34 % of the site at most that both looks show" in said((0.34, 1.0), some)
    assert "on the 70 % of the site at most that both looks show" in said((0.7, 0.7), some), "each hides a part"
    assert "stood there on 12 March, on the 58 % of the site that this look shows" in said((0.95, 0.58), some)


def test_sentences_on_ground_do_not_tell_of_growth_that_the_changed_ground_refutes() -> None:
    why = f"built ground seems to grow from 2023-06-12, but what is built is changed ground, and {REFUTED}"
    refuted = {"footprint": {"date": None, "reason": why}}
    rose = {"footprint_area_m2": counts((2655, 2123, 3705), (4570, 4190, 4757))}
    assert "rose from 2,660 m²" in texts(summary(totals=rose))["ground"]
    assert "ground" not in texts(summary(totals=rose, onset=refuted))
    fell = {"footprint_area_m2": counts((4570, 4190, 4757), (2655, 2123, 3705))}
    assert "fell" in texts(summary(totals=fell, onset=refuted))["ground"]


def test_sentences_give_the_reason_where_nothing_is_counted_but_not_for_what_was_switched_off() -> None:
    coarse = texts(summary(), containers="cannot be counted: no scene is finer than 1.2 m")
    assert coarse["containers"] == "Containers cannot be counted here: no scene is finer than 1.2 m."
    far = texts(summary(), containers="not estimated: every look hides the site")["containers"]
    assert far == "Containers cannot be counted here: every look hides the site."
    unwanted = summary(unavailable_codes={"containers": SWITCHED_OFF, "changed_area_m2": SWITCHED_OFF})
    assert not {"containers", "changed_area"} & texts(unwanted, containers="not", changed_area_m2="not").keys()


def test_sentences_say_that_coarse_pixels_do_not_show_what_comes_and_goes_on_a_yard() -> None:
    reason = choose(Facts(10.0, ("blue", "green", "red", "nir"), gsd_m=(10.0,))).reason
    found = summary(unavailable_codes={"containers": TOO_COARSE})
    told = texts(found, containers=f"cannot be counted: {reason}")["containers"]
    assert told.startswith("Containers cannot be counted here: in pixels of 10 m a container is 0.24 pixels wide")
    assert told.endswith(" What comes and goes on built ground is not part of what changed, either.")


def test_sentences_begin_with_what_was_found_where_containers_cannot_be_counted() -> None:
    began = {"low": "2023-03-13", "high": "2023-06-12", "probability": 0.999}
    laid = {"value": 2.66e7, "low": 0.84e7, "high": 6.26e7, "date": DAYS[-1], "shape": "slope", "began": began}
    told = sentences(summary(new_ground=laid), table(), {"containers": "cannot be counted: no scene is fine enough"})
    assert [one.about for one in told] == ["ground", "containers", "looks"]
    assert told[0].text.startswith("About 26.6 km² (8.4–62.6) of ground was newly built on up to 17 December 2023")
    counted = summary(new_ground=laid, totals={"containers": counts((41, 37, 44), (139, 127, 150))})
    assert [one.about for one in sentences(counted, table())] == ["containers", "ground", "looks"]


@pytest.mark.parametrize(("low", "about"), [(440.0, "changed_area"), (4_200.0, "ground")])
def test_sentences_on_ground_built_bit_by_bit_give_way_to_a_narrower_changed_area(low: float, about: str) -> None:
    began = {"low": "2023-03-13", "high": "2023-06-12", "probability": 0.999}
    laid = figure(8_840, low, 9_300, DAYS[-1]) | {"shape": "slope", "began": began}
    changed = {"last": figure(6_800, 5_300, 13_400, DAYS[-1])}
    found = texts(summary(new_ground=laid, totals={"changed_area_m2": changed}))
    assert about in found
    assert len({"changed_area", "ground"} & found.keys()) == 1
    yard = summary(new_ground=laid | {"shape": "step", "kind": "yard"}, totals={"changed_area_m2": changed})
    assert texts(yard)["ground"].startswith("A yard of about 8,840 m²")


def test_sentences_of_one_look_compare_nothing() -> None:
    day = DAYS[:1]
    one = figure(41, 37, 44, day[0])
    rows = table((0.98,), day)
    found = texts(summary(day, totals={"containers": {"first": one, "last": one, "peak": one}}), rows)
    assert found["containers"] == "41 (37–44) containers stood there on 12 March 2023."
    none = figure(0.2, 0, 3, day[0])
    found = texts(summary(day, totals={"containers": {"first": none, "last": none, "peak": none}}), rows)
    assert found["containers"] == "No containers beyond error: at most 3 on 12 March 2023."
    assert found["looks"] == "From one look, 12 March 2023, in pixels of 0.5 m: nothing is compared."


def test_sentences_on_looks_name_what_is_hidden_and_unlike() -> None:
    found = summary(familiarity={DAYS[1]: {"distance": 0.8}, DAYS[0]: {"distance": 0.2}})
    said = texts(found, table((1.0, 0.66, 1.0)))["looks"]
    assert "12 June shows 66 % of the site" in said
    assert "12 June is unlike most scenes that the models know: its interval is widened" in said
    found["familiarity"] = {DAYS[1]: {"distance": 1.3}}
    assert "12 June is too unlike the scenes that the models know to be counted" in texts(found)["looks"]
    found["familiarity"] = {DAYS[1]: {"distance": 1.3, "refused": False}}
    assert "12 June is unlike most scenes that the models know: its interval is widened" in texts(found)["looks"]
    found["familiarity"] = {day: {"distance": 0.8} for day in DAYS}
    assert "; all are unlike most scenes that the models know: their intervals are widened" in texts(found)["looks"]
    found["familiarity"] = {day: {"distance": 1.3} for day in DAYS}
    assert "; all are too unlike the scenes that the models know to be counted" in texts(found)["looks"]
    odd = texts(summary(other_ground=DAYS[0]))["looks"]
    assert (
        "12 March shows none of the ground that the others show, so that no change since then is claimed: check that "
        "it is of this place" in odd
    )
    aslant = texts(summary(oblique={DAYS[1]: 31.2}))["looks"]
    assert (
        "12 June is taken 31° off nadir, farther aslant than the models know: intervals of all looks are widened"
        in aslant
    )
    coarse = table(containers=[41.0, None, 139.0]).assign(gsd_m=[0.5, 3.0, 0.8])
    assert "12 June is too coarse for containers to be counted" in texts(summary(), coarse)["looks"]
    assert "coarse" not in texts(summary(), coarse.assign(gsd_m=0.5))["looks"]
    assert "the last shows 31 % of the site" in texts(summary(), table((1.0, 1.0, 0.31)))["looks"]
    assert "the last shows nothing of the site" in texts(summary(), table((1.0, 1.0, 0.004)))["looks"]
    some = texts(summary(), table((0.001, 0.6, 0.95)))["looks"]
    assert "12 June shows 60 % of the site, 12 March shows nothing of it" in some
    assert "12 March shows nothing of the site" in texts(summary(), table((0.0, 1.0, 1.0)))["looks"]
    assert (
        "12 March and 12 June show only a part of the site, 31 % at least"
        in texts(summary(), table((0.6, 0.31, 0.95)))["looks"]
    )


def test_sentences_on_looks_do_not_call_clear_what_is_blank() -> None:
    assert texts(summary())["looks"].endswith("all of them clear.")
    said = texts(summary(fill={DAYS[1]: {"value": 0.0, "share": 0.493}}))["looks"]
    assert "12 June is blank on 49 % of what it shows, which is compared and counted as ground" in said
    both = {day: {"value": 0.0, "share": share} for day, share in zip(DAYS, (0.1, 0.493), strict=False)}
    said = texts(summary(fill=both))["looks"]
    assert "12 March and 12 June are blank on up to 49 % of what they show" in said
    assert "clear" not in said


def test_sentences_write_years_where_only_years_are_known() -> None:
    days = ["1985-01-01", "1990-01-01", "2020-01-01"]
    rows = table(
        days=days,
        changed_area_m2=[None, 1.0e7, 2.72e7],
        changed_area_low_m2=[None, 0.5e7, 1.4e7],
        changed_area_high_m2=[None, 2e7, 5.2e7],
    )
    began = {"date": "1990-01-01", "low": "1985-01-02", "high": "1990-01-01", "probability": 0.93}
    said = texts(summary(days, onset={"changed_area": began}), rows)["changed_area"]
    assert said == (
        "About 27.2 km² (14.0–52.0) of the ground differed in 2020 from what stood there in 1985; lasting change began "
        "between 1985 and 1990 (very likely)."
    )


def test_sentences_call_no_change_lasting_that_the_last_look_alone_shows() -> None:
    rows = table(
        changed_area_m2=[None, 100.0, 3170.0],
        changed_area_low_m2=[None, 0.0, 2330.0],
        changed_area_high_m2=[None, 300.0, 5220.0],
    )
    began = {"date": DAYS[2], "low": DAYS[1], "high": DAYS[2], "probability": 1.0}
    said = texts(summary(onset={"changed_area": began}), rows)["changed_area"]
    assert said.endswith("; so much is seen on that look alone, and may not last.")
    assert "lasting" not in said
    said = texts(summary(onset={"changed_area": began | {"high": DAYS[1]}}), rows)["changed_area"]
    assert "lasting change began" in said


@pytest.mark.parametrize("other", ["containers", "footprint", None])
def test_sentences_call_change_lasting_where_boxes_or_built_ground_bear_it_out(other: str | None) -> None:
    rows = table(
        changed_area_m2=[None, 1300.0, 2110.0],
        changed_area_low_m2=[None, 900.0, 1610.0],
        changed_area_high_m2=[None, 2600.0, 4050.0],
        containers_expected=[8.0, 9.0, 8.0],
    )
    began = {"date": DAYS[1], "low": "2023-03-13", "high": DAYS[1], "probability": 1.0}
    onsets = {"changed_area": began} | ({other: began} if other else {})
    said = texts(summary(onset=onsets), rows)["changed_area"]
    assert ("lasting change began" in said and "certain" in said) is bool(other)
    assert ("it began between 13 March and 12 June 2023 by the marks alone" in said) is not other
    # Where no boxes can be counted nothing could bear it out.
    uncounted = rows.drop(columns="containers_expected")
    assert "lasting change began" in texts(summary(onset={"changed_area": began}), uncounted)["changed_area"]


@pytest.mark.parametrize(("dated", "said"), [(True, "1.26 ha (0.67–2.74)"), (False, "no change beyond error")])
def test_sentences_tell_of_the_last_look_that_shows_a_lasting_change_for_sure(dated: bool, said: str) -> None:
    days = [*DAYS, "2024-02-01"]
    rows = table(
        (1.0, 1.0, 1.0, 0.83),
        days,
        changed_area_m2=[None, 9300.0, 12600.0, 988.0],
        changed_area_low_m2=[None, 4300.0, 6700.0, 0.0],
        changed_area_high_m2=[None, 15000.0, 27400.0, 1731.0],
    )
    began = {"date": DAYS[1], "low": "2023-05-22", "high": DAYS[1], "probability": 1.0}
    text = texts(summary(days, onset={"changed_area": began} if dated else {}), rows)["changed_area"]
    assert said in text
    assert ("17 December 2023" in text and "lasting change began between 22 May" in text) is dated


def test_sentences_on_zones_tell_of_those_that_changed_most() -> None:
    def zone(first: float, last: float, **more: Any) -> dict[str, Any]:
        ends = {
            "first": figure(first, first - 2, first + 2, DAYS[0]),
            "last": figure(last, last - 5, last + 5, DAYS[2]),
        }
        return {"containers": ends, "onset": {}, **more}

    began = {"date": DAYS[1], "low": "2023-03-13", "high": DAYS[1], "probability": 1.0}
    zones = {
        "west": zone(41, 42),
        "east": zone(0, 97, onset={"containers": began}),
        "south": zone(10, 30, full_since={"date": DAYS[0], "low": None, "high": DAYS[1]}),
        "north": zone(0, 12),
    }
    said = texts(summary(zones=zones, claims=[claim("arrivals", 61.2, "east"), claim("arrivals", 2.0, "north")]))[
        "zones"
    ]
    assert said == (
        "By zone: east from 0 (−2 to 2) to 97 (92–102) containers, at least 61 arrived, growth began between 13 March "
        "and 12 June 2023 (virtually certain); south from 10 (8–12) to 30 (25–35) containers, full from 12 June 2023 "
        "at the latest; north changed, too (see the table)."
    )
    assert "zones" not in texts(summary(zones={"west": zone(41, 42)}))
    full = zone(41, 42, full_since={"date": DAYS[0], "low": None, "high": DAYS[0]})
    assert texts(summary(zones={"Block 7": full}))["zones"].startswith("By zone: Block 7 with 42 (")
    # Marks of direction stand about it: without them a reader sees "(2–0) 0" before the name.
    arabic = "\u0633\u0627\u062d\u0629"
    assert f"By zone: \u200e{arabic}\u200e from 0 (" in texts(summary(zones={arabic: zone(0, 97)}))["zones"]
    maybe = zone(41, 42, full_since={"date": DAYS[0], "low": None, "high": None})
    assert "zones" not in texts(summary(zones={"west": maybe})), "what may not be full is not told as full"


def test_words_explained_are_those_that_are_used() -> None:
    began = {"low": "2023-04-27", "high": DAYS[1], "probability": 0.93}
    laid = {**figure(7623, 6911, 8299, DAYS[1]), "kind": "paving", "began": began, "boxes_by": None}
    told = sentences(summary(new_ground=laid), table(), {})
    assert "By the model, very likely means 90 to 95 %." in words_explained(told)
    bound = Sentence("turnover", "The net change hides turnover: at least 64 containers arrived", ())
    assert "Bounds after “at least” hold all at once" in words_explained([bound])
    assert "at least" not in words_explained([Sentence("looks", "2 of them show 45 % at least", ())])
    assert words_explained([]) == "Figures in brackets are 95 % intervals."
    assert all(set(one) == {"about", "text", "dates"} for one in sentences_json(told))


def test_every_sentence_has_its_dates_and_no_hole() -> None:
    found = summary(totals={"containers": counts((41, 37, 44), (139, 127, 150))})
    for one in sentences(found, table(), {}):
        assert set(one.dates) <= set(DAYS)
        assert not re.search(r"  | ,|None|nan|\(\)", one.text)
