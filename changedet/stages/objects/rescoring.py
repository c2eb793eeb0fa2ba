"""A scene's boxes of the network rescored from their neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.boosted_trees import Forest
from changedet.kernels.colour import hex_rgb
from changedet.kernels.containers import OTHER
from changedet.kernels.doubts import BESIDE_ROOF, HOME_ODDS
from changedet.models.loader import released_trees
from changedet.stages.objects.boxes import rectangles_of
from changedet.stages.objects.kernels import (
    box_homes,
    box_looks,
    box_places,
    cast_shade,
    closed_rows,
    context_rescoring,
    gabled_roofs,
    roof_evidence,
    slope_pairs,
    wall_faces,
)
from changedet.stages.objects.kernels.box_brightness import INSIDE
from changedet.stages.objects.kernels.box_labels import kinds

if TYPE_CHECKING:
    import pandas as pd

BRIGHTNESS: Final = tuple(f"look_{k}" for k in range(6))
"""Columns of `kernels.box_brightness.surround_brightness`."""
EVIDENCE: Final = ("logit", "other", *BRIGHTNESS, "chroma", "gsd_m")
"""Columns of found boxes that `rescored` needs and takes away."""
LOOK: Final = "look_odds"
"""Column of log odds of a second look, NaN where none was taken; `rescored` adds them where the column is there, and
takes it away."""
ROOF: Final = "roof_odds"
"""Column of log odds that a hall's roof lies there, NaN where none was looked for; used and taken away likewise."""
GROUND: Final = "ground_odds"
"""Column of log odds by the ground's own colours, NaN where a box was not compared with them; added as those of a look,
and taken away likewise."""
PLACE: Final = "place_odds"
"""Column of log odds by the kind of place, NaN where none was looked at; added and taken away likewise, for all
containers that are not out of the question."""
GAPS: Final = ("left_gap", "right_gap")
"""Columns of what lies between a box and its neighbours, of `kernels.closed_rows.contrasts`, NaN where it was
not measured; taken away likewise."""


def context_forests() -> tuple[Forest, Forest]:
    """The forests that rescore boxes from their neighbours.

    Returns
    -------
    tuple of Forest
        Whether a box is there, and whether it is a container.
    """
    there, kind = released_trees("company.npz", context_rescoring.NAMES).forests
    return there, kind


class Company(NamedTuple):
    """What the neighbours of boxes say of them.

    Attributes
    ----------
    confidence : float64 (n,)
        Probability that a box is there and of its class, 0 to 1.
    kind : object (n,)
        A str each: of a container by its size, or `OTHER`.
    features : float32 (n, len(context_rescoring.NAMES))
        By which both are known.
    """

    confidence: Floats
    kind: NDArray[np.object_]
    features: Singles

    @property
    def is_container(self) -> Bools:
        """Which are of a container's kind, bool (n,)."""
        return np.asarray(self.kind != OTHER)

    def known(self, name: str) -> Floats:
        """One of the features.

        Parameters
        ----------
        name : str
            Of `context_rescoring.NAMES`.

        Returns
        -------
        float64 (n,)
            Of each box.
        """
        return self.features[:, context_rescoring.NAMES.index(name)].astype(np.float64)


def by_company(table: pd.DataFrame, resolution_m: float) -> Company:
    """What their neighbours say of boxes, before any of them is looked at again.

    Parameters
    ----------
    table, resolution_m
        As for `rescored`, of a block or of a scene.

    Returns
    -------
    Company
        In the table's order.
    """
    features = context_rescoring.features(box_evidence(table, resolution_m))
    sure, container = context_rescoring.rescored(features, *context_forests())
    sized = kinds(table["length_m"].to_numpy(), float(table["gsd_m"].iloc[0]))
    return Company(sure, np.where(container, sized, OTHER).astype(object), features)


def rescored(table: pd.DataFrame, resolution_m: float) -> pd.DataFrame:
    """A scene's boxes with confidence and class from their neighbours, and from a second look at those in doubt.

    Parameters
    ----------
    table : DataFrame
        All boxes of a date's scene, none overlapping, with `boxes.COLUMNS` and `EVIDENCE`, in an order that does not
        depend on tiles.
    resolution_m : float
        Pixel size on the ground, metres.

    Returns
    -------
    DataFrame
        The same boxes, without `EVIDENCE`, `GAPS`, `LOOK`, `ROOF`, `GROUND` and `PLACE`, but with `HOME_ODDS`, as
        intervals ask for it too; those that were filled into rows lose what the rows' ends lose.
    """
    # Imported here for a quick start.
    import pandas as pd

    plain = table.drop(columns=[*EVIDENCE, *GAPS, LOOK, ROOF, GROUND, PLACE], errors="ignore")
    if "logit" not in table or not len(table):
        return plain
    company = by_company(table, resolution_m)
    sure, container = company.confidence, company.is_container
    row = company.known("row_sum")
    doubtful, in_line = box_looks.doubtful(sure, container), box_looks.in_line(row)
    for odds, asked in ((LOOK, doubtful & in_line), (GROUND, doubtful)):
        if odds in table:
            sure = box_looks.looked_at(sure, np.where(asked, table[odds].to_numpy(np.float64), np.nan))
    if ROOF in table:
        sure = roof_evidence.doubted(sure, table[ROOF].to_numpy(np.float64), container)
    if PLACE in table:
        beside = np.where(in_line, company.known("side_sum"), 0.0)
        sure = box_places.placed(sure, table[PLACE].to_numpy(np.float64), beside, container)
    if HOME_ODDS in table:
        sure = box_homes.doubted(sure, table[HOME_ODDS].to_numpy(np.float64), row, container)
    return plain.assign(confidence=sure, kind=pd.Series(company.kind, index=plain.index).astype(plain["kind"].dtype))


