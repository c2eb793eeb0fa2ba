"""JSON files: nothing that a parser refuses is written."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from changedet.outputs.json_files import write_json


def test_write_json_is_strict_and_ordered(tmp_path: Path) -> None:
    value = {"b": np.float32(0.5), "a": [np.nan, pd.NA, pd.NaT, np.int64(3), np.bool_(True)], "c": date(2023, 6, 4)}
    value |= {"d": pd.Timestamp("2023-06-04", tz="UTC"), "e": (Path("x") / "y", np.arange(2)), "ü": float("inf")}
    write_json(tmp_path / "x.json", value)
    text = (tmp_path / "x.json").read_text(encoding="utf-8")

    def refuse(word: str) -> Any:
        raise AssertionError(word)

    assert json.loads(text, parse_constant=refuse) == {
        "b": 0.5,
        "a": [None, None, None, 3, True],
        "c": "2023-06-04",
        "d": "2023-06-04",
        "e": ["x/y", [0, 1]],
        "ü": None,
    }
    assert text.index('"b"') < text.index('"a"')
    with pytest.raises(TypeError, match="object has no JSON form"):
        write_json(tmp_path / "y.json", {"a": object()})
    assert not (tmp_path / "y.json").exists()
