"""Objects: container-like boxes on one date, each with its place, size, colour and how sure it is.

A method returns an `ObjectMethod`: statistics of the scene from the fixed sample, then boxes of one lattice cell with
its
halo. A box belongs to the cell that holds its centre, so results depend on the common grid alone, never on chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pydantic import ValidationError

from changedet import learned as network
from changedet.blocks import Window, over_sample, tiles
from changedet.errors import MethodError
from changedet.geodesy import ground_pixel_m2, is_metric
from changedet.kernels import objects as kernel
from changedet.kernels import rectangles
from changedet.kernels.judgement import JUDGE
from changedet.methods import AUTO, NONE, Choice, Facts, Fraction, Stage

COARSEST_M: Final = 1.2
"""Beyond this a box is under two pixels wide and cannot be told from a car or a patch of ground."""
CELL_PX: Final = 512
MOST_HALO_PX: Final = 64
REACH_M: Final = 18.0
"""Half the longest box, the ring around it and the neighbours that its judgement looks at."""
TILE_CELLS: Final = 4
LEAST_PX: Final = 4
OVERLAP: Final = 0.3
EVIDENCE_CONFIDENCE: Final = 0.1
"""Weaker boxes say nothing, not even beside the looks before and after."""

COLUMNS: Final = {
    "x_px": "float64",
    "y_px": "float64",
    "length_m": "float64",
    "width_m": "float64",
    "angle_deg": "float64",
    "confidence": "float64",
    "kind": "str",
    "color": "str",
    "tiers": "Int64",
    "inferred": "bool",
}
"""Columns of a table of boxes and their types."""


@dataclass(frozen=True)
class ObjectMethod:
    """A method that finds boxes cell by cell once the scene's statistics are known.

    Attributes
    ----------
    fit : callable
        ``fit(samples) -> model``: samples float32 ``(cell, band, y, x)`` with NaN for no data; the model is kept as
        JSON. A
        caller that knows that a date's own pixels are coarser than the grid adds their size as ``model["gsd_m"]``.
    detect : callable
        ``detect(image, model) -> DataFrame`` with `COLUMNS`: image float32 ``(band, y, x)``, a lattice cell with
        `halo_px`
        more on each side and NaN where there is no picture; boxes of the whole block, ``x_px, y_px`` from its corner
        (0, 0
        is the left, top edge of the first pixel). The caller keeps those whose centre lies in the cell.
    suppress : callable
        ``suppress(boxes) -> boxes``: what remains of the scene's boxes (pixels of the grid) where two overlap.
    cell_px : int
        Size of the lattice, anchored to the grid's first pixel.
    halo_px : int
        How far around its cell `detect` must see.
    count_confidence : float
        Boxes of at least this confidence count; `detect` also gives weaker ones, which are evidence when the series is
        read as a whole.
    coarsest_m : float
        Greatest pixel size at which boxes can be counted.
    """

    fit: Callable[[NDArray[np.float32]], dict[str, Any]]
    detect: Callable[[NDArray[np.float32], dict[str, Any]], pd.DataFrame]
    suppress: Callable[[pd.DataFrame], pd.DataFrame]
    cell_px: int = CELL_PX
    halo_px: int = MOST_HALO_PX
    coarsest_m: float = COARSEST_M
    count_confidence: float = 0.5


def choose(facts: Facts) -> Choice:
    """Containers can be counted in optical pictures of at most 1.2 m.

    Else nothing is counted, and the reason says so.
    """
    if facts.is_sar:
        return Choice(NONE, reason="containers are not counted in radar pictures")
    if facts.resolution_m > COARSEST_M:
        wide = 2.44 / facts.resolution_m
        return Choice(
            NONE,
            reason=f"at {facts.resolution_m:.3g} m a container is {wide:.1f} pixels wide; "
            f"they can be counted up to {COARSEST_M} m",
        )
    return Choice("classical", reason=f"optical pictures of {facts.resolution_m:.2g} m show single containers")


STAGE = Stage("objects", choose)


@STAGE.method("classical", reference="Felzenszwalb and Huttenlocher 2004, doi:10.1023/B:VISI.0000022288.19776.77")
def classical(facts: Facts, *, min_confidence: Fraction = 0.5) -> ObjectMethod:
    """Segments, rows cut by their pitch and rectangle templates, judged by size, sides, colour and neighbours.

    Parameters
    ----------
    facts : Facts
        The ground resolution, and the roles in the order of the images' bands.
    min_confidence : fraction
        Boxes below this probability of being a container are not counted.

    Returns
    -------
    ObjectMethod
        Its ``tiers`` are always null: heights need shadows and a sun.

    Raises
    ------
    MethodError
        Where the pixels are too coarse, or the bands are radar.
    """
    if facts.is_sar or facts.resolution_m > COARSEST_M:
        raise MethodError(f"objects.method: {choose(facts).reason}")
    least = min(min_confidence, EVIDENCE_CONFIDENCE)
    bands = _bands_used(facts.roles)
    gamma = kernel.stretch_gamma(facts.dtype == "uint8")
    halo_px = min(MOST_HALO_PX, int(np.ceil(REACH_M / facts.resolution_m)))
    return ObjectMethod(
        partial(_fit, bands=tuple(bands.values())),
        partial(_detect, bands=bands, resolution_m=facts.resolution_m, gamma=gamma, least=least),
        partial(suppress, resolution_m=facts.resolution_m),
        halo_px=halo_px,
        count_confidence=min_confidence,
    )


@STAGE.method("learned", reference="Ronneberger et al. 2015, doi:10.1007/978-3-319-24574-4_28; Zhou et al. 2019")
def learned(facts: Facts, *, min_confidence: Fraction = 0.5) -> ObjectMethod:
    """A small network, trained on simulated yards alone, that also tells trailers and buses from containers.

    Parameters
    ----------
    facts : Facts
        The ground resolution, and the roles in the order of the images' bands.
    min_confidence : fraction
        Boxes below this probability of being one are not counted.

    Returns
    -------
    ObjectMethod
        Its ``tiers`` are always null; its ``inferred`` is always False.

    Raises
    ------
    MethodError
        Where the pixels are too coarse, or the bands are radar.
    ChangedetError
        The network's file is missing or damaged.
    """
    if facts.is_sar or facts.resolution_m > COARSEST_M:
        raise MethodError(f"objects.method: {choose(facts).reason}")
    network.model_bytes()
    least = min(min_confidence, EVIDENCE_CONFIDENCE)
    return ObjectMethod(
        partial(network.fit, bands=network.bands_used(facts.roles)),
        partial(_find_learned, roles=facts.roles, resolution_m=facts.resolution_m, least=least),
        partial(suppress, resolution_m=facts.resolution_m),
        *network.lattice(facts.resolution_m),
        count_confidence=min_confidence,
    )


def _find_learned(
    image: NDArray[np.float32], model: dict[str, Any], *, roles: Sequence[str], resolution_m: float, least: float
) -> pd.DataFrame:
    return _table(network.find(image, model, roles, resolution_m, least))


def _bands_used(roles: Sequence[str]) -> dict[str, int]:
    """Role -> band of the picture; the visible ones and NIR where they are, else panchromatic, else the first."""
    colours = {role: list(roles).index(role) for role in ("blue", "green", "red", "nir") if role in roles}
    if len(colours) >= 3 or (colours and "pan" not in roles):
        return colours
    return {"pan": list(roles).index("pan") if "pan" in roles else 0}


def _fit(samples: NDArray[np.float32], *, bands: Sequence[int]) -> dict[str, Any]:
    low, high = kernel.stretch_limits(samples[:, list(bands)])
    return {"low": low, "high": high}


def _detect(
    image: NDArray[np.float32],
    model: dict[str, Any],
    *,
    bands: dict[str, int],
    resolution_m: float,
    gamma: float,
    least: float,
) -> pd.DataFrame:
    """Boxes of one block as a table."""
    chosen, top, left = _shown(image[list(bands.values())])
    if min(chosen.shape[1:]) < LEAST_PX:
        return _table({})
    picture = kernel.working_picture(chosen, model["low"], model["high"], resolution_m, gamma)
    index = {role: place for place, role in enumerate(bands)}
    # A date coarser than the grid was upsampled to it: its sides are as soft as its own pixels make them.
    gsd_m = max(resolution_m, float(model.get("gsd_m", 0.0)))
    found = kernel.detect(replace(picture, gsd_m=gsd_m), JUDGE, index, least, OVERLAP)
    boxes = found["boxes"]
    table = {
        "x_px": boxes[:, 0] / resolution_m + left,
        "y_px": boxes[:, 1] / resolution_m + top,
        "length_m": boxes[:, 2],
        "width_m": boxes[:, 3],
        "angle_deg": np.mod(np.round(np.degrees(boxes[:, 4]), 3), 180.0),
        "confidence": found["confidence"],
        "kind": kernel.kinds(boxes[:, 2], gsd_m),
        "color": kernel.surface_colours(found["colours"], index, gamma),
        "inferred": found["inferred"],
    }
    return _table(table)


def _shown(image: NDArray[np.float32]) -> tuple[NDArray[np.float32], int, int]:
    """The part of a block that has data, and its first row and column: nothing is spent on what is not there."""
    valid: NDArray[np.bool_] = np.all(np.isfinite(image), axis=0)
    rows, columns = np.flatnonzero(valid.any(axis=1)), np.flatnonzero(valid.any(axis=0))
    if not rows.size:
        return image[:, :0, :0], 0, 0
    return image[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], int(rows[0]), int(columns[0])


def _table(columns: dict[str, Any]) -> pd.DataFrame:
    """A table with all columns, typed, also where it is empty; tiers null where not given."""
    count = len(columns.get("x_px", ()))
    filled = {name: columns.get(name, np.full(count, None, object)) for name in COLUMNS}
    return pd.DataFrame(filled).astype(COLUMNS)


def _boxes(table: pd.DataFrame, resolution_m: float) -> NDArray[np.float64]:
    """Rectangles (n, 5) in metres from the corner of the grid; y down."""
    x, y = table["x_px"].to_numpy() * resolution_m, table["y_px"].to_numpy() * resolution_m
    angle = np.radians(table["angle_deg"].to_numpy())
    return np.column_stack([x, y, table["length_m"].to_numpy(), table["width_m"].to_numpy(), angle])


def suppress(boxes: pd.DataFrame, resolution_m: float, overlap: float = OVERLAP) -> pd.DataFrame:
    """Of boxes that overlap, the more confident one: the same box seen from two neighbouring cells counts once.

    Parameters
    ----------
    boxes : DataFrame
        With `COLUMNS`; ``x_px, y_px`` on the whole grid.
    resolution_m : float
        Pixel size on the ground, metres.
    overlap : float
        Greatest intersection over union that two boxes may have; much less where they cross at an angle.

    Returns
    -------
    DataFrame
        Sorted by place (y, then x), index from 0; the same whatever the order of the rows was.
    """
    kept = boxes[
        rectangles.suppress(
            _boxes(boxes, resolution_m), boxes["confidence"].to_numpy(np.float64), overlap, kernel.ASKEW_OVERLAP
        )
    ]
    return kept.sort_values(["y_px", "x_px"], kind="stable", ignore_index=True)


def detect_containers(image: xr.DataArray, *, method: str = AUTO, **parameters: Any) -> Any:
    """Find containers in one picture.

    Parameters
    ----------
    image : xarray.DataArray
        Dims ``(band, y, x)`` or ``(y, x)``, on a CRS projected in metres (``spatial_ref``), in memory or dask; NaN is
        no data.
        The band coordinate names roles (blue, green, red, nir, pan); bands without names are taken as red, green,
        blue, nir
        where there are three or more, else as panchromatic.
    method : str
        ``auto``, ``classical``, ``learned`` or ``none``.
    **parameters
        Of the method, see ``changedet methods objects``.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a box with ``length_m``, ``width_m``, ``angle_deg`` (long side, clockwise from grid north, 0 to 180),
        ``confidence``
        (0 to 1), ``kind``, ``color``, ``tiers``, ``inferred``, and the rotated rectangle in the image's CRS. Sizes
        are on the ground.

    Raises
    ------
    MethodError
        Where the method or a parameter does not exist, the picture has no CRS in metres, or its pixels are too coarse
        to count
        containers (also by ``auto``: no table is better than an empty one that reads as none there).

    Examples
    --------
    >>> import numpy as np
    >>> from affine import Affine
    >>> from changedet.grid import Grid
    >>> grid = Grid("EPSG:32633", Affine(0.5, 0, 500000, 0, -0.5, 5000000), (128, 128))
    >>> ground = xr.DataArray(np.zeros(grid.shape, "float32"), dims=("y", "x"), coords=grid.coords())
    >>> len(detect_containers(ground))
    0
    """
    bands = image if image.ndim == 3 else image.expand_dims("band")
    box = _placed(bands)
    ground_m = float(np.sqrt(ground_pixel_m2(str(box.crs), box.transform, box.shape[0] / 2, box.shape[1] / 2)))
    facts = Facts(ground_m, _roles(bands), dates=1, gsd_m=(ground_m,), dtype=str(image.dtype))
    found = _find(bands.astype(np.float32), _method(facts, method, parameters))
    return georeferenced(found, box, ground_m)


def _placed(image: xr.DataArray) -> GeoBox:
    """The grid of a picture, from its ``spatial_ref`` and the spacing of its coordinates."""
    wkt = str(image.coords["spatial_ref"].attrs.get("crs_wkt", "")) if "spatial_ref" in image.coords else ""
    if not wkt or not is_metric(wkt) or not {"x", "y"} <= set(image.coords):
        raise MethodError(
            "objects: the picture has no CRS that is projected in metres; warp it to one, such as its UTM zone"
        )
    x, y = image.coords["x"].to_numpy(), image.coords["y"].to_numpy()
    if min(len(x), len(y)) < 2:
        raise MethodError("objects: the picture is narrower than two pixels")
    dx, dy = (float((c[-1] - c[0]) / (len(c) - 1)) for c in (x, y))
    if dx <= 0 or dy >= 0 or not np.isclose(dx, -dy, rtol=1e-3):
        raise MethodError(
            f"objects: expected north-up, square pixels, got steps of {dx:g} and {dy:g} m; warp the picture"
        )
    return GeoBox((len(y), len(x)), Affine(dx, 0.0, float(x[0]) - dx / 2, 0.0, dy, float(y[0]) - dy / 2), wkt)


def _roles(image: xr.DataArray) -> tuple[str, ...]:
    names = [str(name) for name in image.coords["band"].to_numpy()] if "band" in image.coords else []
    if any(name in {"blue", "green", "red", "nir", "pan", "vv", "vh", "hh", "hv", "amplitude"} for name in names):
        return tuple(names)
    count = int(image.sizes["band"])
    return ("red", "green", "blue", "nir", *[""] * count)[:count] if count >= 3 else ("pan", "")[:count]


def _method(facts: Facts, name: str, parameters: dict[str, Any]) -> ObjectMethod | None:
    if name == NONE:
        return None
    if name == AUTO:
        choice = choose(facts)
        if choice.method == NONE:
            raise MethodError(f"objects: {choice.reason}")
        name = choice.method
    chosen = STAGE.get(name)
    try:
        resolved = chosen.resolve(parameters)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise MethodError(f"objects.{key}: {first['msg']}") from None
    made: ObjectMethod = chosen.function(facts, **resolved)
    return made


def _find(image: xr.DataArray, method: ObjectMethod | None) -> pd.DataFrame:
    """Boxes of a whole picture, in pixels of its grid."""
    if method is None:
        return _table({})
    model = over_sample(method.fit, image)
    model = model.compute() if hasattr(model, "compute") else model
    shape = (int(image.sizes["y"]), int(image.sizes["x"]))
    found = []
    for tile in tiles(shape, TILE_CELLS * method.cell_px):
        block = _padded(image, tile.grown(method.halo_px))
        place = tile.grown(method.halo_px)
        found += [in_cell(block, place, cell, method, model) for cell in cells(tile, method.cell_px)]
    boxes = method.suppress(pd.concat(found, ignore_index=True))
    return boxes[boxes["confidence"] >= method.count_confidence].reset_index(drop=True)


def cells(tile: Window, cell_px: int = CELL_PX) -> Iterator[Window]:
    """The lattice's cells whose first pixel lies in a window of the grid; cells are whole, also beyond the grid's edge.

    >>> [(cell.y, cell.x) for cell in cells(Window(0, 500, 100, 600))]
    [(0, 512), (0, 1024)]
    """
    for y in range(-(-tile.y // cell_px) * cell_px, tile.y + tile.height, cell_px):
        for x in range(-(-tile.x // cell_px) * cell_px, tile.x + tile.width, cell_px):
            yield Window(y, x, cell_px, cell_px)


def in_cell(
    block: NDArray[np.float32], place: Window, cell: Window, method: ObjectMethod, model: dict[str, Any]
) -> pd.DataFrame:
    """The boxes whose centre lies in a cell, in pixels of the grid.

    Parameters
    ----------
    block : (band, y, x) float32
        Covers the cell with its halo as far as there is a picture; what it does not cover counts as no data.
    place : Window
        Where the block lies on the grid.
    cell : Window
        A whole cell of the lattice.
    """
    wanted = cell.grown(method.halo_px)
    image = np.full((block.shape[0], *wanted.shape), np.nan, np.float32)
    y0, y1 = max(wanted.y, place.y), min(wanted.y + wanted.height, place.y + block.shape[1])
    x0, x1 = max(wanted.x, place.x), min(wanted.x + wanted.width, place.x + block.shape[2])
    if y0 < y1 and x0 < x1:
        part = block[:, y0 - place.y : y1 - place.y, x0 - place.x : x1 - place.x]
        image[:, y0 - wanted.y : y1 - wanted.y, x0 - wanted.x : x1 - wanted.x] = part
    found = method.detect(image, model)
    x, y = found["x_px"] - method.halo_px, found["y_px"] - method.halo_px
    mine = found[(x >= 0) & (x < cell.width) & (y >= 0) & (y < cell.height)]
    return mine.assign(x_px=mine["x_px"] + wanted.x, y_px=mine["y_px"] + wanted.y)


def _padded(image: xr.DataArray, window: Window) -> NDArray[np.float32]:
    """A window that may reach beyond the picture, NaN there."""
    height, width = int(image.sizes["y"]), int(image.sizes["x"])
    y0, y1 = max(0, window.y), min(height, window.y + window.height)
    x0, x1 = max(0, window.x), min(width, window.x + window.width)
    out = np.full((int(image.sizes["band"]), *window.shape), np.nan, np.float32)
    out[:, y0 - window.y : y1 - window.y, x0 - window.x : x1 - window.x] = image[:, y0:y1, x0:x1].to_numpy()
    return out


def georeferenced(table: pd.DataFrame, box: Any, ground_m: float) -> Any:
    """Rectangles in the CRS for boxes in pixels."""
    import geopandas as gpd

    pixels = _boxes(table, ground_m)
    pixels[:, :4] /= ground_m
    points = rectangles.corners(pixels)
    t = box.transform
    east, north = t.a * points[..., 0] + t.b * points[..., 1] + t.c, t.d * points[..., 0] + t.e * points[..., 1] + t.f
    shapes = [shapely.Polygon(outline) for outline in np.stack([east, north], axis=-1)]
    return gpd.GeoDataFrame(table.drop(columns=["x_px", "y_px"]), geometry=shapes, crs=str(box.crs))
