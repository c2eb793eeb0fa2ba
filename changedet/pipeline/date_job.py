"""What the work on one date depends on, and how its pixels are judged and brought to the other date's resolution.

`measuring` takes a date's statistics, `tilework` passes over its tiles; both are pure and picklable: they run wherever
dask puts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from changedet.arrays import Singles
from changedet.blocks import PixelMethod, Window
from changedet.grid import Grid
from changedet.grid.displacement import Displacement
from changedet.imagery.scene import Look
from changedet.kernels.pixel_classes import CLEAR, NODATA, SHADE
from changedet.pipeline.date_model import ChangeModel, DateModel, LightLevels, NormaliseModel, OverviewClasses
from changedet.stages.align.alignment import AlignMethod
from changedet.stages.align.images import overview_factor
from changedet.stages.footprint.stage import FootprintMethod
from changedet.stages.mask.kernels.clouds import laid_over
from changedet.stages.mask.stage import MaskMethod
from changedet.stages.mask.stage import overview_factor as mask_overview_factor
from changedet.stages.objects.lattice import ObjectMethod

SIMILAR_GSD: Final = 1.25
"""Scenes whose GSDs differ by less are compared as they are."""
OUTLINE_PX: Final = 1

VISIBLE: Final = ("blue", "green", "red", "pan")
SHADE_LIGHT: Final = 0.4
"""Share of the ordinary light. On simulated sites, 55 % of the boxes that a detector misses lie below it, 13 % of the
empty spots, 9 % of the boxes that it finds."""
LEAST_RANGE: Final = np.float32(1e-6)
"""Of what is between the dark end and the middle: keeps a flat band from dividing by zero."""

PARTS: Final = ("pixels", "boxes")
"""What a pass leaves: rasters with what follows from them, and boxes. Each is done again only where it must be."""


@dataclass(frozen=True)
class Methods:
    """The methods of the pixel stages, ready to use; None where a stage is switched off."""

    mask: MaskMethod | None
    align: AlignMethod | None
    normalise: PixelMethod[NormaliseModel, Singles] | None
    change: PixelMethod[ChangeModel, Singles] | None
    objects: ObjectMethod | None
    footprint: FootprintMethod | None


@dataclass(frozen=True)
class DateWork:
    """One date and all that its work depends on.

    Attributes
    ----------
    grid : Grid
    look : Look
        The date's scenes.
    reference : Look or None
        None for the reference date itself.
    roles : tuple of str
        Bands that all dates share.
    extra_roles : tuple of str
        Further bands on which this date and the reference are compared, though other dates lack them; of the reference
        those of all dates.
    scene_roles : tuple of str
        What the aligned picture holds; empty where none is wanted.
    methods : Methods
    counts : bool
        Whether boxes are looked for on this date.
    dtype, nodata : str, float or None
        Of the aligned picture: the reference's; None where its files have no nodata value.
    witnesses : tuple of Look
        Of the reference date: other dates, nearest first, that may be asked whether it shows any ground.
    tells_reference : bool
        Whether the tiles bring the reference's quality too, which spares it a pass of its own.
    persists : bool
        Whether the mask waits for the scores of all dates (`persist`).
    """

    grid: Grid
    look: Look
    reference: Look | None
    roles: tuple[str, ...]
    scene_roles: tuple[str, ...]
    methods: Methods
    counts: bool
    dtype: str
    nodata: float | None = None
    witnesses: tuple[Look, ...] = ()
    tells_reference: bool = False
    persists: bool = False
    extra_roles: tuple[str, ...] = ()

    @property
    def compared_roles(self) -> tuple[str, ...]:
        """On what this date and the reference are compared."""
        return (*self.roles, *self.extra_roles)

    @property
    def only_quality(self) -> bool:
        """Whether nothing is wanted of the date but why its pixels are usable or not."""
        finds = self.counts and self.methods.objects is not None
        return not (self.compares or self.scene_roles or finds or self.methods.footprint is not None)

    def only(self, parts: frozenset[str]) -> DateWork:
        """The work for some of `PARTS` alone."""
        methods, roles, counts = self.methods, self.scene_roles, self.counts
        if "boxes" not in parts:
            methods, counts = replace(methods, objects=None), False
        if "pixels" not in parts:
            methods, roles = replace(methods, change=None, normalise=None, footprint=None), ()
        return replace(self, methods=methods, scene_roles=roles, counts=counts)

    @property
    def overview_factor(self) -> int:
        """Pixels that the overview averages on a side."""
        shape, method = self.grid.shape, self.methods.mask
        if method is None or method.classify is None:
            return overview_factor(shape)
        return mask_overview_factor(shape, self.grid.ground_resolution_m, method.overview_resolution_m)

    @property
    def blur_px(self) -> tuple[float, float]:
        """Gaussian sigma that brings the reference, and the date, to the coarser GSD of the two."""
        if self.reference is None:
            return 0.0, 0.0
        coarse = max(self.reference.gsd_m, self.look.gsd_m)

        def sigma(own: float) -> float:
            if coarse < SIMILAR_GSD * own:
                return 0.0
            # The box of a detector element has this standard deviation; what the finer scene already has is taken off.
            return float(np.sqrt(coarse**2 - own**2) / np.sqrt(12) / self.grid.ground_resolution_m)

        return sigma(self.reference.gsd_m), sigma(self.look.gsd_m)

    @property
    def compares(self) -> bool:
        return self.reference is not None and self.methods.change is not None

    @property
    def change_halo_px(self) -> int:
        """How far the comparison looks around: the method, the blur, and the outline of regions."""
        if not self.compares or self.methods.change is None:
            return 0
        return self.methods.change.halo_px + int(np.ceil(3 * max(self.blur_px))) + OUTLINE_PX

    @property
    def halo_px(self) -> int:
        """How far the widest method of a tile looks around."""
        objects = self.methods.objects.halo_px if self.methods.objects is not None and self.counts else 0
        footprint = self.methods.footprint.halo_px if self.methods.footprint is not None else 0
        return max(self.change_halo_px, objects, footprint)


def where_valid(image: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Images ``(..., band, y, x)`` with NaN where ``valid (..., y, x)`` is False."""
    return np.where(np.expand_dims(valid, -3), image, np.float32(np.nan))


