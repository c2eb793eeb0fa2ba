"""The versions that results depend on: the package's own, and those of the libraries that they pass through."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

__version__: Final = version("changedet")
"""Of this package; here, and not where the public names are, as modules below those ask for it."""
RESULT_LIBRARIES: Final = (
    *("numpy", "scipy", "numba", "rasterio", "onnxruntime", "opencv-python-headless", "connected-components-3d"),
    *("shapely", "pyproj", "pandas", "geopandas"),
)
"""Those whose arithmetic the results pass through: with another version of one a step is done again."""


@cache
def library_versions() -> dict[str, str]:
    """The versions of what results depend on.

    Returns
    -------
    dict of str to str
        By the names of `RESULT_LIBRARIES`; empty text for one that does not say.
    """
    return {name: _version(name) for name in RESULT_LIBRARIES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