def settled(table: pd.DataFrame, resolution_m: float) -> pd.DataFrame:
    """A whole scene's boxes, rescored, with what all of them together say of tents, houses, lock-ups and shade.

    Parameters
    ----------
    table, resolution_m
        As for `rescored`.

    Returns
    -------
    DataFrame
        As of `rescored`.
    """
    judged = rescored(table, resolution_m)
    if BRIGHTNESS[INSIDE] not in table:
        return judged
    sure, inside = (frame.to_numpy(np.float64) for frame in (judged["confidence"], table[BRIGHTNESS[INSIDE]]))
    boxes, is_container = rectangles_of(judged, resolution_m), (judged["kind"] != OTHER).to_numpy()
    sure = slope_pairs.doubted(boxes, sure, inside, is_container)
    if set(GAPS) <= set(table):
        sure = closed_rows.doubted(boxes, sure, table[[*GAPS]].to_numpy(np.float64), is_container)
    colours = hex_rgb(judged["color"].to_numpy(object))
    return judged.assign(confidence=cast_shade.doubted(boxes, sure, colours, is_container))


def without_walls(table: pd.DataFrame, resolution_m: float, lean: tuple[float, float]) -> pd.DataFrame:
    """Settled boxes of a look from far aslant, those that are walls of stacks doubted.

    Parameters
    ----------
    table : DataFrame
        Of `settled`.
    resolution_m : float
        Pixel size on the ground, metres.
    lean : (float, float)
        By how much roofs are displaced for each metre of height, right and down.

    Returns
    -------
    DataFrame
        The same boxes.
    """
    found = wall_faces.doubted(*_looks_of_boxes(table, resolution_m), np.array(lean))
    return table.assign(confidence=found)


def without_roofs(table: pd.DataFrame, resolution_m: float, shade: tuple[float, float]) -> pd.DataFrame:
    """Settled boxes of a look whose sun is known, slopes of gabled roofs doubted; what stands beside is among houses.

    Parameters
    ----------
    table : DataFrame
        Of `settled`.
    resolution_m : float
        Pixel size on the ground, metres.
    shade : (float, float)
        Where shade falls for each metre of height, metres right and down.

    Returns
    -------
    DataFrame
        The same boxes.
    """
    found, among = gabled_roofs.doubted(*_looks_of_boxes(table, resolution_m), np.array(shade))
    if HOME_ODDS not in table:
        return table.assign(confidence=found)
    home = table[HOME_ODDS].to_numpy(np.float64)
    beside = np.where(among, np.fmax(home, BESIDE_ROOF), home)
    return table.assign(confidence=found, **{HOME_ODDS: beside})


def _looks_of_boxes(table: pd.DataFrame, resolution_m: float) -> tuple[Floats, Floats, Floats, Bools]:
    """Rectangles, confidences and colours of settled boxes, and which of them are containers."""
    sure, is_container = table["confidence"].to_numpy(np.float64), (table["kind"] != OTHER).to_numpy()
    return rectangles_of(table, resolution_m), sure, hex_rgb(table["color"].to_numpy(object)), is_container


def box_evidence(table: pd.DataFrame, resolution_m: float) -> context_rescoring.BoxEvidence:
    """What is known of each box by itself.

    Parameters
    ----------
    table : DataFrame
        As for `rescored`.
    resolution_m : float
        Pixel size on the ground, metres.

    Returns
    -------
    BoxEvidence
        In the table's order.
    """
    columns = table[["x_px", "y_px", "length_m", "width_m", "angle_deg"]].to_numpy(np.float64)
    boxes = columns * [resolution_m, resolution_m, 1.0, 1.0, np.pi / 180]
    one = {name: table[name].to_numpy(np.float64) for name in ("confidence", *EVIDENCE)}
    brightness = np.column_stack([one[name] for name in BRIGHTNESS])
    return context_rescoring.BoxEvidence(
        boxes, one["confidence"], one["logit"], one["other"], brightness, one["chroma"], one["gsd_m"]
    )
