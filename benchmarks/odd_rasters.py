"""Whether rasters of odd kinds, whole, cut short and damaged, are planned and read, or refused in one line.

    python benchmarks/odd_rasters.py [--damaged 8] [--runs] [--kinds lerc,hfa,..]

The kinds are those that the suites of GDAL and rasterio are made of, written here by GDAL itself: of each the whole
file, and `--damaged` files that were cut short or had some bytes changed. Each stands as the second scene of a workflow
whose first is plain; its plan is made and a window read. With `--runs` the whole files are run, too.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np  # noqa: E402
import rasterio  # noqa: E402
import rasterio.shutil  # noqa: E402
from affine import Affine  # noqa: E402
from rasterio.control import GroundControlPoint  # noqa: E402
from rasterio.rpc import RPC  # noqa: E402
from small_rasters import CRS, T, write  # noqa: E402

from benchmarks.fuzz_changes import mutated_bytes  # noqa: E402
from benchmarks.outcomes import Tally, outcomes, report  # noqa: E402

SIDE = 48
NUMBERS = ("int8", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")
TIFF: dict[str, tuple[str, int, dict[str, object]]] = {
    "1 bit": ("uint8", 1, {"nbits": 1}),
    "4 bits": ("uint8", 3, {"nbits": 4}),
    "12 bits": ("uint16", 3, {"nbits": 12}),
    "half floats": ("float32", 3, {"nbits": 16}),
    "complex64": ("complex64", 1, {}),
    "complex128": ("complex128", 1, {}),
    "complex integers": ("complex_int16", 1, {}),
    "cmyk": ("uint8", 4, {"photometric": "CMYK"}),
    "lab": ("uint8", 3, {"photometric": "CIELAB"}),
    "white is zero": ("uint8", 1, {"photometric": "MINISWHITE"}),
    "jpeg": ("uint8", 3, {"compress": "jpeg", "tiled": True, "blockxsize": 16, "blockysize": 16}),
    "ycbcr": ("uint8", 3, {"compress": "jpeg", "photometric": "YCBCR", "interleave": "pixel"}),
    **{name: ("uint16", 3, {"compress": name}) for name in ("lzw", "packbits", "deflate", "zstd", "lzma", "lerc")},
    "lerc_zstd": ("float32", 3, {"compress": "lerc_zstd"}),
    "webp": ("uint8", 3, {"compress": "webp", "interleave": "pixel"}),
    "ccitt": ("uint8", 1, {"nbits": 1, "compress": "ccittfax4"}),
    "predictor": ("float32", 3, {"compress": "deflate", "predictor": 3}),
    "big tiff": ("uint8", 3, {"bigtiff": "YES"}),
    "big endian": ("uint16", 3, {"endianness": "BIG"}),
    "tiles": ("uint8", 3, {"tiled": True, "blockxsize": 16, "blockysize": 32}),
    "strips of a row": ("uint8", 3, {"blockysize": 1}),
    "bands apart": ("uint8", 3, {"interleave": "band"}),
    "sparse": ("uint8", 3, {"sparse_ok": True, "tiled": True, "blockxsize": 16, "blockysize": 16}),
    **{dtype: (dtype, 3, {}) for dtype in NUMBERS},
    "nodata nan": ("float32", 3, {"nodata": float("nan")}),
    "nodata beyond": ("float32", 3, {"nodata": 1e38}),
    "forty bands": ("uint8", 40, {}),
    "alpha": ("uint8", 4, {"alpha": "YES"}),
    "no place": ("uint8", 3, {"crs": None, "transform": Affine.identity()}),
    "no crs": ("uint8", 3, {"crs": None}),
    "rotated": ("uint8", 3, {"transform": T * Affine.rotation(20)}),
    "south up": ("uint8", 3, {"transform": Affine(2, 0, T.c, 0, 2, T.f - 2 * SIDE)}),
    "flat": ("uint8", 3, {"transform": Affine(2, 0, T.c, 0, 0, T.f)}),
    "heights": ("uint8", 3, {"crs": "EPSG:4979", "transform": Affine(2e-5, 0, 15, 0, -2e-5, 48.752)}),
    "local crs": ("uint8", 3, {"crs": 'LOCAL_CS["x",UNIT["metre",1]]'}),
}
OTHER = {
    "PNG": "png", "JPEG": "jpg", "JP2OpenJPEG": "jp2", "BMP": "bmp", "GIF": "gif", "ENVI": "bin", "EHdr": "bil",
    "AAIGrid": "asc", "XYZ": "xyz", "HFA": "img", "RST": "rst", "SAGA": "sdat", "PNM": "ppm", "NITF": "ntf",
    "netCDF": "nc", "VRT": "vrt", "MBTiles": "mbtiles", "GPKG": "gpkg", "WEBP": "webp", "GS7BG": "grd",
    "RRASTER": "grd", "RMF": "rsw", "Leveller": "ter", "ISIS3": "cub", "PCIDSK": "pix", "ILWIS": "mpr", "FIT": "fit",
    "LAN": "lan",
}  # fmt: skip


def values(dtype: str, bands: int, top: int = 120) -> np.ndarray:
    """Pixels of a type."""
    drawn = np.random.default_rng(3).integers(0, top, (bands, SIDE, SIDE))
    if dtype == "complex_int16":
        return drawn.astype("complex64")
    return drawn.astype(dtype)


def tiff(folder: Path, kind: str) -> Path:
    """One of `TIFF`."""
    dtype, bands, given = TIFF[kind]
    options = {"crs": CRS, "transform": T, **given}
    path = folder / "odd.tif"
    with rasterio.open(path, "w", "GTiff", SIDE, SIDE, bands, dtype=dtype, **options) as out:
        if kind != "sparse":
            out.write(values(dtype, bands, 2 if kind in {"1 bit", "ccitt"} else 120))
    return path


def special(folder: Path, kind: str) -> Path:
    """Files with something beside their pixels."""
    path = folder / "odd.tif"
    drawn, none = values("uint8", 3), {"crs": None, "transform": Affine.identity()}
    corners = [(0, 0), (0, SIDE), (SIDE, 0), (SIDE, SIDE)]
    points = [GroundControlPoint(row, column, T.c + 2 * column, T.f - 2 * row) for row, column in corners]
    if kind == "mask band":
        write(path, drawn, mask=np.full((SIDE, SIDE), 255, np.uint8))
    elif kind == "palette":
        write(path, drawn[:1])
        with rasterio.open(path, "r+") as out:
            out.write_colormap(1, {k: (k, k, k, 255) for k in range(256)})
    elif kind == "overviews":
        write(path, drawn)
        with rasterio.open(path, "r+") as out:
            out.build_overviews([2, 4])
    else:
        with rasterio.open(path, "w", "GTiff", SIDE, SIDE, 3, dtype="uint8", **none) as out:
            out.write(drawn)
            if kind == "points":
                out.gcps = (points, rasterio.crs.CRS.from_user_input(CRS))
            else:
                line = [0.0] * 20
                out.rpcs = RPC(
                    0, 1, 15, 1, line, [1.0, *line[1:]], 0, 1, 48, 1, line, [1.0, *line[1:]], 0, 1, None, None
                )
    return path


SPECIAL = ("mask band", "palette", "overviews", "points", "coefficients")


def other(folder: Path, driver: str) -> Path:
    """A file by one of GDAL's other drivers."""
    write(folder / "base.tif", values("uint8", 1 if driver in {"AAIGrid", "XYZ", "GS7BG", "RST", "SAGA"} else 3))
    path = folder / f"odd.{OTHER[driver]}"
    rasterio.shutil.copy(folder / "base.tif", path, driver=driver)
    return path


