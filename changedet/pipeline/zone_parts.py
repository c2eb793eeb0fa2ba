"""What zones of a kind call for beside containers: ships at berths, railcars on sidings, vehicles at gates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from changedet.json_types import JsonObject
from changedet.pipeline.area_sums import Area
from changedet.pipeline.berths import berth_records, reported_days, ships_layer, why_no_ships, with_ships
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.railcar_figures import railcar_records, why_no_railcars, with_railcars
from changedet.pipeline.railcars import Railcars, find_railcars
from changedet.pipeline.ships import Ships
from changedet.pipeline.vehicles import Vehicles, find_vehicles, vehicle_records, with_vehicles
from changedet.plan import Plan
from changedet.stages.series.table import DateMeasurements


@dataclass(frozen=True)
class ZoneParts:
    """What was found for zones that say what they are; None for each kind that no zone is of.

    Attributes
    ----------
    ships : Ships or None
    railcars : Railcars or None
    vehicles : mapping or None
    """

    ships: Ships | None
    railcars: Railcars | None
    vehicles: Vehicles | None

    def with_columns(self, table: pd.DataFrame, areas: Mapping[str, Area]) -> pd.DataFrame:
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
            The table itself where no zone is of such a kind.
        """
        return with_vehicles(with_railcars(with_ships(table, self.ships, areas), self.railcars), self.vehicles)

    def layers(self, containers: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame | None]:
        """Make their layers.

        Parameters
        ----------
        containers : GeoDataFrame
            The layer ``containers``.

        Returns
        -------
        dict of str to GeoDataFrame or None
            By name.
        """
        cars = None if self.railcars is None else self.railcars.layer
        return {"ships": ships_layer(self.ships, containers), "railcars": cars}

    def unavailable(self) -> dict[str, str]:
        """Say which figures cannot be had.

        Returns
        -------
        dict of str to str
            Figure -> why.
        """
        return why_no_ships(self.ships) | why_no_railcars(self.railcars)

    def records(self, days: Sequence[dt.date], ais: str | None, unit: float) -> JsonObject:
        """Write down what ``summary.json`` says of them.

        Parameters
        ----------
        days : sequence of date
            Of the run, sorted.
        ais : str or None
            Path of a table of reported positions.
        unit : float
            A metre on the ground in units of the CRS.

        Returns
        -------
        dict
            A key for each kind that a zone is of.
        """
        found = {
            "berths": berth_records(self.ships, days, reported_days(self.ships, ais, unit)),
            "railcars": railcar_records(self.railcars, unit),
            "vehicles": vehicle_records(self.vehicles),
        }
        return {name: one for name, one in found.items() if one is not None}


def find_zone_parts(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    zones: gpd.GeoDataFrame | None,
    ships: Ships | None,
    containers: gpd.GeoDataFrame,
    looks: Sequence[DateMeasurements],
) -> ZoneParts:
    """Find what zones of a kind call for.

    Parameters
    ----------
    plan : Plan
        Its passes are done.
    models : mapping of date to DateModel
    zones : GeoDataFrame or None
        With ``kind``.
    ships : Ships or None
        Found before, as boxes on their decks are not followed.
    containers : GeoDataFrame
        The layer ``containers``.
    looks : sequence of DateMeasurements

    Returns
    -------
    ZoneParts
        All None without such zones.
    """
    cars = find_railcars(plan, models, zones, containers)
    return ZoneParts(ships, cars, find_vehicles(containers, zones, looks, plan.grid.ground_metre))
