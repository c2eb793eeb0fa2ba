"""Boxes of a date that are slopes of gabled roofs: doubted where the sun is known."""

from __future__ import annotations

import pandas as pd
import pytest

from changedet.imagery.angles import SunAngles
from changedet.kernels.doubts import BESIDE_ROOF
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


@pytest.mark.parametrize(("sun", "among"), [(SunAngles(135.0, 50.0), BESIDE_ROOF), (SunAngles(225.0, 50.0), -4.0)])
def test_a_shed_beside_a_roof_that_the_sun_tells_lies_among_houses(sun: SunAngles, among: float) -> None:
    one = {"y_px": 60.0, "length_m": 12.2, "width_m": 2.4, "angle_deg": 0.0, "kind": "40ft", "confidence": 0.9}
    slopes = [one | {"x_px": 45.2, "color": "#96645a"}, one | {"x_px": 40.0, "color": "#7a504e"}]
    shed = one | {"x_px": 42.0, "y_px": 84.0, "length_m": 6.1, "color": "#a0a0a0", "kind": "20ft"}
    boxes = pd.DataFrame([*slopes, shed, shed | {"y_px": 200.0}]).assign(inferred=False, home_odds=-4.0)
    kept = settled_boxes(learned(FACTS), boxes, None, sun).sort_values("y_px")
    assert kept["home_odds"].tolist()[-2:] == [among, -4.0]
    unknown = settled_boxes(learned(FACTS), boxes.drop(columns="home_odds"), None, sun)
    assert len(unknown) == len(kept)
