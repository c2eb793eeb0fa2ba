"""What is true of a collage, in the form of `changedet simulate`: its boxes, and the apron that was really torn up."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize

from benchmarks.airport_outlines import APRON, APRON_DAY
from benchmarks.collage.grounds import EAST_M, EPSG, GSD_M, LOOKS, NORTH_M, SIDE_PX, Ground, Look, Outline
from benchmarks.third_hand.camera import Light, Top
from benchmarks.third_hand.plan import Plan
from benchmarks.third_hand.sensor import Sensor, Sky, clear
from benchmarks.third_hand.truth import NOT_JUDGED, Parts, Truth


class CollageTruth(Truth):
    """A collage's truth, on the first look's plane; it knows no footprint."""

    def __init__(self, plan: Plan, ground: Ground) -> None:
        corner = np.array([EAST_M, NORTH_M]) + np.array(ground.corner_px) * [GSD_M, -GSD_M]
        half_m = SIDE_PX * GSD_M / 2
        super().__init__(plan, (corner[0] + half_m, corner[1] - half_m), SIDE_PX * GSD_M, GSD_M, EPSG)
        self.looks: tuple[Look, ...] = LOOKS[ground.place]
        self.place = ground.place
        numbers = [[box.number for slot in plan.slots for box in slot.stacks[date]] for date in plan.dates]
        self.tops = [{number: Top(1.0, 1.0, 1.0) for number in own} for own in numbers]

    def on_map(self, outline: Outline) -> shapely.Polygon:
        """An outline in columns and rows of the first look, on the map."""
        return shapely.Polygon(np.array(outline) * [GSD_M, -GSD_M] + [EAST_M, NORTH_M])

    def changed(self, date: int) -> Parts:
        """Boxes that came, left or were replaced, and the apron."""
        parts = super().changed(date)
        if self.place == "a" and self.plan.days[date] == APRON_DAY:
            parts["other"].append(self.on_map(APRON))
        return parts

    def mask(self, date: int, skies: list[Sky]) -> NDArray[np.uint8]:
        """1 changed, 0 not, 255 where the asphalt is another than on the first look, but for boxes."""
        made = super().mask(date, skies)
        shapes = [self.on_map(outline) for outline in self.looks[date].repaved]
        if shapes:
            other = rasterize(shapes, (self.side, self.side), transform=self.transform, dtype="uint8")
            made[(other == 1) & (made == 0)] = NOT_JUDGED
        return made

    def footprint(self, _date: int) -> shapely.MultiPolygon:
        """Nothing: it is not known."""
        return shapely.MultiPolygon()

    def seen(self) -> tuple[list[Light], list[Sensor], list[Sky]]:
        """Suns, shifts and clear skies of the looks, as the table of a truth takes them."""
        lights = [Light(look.sun_azimuth_deg, look.sun_elevation_deg, 0.0, 0.0, 0.0) for look in self.looks]
        one = np.ones(4, np.float32)
        sensors = [Sensor(look.blur_px, 0.0, 0.0, True, one, 0 * one, 0.0, 0.0, 0.0, 0) for look in self.looks]
        return lights, sensors, [clear(self.side) for _ in self.looks]
