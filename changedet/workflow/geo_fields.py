"""Coordinate reference systems and boxes, as a workflow file writes them."""

from __future__ import annotations

import re
import warnings

import pyproj

from changedet.grid.datum_files import foreign_datum_file
from changedet.grid.geodesy import LONLAT
from changedet.workflow.checker import UnfitError, shown, unfit
from changedet.workflow.fields import number, text
from changedet.workflow.yaml_tree import ListNode, Node

Bounds = tuple[float, float, float, float]
"""West, south, east, north."""


def bounds(node: Node) -> Bounds:
    """A box, written ``[west, south, east, north]``.

    Parameters
    ----------
    node : node
        The value.

    Returns
    -------
    tuple of float
        West, south, east, north.

    Raises
    ------
    UnfitError
        Not four numbers, or west is not less than east, or south not less than north.
    """
    expected = "[west, south, east, north]"
    if not isinstance(node, ListNode) or len(node.items) != 4:
        got = f"a list of {len(node.items)}" if isinstance(node, ListNode) else shown(node)
        raise UnfitError(f"got {got}, expected four numbers {expected}")
    west, south, east, north = (number(f"a number in {expected}")(item) for item in node.items)
    if west >= east:
        raise UnfitError(f"west {west:g} is not less than east {east:g}, expected {expected}")
    if south >= north:
        raise UnfitError(f"south {south:g} is not less than north {north:g}, expected {expected}")
    return west, south, east, north


def crs(node: Node) -> str:
    """Any coordinate reference system that PROJ knows.

    Parameters
    ----------
    node : node
        The value; a bare number is an EPSG code.

    Returns
    -------
    str
        ``EPSG:code`` where it has one, else WKT.
    """
    return _crs(node)[0]


def crs_in_metres(node: Node) -> str:
    """A projected coordinate reference system in metres.

    Parameters
    ----------
    node : node
        The value; a bare number is an EPSG code.

    Returns
    -------
    str
        ``EPSG:code`` where it has one, else WKT.

    Raises
    ------
    UnfitError
        It is in degrees, feet or the like.
    """
    name, found = _crs(node)
    units = {axis.unit_name for axis in found.axis_info}
    if not found.is_projected or units != {"metre"}:
        unit = ", ".join(sorted(units)) or "no unit"
        raise UnfitError(f"{name} is in {unit}, expected 'auto' or a projected system in metres such as EPSG:32633")
    return name


def _crs(node: Node) -> tuple[str, pyproj.CRS]:
    value = text("a coordinate reference system such as EPSG:32633")(node)
    if re.fullmatch(r"[0-9]{4,6}", value):
        value = f"EPSG:{value}"
    if foreign := foreign_datum_file(value):
        raise UnfitError(f"names the file {foreign[:60]!a}, expected a code such as EPSG:32633")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = pyproj.CRS.from_user_input(value)
            epsg = found.to_epsg()
            pyproj.Transformer.from_crs(found, LONLAT)
        except (pyproj.exceptions.ProjError, ValueError) as error:
            raise unfit(node, "a coordinate reference system that PROJ knows, such as EPSG:32633") from error
    return (f"EPSG:{epsg}" if epsg else found.to_wkt()), found
