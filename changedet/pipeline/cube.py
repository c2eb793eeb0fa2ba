"""A finished run as one lazy Dataset over its dates, with the metadata of the CF conventions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from changedet.errors import InputError
from changedet.kernels.pixel_classes import NOT_OBSERVED
from changedet.libraries import __version__
from changedet.outputs.values import rows_of
from changedet.pipeline.run_reader import RunReader

if TYPE_CHECKING:
    import xarray as xr


_SPATIAL_REF: Final = "spatial_ref"


def cube_of(run: RunReader) -> xr.Dataset:
    """All rasters of a run as one Dataset.

    Parameters
    ----------
    run : RunReader
        Finished.

    Returns
    -------
    xarray.Dataset
        Dims ``time``, ``band``, ``y``, ``x``; lazy, a chunk a date and block. As `Run.cube` says.

    Raises
    ------
    InputError
        The run was made without masks, scores and scenes.
    """
    folder, days = run.folder, run.dates
    reference = date.fromisoformat(str(run.summary["reference_date"]))
    later = [day for day in days if day != reference]
    found: dict[str, xr.DataArray] = {}
    if all(folder.scene(day).exists() for day in days):
        found["scene"] = _over_time(_on_all_bands([run.scene(day) for day in days]), days)
    if later and all(folder.mask(day).exists() for day in later):
        found["mask"] = _compared(run.mask, days, reference, NOT_OBSERVED)
    if later and all(folder.score(day).exists() for day in later):
        found["score"] = _compared(run.score, days, reference, np.nan)
    if all(folder.quality(day).exists() for day in days):
        found["quality"] = _over_time([run.quality(day) for day in days], days)
    if not found.keys() & {"scene", "mask", "score"}:
        raise InputError(f"{run.path}: no masks, scores or scenes; was the run made with them in outputs.formats?")
    # Imported here and below, as a run itself needs none of it.
    import xarray as xr

    return _with_metadata(xr.Dataset(found), run, days)


def _compared(read: Callable[[date], xr.DataArray], days: Sequence[date], reference: date, fill: float) -> xr.DataArray:
    """A raster of each date, and one of no data on the reference, which is compared with nothing."""
    # Imported here for a quick start.
    import xarray as xr

    others = {day: read(day) for day in days if day != reference}
    nothing = xr.full_like(next(iter(others.values())), fill)
    return _over_time([others.get(day, nothing) for day in days], days)


def _on_all_bands(scenes: Sequence[xr.DataArray]) -> list[xr.DataArray]:
    """The scenes on the bands of them all, NaN where one lacks a band; a single band gets its dimension."""
    bands = [one if "band" in one.dims else one.expand_dims(band=["pan"]) for one in scenes]
    names = list(dict.fromkeys(str(name) for one in bands for name in one["band"].to_numpy()))
    return [one if list(one["band"].to_numpy()) == names else one.reindex(band=names) for one in bands]


def _over_time(images: Sequence[xr.DataArray], days: Sequence[date]) -> xr.DataArray:
    # Imported here for a quick start.
    import xarray as xr

    index = pd.Index(pd.DatetimeIndex([pd.Timestamp(day) for day in days]), name="time")
    together = xr.concat(images, dim=index, coords="minimal", compat="override", join="override", combine_attrs="drop")
    kept = {key: value for key, value in images[-1].attrs.items() if key.islower() or key == "_FillValue"}
    together.encoding["grid_mapping"] = _SPATIAL_REF
    return together.assign_attrs(kept)


def _with_metadata(cube: xr.Dataset, run: RunReader, days: Sequence[date]) -> xr.Dataset:
    if run.folder.timeseries.exists():
        whole = rows_of(run.series)
        clear = dict(zip(whole["date"].dt.date, whole["valid_fraction"], strict=True))
        cube = cube.assign_coords(valid_fraction=("time", [float(clear.get(day, np.nan)) for day in days]))
        cube["valid_fraction"].attrs = {"long_name": "share of the site that the date shows clearly", "units": "1"}
    cube["time"].attrs = {"standard_name": "time", "long_name": "date of the scene, UTC"}
    if "band" in cube.coords:
        cube["band"].attrs = {"long_name": "role of the band"}
    return cube.assign_attrs(
        Conventions="CF-1.11",
        title=str(run.summary.get("name", run.summary["site"])),
        source=f"changedet {__version__}",
        reference_date=str(run.summary["reference_date"]),
        crs=str(run.summary["grid"]["crs"]),
    )
