"""What a calibration gives: the object of ``calibration.json``, and as text with the lines for the workflow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypedDict

from changedet.kernels.intervals import QUANTILE

FILE_NAME: Final = "calibration.json"


class Fit(TypedDict):
    """How far what is expected in the tiles is from what was labelled.

    Attributes
    ----------
    expected, labelled : float
        Containers in all tiles.
    mean_error_of_a_tile : float
        Mean absolute error, containers.
    """

    expected: float
    labelled: float
    mean_error_of_a_tile: float


class TileRow(TypedDict):
    """One labelled tile.

    Attributes
    ----------
    tile : int
        Its feature id.
    date : str
        ISO date.
    labelled : int
        Containers that a person labelled.
    before : float
        Containers that the run expects there.
    expected, low, high : float
        What it would expect with the fit, and the 95 % interval.
    """

    tile: int
    date: str
    labelled: int
    before: float
    expected: float
    low: float
    high: float


class LabelFile(TypedDict):
    """The labels that a calibration is from."""

    path: str
    sha256: str
    tiles: int
    containers: int


class Calibration(TypedDict):
    """The object of ``calibration.json``.

    Attributes
    ----------
    detector : str
        Name of the objects method.
    objects, tracks : dict of str to float
        Parameters to put into the workflow.
    threshold : float
        The confidence of the detector's own scale from which boxes count then.
    scale_error : float
        Standard error of the scale of counts.
    labels : LabelFile
        What it was fitted to.
    before, after : Fit
        How the run's own counts fit the labels, and the fitted ones.
    tiles : list of TileRow
        One for each tile.
    borne_out : bool
        Whether the labels agree with the run's counts as they are.
    bias, bias_error : float
        Share by which the run counts too few, and its 95 % error.
    warnings : list of str
        What was left out, or not to be had.
    """

    detector: str
    objects: dict[str, float]
    tracks: dict[str, float]
    threshold: float
    scale_error: float
    labels: LabelFile
    before: Fit
    after: Fit
    tiles: list[TileRow]
    borne_out: bool
    bias: float
    bias_error: float
    warnings: list[str]


def format_calibration(found: Calibration) -> str:
    """What was found, and the lines for the workflow.

    Parameters
    ----------
    found : Calibration
        Of a calibration.

    Returns
    -------
    str
        Lines for a person; the last ones are YAML.
    """
    labels, bias = found["labels"], found["bias"]
    lines = [
        f"{labels['tiles']} tiles, {labels['containers']} containers labelled",
        f"{'':<10}{'expected':>10}{'labelled':>10}{'mean error of a tile':>22}",
    ]
    for name, fit in (("before", found["before"]), ("after", found["after"])):
        lines.append(f"{name:<10}{fit['expected']:>10.1f}{fit['labelled']:>10.0f}{fit['mean_error_of_a_tile']:>22.2f}")
    missing = f"{abs(bias):.0%} (give or take {found['bias_error']:.0%})"
    lines.append(f"as it is, the run counts {missing} too {'few' if bias > 0 else 'many'}")
    if found["borne_out"]:
        lines.append("the labels bear the present counts out: nothing needs to be changed; what they would fit:")
    lines += [
        f"boxes count from {found['threshold']:.2f} on the detector's own scale; the counts' bias is known to "
        f"{QUANTILE * found['scale_error']:.0%}",
        "put this into the workflow, and run it again:" if not found["borne_out"] else "in the workflow it would be:",
        f"# from {Path(labels['path']).name}, SHA-256 {labels['sha256'][:12]}",
        f"objects: {{{_inline(found['objects'])}}}",
        f"tracks: {{{_inline(found['tracks'])}}}",
    ]
    return "\n".join(lines)


def _inline(parameters: Mapping[str, float]) -> str:
    return ", ".join(f"{name}: {value:g}" for name, value in parameters.items())
