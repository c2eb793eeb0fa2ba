"""What pages for users tell to type: commands, options, keys of the workflow file, names of Python, fields."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import click
import jsonschema
import pystac
import pytest
import yaml
from distributed.cli import dask_scheduler, dask_worker

import changedet
from changedet.cli.app import cli
from changedet.workflow.schema import json_schema

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in (
        ROOT / "README.md",
        ROOT / "SECURITY.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").glob("*.md")),
    )
    # Its commands are those of recorded figures, at their own commits (benchmarks/accuracy.py --check).
    if path.name != "accuracy.md"
]
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
DASK = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}


def lines_of(page: str) -> list[str]:
    """The shell's lines of a page; of one with ``&&`` each part."""
    blocks = SHELL.findall((ROOT / page).read_text())
    return [part for block in blocks for line in block.splitlines() for part in line.split("&&")]


def inline_of(page: str) -> list[str]:
    return INLINE.findall(re.sub(r"```.*?```", "", (ROOT / page).read_text(), flags=re.DOTALL))


def require_command(words: list[str], command: click.Command, whole: bool) -> None:
    """Read the words as the command line does, and carry out nothing; `whole` where nothing may be left out."""
    with command.make_context(command.name, [*words], resilient_parsing=not whole) as context:
        assert context.args == []


def require_changedet(text: str, whole: bool) -> None:
    words = shlex.split(re.sub(r"[][]", "", text), comments=True)
    assert Path(words.pop(0)).name == "changedet"
    if words[:1] not in ([], ["--help"]):
        require_command(words[1:], cli.commands[words[0]], whole)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_one(page: str) -> None:
    for line in lines_of(page):
        if re.match(r"\s*(\.venv/bin/)?changedet ", line):
            require_changedet(line, whole=True)
        elif line.startswith("dask "):
            _, name, *words = shlex.split(line, comments=True)
            require_command(words, DASK[name], whole=True)
    for text in inline_of(page):
        if re.match(r"changedet( [a-z-]|$)", text):
            require_changedet(text, whole=False)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("changedet run depot.yaml --job auto", "--job"),
        ("changedet run", "(?i)missing"),
        ("changedet figure a b", "unexpected"),
        ("changedet simulate out --dates many", "many"),
        ("changedet rnu depot.yaml", "rnu"),
    ],
)
def test_a_command_that_is_none_is_found(text: str, wrong: str) -> None:
    with pytest.raises((click.UsageError, AssertionError, KeyError), match=wrong):
        require_changedet(text, whole=True)


@pytest.mark.parametrize("page", PAGES)
def test_every_script_of_a_page_is_there_and_has_the_options(page: str) -> None:
    for text in [*lines_of(page), *inline_of(page)]:
        found = re.match(r"(?:\S*/)?python3? (?:-m )?((?:benchmarks|training|tests)\S+)(.*)", text)
        if found is None:
            continue
        script = ROOT / found[1]
        if "-m" in text.split():
            script = ROOT / found[1].replace(".", "/") / "__main__.py"
            script = script if script.is_file() else ROOT / (found[1].replace(".", "/") + ".py")
        source = script.read_text()
        missing = [option for option in re.findall(r"--[a-z-]+", found[2]) if f'"{option}"' not in source]
        assert missing == [], f"{text}: {script.name} has no {missing}"


@cache
def schema() -> dict[str, Any]:
    return json_schema()


@pytest.mark.parametrize("page", PAGES)
def test_every_key_of_a_page_is_one_of_the_workflow_file(page: str) -> None:
    for block in re.findall(r"```yaml\n(.*?)```", (ROOT / page).read_text(), re.DOTALL):
        jsonschema.validate(yaml.safe_load(block), schema())
    known = schema()["properties"]
    for text in inline_of(page):
        key, _, value = text.partition(": ")
        if key not in known or not value.startswith("{"):
            continue
        part = yaml.safe_load(value.replace("BUCKET", "bucket"))
        # `objects: {confidence_slope, confidence_offset}` names keys without values.
        if None in part.values():
            names = {name for one in _alternatives(known[key]) for name in one.get("properties", {})}
            assert set(part) <= names, text
        else:
            jsonschema.validate(part, {**known[key], "$defs": schema().get("$defs", {})})


def _alternatives(found: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [one for word in ("anyOf", "oneOf", "allOf") for one in found.get(word, [])]
    return [found, *(deep for one in inner for deep in _alternatives(one))]


@pytest.mark.parametrize("page", PAGES)
def test_every_name_of_python_on_a_page_is_public(page: str) -> None:
    named = {name for text in inline_of(page) for name in re.findall(r"(?<![\w/])changedet\.([A-Za-z_]+)", text)}
    assert {name for name in named if not hasattr(changedet, name)} == set()
    asked = {name for text in inline_of(page) for name in re.findall(r"^run\.([a-z_]+)", text)}
    assert {name for name in asked - {"json"} if not hasattr(changedet.Run, name)} == set()


@cache
def words_of_the_package() -> frozenset[str]:
    sources = (ROOT / "changedet").rglob("*.py")
    own = {word for path in sources for word in re.findall(r"\w+", path.read_text())}
    return frozenset(own | {str(one.value) for one in pystac.RelType})


@pytest.mark.parametrize("page", ["docs/calibration.md", "docs/outputs.md", "docs/python.md", "docs/zones.md"])
def test_every_field_of_a_page_is_one_of_the_package(page: str) -> None:
    fields = {
        name for text in inline_of(page) for name in re.findall(r"(?<![\w/.-])([a-z]+(?:_[a-z0-9]+)+)(?![\w/.-])", text)
    }
    assert len(fields) >= 4
    # Bounds are made from the name of what they bound.
    missing = {name for name in fields if re.sub("_(low|high)$", "", name) not in words_of_the_package()}
    assert {name for name in missing if name not in words_of_the_package()} == set()
