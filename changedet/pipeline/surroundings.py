"""How a date's light differs from the reference's, by the ground around a site too, where most of the site changed."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import shapely

from changedet.arrays import Singles
from changedet.blocks import SAMPLE_CELL_PX, Window, stack_cells, tiles
from changedet.grid import Grid
from changedet.grid.displacement import Displacement
from changedet.imagery.look import Look
from changedet.kernels.pixel_classes import CLEAR
from changedet.kernels.together import together
from changedet.pipeline.blur import blurred
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_pixels import quality_of, where_valid, with_extra
from changedet.stages.normalise.kernels.band_fits import likeness

MOST_CELLS: Final = 12
"""Cells around the site that are read, at most: as many again as a site's own sample holds, nearly."""
ALIKE: Final = 0.85
"""First canonical correlation of a site with itself on two dates, above which most of it stays the same: on a simulated
site a third of which was built upon it fell from .88 to .75 in a season, on the new yard alone from .77 to .58."""
LEAST_SHOWN: Final = 1 / 16
"""Share of a cell beside the site that both scenes must show for it to be read."""
MORE_ALIKE: Final = 0.05
"""By how much the ground around must raise that correlation to be believed in the site's place. Chosen by hand."""


def with_surroundings(
    job: DateJob, cells: tuple[Singles, Singles], displacement: Displacement
) -> tuple[Singles, Singles]:
    """Add the ground around a site to its sample, where the site itself does not tell light from change.

    What is common to a site most of which was built upon is no light, and a line through it takes the change off.

    Parameters
    ----------
    job : DateJob
    cells : (float32 (cell, band, y, x), float32 (cell, band, y, x))
        The site's sample on the reference and on the date, blurred alike; NaN is not clear on both.
    displacement : Displacement
        Of the date from the reference.

    Returns
    -------
    float32 (cell, band, y, x), float32 (cell, band, y, x)
        `cells`, and cells beside the site after them where the scenes go beyond it and have more in common there.

    Raises
    ------
    InputError
        A scene cannot be read; it is named.
    """
    windows = [] if job.reference is None else windows_around(job.grid, job.look, job.reference)
    alike = likeness(*cells) if windows else 1.0
    if job.reference is None or alike >= ALIKE:
        return cells
    looks = ((job.reference, None), (job.look, displacement))
    around = [_cells(job, look, windows, moved) for look, moved in looks]
    shown = np.asarray(np.isfinite(around[0]).all(axis=1) & np.isfinite(around[1]).all(axis=1), bool)
    before, after = (
        np.concatenate([own, np.stack([blurred(cell, sigma) for cell in where_valid(outer, shown)])])
        for own, outer, sigma in zip(cells, around, job.blur_px, strict=True)
    )
    return (before, after) if likeness(before, after) > alike + MORE_ALIKE else cells


def windows_around(grid: Grid, look: Look, reference: Look) -> list[Window]:
    """Choose the cells beside a site that may tell how the light of a date differs from the reference's.

    Parameters
    ----------
    grid : Grid
    look, reference : Look
        The date and what it is compared with.

    Returns
    -------
    list of Window
        Of a ring about the grid, those of which both show a part; empty where the scenes end with the site.
    """
    height, width = grid.shape
    wide = width + 2 * SAMPLE_CELL_PX
    strips = (
        Window(-SAMPLE_CELL_PX, -SAMPLE_CELL_PX, SAMPLE_CELL_PX, wide),
        Window(0, -SAMPLE_CELL_PX, height, SAMPLE_CELL_PX),
        Window(0, width, height, SAMPLE_CELL_PX),
        Window(height, -SAMPLE_CELL_PX, SAMPLE_CELL_PX, wide),
    )
    shown = shapely.intersection(look.outline(grid.crs), reference.outline(grid.crs))
    cells = [
        Window(strip.y + cell.y, strip.x + cell.x, cell.height, cell.width)
        for strip in strips
        for cell in tiles(strip.shape, SAMPLE_CELL_PX)
    ]
    outlines = [shapely.box(*grid.window_bounds(cell)) for cell in cells]
    partly = [
        cell
        for cell, outline in zip(cells, outlines, strict=True)
        if shapely.intersection(outline, shown).area >= LEAST_SHOWN * outline.area
    ]
    # Seeded by the shape, as the site's own sample is.
    chosen = np.random.default_rng(grid.shape).permutation(len(partly))[:MOST_CELLS]
    return [partly[i] for i in sorted(chosen)]


def _cells(job: DateJob, look: Look, windows: list[Window], displacement: Displacement | None) -> Singles:
    def _read(window: Window) -> Singles:
        image, own = look.read(job.grid, window, job.roles, displacement)
        clear = quality_of(job, image, own, window, None) == CLEAR if look is job.look else own == CLEAR
        return where_valid(with_extra(job, look, image, window, displacement), clear)

    return stack_cells(together([partial(_read, window) for window in windows]))
