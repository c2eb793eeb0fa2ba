"""`ais`: a table of positions is read before any pixel, and what is wrong in it is one line."""

from pathlib import Path

import pytest

from changedet import load_workflow
from changedet.errors import InputError
from changedet.workflow.resolved import resolved

HEAD = "time,mmsi,lon,lat\n"


def written(folder: Path, positions: str) -> Path:
    (folder / "a.tif").touch()
    (folder / "positions.csv").write_text(positions)
    path = folder / "w.yaml"
    path.write_text("site: {id: quay}\nscenes: [{date: 2024-05-01, path: a.tif}]\nais: {path: positions.csv}\n")
    return path


def test_positions_are_named_by_the_workflow(tmp_path: Path) -> None:
    found = load_workflow(written(tmp_path, f"{HEAD}2024-05-01T10:00Z,1,30,60\n"))
    assert found.ais == str(tmp_path / "positions.csv")
    assert resolved(found)["ais"] == {"path": "positions.csv"}


def test_a_wrong_line_is_named_with_file_and_key(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        load_workflow(written(tmp_path, f"{HEAD}2024-05-01T10:00Z,1,30,160\n"))
    assert "w.yaml:3: ais.path: positions.csv: line 2: lat: got '160'" in str(error.value)
    assert len(error.value.problems) == 1