def made(folder: Path) -> Iterator[tuple[str, Path]]:
    """All kinds that this GDAL can write, each in a folder of its own."""
    makers: dict[str, Callable[[Path], Path]] = {kind: partial(tiff, kind=kind) for kind in TIFF}
    makers |= {kind: partial(special, kind=kind) for kind in SPECIAL}
    makers |= {driver: partial(other, driver=driver) for driver in OTHER}
    for kind, maker in makers.items():
        own = folder / kind.replace(" ", "-")
        own.mkdir(parents=True)
        write(own / "plain.tif", values("uint8", 3), descriptions=("blue", "green", "red"))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                path = maker(own)
            path.read_bytes()
            yield kind, path
        except (rasterio.errors.RasterioError, rasterio._err.CPLE_BaseError, ValueError, TypeError, OSError) as error:
            print(f"{kind}: not written by this GDAL ({str(error)[:80]})")


def planned(folder: Path, name: str, *, run: bool) -> None:
    """A plan with the file as its second scene, a window of it, and the run where it is wanted."""
    from changedet.blocks import Window
    from changedet.imagery.pixels import release
    from changedet.pipeline.run import carry_out
    from changedet.plan import make_plan

    off = "".join(f"{stage}: {{method: none}}\n" for stage in ("mask", "objects", "tracks"))
    days = zip(("2023-06-04", "2023-07-04"), ("plain.tif", name), strict=True)
    scenes = "".join(f"  - {{date: {day}, path: '{path}', bands: {{red: 1}}}}\n" for day, path in days)
    lines = f"site: {{id: a}}\nscenes:\n{scenes}"
    (folder / "w.yaml").write_text(f"{lines}{off}compute: {{workers: 1}}\n")
    try:
        plan = make_plan(folder / "w.yaml", out=str(folder / "out"))
        for look in plan.looks:
            look.read(plan.grid, Window(0, 0, SIDE, SIDE), plan.roles)
        if run:
            carry_out(plan)
    finally:
        release()


def damaged(path: Path, content: bytes, case: str, call: Callable[[], None]) -> None:
    """A call with the file cut short or changed, and whole again after it."""
    dice = random.Random(case)
    cut = dice.random() < 0.5
    path.write_bytes(content[: dice.randrange(len(content))] if cut else mutated_bytes(content, dice))
    try:
        call()
    finally:
        path.write_bytes(content)


def main() -> int:
    """Try all kinds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--damaged", type=int, default=8)
    parser.add_argument("--runs", action="store_true")
    parser.add_argument("--kinds", default="")
    given = parser.parse_args()
    wanted = set(given.kinds.split(",")) - {""}
    folder = Path(tempfile.mkdtemp())
    whole, spoilt = [], []
    try:
        for kind, path in made(folder):
            if wanted and kind not in wanted:
                continue
            whole.append((kind, partial(planned, path.parent, path.name, run=given.runs)))
            content, call = path.read_bytes(), partial(planned, path.parent, path.name, run=False)
            names = [f"{kind}/{k}" for k in range(given.damaged)]
            spoilt += [(one, partial(damaged, path, content, one, call)) for one in names]
        return report([Tally("whole", outcomes(whole)), Tally("damaged", outcomes(spoilt))])
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
