"""Lays out land, paved surfaces, roads and rails on a world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from changedet.simulate.elements import FOREVER, Life, Patch, Role
from changedet.simulate.materials import DIRT, ground_paint, vary
from changedet.simulate.palette import Paint, Spectrum
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Frame, Points, blob, roughen, strip
from changedet.simulate.world import World


class GroundBuilder:
    """Lays out what is flat: fields, paved surfaces, wear, roads, railway tracks.

    Places are given on the site's own axes: u along the main road, v across it, both in metres from the site's centre.

    Parameters
    ----------
    world : World
        Is added to.
    rng : numpy.random.Generator
        The order of the draws is what makes a seed's site.

    Attributes
    ----------
    frame : Frame
        The site's axes, turned by an angle of the seed.
    reach : float
        Half the side of the square that is laid out, in metres: the turned site covers the scene's corners.
    """

    def __init__(self, world: World, rng: np.random.Generator) -> None:
        self.world, self.rng = world, rng
        self.frame = Frame(float(rng.uniform(0, 360)), bool(rng.random() < 0.5))
        self.reach = 0.78 * world.size_m
        self._plain: dict[tuple[Spectrum, float], int] = {}

    def plain(self, colour: Spectrum, grain: float = 0.03) -> int:
        """Label of a paint of one colour, which is made once.

        Parameters
        ----------
        colour : tuple of 4 float
            Reflectance of blue, green, red and near infrared, 0 to 1.
        grain : float
            Relative variation of the brightness at 0.5 to 2 m.

        Returns
        -------
        int
            The paint's number in the world's palette.
        """
        if (colour, grain) not in self._plain:
            paint = Paint(colour, DIRT, 0.05, 0.05, 0.05, grain, snow=0.8, wet=0.05)
            self._plain[colour, grain] = self.world.palette.add(paint)
        return self._plain[colour, grain]

    def surface(
        self, name: str, turn_deg: float = 0.0, stripes: tuple[float, float, float, float] | None = None
    ) -> int:
        """Label of a new ground surface, its contrast and hue drawn from the seed.

        Parameters
        ----------
        name : str
            Of a surface that `ground_paint` knows, such as "gravel".
        turn_deg : float
            Direction of furrows and joints against the site's axes.
        stripes : tuple of 4 float, optional
            Replaces the surface's own, see `Paint`.

        Returns
        -------
        int
            The paint's number in the world's palette.
        """
        paint = ground_paint(self.rng, name, self.frame.angle_deg + turn_deg)
        return self.world.palette.add(replace(paint, stripes=stripes) if stripes else paint)

    def patch(self, outline: Points, label: int, role: Role = "none", life: Life = FOREVER, tone: int = 100) -> None:
        """Add a flat surface.

        Parameters
        ----------
        outline : float64 (n, 2)
            Corners in local ground metres.
        label : int
            Paint, or `KEEP_LABEL` for a stain that only darkens or brightens what lies below.
        role : Role
            What the surface counts as in the truth.
        life : tuple of int
            Date indices from which (inclusive) to which (exclusive) it is there.
        tone : int
            Brightness in percent of the paint, or for a stain of what lies below.
        """
        self.world.patches.append(Patch(outline, label, tone, 100, role, *life))

    def land(self, names: tuple[str, ...], cell_m: float) -> None:
        """Cover the ground with a quilt of fields, some with a path along one side.

        Parameters
        ----------
        names : tuple of str
            Surfaces to draw from, see `ground_paint`.
        cell_m : float
            Mean side of a field.
        """
        rng, reach = self.rng, self.reach
        n = int(np.ceil(2 * reach / cell_m)) + 1
        grid = np.linspace(-reach, reach, n)
        u, v = np.meshgrid(grid, grid)
        u, v = u + rng.normal(0, 0.13 * cell_m, u.shape), v + rng.normal(0, 0.13 * cell_m, v.shape)
        turn = [self.surface(name, float(rng.choice([0, 90]) + rng.normal(0, 4))) for name in names for _ in range(3)]
        for r in range(n - 1):
            for q in range(n - 1):
                if rng.random() < 0.35:
                    continue
                ring = [(r, q), (r, q + 1), (r + 1, q + 1), (r + 1, q)]
                outline = np.array([self.frame.point(u[k], v[k]) for k in ring])
                self.patch(roughen(rng, outline, 3.0, float(rng.uniform(0.2, 1.2))), int(rng.choice(turn)))
                if rng.random() < 0.3:
                    self.track(outline[0], outline[1], float(rng.uniform(1.5, 3.5)))

    def track(self, a: Points, b: Points, width_m: float) -> None:
        """Add a worn, winding path.

        Parameters
        ----------
        a, b : float64 (2,)
            Its ends in local ground metres.
        width_m : float
            Of the bare strip.
        """
        dirt = self.plain(vary(self.rng, DIRT), 0.07)
        for outline in self._winding(a, b, width_m):
            self.patch(outline, dirt)

    def _winding(self, a: Points, b: Points, width_m: float, sway: float = 0.06) -> list[Points]:
        n = max(2, int(np.hypot(*(b - a)) / 14))
        t = np.linspace(0, 1, n + 1)[:, None]
        side = np.array([-(b - a)[1], (b - a)[0]])
        path = (
            a
            + t * (b - a)
            + np.sin(np.pi * t) * side * self.rng.normal(0, sway)
            + np.sin(2 * np.pi * t) * side * self.rng.normal(0, sway / 2)
        )
        return [strip(path[k] - 0.02 * (path[k + 1] - path[k]), path[k + 1], width_m) for k in range(n)]

    def blotches(
        self,
        outline: Points,
        count: int,
        radius_m: tuple[float, float],
        tone: tuple[float, float],
        life: Life = FOREVER,
    ) -> None:
        """Add stains and worn spots inside a quadrangle.

        Parameters
        ----------
        outline : float64 (4, 2)
            Corners in local ground metres.
        count : int
            How many.
        radius_m : tuple of float
            Least and greatest radius; drawn evenly on a logarithmic scale.
        tone : tuple of float
            Least and greatest brightness in percent of the surface below.
        life : tuple of int
            Date indices from which (inclusive) to which (exclusive) they are there.
        """
        for _ in range(count):
            s, t = self.rng.random(2)
            at = (1 - s) * ((1 - t) * outline[0] + t * outline[1]) + s * ((1 - t) * outline[3] + t * outline[2])
            radius = float(np.exp(self.rng.uniform(*np.log(radius_m))))
            spot = blob(self.rng, at[0], at[1], radius, float(self.rng.uniform(1, 2.5)))
            self.patch(spot, KEEP_LABEL, life=life, tone=int(self.rng.uniform(*tone)))

    def tyre_tracks(self, outline: Points, count: int, life: Life = FOREVER) -> None:
        """Add pairs of wheel marks across a quadrangle.

        Parameters
        ----------
        outline : float64 (4, 2)
            Corners in local ground metres.
        count : int
            How many pairs at most; those shorter than 15 m are left out.
        life : tuple of int
            Date indices from which (inclusive) to which (exclusive) they are there.
        """
        for _ in range(count):
            a, b = (outline[0] + (outline[2] - outline[0]) * self.rng.random(2) for _ in range(2))
            a = a if self.rng.random() < 0.5 else outline[1] + (outline[3] - outline[1]) * self.rng.random()
            if np.hypot(*(b - a)) < 15:
                continue
            tone = int(self.rng.choice([84, 88, 92, 108, 114]))
            side = np.array([-(b - a)[1], (b - a)[0]]) / np.hypot(*(b - a))
            for piece in self._winding(a, b, 0.55, 0.12):
                for off in (-0.95, 0.95):
                    self.patch(piece + side * off, KEEP_LABEL, life=life, tone=tone)

    def road(
        self, start: tuple[float, float], end: tuple[float, float], width_m: float, marked: bool, life: Life = FOREVER
    ) -> None:
        """Add a paved road with verges, wheel lanes, kerbs, lines and mended spots.

        Parameters
        ----------
        start, end : tuple of float
            Ends (u, v) in metres.
        width_m : float
            Of the asphalt.
        marked : bool
            With white edge lines and a dashed centre line.
        life : tuple of int
            Date indices from which (inclusive) to which (exclusive) it is there.
        """
        a, b = self.frame.point(*start), self.frame.point(*end)
        role: Role = "road"
        length = float(np.hypot(*(b - a)))
        along = (b - a) / length
        side = np.array([-along[1], along[0]])
        asphalt = self.surface("asphalt")
        self.patch(strip(a, b, width_m + self.rng.uniform(1.5, 4)), self.surface("dirt"), life=life)
        self.patch(strip(a, b, width_m + 0.7), self.plain((0.17, 0.19, 0.21, 0.25)), life=life)
        self.patch(strip(a, b, width_m), asphalt, role, life)
        for off in (-0.3, -0.18, 0.18, 0.3):
            self.patch(strip(a + side * off * width_m, b + side * off * width_m, 0.7), KEEP_LABEL, life=life, tone=94)
        if marked:
            white = self.plain((0.36, 0.38, 0.38, 0.4))
            for off in (-0.46, 0.46):
                self.patch(strip(a + side * off * width_m, b + side * off * width_m, 0.14), white, life=life)
            for s in np.arange(0, length - 3, 9.0):
                self.patch(strip(a + along * s, a + along * (s + 3), 0.14), white, life=life)
        for s in np.arange(self.rng.uniform(0, 60), length, 70.0):
            mend = (
                strip(a + along * s, a + along * (s + self.rng.uniform(2, 12)), width_m * 0.4) + side * width_m * 0.22
            )
            self.patch(mend, KEEP_LABEL, life=life, tone=int(self.rng.choice([86, 90, 108])))

    def rails(self, v: float, tracks: int, life: Life = FOREVER) -> list[float]:
        """Add parallel railway tracks along u: ballast, sleepers, rails.

        Parameters
        ----------
        v : float
            Of the first track, in metres.
        tracks : int
            How many, 4.7 m apart.
        life : tuple of int
            Date indices from which (inclusive) to which (exclusive) they are there.

        Returns
        -------
        list of float
            The v of each track.
        """
        places = [v + 4.7 * k for k in range(tracks)]
        reach = self.reach
        middle, width = (places[0] + places[-1]) / 2, places[-1] - places[0] + 5.6
        self.patch(self.frame.box(0, middle, 2 * reach, width + 2.5), self.surface("dirt"), life=life)
        self.patch(self.frame.box(0, middle, 2 * reach, width), self.surface("ballast"), "rail", life)
        sleeper = self.surface("ballast", stripes=(0.62, self.frame.angle_deg - 90, 0.22, 0.0))
        rail = self.plain(vary(self.rng, (0.10, 0.11, 0.13, 0.17)), 0.02)
        for place in places:
            self.patch(self.frame.box(0, place, 2 * reach, 2.6), sleeper, life=life, tone=int(self.rng.uniform(80, 98)))
            for off in (-0.72, 0.72):
                self.patch(self.frame.box(0, place + off, 2 * reach, 0.16), rail, life=life)
        return places
