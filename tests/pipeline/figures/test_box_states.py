"""What became of boxes between two dates: only what a clear look tells is said."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from changedet.outputs.figure.styles import BOX_WORDS
from changedet.outputs.figure.timelapse import _WORDS
from changedet.pipeline.figures.box_states import boxes_between

DAYS = ("2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01")


def tracks(*rows: tuple[int, str, str, str | None, str | None]) -> gpd.GeoDataFrame:
    columns = ["track_id", "first_seen", "last_seen", "not_before", "not_after"]
    table = pd.DataFrame(list(rows), columns=columns).assign(kind="40ft")
    for name in columns[1:]:
        table[name] = pd.to_datetime(table[name], utc=True)
    return gpd.GeoDataFrame(table, geometry=[shapely.Point(row[0], 0) for row in rows])


def containers(*rows: tuple[int | None, str]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(list(rows), columns=["track_id", "date"]).assign(kind="40ft")
    table["track_id"] = table["track_id"].astype("Int64")
    table["date"] = pd.to_datetime(table["date"], utc=True)
    return gpd.GeoDataFrame(table, geometry=[shapely.box(row[0] or 0, 0, (row[0] or 0) + 1, 1) for row in rows])


@pytest.mark.parametrize(
    ("first", "last", "not_before", "not_after", "expected"),
    [
        (0, 3, None, None, ("stayed", "stayed")),
        (0, 1, None, 2, ("left", None)),
        (0, 1, None, None, ("unclear", None)),
        (0, 1, None, 3, ("unclear", None)),
        (2, 3, 0, None, (None, "arrived")),
        (2, 3, 1, None, (None, "arrived")),
        (2, 3, None, None, (None, "unclear")),
    ],
)
def test_boxes_between_says_what_clear_looks_tell(
    first: int, last: int, not_before: int | None, not_after: int | None, expected: tuple[str | None, str | None]
) -> None:
    def day(index: int | None) -> str | None:
        return None if index is None else DAYS[index]

    followed = tracks((1, DAYS[first], DAYS[last], day(not_before), day(not_after)))
    seen = containers(*((1, DAYS[k]) for k in range(first, last + 1)))
    found = boxes_between(seen, followed, DAYS[0], DAYS[2])
    assert tuple(next(iter(part), None) for part in found) == expected
    assert all(len(shapes) == 1 for part in found for shapes in part.values())


def test_a_box_that_a_look_hides_has_the_outline_of_the_nearest_look() -> None:
    seen = containers((7, DAYS[0]), (7, DAYS[2]), (7, DAYS[3]))
    seen.loc[1, "geometry"] = shapely.box(7.2, 0, 8.2, 1)
    _, after = boxes_between(seen, tracks((7, DAYS[0], DAYS[3], None, None)), DAYS[0], DAYS[1])
    assert list(after) == ["hidden"]
    assert after["hidden"][0].equals(seen.geometry[1]), "28 days after are nearer than 31 before"


def test_a_box_without_a_track_is_shown_and_nothing_is_said_of_it() -> None:
    seen = containers((None, DAYS[0]), (1, DAYS[0]), (1, DAYS[1]))
    before, after = boxes_between(seen, tracks((1, DAYS[0], DAYS[1], None, None)), DAYS[0], DAYS[1])
    assert {state: len(shapes) for state, shapes in before.items()} == {"unclear": 1, "stayed": 1}
    assert {state: len(shapes) for state, shapes in after.items()} == {"stayed": 1}


def test_trailers_are_no_containers() -> None:
    seen = containers((1, DAYS[0]), (2, DAYS[0]))
    seen.loc[0, "kind"] = "other"
    before, _ = boxes_between(seen, tracks(), DAYS[0], DAYS[0])
    assert [len(shapes) for shapes in before.values()] == [1]


def test_boxes_that_a_clear_look_misses_are_not_called_hidden():
    for words in (BOX_WORDS, _WORDS):
        assert words["hidden"].endswith("not detected on this date")
