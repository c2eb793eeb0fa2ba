"""What a date shows: one scene, or several side by side."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.blocks import Window
from changedet.grid import Frame, Grid
from changedet.grid.displacement import Displacement
from changedet.grid.geodesy import LONLAT
from changedet.imagery.angles import SunAngles, ViewAngles
from changedet.imagery.attribution import Attribution, together
from changedet.imagery.on_grid import OnGrid, Read
from changedet.imagery.scene import Scene
from changedet.kernels.pixel_classes import NODATA


@dataclass(frozen=True)
class Look(OnGrid):
    """What a date shows: one scene, or several side by side, the first on top.

    Attributes
    ----------
    scenes : tuple of Scene
        At least one.
    """

    scenes: tuple[Scene, ...]

    @property
    def date(self) -> dt.date:
        """UTC."""
        return self.scenes[0].date

    @property
    def time(self) -> dt.time | None:
        """Of the uppermost scene, UTC; None where it is not known."""
        return self.scenes[0].time

    @property
    def name(self) -> str:
        """The names of its scenes, the uppermost first."""
        return " + ".join(scene.name for scene in self.scenes)

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles that all its scenes have."""
        return tuple(role for role in self.scenes[0].roles if all(role in scene.bands for scene in self.scenes))

    @property
    def frame(self) -> Frame:
        """Where the pixels of the uppermost scene lie."""
        return self.scenes[0].frame

    @cached_property
    def gsd_m(self) -> float:
        """Ground sampling distance of its coarsest scene in metres, geodesic."""
        return max(scene.gsd_m for scene in self.scenes)

    @property
    def dtype(self) -> str:
        """Data type of the uppermost scene."""
        return self.scenes[0].dtype

    @property
    def sun(self) -> SunAngles | None:
        """Of the uppermost scene; None where it is not known."""
        return self.scenes[0].sun

    @property
    def view(self) -> ViewAngles | None:
        """Of the uppermost scene; None where it is not known."""
        return self.scenes[0].view

    @property
    def attribution(self) -> Attribution:
        """Of all its scenes together."""
        return together([scene.attribution for scene in self.scenes])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was assumed of its scenes, each once."""
        return tuple(dict.fromkeys(warning for scene in self.scenes for warning in scene.warnings))

    @property
    def identity(self) -> str:
        """Hash of its scenes' identities."""
        if len(self.scenes) == 1:
            return self.scenes[0].identity
        return hashlib.sha256("".join(scene.identity for scene in self.scenes).encode()).hexdigest()[:24]

    def outline(self, crs: str = LONLAT) -> BaseGeometry:
        """Outline of all its scenes together.

        Parameters
        ----------
        crs : str
            Of the outline.

        Returns
        -------
        shapely geometry
            In degrees longitudes may go beyond 180.
        """
        return shapely.union_all([scene.outline(crs) for scene in self.scenes])

    def _read_window(
        self,
        grid: Grid,
        window: Window,
        roles: Sequence[str],
        displacement: Displacement | None,
        resolution_m: float | None,
    ) -> Read:
        image, quality = self.scenes[0].read(grid, window, roles, displacement, resolution_m)
        for scene in self.scenes[1:]:
            if not (quality == NODATA).any():
                break
            below, below_quality = scene.read(grid, window, roles, displacement, resolution_m)
            gap = (quality == NODATA) & (below_quality != NODATA)
            np.copyto(image, below, where=gap)
            np.copyto(quality, below_quality, where=gap)
        return image, quality
