"""Boxes of a date that are walls of others: doubted in looks from farther aslant than the models were taught, alone."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from changedet.imagery.angles import ViewAngles
from changedet.pipeline.date_files import settled_boxes
from changedet.stages.objects.boxes import COLUMNS
from changedet.stages.objects.stage import classical, learned
from changedet.stages.registry import Facts

FACTS = Facts(0.5, ("blue", "green", "red"))
CONFIDENCE = "confidence"


def roof_and_wall() -> pd.DataFrame:
    """Two red boxes of pixels of half a metre, the second 2 m left of the first, as rows that are settled already."""
    one = {"y_px": 60.0, "length_m": 12.2, "width_m": 2.4, "angle_deg": 0.0, "kind": "40ft", "color": "#b4281e"}
    return pd.DataFrame([one | {"x_px": 40.0, CONFIDENCE: 0.95}, one | {"x_px": 36.0, CONFIDENCE: 0.6}])


@pytest.mark.parametrize(
    ("view", "many"),
    [
        (ViewAngles(31.0, 90.0), 1),
        (ViewAngles(31.0, 270.0), 2),
        (ViewAngles(25.0, 90.0), 2),
        (ViewAngles(31.0), 2),
        (None, 2),
    ],
)
def test_walls_are_doubted_from_far_aslant_alone(view: ViewAngles | None, many: int) -> None:
    method = SimpleNamespace(settle=lambda boxes: boxes, aslant=learned(FACTS).aslant)
    kept = settled_boxes(method, roof_and_wall(), view)  # type: ignore[arg-type]
    assert (kept[CONFIDENCE] >= 0.5).sum() == many


def test_boxes_that_are_no_evidence_any_more_are_left_out() -> None:
    aslant = learned(FACTS).aslant
    assert aslant is not None
    table = roof_and_wall().assign(confidence=[0.95, 0.32])
    assert len(aslant(table, (0.6, 0.0))) == 1
    assert len(aslant(table, (-0.6, 0.0))) == 2
    assert classical(FACTS).aslant is None
    assert set(roof_and_wall()) <= set(COLUMNS)
