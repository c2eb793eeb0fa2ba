"""Works, cells and halls of a run together: what is found of them, their layers, columns, reasons and records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from changedet.json_types import JsonObject
from changedet.pipeline.area_sums import Area
from changedet.pipeline.building_rows import buildings_layer, buildings_record, why_no_buildings, with_buildings
from changedet.pipeline.buildings import Buildings, find_buildings
from changedet.pipeline.cells import Cells, cells_layer, cells_record, find_cells, why_no_cells, with_cells
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.thing_states import SeenBoxes
from changedet.pipeline.work_rows import why_no_works, with_works, works_layer, works_record
from changedet.pipeline.works import Works, find_works
from changedet.plan import Plan


class Stores(NamedTuple):
    """Works and cells.

    Attributes
    ----------
    works : Works or None
        None where the workflow does not want them.
    cells : Cells or None
        None where no zone is a cell.
    buildings : Buildings or None
        None where the workflow does not want them.
    """

    works: Works | None
    cells: Cells | None
    buildings: Buildings | None = None

    def layers(self, zones: gpd.GeoDataFrame | None, crs: str) -> dict[str, gpd.GeoDataFrame | None]:
        """Make the layers ``works``, ``cells`` and ``buildings``.

        Parameters
        ----------
        zones : GeoDataFrame or None
        crs : str

        Returns
        -------
        dict of str to GeoDataFrame or None
            None where there are none to be had.
        """
        found = {"works": works_layer(self.works, zones, crs), "cells": cells_layer(self.cells, crs)}
        return found | {"buildings": buildings_layer(self.buildings, zones, crs)}

    def with_figures(self, table: pd.DataFrame, areas: Mapping[str, Area]) -> pd.DataFrame:
        """Add their columns to the time series.

        Parameters
        ----------
        table : DataFrame
        areas : mapping of str to geometry or None
            By zone; None is the whole site.

        Returns
        -------
        DataFrame
            The table itself without works and cells.
        """
        return with_buildings(
            with_cells(with_works(table, self.works, areas), self.cells, areas), self.buildings, areas
        )

    def reasons(self) -> dict[str, str]:
        """Say why figures cannot be had.

        Returns
        -------
        dict of str to str
            Figure -> reason.
        """
        return why_no_works(self.works) | why_no_cells(self.cells) | why_no_buildings(self.buildings)

    def records(self) -> JsonObject:
        """Sum them up for ``summary.json``.

        Returns
        -------
        dict
            ``works``, ``cells`` and ``buildings``, where there are any.
        """
        found = {"works": works_record(self.works), "cells": cells_record(self.cells)}
        found["buildings"] = buildings_record(self.buildings)
        return {name: record for name, record in found.items() if record is not None}


def find_stores(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    layers: Mapping[str, gpd.GeoDataFrame],
    zones: gpd.GeoDataFrame | None,
) -> Stores:
    """Find works, and read the states of works and cells.

    Parameters
    ----------
    plan : Plan
        Its masks are done.
    models : mapping of date to DateModel
    layers : mapping of str to GeoDataFrame
        With ``containers`` and ``tracks``.
    zones : GeoDataFrame or None

    Returns
    -------
    Stores
        Both may be None.
    """
    boxes = SeenBoxes(layers["containers"], layers["tracks"])
    works, cells = find_works(plan, models, boxes), find_cells(plan, models, boxes, zones)
    return Stores(works, cells, find_buildings(plan, models, boxes))