def blurred(image: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Gaussian blur of ``(band, y, x)`` that knows missing pixels: they stay missing and weigh nothing."""
    if sigma_px == 0:
        return image
    known = np.isfinite(image)
    weight = gaussian_filter(known.astype(np.float32), (0, sigma_px, sigma_px), mode="constant", truncate=3.0)
    total = gaussian_filter(np.where(known, image, 0), (0, sigma_px, sigma_px), mode="constant", truncate=3.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, total / weight, np.nan).astype(np.float32)


def with_extra(
    work: DateWork, look: Look, image: NDArray[np.float32], window: Window, displacement: Displacement | None
) -> NDArray[np.float32]:
    """A look's picture ``(band, y, x)`` of the roles that all dates share, with `extra_roles`; NaN where one has none.

    They are read apart, so that what a date shows does not depend on the dates that it is compared with.
    """
    if not work.extra_roles:
        return image
    return np.concatenate([image, look.read(work.grid, window, work.extra_roles, displacement)[0]])


def bands_of(wanted: DateWork, work: DateWork) -> list[int]:
    """Where the bands by which one work compares lie among those of another."""
    return [work.compared_roles.index(role) for role in wanted.compared_roles]


def normalised(work: DateWork, image: NDArray[np.float32], model: DateModel) -> NDArray[np.float32]:
    """A date's picture ``(band, y, x)`` on the reference's scale, as its model says."""
    if work.methods.normalise is None:
        return image
    return work.methods.normalise.apply(image, model=model.normalise)


def quality_of(
    work: DateWork,
    image: NDArray[np.float32],
    own: NDArray[np.uint8],
    window: Window,
    overview: OverviewClasses | None,
) -> NDArray[np.uint8]:
    """Why each pixel of a window is usable or not: the file's own reasons first, then the mask stage's."""
    if work.methods.mask is None:
        return np.where((own == CLEAR) & ~np.isfinite(image).all(axis=0), NODATA, own).astype(np.uint8)
    found = work.methods.mask.apply(image, model={})
    if overview is not None:
        rows = np.arange(window.y, window.y + window.height)[:, None] // overview.factor
        columns = np.arange(window.x, window.x + window.width)[None] // overview.factor
        found = laid_over(found, overview.unpacked(), rows, columns)
    return np.where(own == CLEAR, found, own).astype(np.uint8)


def light_levels(work: DateWork, seen: NDArray[np.float32]) -> LightLevels | None:
    """The dark end and the middle of each band's values in a sample (cell, band, y, x); None without optical bands."""
    if not _light_bands(work) or not np.isfinite(seen).any():
        return None
    low, middle = np.nanpercentile(np.moveaxis(seen, 1, 0).reshape(seen.shape[1], -1), (0.5, 50.0), axis=1)
    return LightLevels(tuple(np.round(low, 6).tolist()), tuple(np.round(middle, 6).tolist()))


def light_of(image: NDArray[np.float32], levels: LightLevels, bands: Sequence[int] | None = None) -> Singles:
    """Brightness ``(..., band, y, x)`` of an image's bands, 0 at a date's dark end and 1 at its usual ground."""
    chosen = slice(None) if bands is None else bands
    low, middle = (np.asarray(ends, np.float32)[chosen, None, None] for ends in (levels.low, levels.middle))
    return np.asarray((image - low) / np.maximum(middle - low, LEAST_RANGE), np.float32)


def _light_bands(work: DateWork) -> list[list[int]]:
    """Bands that tell shade: the visible ones together, and near infrared."""
    visible = [k for k, role in enumerate(work.roles) if role in VISIBLE]
    near = [k for k, role in enumerate(work.roles) if role == "nir"]
    return [group for group in (visible, near) if group]


def with_shade(
    work: DateWork, quality: NDArray[np.uint8], image: NDArray[np.float32], levels: LightLevels | None
) -> NDArray[np.uint8]:
    """Quality with clear pixels in deep shade told apart: dark in the visible bands together and in near infrared."""
    if levels is None:
        return quality
    light = light_of(image, levels)
    groups = _light_bands(work)
    with np.errstate(invalid="ignore"):
        dark = np.logical_and.reduce([light[group].mean(axis=0) < SHADE_LIGHT for group in groups])
    return np.where((quality == CLEAR) & dark, SHADE, quality).astype(np.uint8)
