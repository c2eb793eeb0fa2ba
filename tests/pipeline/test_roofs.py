"""Boxes of a date that are slopes of gabled roofs: doubted where the sun is known."""

from __future__ import annotations

import pandas as pd
import pytest

from changedet.imagery.angles import SunAngles
from changedet.pipeline.date_files import settled_boxes
from changedet.stages.objects.stage import classical, learned
from changedet.stages.registry import Facts

FACTS = Facts(0.5, ("blue", "green", "red"))


@pytest.mark.parametrize(
    ("sun", "many"),
    [
        (SunAngles(135.0, 50.0), 0),
        (SunAngles(225.0, 50.0), 1),
        (SunAngles(135.0, 0.0), 1),
        (None, 1),
    ],
)
def test_slopes_are_doubted_where_the_sun_lights_them_as_a_roof(sun: SunAngles | None, many: int) -> None:
    one = {"y_px": 60.0, "length_m": 12.2, "width_m": 2.4, "angle_deg": 0.0, "kind": "40ft", "confidence": 0.9}
    dark = one | {"x_px": 40.0, "color": "#7a504e", "confidence": 0.02}
    boxes = pd.DataFrame([one | {"x_px": 45.2, "color": "#96645a"}, dark]).assign(inferred=False)
    kept = settled_boxes(learned(FACTS), boxes, None, sun)
    assert len(kept) == many
    assert classical(FACTS).lit is None
