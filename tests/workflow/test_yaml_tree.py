"""Scalars as plain values."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from changedet.workflow.yaml_parser import read_yaml
from changedet.workflow.yaml_tree import plain_value


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("2023-06-04", "2023-06-04"),
        ("10:30", "10:30"),
        ("3", 3),
        ("-3", -3),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("1_000", "1_000"),
        ("3.", 3.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("True", True),
        ("~", None),
        ("", None),
        ("'3'", "3"),
        ('"~"', "~"),
        ("-.inf", -math.inf),
        ("9" * 50, float("9" * 50)),
        ("1e999", math.inf),
    ],
)
def test_plain_value_follows_yaml_1_2(folder: Path, written: str, expected: Any) -> None:
    Path("s.yaml").write_text(f"a: {written}\n")
    value = plain_value(read_yaml("s.yaml").root.items["a"])
    assert value == expected
    assert type(value) is type(expected)
