"""The last step of a raster: from the file that its blocks were written to, to a COG or to what a run keeps aside."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
import rasterio.shutil

from changedet.kernels.together import lanes
from changedet.outputs.rasters.classes import RasterKind
from changedet.outputs.rasters.cog_layout import lay_out
from changedet.outputs.rasters.halves import Begun, Halves
from changedet.outputs.rasters.overviews import are_averaged, lay_overviews
from changedet.outputs.rasters.reading import BLOCK_PX

COG_SUFFIX: Final = ".tif"
"""Of results. What a run keeps for itself has another, and neither overviews nor statistics."""
LEAST_PX: Final = 1 << 23
"""Of a smaller raster GDAL makes the overviews in less time than it takes to compile those of this package."""
_OVERVIEWS: Final[Mapping[str, str]] = {
    "mask": "MODE",
    "quality": "MODE",
    "first_change": "NEAREST",
    "score": "AVERAGE",
    "scene": "AVERAGE",
}
# zstd level 1 encodes a scene at twice deflate's speed and reads twice as fast; class rasters are small in either. Of
# deflate's levels the first takes twice as long as the next ones, whose runs it does not see.
_CODECS: Final[Mapping[str, Mapping[str, str | int]]] = {
    "mask": {"compress": "deflate", "level": 6, "predictor": "no"},
    "quality": {"compress": "deflate", "level": 5, "predictor": "no"},
    "first_change": {"compress": "deflate", "level": 6, "predictor": "yes"},
    "score": {"compress": "zstd", "level": 1, "predictor": "yes"},
    "scene": {"compress": "zstd", "level": 1, "predictor": "yes"},
}
_WHOLE_NUMBERS, _FLOATS = 2, 3
"""TIFF's predictors for either."""
_LAID_OUT: Final = frozenset({"mask", "quality", "first_change"})
_AVERAGED: Final = frozenset({"uint8", "uint16"})
"""Types of scenes whose overviews and statistics are GDAL's to the last bit when they are made here; of scores,
floats, the statistics' last digits are not."""


def is_result(path: Path) -> bool:
    """Whether a raster is one of those that a run is made for.

    Parameters
    ----------
    path : Path
        Of the finished raster.

    Returns
    -------
    bool
        False of what a run keeps for itself.
    """
    return path.suffix == COG_SUFFIX


def cog_block_px(path: Path, width: int) -> int:
    """Side of a finished raster's blocks.

    Parameters
    ----------
    path : Path
        Of the finished raster.
    width : int
        In pixels.

    Returns
    -------
    int
        0 where it is no COG. Blocks as wide as the raster itself would read as strips: validators then miss the tiles.
    """
    if not is_result(path):
        return 0
    return BLOCK_PX // 2 if width == BLOCK_PX else BLOCK_PX


def is_laid_out(
    path: Path, kind: RasterKind, shape: tuple[int, int, int], dtype: np.dtype[np.generic], nodata: float | None
) -> bool:
    """Whether a raster's blocks are encoded as they come and stay as they are: a large COG.

    Parameters
    ----------
    path : Path
        Of the finished raster.
    kind : str
        As of `changedet.outputs.rasters.writing.RasterWriter`.
    shape : (int, int, int)
        Bands, rows and columns.
    dtype : numpy.dtype
        Of the raster.
    nodata : float or None
        None where a mask band says where there is data.

    Returns
    -------
    bool
        Others wait for GDAL uncompressed, which encodes them once.
    """
    if not is_result(path) or shape[1] * shape[2] < LEAST_PX:
        return False
    if nodata is None or kind in _LAID_OUT:
        return kind in _LAID_OUT
    known = dtype.name in _AVERAGED if kind == "scene" else dtype == np.float32 and math.isnan(nodata)
    return known and are_averaged(shape, BLOCK_PX)


def encoding_options(kind: RasterKind) -> dict[str, str | int]:
    """What GDAL's GeoTIFF driver needs to know to encode blocks as those of the finished raster.

    Parameters
    ----------
    kind : str
        As of `changedet.outputs.rasters.writing.RasterWriter`.

    Returns
    -------
    dict of str to str or int
        Options of the driver.
    """
    codec = _CODECS[kind]
    level = "zlevel" if codec["compress"] == "deflate" else "zstd_level"
    differences = _FLOATS if kind == "score" else _WHOLE_NUMBERS
    predictor = differences if codec["predictor"] == "yes" else 1
    return {"compress": codec["compress"], level: codec["level"], "predictor": predictor, "interleave": "pixel"}


def copy_as_cog(raw: Path, part: Path, kind: RasterKind, block_px: int) -> None:
    """Make a COG of a raster whose blocks wait uncompressed.

    Parameters
    ----------
    raw, part : Path
        The raster, and what is written.
    kind : str
        As of `changedet.outputs.rasters.writing.RasterWriter`.
    block_px : int
        Side of a block.
    """
    # GDAL lays overviews aside first, by default compressed at a high level: half of all that a scene takes.
    with rasterio.Env(COG_TMP_COMPRESSION="NONE"):
        rasterio.shutil.copy(
            raw,
            part,
            driver="COG",
            blocksize=block_px,
            overviews="AUTO",
            overview_resampling=_OVERVIEWS[kind],
            warp_resampling="nearest",
            statistics="YES",
            bigtiff="IF_SAFER",
            num_threads=lanes(),
            **_CODECS[kind],
        )


def overviews_of(raw: Path, dataset: rasterio.io.DatasetWriter, kind: RasterKind, block_px: int) -> Halves:
    """What makes the first overviews of a raster whose blocks are encoded as they come.

    Parameters
    ----------
    raw : Path
        The raster.
    dataset : rasterio.DatasetWriter
        The same, open.
    kind : str
        As of `changedet.outputs.rasters.writing.RasterWriter`.
    block_px : int
        Side of a block.

    Returns
    -------
    Halves
        To be given all blocks.
    """
    return Halves(raw, dataset, block_px, encoding_options(kind), is_averaged=_OVERVIEWS[kind] == "AVERAGE")


def lay_out_as_cog(raw: Path, part: Path, kind: RasterKind, block_px: int, begun: Begun | None) -> None:
    """Make a COG of a raster whose blocks are encoded: the same file that GDAL would make.

    Parameters
    ----------
    raw, part : Path
        The raster, and what is written.
    kind : str
        As of `changedet.outputs.rasters.writing.RasterWriter`.
    block_px : int
        Side of a block.
    begun : Begun or None
        The first overviews, where these were made as its blocks came.
    """
    levels = lay_overviews(
        raw, block_px, encoding_options(kind), is_averaged=_OVERVIEWS[kind] == "AVERAGE", begun=begun
    )
    with rasterio.open(raw, "r+") as whole:
        for band, statistics in zip(whole.indexes, levels.statistics, strict=True):
            whole.update_tags(band, **statistics)
    lay_out(raw, levels.paths, part)


def copy_plainly(raw: Path, part: Path, kind: RasterKind) -> None:
    """Make a GeoTIFF that a run keeps for itself, without overviews and statistics.

    Parameters
    ----------
    raw, part : Path
        The raster, and what is written.
    kind : str
        As of `changedet.outputs.rasters.writing.RasterWriter`.
    """
    # zstd's default level takes three times the CPU to save a tenth of a file that is read once or twice.
    codec = {"compress": _CODECS[kind]["compress"], "zstd_level": 1, "zlevel": _CODECS[kind]["level"]}
    blocks = {"tiled": True, "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX, "bigtiff": "IF_SAFER"}
    rasterio.shutil.copy(raw, part, driver="GTiff", **blocks, **codec)
