"""What a run folder from a stranger may hold: files, and nothing that stands for others or never ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from changedet.errors import InputError
from changedet.store.refusals import refuse_links, refuse_odd_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run" / "scenes").mkdir(parents=True)
    (tmp_path / "run" / "scenes" / "a.tif").write_bytes(b"own")
    (tmp_path / "secret.tif").write_bytes(b"private")
    return tmp_path / "run"


def test_refuse_odd_files_takes_files_folders_links_within_and_a_link_to_the_folder(folder: Path) -> None:
    (folder / "latest.tif").symlink_to("scenes/a.tif")
    (folder / "pictures").symlink_to("scenes")
    refuse_odd_files(folder)
    (folder.parent / "link").symlink_to("run")
    refuse_odd_files(folder.parent / "link")


@pytest.mark.parametrize("name", ["summary.json", "scenes/b.tif", ".changedet/inputs.json", "figures"])
@pytest.mark.parametrize("kind", ["link", "folder", "nowhere", "device", "pipe"])
def test_refuse_odd_files_names_what_leads_out_or_never_ends(folder: Path, name: str, kind: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        targets = {"link": folder.parent / "secret.tif", "folder": folder.parent, "nowhere": Path("/nowhere/a")}
        path.symlink_to(targets.get(kind, Path("/dev/zero")))
    with pytest.raises(InputError, match=rf"{path.name}: is a link out of the run folder, a pipe or a device"):
        refuse_odd_files(folder)


def test_refuse_odd_files_names_many_in_few_lines(folder: Path) -> None:
    for k in range(30):
        os.mkfifo(folder / f"{k}.tif")
    with pytest.raises(InputError) as caught:
        refuse_odd_files(folder)
    assert len(caught.value.problems) == 1
    assert "30 files here" in str(caught.value)


def test_refuse_links_names_a_file_where_a_folder_must_be(folder: Path) -> None:
    (folder / "change").touch()
    refuse_links(folder, [folder / "scenes", folder / "stac"])
    with pytest.raises(InputError, match="change: exists and was not written by changedet"):
        refuse_links(folder, [folder / "scenes", folder / "change"])
