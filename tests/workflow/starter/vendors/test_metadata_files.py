"""Metadata files from anybody: whatever they hold, values come out or a flaw."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from changedet.workflow.starter.vendors import metadata_files
from changedet.workflow.starter.vendors.metadata_files import read_metadata


def read(name: str, data: bytes | str) -> metadata_files.Metadata:
    Path(name).write_bytes(data.encode() if isinstance(data, str) else data)
    return read_metadata(name)


def test_read_metadata_of_text_has_groups_in_order() -> None:
    found = read("a.IMD", 'BEGIN_GROUP = BAND_R\nx = 1;\nEND_GROUP = BAND_R\nbandId = "Multi";\nz = (\n 1,\n 2)\n')
    assert [(value.path, value.text) for value in found.values] == [
        (("band_r", "group"), "band_r"),
        (("band_r", "x"), "1"),
        (("bandid",), "Multi"),
        (("z",), "("),
    ]


def test_read_metadata_of_xml_forgets_name_spaces_and_keeps_attributes() -> None:
    found = read("a.xml", '<a:b xmlns:a="u"><a:C d="e"> f </a:C></a:b>')
    assert found.text("c") == "f"
    assert found.values[0].attributes == {"d": "e"}


def test_read_metadata_of_json_is_flat() -> None:
    assert read("a.json", '{"A": {"ps:B": [1, {"c": "x"}]}, "n": null}').flat() == {"b": "1", "c": "x"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_read_metadata_refuses_entities_in_any_encoding(encoding: str) -> None:
    bomb = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY b "ha">]><a>&b;</a>'
    found = read("a.xml", bomb.encode(encoding))
    assert (found.values, found.flaw) == ((), "has a document type, which metadata need not have")


def test_read_metadata_bounds_size_depth_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "deeper" in read("a.xml", "<a>" * 60 + "</a>" * 60).flaw
    assert read("a.json", "[" * 100_000).flaw
    assert "deeper" in read("b.json", '{"a":' * 60 + "1" + "}" * 60).flaw
    monkeypatch.setattr(metadata_files, "MAX_VALUES", 10)
    assert "more values" in read("c.json", "[" + "{}," * 50 + '{"a":1}]').flaw
    monkeypatch.setattr(metadata_files, "MAX_BYTES", 10)
    assert "MB" in read("a.txt", "a = " + "b" * 20).flaw


def test_read_metadata_follows_no_link_and_waits_for_no_pipe(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a = 1")
    Path("a.IMD").symlink_to(tmp_path / "secret")
    assert read_metadata("a.IMD").flaw
    os.mkfifo("b.IMD")
    assert read_metadata("b.IMD").flaw == "is no plain file"


@given(st.sampled_from(["a.xml", "a.json", "a.imd", "a.dim"]), st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_read_metadata_never_fails(name: str, data: bytes) -> None:
    found = read(name, data)
    assert not (found.values and found.flaw)
    assert all(len(value.text) <= metadata_files.LONGEST_TEXT for value in found.values)
