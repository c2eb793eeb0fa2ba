"""A run out of a bucket: whole, checked, and nothing of anybody else's replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from loopback_store import Store
from sealed_runs import files_of, filled

from changedet.errors import InputError
from changedet.store import RunFolder, identity, seal
from changedet.store.bucket.address import address
from changedet.store.bucket.download import download_run
from changedet.store.bucket.upload import SEAL, upload_run
from changedet.store.bucket.upload_record import RECORD

PLACE = address("s3://runs/a b/ünï/site")
START = "runs/a b/ünï/site/"


@pytest.fixture
def uploaded(store: Store, folder: RunFolder) -> RunFolder:
    upload_run(folder, PLACE)
    return folder


def reseal(store: Store, files: dict[str, object]) -> None:
    text = json.dumps({"files": files, "digest": identity(files)})
    store.put(f"{START}{SEAL}", text.encode())


def test_a_run_comes_back_as_it_was_and_is_sealed(store: Store, uploaded: RunFolder, tmp_path: Path) -> None:
    back = RunFolder(download_run(PLACE, tmp_path / "back"))
    assert files_of(back) == files_of(uploaded)
    assert seal.sealed_files(back) == seal.sealed_files(uploaded)
    store.asked.clear()
    download_run(PLACE, back.path)
    assert [one.key.removeprefix(START) for one in store.asked] == [SEAL]


def test_a_later_state_replaces_and_removes_what_nobody_edited(
    store: Store, uploaded: RunFolder, tmp_path: Path
) -> None:
    back = RunFolder(download_run(PLACE, tmp_path / "back"))
    (back.path / "report.html").write_text("edited")
    (back.path / "notes.txt").write_text("mine")
    filled(uploaded, change_mask__tif="other", run__json="run", summary__json="2", new__csv="1")
    upload_run(uploaded, PLACE)
    download_run(PLACE, back.path)
    found = files_of(back)
    assert (found.pop("report.html"), found.pop("notes.txt")) == (b"edited", b"mine")
    assert found == files_of(uploaded)
    (back.path / "change/mask.tif").write_text("edited")
    filled(uploaded, change_mask__tif="third", run__json="run")
    upload_run(uploaded, PLACE)
    with pytest.raises(InputError, match=r"mask\.tif: was changed by hand"):
        download_run(PLACE, back.path)
    assert (back.path / "change/mask.tif").read_text() == "edited"


def test_files_of_somebody_else_stand_in_the_way(store: Store, uploaded: RunFolder, tmp_path: Path) -> None:
    path = tmp_path / "back"
    path.mkdir()
    (path / "report.html").write_text("mine")
    with pytest.raises(InputError, match=r"report\.html: exists and was not written by changedet"):
        download_run(PLACE, path)
    assert (path / "report.html").read_text() == "mine"
    assert not (path / "run.json").exists()


@pytest.mark.parametrize("name", ["change/mask.tif", ".changedet/written.jsonl", "summary.json"])
def test_a_download_that_broke_off_goes_on(store: Store, uploaded: RunFolder, tmp_path: Path, name: str) -> None:
    path = tmp_path / "back"
    for state in ("one", "two"):
        store.trouble = lambda method, key: 403 if (method, key) == ("GET", f"{START}{name}") else None
        with pytest.raises(InputError, match=f"{name}: cannot be read .403 AccessDenied.; check the credentials"):
            download_run(PLACE, path)
        assert seal.sealed_files(RunFolder(path)) is None
        store.trouble = lambda *_: None
        download_run(PLACE, path)
        assert files_of(RunFolder(path)) == files_of(uploaded)
        filled(uploaded, change_mask__tif=state, run__json=state, summary__json=state)
        upload_run(uploaded, PLACE)


@pytest.mark.parametrize("how", ["slow", "reset"])
def test_a_broken_connection_is_one_line(store: Store, uploaded: RunFolder, tmp_path: Path, how: str) -> None:
    store.trouble = lambda method, key: how if (method, key) == ("GET", f"{START}change/mask.tif") else None
    with pytest.raises(InputError, match=r"mask\.tif: cannot be read \(\w+\); check the store's address") as error:
        download_run(PLACE, tmp_path / "back")
    assert len(error.value.problems) == 1
    assert not (tmp_path / "back/change/mask.tif").exists()


@pytest.mark.parametrize("content", [b"mosk", b"ma", b"mask and more"])
def test_other_bytes_than_were_uploaded_are_refused(
    store: Store, uploaded: RunFolder, tmp_path: Path, content: bytes
) -> None:
    store.put(f"{START}change/mask.tif", content)
    with pytest.raises(InputError, match=r"mask\.tif: is not what was uploaded; upload the run again"):
        download_run(PLACE, tmp_path / "back")
    assert not (tmp_path / "back/change/mask.tif").exists()


@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "a/../../out.txt", "a\\b"])
def test_a_seal_cannot_lead_out_of_the_folder(store: Store, uploaded: RunFolder, tmp_path: Path, name: str) -> None:
    files = dict(seal.sealed_files(uploaded) or {})
    store.put(f"{START}{name}", b"x")
    reseal(store, {**files, name: {"size": 1, "sha256": "0"}})
    with pytest.raises(InputError, match=r"seal\.json: is not as it was written"):
        download_run(PLACE, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_where_no_upload_has_ended_one_line_says_so(store: Store, uploaded: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no sealed run; give the address of an uploaded run"):
        download_run(address("s3://runs/a b"), tmp_path / "back")
    del store.objects[f"{START}{SEAL}"]
    with pytest.raises(InputError, match="holds no sealed run; an upload is under way or was cut off: upload again"):
        download_run(PLACE, tmp_path / "back")
    store.put(f"{START}{SEAL}", store.objects[f"{START}{RECORD}"].content)
    with pytest.raises(InputError, match=r"seal\.json: is not as it was written; upload the run again"):
        download_run(PLACE, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_folder_of_another_site_and_a_file_are_refused(store: Store, folder: RunFolder, tmp_path: Path) -> None:
    filled(folder, summary__json='{"site": "north"}', run__json="run")
    upload_run(folder, PLACE)
    other = filled(RunFolder(tmp_path / "south"), summary__json='{"site": "south"}')
    before = files_of(other)
    with pytest.raises(InputError, match="south: holds a run of the site south, not of north; give another -o"):
        download_run(PLACE, other.path)
    assert files_of(other) == before
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file: is a file, expected a folder"):
        download_run(PLACE, tmp_path / "file")
    download_run(PLACE, folder.path)


def test_a_link_in_the_folder_is_refused(store: Store, uploaded: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "back").mkdir()
    (tmp_path / "else").mkdir()
    (tmp_path / "back/change").symlink_to(tmp_path / "else")
    with pytest.raises(InputError, match="is a link out of the run folder"):
        download_run(PLACE, tmp_path / "back")
    assert list((tmp_path / "else").iterdir()) == []
