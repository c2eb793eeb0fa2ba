"""Scenes for `changedet init`, and a start of it with answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp

from changedet.errors import InputError
from changedet.workflow import Workflow, load_workflow
from changedet.workflow.starter.starter import starter_workflow

# rasterio 1.4 multiplies transforms in a way that affine 3 will drop.
PLACED = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")


ROLES = ("blue", "green", "red", "nir")


UTM = Affine(0.5, 0, 400_000, 0, -0.5, 6_700_000)


def scene(
    path: str,
    *,
    descriptions: Sequence[str] = ROLES,
    colors: Sequence[ColorInterp] = (),
    count: int = 4,
    crs: str | None = "EPSG:32633",
    transform: Any = UTM,
    tags: dict[str, str] | None = None,
    imagery: dict[str, str] | None = None,
    nodata: float | None = None,
    dtype: str = "uint16",
) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    profile = {"driver": "GTiff", "width": 8, "height": 6, "count": count, "dtype": dtype, "nodata": nodata}
    if transform is not None:
        profile["transform"] = transform
    with rasterio.open(path, "w", crs=crs, **profile) as out:
        out.write(np.ones((count, 6, 8), dtype))
        if colors:
            out.colorinterp = colors
        if descriptions:
            out.descriptions = descriptions
        out.update_tags(**(tags or {}))
        if imagery:
            out.update_tags(ns="IMAGERY", **imagery)
    return path


def answering(**answers: str) -> tuple[Callable[[str], str], list[str]]:
    """Answers by a word of the question; a question that nobody expected fails the test."""
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        found = [answer for word, answer in answers.items() if word.replace("_", " ") in question]
        assert len(found) == 1, f"unexpected question: {question}"
        return found[0]

    return ask, asked


def start(*scenes: str, ask: Callable[[str], str] | None = None, name: str = "w.yaml") -> tuple[str, Workflow]:
    text, problems = starter_workflow(scenes, ask=ask, folder=Path(name).parent)
    assert not problems
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return text, load_workflow(name)


def refused(*scenes: str) -> list[str]:
    """What is not known, or cannot be read, where nobody can be asked."""
    try:
        return [str(problem) for problem in starter_workflow(scenes, ask=None).problems]
    except InputError as error:
        return str(error).splitlines()
