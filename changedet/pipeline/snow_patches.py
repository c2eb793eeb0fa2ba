"""Snow in patches and grey pictures among colours: the ground is not compared, and boxes are followed as ever."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from changedet.arrays import Bools
from changedet.blocks import Window
from changedet.imagery.stand_ins import is_grey_among
from changedet.kernels.pixel_classes import PATCHES, SHADE, SHOWS_BOXES, SNOW
from changedet.outputs.rasters.reading import read_window
from changedet.pipeline.date_model import DateModel
from changedet.plan import Plan


def has_snow(model: DateModel | None) -> bool:
    """Say whether snow lies on a date, in patches or all over.

    Parameters
    ----------
    model : DateModel or None
        None for a date that is not measured.

    Returns
    -------
    bool
        False where no mask method looked.
    """
    return _has(model, SNOW) or _has(model, PATCHES)


def patched_quality(plan: Plan, models: Mapping[dt.date, DateModel], day: dt.date) -> tuple[Path, Path] | None:
    """Find the quality of a date and of the reference, where snow lies on either in patches, or the date is grey.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
        Of all dates.
    day : date

    Returns
    -------
    (Path, Path) or None
        uint8 (y, x) of `changedet.kernels.pixel_classes`; None where no patch lies on them, nor are colours lacking.
    """
    first, second = day, plan.reference_date
    is_grey = is_grey_among(plan.looks[plan.dates.index(day)], [plan.reference_look])
    if not (is_grey or _has(models[first], PATCHES) or _has(models[second], PATCHES)):
        return None
    return plan.quality_file(first), plan.quality_file(second)


def shows_boxes(quality: tuple[Path, Path], window: Window) -> Bools:
    """Say where two dates show boxes, on open ground, in shade, in patches of snow and in grey.

    Parameters
    ----------
    quality : (Path, Path)
        Of `patched_quality`.
    window : Window
        Of the grid; it may reach beyond.

    Returns
    -------
    bool (y, x)
        False where either is hidden by anything else.
    """
    seen = [np.isin(read_window(path, window), (*SHOWS_BOXES, SHADE)) for path in quality]
    return np.asarray(seen[0] & seen[1], bool)


def _has(model: DateModel | None, kind: int) -> bool:
    return model is not None and model.mask is not None and bool((model.mask.unpacked() == kind).any())
