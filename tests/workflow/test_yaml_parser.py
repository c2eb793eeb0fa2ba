"""`read_yaml`: what it refuses, and aliases."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from workflow_cases import GOOD, REGISTRY, bad_workflows, load, problems

from changedet.errors import InputError
from changedet.workflow import (
    load_workflow,
    yaml_parser,
)


@pytest.mark.parametrize(("text", "expected"), bad_workflows())
def test_read_yaml_finds_the_same_with_the_parser_in_python(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: list[str]
) -> None:
    monkeypatch.setattr(yaml_parser, "_LOADER", yaml.SafeLoader)
    found = problems(text)
    # libyaml and PyYAML word syntax errors differently, but agree on the line.
    marker = "not valid YAML"
    assert [line.split(marker)[0] for line in found] == [line.split(marker)[0] for line in expected]
    assert [line for line in found if marker not in line] == [line for line in expected if marker not in line]


def test_read_yaml_refuses_what_is_no_file(folder: Path) -> None:
    (folder / "depot" / ".changedet").mkdir(parents=True)
    for path, message in (
        ("depot", "depot: is the folder of a run, expected the workflow (YAML) that it was made by"),
        ("no.yaml", "no.yaml: no such file"),
        ("scenes", "scenes: is a folder, expected a workflow (YAML): 'changedet init' writes one for scenes"),
    ):
        with pytest.raises(InputError) as caught:
            load_workflow(path, REGISTRY)
        assert str(caught.value) == message


def test_read_yaml_refuses_bytes_that_are_no_text(folder: Path) -> None:
    for head in (b"II*\0", b"MM\0+", b"\x89PNG\r\n", b"\xff\xd8\xff\xe0"):
        said = "w.yaml: is a picture, expected a workflow (YAML): 'changedet init' writes one for scenes"
        assert problems(head + bytes(2_000_000)) == [said]
    assert problems(b"site:\n  id: dep\xf4t\n") == ["w.yaml:2: is not UTF-8 (byte 0xf4); save it as UTF-8"]
    assert problems("site: x\n".encode("utf-16")) == ["w.yaml:1: is not UTF-8 (byte 0xff); save it as UTF-8"]
    assert problems(b"\xef\xbb\xbfsite:\n  id: \xff\n") == ["w.yaml:2: is not UTF-8 (byte 0xff); save it as UTF-8"]
    assert load(b"\xef\xbb\xbf" + GOOD.encode()).site.id == "depot"


def test_read_yaml_refuses_more_than_a_megabyte(folder: Path) -> None:
    assert problems(GOOD + "#" * 1_000_000)[0].startswith("w.yaml: is larger than 1 MB")


def bomb(width: int, levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(bomb(9, 10), "more than 50000 values, aliases written out", id="billion laughs"),
        pytest.param(f"? {'k' * 900_000}\n: [{'1,' * 40_000}1]", "has more than 100 letters", id="a long key"),
        pytest.param("a: " + "[" * 900, "is nested more than 40 deep", id="open brackets"),
        pytest.param("a: " + "[" * 20_000, "nest", id="very many open brackets"),
        pytest.param("a: " + "{a: " * 900, "is nested more than 40 deep", id="open braces"),
        pytest.param("- " * 50_000 + "\n", "is nested more than 40 deep", id="dashes"),
        pytest.param("a: [" + "1," * 300_000 + "]", "more than 50000 values", id="a long list"),
        pytest.param("".join(f"k{i}: 1\n" for i in range(60_000)), "more than 50000 values", id="many keys"),
    ],
)
@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_read_yaml_refuses_bombs_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str, loader: Any
) -> None:
    monkeypatch.setattr(yaml_parser, "_LOADER", loader)
    start = time.process_time()
    found = problems(text)
    spent = time.process_time() - start
    assert message in found[-1]
    # The parser in Python, a fallback, needs some seconds to get through the first 50,000 values.
    assert spent < (30.0 if loader is yaml.SafeLoader and len(text) > 100_000 else 5.0)


def test_read_yaml_takes_aliases_for_plain_copies(folder: Path) -> None:
    workflow = load(
        "site: {id: depot}\nscenes:\n"
        "  - {date: 2023-06-04, path: a.tif, sun: &s {azimuth_deg: 1, elevation_deg: 2}}\n"
        "  - {date: 2023-06-05, path: b.tif, sun: *s}\n"
    )
    assert workflow.scenes[0].sun == workflow.scenes[1].sun
    assert workflow.scenes[1].sun.elevation_deg == 2
