"""The third hand: its truth lies where its pixels show it, and what never changes is never true."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

from benchmarks.third_hand.camera import Light, Top  # noqa: E402
from benchmarks.third_hand.noise import Noise  # noqa: E402
from benchmarks.third_hand.plan import Box, Frame, Plan, Slot  # noqa: E402
from benchmarks.third_hand.sensor import Sensor, clear  # noqa: E402
from benchmarks.third_hand.site import make, scene  # noqa: E402
from benchmarks.third_hand.truth import Truth  # noqa: E402

GSD_M, SIDE = 0.5, 80
ORIGIN = (500_000.0, 4_600_000.0)
HEIGHT_M = 2.59


@pytest.fixture
def plan() -> Plan:
    """Nothing but a white box, turned by 30 degrees, that comes on the second date."""
    made = Plan("quiet", 1, [dt.date(2023, 5, 1), dt.date(2023, 6, 1)], Frame(0.5), np.random.default_rng(1))
    box = Box(1, "40ft", np.full(4, 0.7, np.float32), tall=False)
    made.slots.append(Slot(4.0, -6.0, "40ft", np.radians(30.0), "yard", stacks=[(), (box,)]))
    return made


def sensor(east_m: float = 0.0) -> Sensor:
    return Sensor(0.4, 0.0, 0.0005, False, np.ones(4, np.float32), np.zeros(4, np.float32), east_m, 0.0, 0.0, 1)


def middle(plan: Plan, light: Light, east_m: float = 0.0) -> np.ndarray:
    """Where the picture shows the box, in metres from the scene's middle."""
    image, _ = scene(plan, 1, Noise(1), (GSD_M, SIDE), (light, sensor(east_m), clear(SIDE)))
    rows, columns = np.nonzero(image[..., 1] > 0.5 * image[..., 1].max())
    return np.array([columns.mean() + 0.5 - SIDE / 2, SIDE / 2 - rows.mean() - 0.5]) * GSD_M


def test_a_box_is_seen_where_truth_says(plan: Plan) -> None:
    light = Light(150, 50, 0, 0, 0)
    assert middle(plan, light) == pytest.approx([4, -6], abs=0.15)
    truth = Truth(plan, ORIGIN, SIDE * GSD_M, GSD_M, 32631)
    truth.tops = [{}, {1: Top(1.0, 1.0, 1.0)}]
    rows = truth.containers(1, clear(SIDE))
    centre = shapely.centroid(rows[0]["geometry"])
    assert (centre.x - ORIGIN[0], centre.y - ORIGIN[1]) == pytest.approx((4, -6))
    assert rows[0]["angle_deg"] == pytest.approx(60)
    assert rows[0]["visible"]
    truth.tops[1] = {1: Top(0.3, 1.0, 1.0)}
    assert not truth.containers(1, clear(SIDE))[0]["visible"]
    assert truth.containers(0, clear(SIDE)) == []


def test_a_roof_leans_the_way_the_satellite_looks(plan: Plan) -> None:
    leans = middle(plan, Light(150, 50, 90, 20, 0)) - middle(plan, Light(150, 50, 90, 0, 0))
    assert leans == pytest.approx([HEIGHT_M * np.tan(np.radians(20)), 0], abs=0.25)


def test_content_of_a_shifted_scene_lies_east(plan: Plan) -> None:
    light = Light(150, 50, 0, 0, 0)
    assert middle(plan, light, 1.2) - middle(plan, light) == pytest.approx([1.2, 0], abs=0.1)


def test_only_what_is_seen_from_above_arrives(plan: Plan) -> None:
    below, above = (Box(number, "40ft", np.full(4, 0.2, np.float32), tall=False) for number in (2, 3))
    plan.slots[0].stacks = [(below,), (below, above)]
    plan.slots.append(Slot(-4.0, 6.0, "40ft", 0.0, "yard", stacks=[(), plan.slots[0].stacks[1]]))
    truth = Truth(plan, ORIGIN, SIDE * GSD_M, GSD_M, 32631)
    assert truth.moves(0, 1) == 2
    assert truth.moves(1, 0) == 0
    assert [row["object_id"] for row in truth.stays()] == ["t00002", "t00003"]


def test_what_came_is_changed_and_nothing_else(plan: Plan) -> None:
    truth = Truth(plan, ORIGIN, SIDE * GSD_M, GSD_M, 32631)
    area = {name: shape.area for name, shape in truth.regions(1).items()}
    assert area == pytest.approx({"gain": 12.19 * 2.44, "loss": 0, "other": 0})
    mask = truth.mask(1, [clear(SIDE), clear(SIDE)])
    assert mask.sum() * GSD_M**2 == pytest.approx(12.19 * 2.44, abs=2)
    assert not truth.mask(0, [clear(SIDE), clear(SIDE)]).any()


@pytest.mark.parametrize(("kind", "bands", "count"), [("quiet", "rgbn16", 4), ("decoys", "rgb8", 3)])
def test_a_site_at_rest_has_no_changes(tmp_path: Path, kind: str, bands: str, count: int) -> None:
    workflow = make(kind, tmp_path, 3, 1.0, 70.0, 2, bands)
    table = pd.read_csv(tmp_path / "truth" / "truth.csv")
    assert len(set(table["containers"])) == 1
    assert (table["containers"] > 0).all() == (kind == "quiet")
    assert table["onset_changed"].isna().all()
    assert gpd.read_file(tmp_path / "truth" / "truth.gpkg", layer="changed").empty
    with rasterio.open(tmp_path / "truth" / f"{table['date'][1]}_mask.tif") as mask:
        assert not mask.read(1).any()
    with rasterio.open(tmp_path / "scenes" / f"{table['date'][0]}.tif") as file:
        assert (file.count, file.shape) == (count, (70, 70))
    assert str(table["date"][0]) in workflow.read_text()
