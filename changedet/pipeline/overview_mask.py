"""Why each pixel of a date's overview is usable or not: clouds and their shadows are wider than a tile."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Final

import numpy as np

from changedet.arrays import Bytes, Singles
from changedet.errors import InputError
from changedet.grid.displacement import Displacement, Shift
from changedet.imagery.look import Look
from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, PATCHES, SATURATED, SHADOW, SNOW
from changedet.kernels.together import both
from changedet.pipeline.date_job import DateJob
from changedet.pipeline.date_model import DateModel, OverviewClasses
from changedet.pipeline.date_pixels import where_valid
from changedet.pipeline.samples import Sample
from changedet.pipeline.witnesses import NEAREST_WITNESSES
from changedet.stages.align.alignment import AlignMethod
from changedet.stages.align.chips import LEAST_CONFIDENCE
from changedet.stages.mask.stage import MaskMethod

STRIP_ROWS: Final = 128
"""Rows of overviews of which the usual picture is made at once."""


def overview_classes(
    job: DateJob,
    overview: Singles,
    reference: Singles | None,
    displacement: Displacement,
    *,
    under_snow: bool,
) -> OverviewClasses | None:
    """Classify a date's overview.

    Parameters
    ----------
    job : DateJob
    overview : float32 (band, y, x)
        Before any alignment; NaN is no data.
    reference : float32 (band, y, x) or None
        What `open_overview` gave; None where there is nothing to compare with.
    displacement : Displacement
        Of the date from the reference.
    under_snow : bool
        Whether snow lies on the reference: it does not tell where else snow lies.

    Returns
    -------
    OverviewClasses or None
        Where the pixels lie after alignment; all cloud for a reference that hides its ground, and its clouds and
        shadows only where other dates do not show the same. None where the mask method looks at single pixels alone
        or the stage is switched off.
    """
    method = job.methods.mask
    if method is None or method.classify is None:
        return None
    classify, factor, sun = method.classify, job.overview_factor, job.look.sun
    aligned = _moved(overview, displacement, job.grid.resolution_m, factor)
    resolution_m = job.grid.ground_resolution_m * factor
    is_reference = job.reference is None
    classes, (doubtful, white) = both(
        lambda: classify(aligned, reference, resolution_m, sun),
        lambda: (
            is_reference and method.doubtful is not None and method.doubtful(overview),
            (is_reference or under_snow) and method.white is not None and method.white(overview),
        ),
    )
    # A look that shows nothing is no matter of single clouds.
    parted = job.asks_others and not np.isin(classes, (CLOUD, NODATA)).all()
    unsure = (is_reference or parted) and (doubtful or _is_hidden(classes))
    witnesses = _Witnesses(job, aligned, resolution_m)
    open_ones = witnesses.without_snow(method) if unsure else []
    if is_reference and method.hidden is not None and method.hidden(overview, [other for other, _ in open_ones]):
        return OverviewClasses.packed(np.where(classes == NODATA, classes, CLOUD).astype(np.uint8), factor)
    if len(open_ones) >= (1 if is_reference else NEAREST_WITNESSES):
        usual = usual_picture([laid for _, laid in open_ones])
        against = classify(aligned, usual, resolution_m, sun)
        # Each look by itself has told already that the reference is not hidden. Beside the mean of later dates, with
        # less noise and more boxes, smooth ground looks like a cloud.
        if not (is_reference and np.isin(against, (CLOUD, NODATA)).all()):
            classes = confirmed_clouds(classes, against)
    if white and method.snow is not None and (all_ones := witnesses.of_all_seasons()):
        classes = with_snow(classes, method.snow(aligned, all_ones, resolution_m, sun))
    return OverviewClasses.packed(classes, factor)


def confirmed_clouds(alone: Bytes, against: Bytes) -> Bytes:
    """Take clouds and their shadows from the comparison with other dates, all else from the picture itself.

    Alone, a white hall or pale concrete in the frame's corner looks like a cloud; it stands on the other dates too.

    Parameters
    ----------
    alone, against : uint8 (y, x)
        Classes of `changedet.kernels.pixel_classes` of one overview, by itself and against other dates.

    Returns
    -------
    uint8 (y, x)
        Of the same.
    """
    weather = (CLOUD, SHADOW)
    open_ground = np.where(np.isin(alone, weather), CLEAR, alone)
    return np.where(np.isin(against, weather), against, open_ground).astype(np.uint8)


def with_snow(classes: Bytes, snow: Bytes) -> Bytes:
    """Add the snow that other dates show not to have lain there always.

    Parameters
    ----------
    classes : uint8 (y, x)
        Of `changedet.kernels.pixel_classes`.
    snow : uint8 (y, x)
        Of the same: where it lies, else CLEAR.

    Returns
    -------
    uint8 (y, x)
        Snow where nothing else hides the ground.
    """
    return np.where(classes == CLEAR, snow, classes).astype(np.uint8)


def usual_picture(laid: Sequence[Singles]) -> Singles:
    """Show a place as most of some dates show it: clouds of one of three and more leave no trace.

    Parameters
    ----------
    laid : sequence of float32 (band, y, x)
        Overviews of dates, one on the other; NaN is no data.

    Returns
    -------
    float32 (band, y, x)
        The median at each pixel and band, on the scale of the first, of an even number the lower one, since clouds are
        bright; NaN where none shows anything.
    """
    levels = [_usual_level(image) for image in laid]
    found = np.empty(laid[0].shape, np.float32)
    # Some rows at a time: all of them would be three times what is given.
    for top in range(0, len(laid[0][0]), STRIP_ROWS):
        rows = (slice(None), slice(top, top + STRIP_ROWS))
        with np.errstate(invalid="ignore", divide="ignore"):
            ordered = np.stack([image[rows] * (levels[0] / level) for image, level in zip(laid, levels, strict=True)])
        # NumPy's nanpercentile calls Python for each pixel. NaN comes last.
        ordered.sort(axis=0)
        middle = np.maximum((~np.isnan(ordered)).sum(axis=0) - 1, 0) // 2
        found[rows] = np.take_along_axis(ordered, middle[None], axis=0)[0]
    return found


def laid_on(other: Singles, like: Singles, align: AlignMethod | None, resolution_m: float) -> Singles:
    """Lay an overview on another of the same place.

    Parameters
    ----------
    other, like : float32 (band, y, x)
        NaN is no data.
    align : AlignMethod or None
        Its coarse step; None leaves it as it lies.
    resolution_m : float
        Of the overviews' pixels.

    Returns
    -------
    float32 (band, y, x)
        To the nearest pixel; as it lies where no shift can be known.
    """
    coarse = align.coarse(other, like, resolution_m) if align is not None else None
    if coarse is None or coarse.confidence < LEAST_CONFIDENCE:
        return other
    return _moved(other, Displacement(Shift(coarse.dx, -coarse.dy)), 1.0, 1)


def open_overview(reference: Sample | None, model: DateModel | None) -> Singles | None:
    """Take the reference's overview without what clouds, their shadows or snow hide.

    Parameters
    ----------
    reference : Sample or None
        None for the reference date itself.
    model : DateModel or None
        Of the reference date.

    Returns
    -------
    float32 (band, y, x) or None
        NaN where a cloud, shadow, snow or clipped white is known; None where nothing is clear.
    """
    if reference is None:
        return None
    if model is None or model.mask is None:
        return reference.overview
    classes = model.mask.unpacked()
    if not (classes == CLEAR).any():
        return None
    hidden = np.isin(classes, (CLOUD, SHADOW, SNOW, PATCHES, SATURATED))
    # An overview of four bands has 30 MB: one that shows all of its ground is not held twice.
    return np.where(hidden, np.float32(np.nan), reference.overview) if hidden.any() else reference.overview


def _is_hidden(classes: Bytes) -> bool:
    """Whether there are clouds or shadows, which other dates should confirm on a reference."""
    return bool(np.isin(classes, (CLOUD, SHADOW)).any())


class _Witnesses:
    """Overviews of a date's witnesses, nearest date first, each with itself laid on the date's own.

    They are read as they are wanted, each once; one that shows nothing is none, and one that cannot be read is named
    elsewhere.
    """

    def __init__(self, job: DateJob, aligned: Singles, resolution_m: float) -> None:
        self._job, self._aligned, self._resolution_m = job, aligned, resolution_m
        self._read: dict[date, tuple[Singles, Singles] | None] = {}

    def without_snow(self, method: MaskMethod) -> list[tuple[Singles, Singles]]:
        """The nearest `NEAREST_WITNESSES` that are not white all over, as they were read and as they are laid."""
        found: list[tuple[Singles, Singles]] = []
        for k, look in enumerate(self._job.witnesses):
            one = self._of(look)
            is_white = one is not None and method.white is not None and method.white(one[0])
            if one is not None and not is_white:
                # Held of many dates: as they were read, a reference alone asks for them again.
                kept = one if self._job.reference is None else (one[1], one[1])
                self._read[look.date] = kept
                found.append(kept)
            elif is_white and k >= NEAREST_WITNESSES:
                del self._read[look.date]
            if len(found) == NEAREST_WITNESSES:
                break
        return found

    def of_all_seasons(self) -> list[Singles]:
        """The nearest ones and that of the other end of the year, as they are laid."""
        looks = (*self._job.witnesses[:NEAREST_WITNESSES], *self._job.other_season)
        return [one[1] for look in looks if (one := self._of(look)) is not None]

    def _of(self, look: Look) -> tuple[Singles, Singles] | None:
        if look.date not in self._read:
            self._read[look.date] = self._opened(look)
        return self._read[look.date]

    def _opened(self, look: Look) -> tuple[Singles, Singles] | None:
        job = self._job
        with suppress(InputError):
            image, quality = look.overview(job.grid, job.overview_factor, job.roles)
            own = where_valid(image, quality == CLEAR)
            if np.isfinite(own).all(axis=0).any():
                return own, laid_on(own, self._aligned, job.methods.align, self._resolution_m)
        return None


def _usual_level(image: Singles) -> Singles:
    """The median of each band, (band, 1, 1)."""
    return np.asarray(np.nanmedian(image, axis=(1, 2), keepdims=True), np.float32)


def _moved(overview: Singles, displacement: Displacement, pixel: float, factor: int) -> Singles:
    """An overview (band, y, x) where its pixels are after alignment, to the nearest one; the edge goes on beyond.

    The grid's pixels have a side of `pixel` in the displacement's units, the overview's `factor` times that.
    """
    sizes = overview.shape[1:]
    middles = [(np.arange(size) + 0.5) * factor - 0.5 for size in sizes]
    rows, columns = np.meshgrid(*middles, indexing="ij", sparse=displacement.local_east_m is None)
    east, north = (np.rint(part / (pixel * factor)).astype(int) for part in displacement.at(rows, columns))
    if not east.any() and not north.any():
        return overview
    down, right = (np.arange(size) for size in sizes)
    rows, columns = np.clip(down[:, None] - north, 0, sizes[0] - 1), np.clip(right + east, 0, sizes[1] - 1)
    return np.ascontiguousarray(overview[:, rows, columns])
