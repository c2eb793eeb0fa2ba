"""What a run was made of and how: methods, inputs with checksums, statistics, for run.json and the report."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

from changedet.imagery.look import Look
from changedet.json_types import JsonLike, JsonObject
from changedet.kernels.pixel_classes import CLASS_NAMES
from changedet.libraries import __version__
from changedet.pipeline.collect import Results
from changedet.pipeline.date_model import DateModel, date_model_json
from changedet.pipeline.inputs import read_kept
from changedet.plan import Plan
from changedet.plan.advice import idle_stages
from changedet.workflow import STAGE_NAMES
from changedet.workflow.resolved import resolved

LIBRARIES: Final = (
    "numpy",
    "scipy",
    "rasterio",
    "opencv-python-headless",
    "dask",
    "geopandas",
    "shapely",
    "pyproj",
    "numba",
)
"""Those on whose version a result may depend."""


def _method_rows(plan: Plan) -> list[JsonObject]:
    """Each stage's method with its parameters, the reason for it and its reference."""
    rows: list[JsonObject] = []
    idle = idle_stages(plan.choices, len(plan.looks))
    for stage in STAGE_NAMES:
        choice, method = plan.choices[stage], plan.method(stage)
        rows.append(
            {
                "stage": stage,
                "method": choice.method,
                "parameters": dict(choice.parameters),
                "reason": f"has nothing to do: {idle[stage]}" if stage in idle else choice.reason,
                "reference": method.reference if method else "",
            }
        )
    return rows


def _checksums(plan: Plan, look: Look) -> dict[str, str]:
    """SHA-256 of a date's files as the run read them; empty for one that is not on this machine."""
    kept = read_kept(plan.folder).files
    rasters = {path: raster for scene in look.scenes for path, raster in scene.rasters.items()}
    return {path: kept[r.files[0]][1] if r.files and r.files[0] in kept else "" for path, r in rasters.items()}


def provenance(
    plan: Plan, models: Mapping[date, DateModel], results: Results, seconds: Mapping[str, float]
) -> dict[str, JsonLike]:
    """Write down what a run was made of and how, as ``run.json`` keeps it.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
    results : Results
    seconds : mapping of str to float
        Wall-clock time by kind of task.

    Returns
    -------
    dict
        Versions, the resolved workflow, grid, methods, inputs with checksums, statistics of each date, times, warnings.
    """
    return {
        "software": {"changedet": __version__, "python": platform.python_version()},
        "libraries": {name: version(name) for name in LIBRARIES},
        "workflow": {"file": Path(plan.workflow.path).name, **resolved(plan.workflow)},
        "grid": plan.grid.to_json(),
        "reference_date": str(plan.reference_date),
        "bands": list(plan.roles),
        "methods": [*_method_rows(plan)],
        "inputs": [_input(plan, i) for i in range(len(plan.looks))],
        "left_out": [{"scene": one.scene, "date": str(one.date), "reason": one.reason} for one in plan.left_out],
        "dates": {str(day): _statistics(model) for day, model in models.items()},
        "seconds": dict(seconds),
        "warnings": list(results.warnings),
    }


def _input(plan: Plan, i: int) -> JsonObject:
    look = plan.looks[i]
    return {
        "date": str(look.date),
        "scene": look.name,
        "identity": look.identity,
        "gsd_m": look.gsd_m,
        "view": None if look.view is None else {**vars(look.view)},
        "sun": None if look.sun is None else {**vars(look.sun)},
        **look.attribution.to_json(),
        "compared_bands": [*_compared_bands(plan, i)],
        "files": [{"path": _bare_name(path), "sha256": text or None} for path, text in _checksums(plan, look).items()],
    }


def _bare_name(path: str) -> str:
    """A file's name; what an address asks for behind it may be a key."""
    return Path(path.split("?", 1)[0] if "://" in path else path).name


def _statistics(model: DateModel) -> JsonObject:
    """A date's statistics with the shares of the overview's classes in place of the classes."""
    parts = {name: part for name, part in date_model_json(model).items() if name != "mask"}
    return {**parts, "mask": {**_mask_shares(model)}}


def _compared_bands(plan: Plan, i: int) -> list[str]:
    """Bands on which a date is compared with the reference; none of the reference itself."""
    return [] if i == plan.reference else [*plan.roles, *plan.extra_roles(i)]


def _mask_shares(model: DateModel) -> dict[str, float]:
    """Which share of a date's overview is cloud, shadow, snow and so on."""
    if model.mask is None:
        return {}
    classes = model.mask.unpacked()
    counts = np.bincount(classes.ravel(), minlength=len(CLASS_NAMES))
    return {
        name: round(float(count) / classes.size, 5) for name, count in zip(CLASS_NAMES, counts, strict=True) if count
    }
