"""Colours of the world's boxes: read from a table, which is refused in one line where it is wrong."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from changedet.assess.compare import fleet
from changedet.assess.compare.fleet import read_fleet
from changedet.errors import InputError


def test_read_fleet_sums_shares(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("color,share\n#b23a30,2\n#33588c,5\n#b23a30,1\n")
    assert read_fleet(path) == {"#b23a30": 3.0, "#33588c": 5.0}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("colour,share\n#b23a30,2\n", "no columns color and share"),
        ("color,share\nred,2\n", "fleet.csv:2: expected a color"),
        ("color,share\n#b23a30,2\n#33588c,much\n", "fleet.csv:3: expected a color"),
        ("color,share\n#b23a30,-1\n", "fleet.csv:2: expected"),
        ("color,share\n#b23a30,0\n", "no share above 0"),
        ("", "cannot be read"),
    ],
)
def test_read_fleet_refuses(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=why) as caught:
        read_fleet(path)
    assert "\n" not in str(caught.value)


def test_read_fleet_refuses_what_is_missing_or_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_fleet(tmp_path / "none.csv")
    (tmp_path / "fleet.csv").write_text("color,share\n#b23a30,2\n")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    for name in ("pipe.csv", "zero.csv"):
        with pytest.raises(InputError, match="no regular file"):
            read_fleet(tmp_path / name)
    (tmp_path / "fleet.csv.gz").write_bytes(gzip.compress(b"color,share\n#b23a30,2\n"))
    with pytest.raises(InputError, match="cannot be read"):
        read_fleet(tmp_path / "fleet.csv.gz")
    monkeypatch.setattr(fleet, "MOST_BYTES", 5)
    with pytest.raises(InputError, match="more than 5 bytes"):
        read_fleet(tmp_path / "fleet.csv")
