"""Reported positions: days in UTC; what is wrong is named with its line."""

import datetime as dt
from pathlib import Path

import pytest

from changedet.grid.positions import read_positions

HEAD = "time,mmsi,lon,lat,length\n"


def test_positions_are_read_with_their_utc_days(tmp_path: Path) -> None:
    path = tmp_path / "positions.csv"
    path.write_text(f"{HEAD}2024-05-01T23:30:00-02:00,1,30.5,59.9,110\n2024-05-01 10:00,2,-30.5,-59.9,\n")
    found = read_positions(path)
    assert found.days == (dt.date(2024, 5, 2), dt.date(2024, 5, 1))
    assert found.lon.tolist() == [30.5, -30.5]
    assert found.lat.tolist() == [59.9, -59.9]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,lon,lat\n", "has no column mmsi"),
        (f"{HEAD}yesterday,1,3,4,5\n", "line 2: time: got 'yesterday'"),
        (f"{HEAD}2024-05-01,1,3,97,5\n", "line 2: lat: got '97', expected degrees from -90 to 90"),
        (f"{HEAD}2024-05-01,1,nan,7,5\n", "line 2: lon: got 'nan'"),
        (f"{HEAD}2024-05-01,1\n", "line 2: lon"),
        (f"{HEAD}0001-01-01T00:00:00+14:00,1,3,7,5\n", "line 2: time: got '0001-01-01T00:00:00.14:00'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "positions.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_positions(path)
