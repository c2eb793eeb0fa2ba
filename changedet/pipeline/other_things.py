"""What else is found than containers: ships, railcars, vehicles, works, cells and halls, each where it is wanted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias, TypeVar

import geopandas as gpd
import pandas as pd

from changedet.imagery.look import Look
from changedet.json_types import JsonObject
from changedet.outputs.values import iso_dates, pixel_text
from changedet.pipeline.area_sums import Area
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.things import (
    berths,
    building_rows,
    buildings,
    railcar_figures,
    railcar_pictures,
    ships,
    thing_states,
    vehicles,
    work_rows,
)
from changedet.pipeline.things.buildings import Buildings, find_buildings
from changedet.pipeline.things.cells import SHARE_IN_USE, Cells, cells_layer, cells_record, find_cells, share_in_use
from changedet.pipeline.things.railcars import Railcars, find_railcars
from changedet.pipeline.things.ships import Ships
from changedet.pipeline.things.thing_states import SeenBoxes
from changedet.pipeline.things.vehicles import Vehicles, find_vehicles
from changedet.pipeline.things.working_pixels import is_fine
from changedet.pipeline.things.works import Works, find_works
from changedet.plan import Plan
from changedet.stages.series.table import DateMeasurements

SHIPS, RAILCARS, VEHICLES, CELLS, BUILDINGS = "ships", "railcars", "vehicles", SHARE_IN_USE, "buildings"
WORKS: Final = ("works", "works_in_use")
FIGURES: Final = (SHIPS, RAILCARS, VEHICLES, *WORKS, CELLS, BUILDINGS)
"""Their figures in the time series, each with ``_low`` and ``_high``."""
Count: TypeAlias = "Callable[[pd.Series], Sequence[float]]"
"""``count(row)`` gives value, low and high of each figure for a date and zone of the time series."""
T = TypeVar("T")
R = TypeVar("R")


class OtherThings(NamedTuple):
    """What was found; None for what no zone and no line of the workflow asks for."""

    ships: Ships | None = None
    railcars: Railcars | None = None
    vehicles: Vehicles | None = None
    works: Works | None = None
    cells: Cells | None = None
    buildings: Buildings | None = None

    def with_figures(self, table: pd.DataFrame, areas: Mapping[str, Area]) -> pd.DataFrame:
        """Add their figures to the time series.

        Parameters
        ----------
        table : DataFrame
            The time series.
        areas : mapping of str to geometry or None
            By zone; None is the whole site.

        Returns
        -------
        DataFrame
            With the columns of what was looked for, NaN where a date cannot tell; the table itself without any.
        """
        for figures, count in self._counts(areas):
            table = with_bounds(table, figures, count)
        return table

    def _counts(self, areas: Mapping[str, Area]) -> Iterator[tuple[Sequence[str], Count]]:
        ships, cars, waiting, works, cells, halls = self

        def _area(row: pd.Series) -> Area:
            return areas.get(str(row["zone"]))

        if ships is not None:
            yield [SHIPS], lambda row: berths.count_ships(ships, row["date"].date(), _area(row))
        if cars is not None:
            yield [RAILCARS], lambda row: railcar_figures.count_railcars(cars, row["date"].date(), str(row["zone"]))
        if waiting is not None:
            yield [VEHICLES], lambda row: vehicles.count_vehicles(waiting, row["date"].date(), str(row["zone"]))
        if works is not None:
            yield WORKS, lambda row: work_rows.count_works(works, row["date"].date(), _area(row))
        if cells is not None:
            yield [CELLS], lambda row: share_in_use(cells, row["date"].date(), _area(row))
        if halls is not None:
            yield (
                [BUILDINGS],
                lambda row: building_rows.count_buildings(
                    halls, row["date"].date(), _area(row), float(row["valid_fraction"])
                ),
            )

    def layers(
        self, containers: gpd.GeoDataFrame, zones: gpd.GeoDataFrame | None, crs: str
    ) -> dict[str, gpd.GeoDataFrame | None]:
        """Make their layers.

        Parameters
        ----------
        containers : GeoDataFrame
            The layer ``containers``.
        zones : GeoDataFrame or None
        crs : str

        Returns
        -------
        dict of str to GeoDataFrame or None
            None where they were not looked for.
        """
        return {
            "ships": _of(self.ships, lambda found: berths.ships_layer(found, containers)),
            "railcars": _of(self.railcars, lambda found: found.layer),
            "works": _of(self.works, lambda found: work_rows.works_layer(found, zones, crs)),
            "cells": _of(self.cells, lambda found: cells_layer(found, crs)),
            "buildings": _of(self.buildings, lambda found: building_rows.buildings_layer(found, zones, crs)),
        }

    def reasons(self) -> dict[str, str]:
        """Say why figures cannot be had.

        Returns
        -------
        dict of str to str
            Figure -> the reason; empty where all can be, and for what was not looked for.
        """
        found = _of(self.ships, berths.why_no_ships) or {}
        if self.railcars is not None and not self.railcars.counts and self.railcars.reasons:
            found[RAILCARS] = next(iter(self.railcars.reasons.values()))
        for one, figures in ((self.works, WORKS), (self.cells, [CELLS]), (self.buildings, [BUILDINGS])):
            if one is not None and one.reason:
                found |= dict.fromkeys(figures, one.reason)
        return found

    def blind_looks(self, looks: Sequence[Look]) -> list[str]:
        """Say which looks are too coarse to show what others of their series show.

        Parameters
        ----------
        looks : sequence of Look
            Of the run.

        Returns
        -------
        list of str
            One a look; without what cannot be had at all.
        """
        asked = (
            (SHIPS, self.ships, ships.COARSEST_M),
            (RAILCARS, self.railcars, railcar_pictures.COARSEST_M),
            (WORKS[0], self.works, thing_states.COARSEST_M),
            (CELLS, self.cells, thing_states.COARSEST_M),
            (BUILDINGS, self.buildings, buildings.COARSEST_M),
        )
        missing, said = self.reasons(), []
        for look in looks:
            hidden = [
                "cells" if figure == CELLS else figure
                for figure, found, coarsest_m in asked
                if found is not None and figure not in missing and not is_fine(look, coarsest_m)
            ]
            if hidden:
                size, them = pixel_text(look.gsd_m), ", ".join(hidden)
                said.append(f"{look.date}: its pixels of {size} are too coarse to show {them}")
        return said

    def records(self, days: Sequence[dt.date], ais: str | None, unit: float) -> JsonObject:
        """Write down what ``summary.json`` says of them.

        Parameters
        ----------
        days : sequence of date
            Of the run, sorted.
        ais : str or None
            Positions that ships reported.
        unit : float
            A metre on the ground in units of the CRS.

        Returns
        -------
        dict
            Without those that were not looked for, and those that cannot be had.
        """
        found = {
            "berths": _of(
                self.ships, lambda ships: berths.berth_records(ships, days, berths.reported_days(ships, ais, unit))
            ),
            "railcars": _of(self.railcars, lambda cars: railcar_figures.railcar_records(cars, unit)),
            "vehicles": _of(self.vehicles, vehicles.vehicle_records),
            "works": _of(self.works, work_rows.works_record),
            "cells": _of(self.cells, cells_record),
            "buildings": _of(self.buildings, building_rows.buildings_record),
        }
        return {name: one for name, one in found.items() if one is not None}


def find_other_things(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    ships: Ships | None,
    boxes: SeenBoxes,
    zones: gpd.GeoDataFrame | None,
    looks: Sequence[DateMeasurements],
) -> OtherThings:
    """Find what zones of a kind, or lines of the workflow, ask for.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
        Statistics of each date.
    ships : Ships or None
        Found before the boxes were followed.
    boxes : SeenBoxes
        The layers ``containers`` and ``tracks``.
    zones : GeoDataFrame or None
    looks : sequence of DateMeasurements

    Returns
    -------
    OtherThings
        For the tables.
    """
    return OtherThings(
        ships,
        find_railcars(plan, models, zones, boxes.detected),
        find_vehicles(boxes.detected if boxes.by_look is None else boxes.by_look, zones, looks, plan.grid.ground_metre),
        find_works(plan, models, boxes),
        find_cells(plan, models, boxes, zones),
        find_buildings(plan, models, boxes),
    )


def with_bounds(table: pd.DataFrame, figures: Sequence[str], count: Count) -> pd.DataFrame:
    """Add figures with their bounds to the time series.

    Parameters
    ----------
    table : DataFrame
        The time series.
    figures : sequence of str
        Their columns, each with ``_low`` and ``_high``.
    count : callable
        See `Count`.

    Returns
    -------
    DataFrame
        With three columns a figure.
    """
    rows = [count(row) for _, row in table.iterrows()]
    return table.assign(**{name: [row[k] for row in rows] for k, name in enumerate(_columns(figures))})


def with_kept(table: pd.DataFrame, series: pd.DataFrame, figures: Sequence[str]) -> pd.DataFrame:
    """Take over figures of a finished run that a review of its boxes does not change.

    Parameters
    ----------
    table : DataFrame
        The time series as it is counted again.
    series : DataFrame
        Of the finished run.
    figures : sequence of str
        Their columns, each with ``_low`` and ``_high``.

    Returns
    -------
    DataFrame
        With those that the run has.
    """
    names = _columns([name for name in figures if name in series and not series[name].isna().all()])
    if not names:
        return table
    kept = series.set_index([iso_dates(series["date"]), series["zone"].fillna("").astype(str)])[names]
    rows = zip(iso_dates(table["date"]), table["zone"].fillna("").astype(str), strict=True)
    return table.assign(**kept.reindex(list(rows)).reset_index(drop=True).set_index(table.index))


def _columns(figures: Sequence[str]) -> list[str]:
    return [f"{name}{end}" for name in figures for end in ("", "_low", "_high")]


def _of(found: T | None, make: Callable[[T], R]) -> R | None:
    return None if found is None else make(found)
