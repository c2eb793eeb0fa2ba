"""A pack is what was packed, and a hostile one does no harm."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from small_runs import call

from changedet.assess.evidence.pack import MANIFEST, pack_run
from changedet.assess.evidence.verify_pack import verify_pack
from changedet.errors import InputError


@pytest.fixture(scope="module")
def pack(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack_run(finished, tmp_path_factory.mktemp("packs") / "site.zip")[0]


def rewritten(pack: Path, path: Path, changed: Mapping[str, bytes | None]) -> Path:
    """The pack with other contents, sound as a zip."""
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(path, "w") as new:
        held = {name: old.read(name) for name in old.namelist()} | dict(changed)
        for name, content in held.items():
            if content is not None:
                new.writestr(name, content)
    return path


def test_verify_pack_finds_nothing_in_a_pack_as_it_was_packed(pack: Path) -> None:
    verdict = verify_pack(pack)
    assert verdict.problems == ()
    assert verdict.checked == len(zipfile.ZipFile(pack).namelist()) - 1
    assert any("signature" in words for words in verdict.unchecked)
    assert any("2 of 2 files" in words for words in verdict.unchecked)


def test_verify_pack_finds_a_flipped_byte_in_any_file(pack: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(pack) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    for k, (name, content) in enumerate(held.items()):
        flipped = bytearray(content)
        flipped[(len(content) - 1) * (k % 10) // 9] ^= 4
        assert verify_pack(rewritten(pack, tmp_path / "other.zip", {name: bytes(flipped)})).problems, name


def test_verify_pack_finds_another_zip_before_the_first_file(pack: Path, tmp_path: Path) -> None:
    """Who reads a zip from its beginning, as from a pipe, would unpack that one's files."""
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("results/summary.json", "{}")
    both = tmp_path / "both.zip"
    both.write_bytes((tmp_path / "other.zip").read_bytes() + pack.read_bytes())
    assert any("bytes between its files" in words for words in verify_pack(both).problems)


def test_verify_pack_finds_a_flipped_byte_in_the_zip_itself(pack: Path, tmp_path: Path) -> None:
    other = Path(shutil.copy(pack, tmp_path))
    with zipfile.ZipFile(pack) as archive:
        places = [info.header_offset + 30 + len(info.filename) + info.compress_size // 2 for info in archive.infolist()]
    for place in places:
        content = bytearray(pack.read_bytes())
        content[place] ^= 4
        other.write_bytes(content)
        assert verify_pack(other).problems


def test_verify_pack_finds_what_is_added_and_what_is_missing(pack: Path, tmp_path: Path) -> None:
    verdict = verify_pack(rewritten(pack, tmp_path / "a.zip", {"results/more.txt": b"a", "quality.json": None}))
    assert [words.split(": ", 1)[1] for words in verdict.problems] == [
        "results/more.txt: is not in the manifest",
        "quality.json: is in the manifest and not in the pack",
    ]
    verdict = verify_pack(rewritten(pack, tmp_path / "b.zip", {MANIFEST: None}))
    assert "is it an evidence pack?" in verdict.problems[0]
    assert len(verdict.problems) <= 11


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt", "a\\..\\out.txt", "C:out.txt", "a\nb"])
def test_names_that_lead_out_are_told_and_nothing_is_written(pack: Path, tmp_path: Path, name: str) -> None:
    verdict = verify_pack(rewritten(pack, tmp_path / "a.zip", {name: b"a"}))
    assert any("would lead out of the pack" in words for words in verdict.problems)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_links_are_told(pack: Path, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("results/link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    path = Path(shutil.copy(pack, tmp_path))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert any("is a link" in words for words in verify_pack(path).problems)


def test_bombs_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a", bytes(64 << 20))
    with pytest.raises(InputError, match="unpacks to more than anything packs"):
        verify_pack(tmp_path / "bomb.zip")
    (tmp_path / "none.zip").write_bytes(b"PK\x03\x04 none")
    with pytest.raises(InputError, match="is no pack that can be read"):
        verify_pack(tmp_path / "none.zip")


def test_an_entry_longer_than_it_says_is_not_read_to_its_end(pack: Path, tmp_path: Path) -> None:
    content = pack.read_bytes()
    with zipfile.ZipFile(pack) as archive:
        size = archive.getinfo("results/summary.json").file_size
    (tmp_path / "lies.zip").write_bytes(content.replace(size.to_bytes(4, "little"), (size - 1).to_bytes(4, "little")))
    assert any("summary.json: is not what was packed" in words for words in verify_pack(tmp_path / "lies.zip").problems)


def test_verify_takes_a_pack_on_the_command_line(pack: Path, tmp_path: Path) -> None:
    other = rewritten(pack, tmp_path / "other.zip", {"quality.json": b"{}"})
    done = call("verify", other)
    assert done.returncode == 2
    assert done.stderr == f"{other}: quality.json: is not what was packed\n"
