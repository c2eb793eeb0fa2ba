"""`works`, `buildings`, `ships`: switches, off unless the file says true; anything else is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from changedet.errors import InputError
from changedet.workflow import load_workflow
from changedet.workflow.resolved import resolved


def workflow(folder: Path, line: str) -> Path:
    path = folder / "w.yaml"
    (folder / "a.tif").touch()
    path.write_text(f"site: {{id: depot}}\nscenes: [{{date: 2024-05-01, path: a.tif}}]\n{line}\n")
    return path


@pytest.mark.parametrize("name", ["works", "buildings", "ships", "railcars"])
def test_parts_are_off_unless_they_are_wanted(tmp_path: Path, name: str) -> None:
    off, on = (load_workflow(workflow(tmp_path, line)) for line in ("", f"{name}: true"))
    assert (getattr(off, name), getattr(on, name)) == (False, True)
    assert name not in resolved(off)
    assert resolved(on)[name] is True


def test_anything_else_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        load_workflow(workflow(tmp_path, "works: {method: auto}"))
    assert "w.yaml:3: works: " in str(error.value)
    assert "expected true or false" in str(error.value)
