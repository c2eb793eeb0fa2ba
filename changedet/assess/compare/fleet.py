"""Colours of the world's boxes: from a table, or estimated from the boxes of the runs that are compared."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from changedet.errors import InputError
from changedet.pipeline.finished import open_run

COLOR: Final = re.compile("#[0-9a-fA-F]{6}")
MOST_BYTES: Final = 1_000_000
"""Of a table of colours: larger ones are none."""


def read_fleet(path: str | Path) -> dict[str, float]:
    """Read the shares of colours among the world's boxes.

    Parameters
    ----------
    path : path
        A CSV file with columns ``color`` (``#rrggbb``) and ``share`` (0 and more).

    Returns
    -------
    dict of str to float
        Colour -> share, as given.

    Raises
    ------
    InputError
        It cannot be read, lacks a column, or a row is wrong.
    """
    place = Path(path)
    try:
        # By its bytes: pandas would unpack what its name says is packed, however large it becomes.
        table = pd.read_csv(io.BytesIO(_content(place)), dtype={"color": str})
    except (OSError, ValueError) as error:
        raise InputError(f"--fleet: '{path}' cannot be read ({error}); give a CSV file with color and share") from None
    if not {"color", "share"} <= set(table.columns):
        raise InputError(f"--fleet: '{path}' has no columns color and share; its first line must name them")
    found: dict[str, float] = {}
    for line, (color, share) in enumerate(zip(table["color"], pd.to_numeric(table["share"], "coerce"), strict=True), 2):
        if not COLOR.fullmatch(str(color)) or not 0 <= share < float("inf"):
            raise InputError(f"{path}:{line}: expected a color like #a1b2c3 and a share of 0 and more")
        found[str(color)] = found.get(str(color), 0.0) + float(share)
    if not sum(found.values()) > 0:
        raise InputError(f"--fleet: '{path}' has no share above 0; give the shares of the colours")
    return found


def _content(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise InputError(f"--fleet: '{path}' is no regular file; give a CSV file with color and share")
    with path.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InputError(f"--fleet: '{path}' has more than {MOST_BYTES} bytes, expected a short table of colours")
    return content


def fleet_colours(run_dirs: Sequence[str | Path]) -> dict[str, float]:
    """Estimate the shares of colours from all tracks of some runs.

    Parameters
    ----------
    run_dirs : sequence of path
        Finished runs.

    Returns
    -------
    dict of str to float
        Colour -> number of tracks.
    """
    colours = [str(color) for path in run_dirs for color in open_run(path).tracks["color"].dropna()]
    return {color: float(number) for color, number in Counter(colours).items() if COLOR.fullmatch(color)}
