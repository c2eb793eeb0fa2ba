"""Rasters as cloud-optimised GeoTIFFs: written block by block, finished at once, styled for QGIS."""

from __future__ import annotations

import errno
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np
import pyproj
import rasterio
from affine import Affine
from numpy.typing import DTypeLike
from rasterio import windows
from rasterio.enums import ColorInterp

from changedet.arrays import AnyArray
from changedet.blocks import Window
from changedet.outputs.qgis import raster_styles
from changedet.outputs.rasters.checking import Expected, require_whole
from changedet.outputs.rasters.classes import RasterClass, RasterKind
from changedet.outputs.rasters.copying import (
    cog_block_px,
    copy_as_cog,
    copy_plainly,
    encoding_options,
    is_laid_out,
    is_result,
    lay_out_as_cog,
    overviews_of,
)
from changedet.outputs.rasters.encoding import encode, seen
from changedet.outputs.rasters.halves import Begun, Halves
from changedet.outputs.rasters.reading import BLOCK_PX, environment
from changedet.outputs.rasters.styling import DEFAULT_CLASSES, sidecars, style
from changedet.store.files import (
    let_go,
    part_of,
    put_in_place,
    require_room,
    require_write,
    telling_full_disk,
    write_text,
)


class RasterWriter:
    """Write one raster block by block, in any order, and finish it as a COG on leaving the ``with`` block.

    Blocks go to a tiled file with the ending ``.raw.part``, uncompressed but in most large rasters; on
    success it is copied once to a COG, whose style and class table are written first and which then takes its place in
    one step. On an error nothing remains. What a run keeps for itself, under another ending, has no style: nobody
    draws it, and the range of its values would be read from its pixels.
    Blocks that are never written are no data. To be used from one thread at a time.

    Parameters
    ----------
    path : path
        The ``.tif`` to write.
    crs : str or rasterio.crs.CRS or pyproj.CRS
        The grid's coordinate reference system.
    transform : affine.Affine
        Pixel to coordinates.
    shape : (int, int)
        Rows and columns.
    kind : {"mask", "score", "first_change", "scene", "quality"}
        Decides compression, overviews (mode for classes, nearest for dates, average else) and style.
    bands : sequence of str
        A description for each band: its role in a scene, its meaning in a score.
    dtype : dtype
        Of the file. Float blocks are rounded and clipped to an integer dtype, NaN becoming `nodata`.
    nodata : float or None
        The value for no data; None where every value may be seen, and a mask band within the file says where there is
        data.
    tags : mapping of str to str
        Of the dataset, such as ``DATE`` and ``THRESHOLD``.
    description : str
        What the raster is, in one line.
    unit : str
        Unit of the values; empty where they have none.
    classes : sequence of RasterClass, optional
        Named, coloured values; by default those of a mask or of a quality raster; for a
        ``first_change`` give ``classes.date_classes(dates)``.
    stretch : mapping of str to (low, high), optional
        For each band of a scene, by its name, the values drawn darkest and brightest; by default the 2nd and 98th
        percentiles.
    period : (str, str), optional
        ISO dates of the first and last day on which QGIS's animation shows it; by default its ``DATE`` alone.

    Raises
    ------
    ValueError
        Where a block reaches beyond the raster or has another shape than its window.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        crs: str | rasterio.crs.CRS | pyproj.CRS,
        transform: Affine,
        shape: tuple[int, int],
        kind: RasterKind,
        bands: Sequence[str],
        dtype: DTypeLike,
        nodata: float | None,
        tags: Mapping[str, str],
        description: str,
        unit: str = "",
        classes: Sequence[RasterClass] | None = None,
        stretch: Mapping[str, tuple[float, float]] | None = None,
        period: tuple[str, str] | None = None,
    ) -> None:
        self.path = Path(path)
        self.kind: RasterKind = kind
        self.shape = shape
        self.bands = tuple(bands)
        self.dtype = np.dtype(dtype)
        self.nodata = nodata
        self.tags = dict(tags)
        self.description = description
        self.unit = unit
        self.classes = tuple(DEFAULT_CLASSES.get(kind, ()) if classes is None else classes)
        self.stretch = stretch
        self.period = period
        self._grid = {"crs": rasterio.crs.CRS.from_user_input(crs), "transform": transform}
        self._raw = self.path.with_name(self.path.name + ".raw.part")
        self._is_laid_out = is_laid_out(self.path, kind, (len(self.bands), *shape), self.dtype, nodata)
        self._dataset: rasterio.io.DatasetWriter
        self._halves: Halves | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files that finishing leaves: the raster and, of a result, its style and, for classes, attribute table."""
        beside = sidecars(self.path)[: 2 if self.classes else 1] if is_result(self.path) else ()
        return (self.path, *beside)

    def __enter__(self) -> RasterWriter:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        _remove_unfinished(self.path)
        require_room(self.path)
        height, width = self.shape
        layout = "pixel" if self.kind == "scene" else "band"
        codec = encoding_options(self.kind) if self._is_laid_out else {"sparse_ok": True, "interleave": layout}
        block_px = cog_block_px(self.path, width) if self._is_laid_out else BLOCK_PX
        with environment(), telling_full_disk(self.path):
            self._dataset = rasterio.open(
                self._raw,
                "w",
                driver="GTiff",
                height=height,
                width=width,
                count=len(self.bands),
                dtype=self.dtype,
                nodata=math.nan if self.nodata is None and self.dtype.kind == "f" else self.nodata,
                tiled=True,
                blockxsize=block_px,
                blockysize=block_px,
                photometric="MINISBLACK",
                bigtiff="IF_SAFER",
                **codec,
                **self._grid,
            )
            _describe(self)
            if self._is_laid_out:
                self._halves = overviews_of(self._raw, self._dataset, self.kind, block_px)
        return self

    def write(self, window: Window, array: AnyArray) -> None:
        """Write one block.

        Parameters
        ----------
        window : changedet.blocks.Window
            Where, in pixels of this raster; without any halo.
        array : array (y, x) or (band, y, x)
            NaN for no data where it is float; or masked and of the file's own dtype, whose values stay as they are.

        Raises
        ------
        ValueError
            The block reaches beyond the raster or has another shape than its window.
        """
        block = array if array.ndim == 3 else array[None]
        height, width = self.shape
        inside = (
            window.y >= 0 and window.x >= 0 and window.y + window.height <= height and window.x + window.width <= width
        )
        if not inside or block.shape != (len(self.bands), *window.shape):
            raise ValueError(
                f"{self.path.name}: block {block.shape} does not fit {window} of {self.bands} x {self.shape}"
            )
        place = windows.Window(window.x, window.y, window.width, window.height)
        with environment(), telling_full_disk(self.path):
            values = encode(block, self.dtype, self.nodata)
            self._dataset.write(values, window=place)
            if self._halves is not None:
                self._halves.add(window, values)
            if self.nodata is None:
                self._dataset.write_mask(seen(block), window=place)

    def __exit__(
        self, error: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        part = part_of(self.path)
        try:
            with environment(), telling_full_disk(self.path):
                begun = self._close(is_wanted=error is None)
                if error is None:
                    block_px = cog_block_px(self.path, self.shape[1])
                    with _naming_lost_errors(part):
                        if self._is_laid_out:
                            lay_out_as_cog(self._raw, part, self.kind, block_px, begun)
                        elif block_px:
                            copy_as_cog(self._raw, part, self.kind, block_px)
                        else:
                            copy_plainly(self._raw, part, self.kind)
                    require_whole(
                        part, Expected(self.shape, self.bands, self.dtype.name, self.nodata is None, block_px)
                    )
                    self._write_sidecars(part)
                    put_in_place(part, self.path)
        finally:
            _remove_unfinished(self.path)

    def _close(self, *, is_wanted: bool) -> Begun | None:
        # Closing writes what GDAL still holds, and libtiff never ends where it cannot.
        try:
            if is_wanted:
                require_write(self._raw)
        except OSError:
            is_wanted = False
            raise
        finally:
            if not is_wanted:
                let_go(self._raw)
                if self._halves is not None:
                    self._halves.drop()
            self._dataset.close()
        return None if self._halves is None else self._halves.close()

    def _write_sidecars(self, part: Path) -> None:
        sheet, table = sidecars(self.path)
        for left in {sheet, table} - {*self.paths}:
            left.unlink(missing_ok=True)
        if is_result(self.path):
            write_text(sheet, raster_styles.document(self._style(part)))
            if self.classes:
                write_text(table, raster_styles.attribute_table(self.classes))

    def _style(self, part: Path) -> str:
        dates = [c.label for c in self.classes if c.value > 0] if self.kind == "first_change" else []
        drawn = style(part, self.kind, classes=self.classes, stretch=self.stretch, dates=dates)
        if self.kind == "first_change":
            return raster_styles.pixel_time() + drawn
        date = self.tags.get("DATE", "")[:10]
        period = self.period or (date, date)
        return (raster_styles.raster_time(*period) if period[0] else "") + drawn


@contextmanager
def _naming_lost_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except SystemError as error:
        # So rasterio ends where GDAL fails without a word.
        raise OSError(errno.EIO, "GDAL could not copy it", str(path)) from error


def _remove_unfinished(path: Path) -> None:
    """Both unfinished twins, and what GDAL leaves beside them where it is stopped."""
    for left in path.parent.iterdir():
        if left.name.startswith((f"{path.name}.part", f"{path.name}.raw.part")):
            left.unlink(missing_ok=True)


def _describe(writer: RasterWriter) -> None:
    dataset = writer._dataset
    dataset.descriptions = writer.bands
    dataset.units = (writer.unit,) * len(writer.bands)
    dataset.update_tags(KIND=writer.kind, DESCRIPTION=writer.description, **writer.tags)
    if writer.kind in {"mask", "quality"}:
        # A palette alone gives 256 legend rows in QGIS; it is for other readers, the attribute table names the classes.
        dataset.write_colormap(1, {c.value: c.rgba for c in writer.classes})
    elif writer.kind == "scene":
        dataset.colorinterp = _interpretation(writer.bands)


def _interpretation(bands: Sequence[str]) -> list[ColorInterp]:
    known = {"red": ColorInterp.red, "green": ColorInterp.green, "blue": ColorInterp.blue}
    if not all(role in bands for role in known):
        return [ColorInterp.gray if i == 0 else ColorInterp.undefined for i in range(len(bands))]
    return [known.get(role, ColorInterp.undefined) for role in bands]
