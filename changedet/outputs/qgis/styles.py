"""QGIS styles as XML: one source for the sidecars, the GeoPackage and the project.

Every function returns the inner elements of a ``<maplayer>``; `document` wraps them as a ``.qml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias
from xml.sax.saxutils import escape, quoteattr

from changedet.kernels import pixel_classes

RasterKind: TypeAlias = Literal["mask", "score", "first_change", "scene", "quality"]

MAX_DATE_CLASSES: Final = 40
"""More dates than this are drawn as a ramp: a legend of more rows is not read."""

EPOCH: Final = date(1970, 1, 1)
_VIRIDIS: Final = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")


@dataclass(frozen=True)
class RasterClass:
    """A value of a classified raster, its name and its colour.

    Attributes
    ----------
    value : int
    label : str
    color : str
        ``#rrggbb``.
    alpha : int
        0 (not drawn) to 255.
    """

    value: int
    label: str
    color: str
    alpha: int = 255

    @property
    def rgba(self) -> tuple[int, int, int, int]:
        red, green, blue = (int(self.color[i : i + 2], 16) for i in (1, 3, 5))
        return red, green, blue, self.alpha


MASK_CLASSES: Final = (
    RasterClass(0, "unchanged", "#f2f2f2", 0),
    RasterClass(1, "changed", "#e6007e", 215),
)

_QUALITY_COLORS: Final = (
    "#f2f2f2",
    "#000000",
    "#ff00ff",
    "#8fb8de",
    "#3d3d5c",
    "#e0f7ff",
    "#c9b99a",
    "#7f7f7f",
    "#59491f",
)
QUALITY_CLASSES: Final = tuple(
    RasterClass(value, name, color, 0 if value == pixel_classes.CLEAR else 190)
    for value, (name, color) in enumerate(zip(pixel_classes.NAMES, _QUALITY_COLORS, strict=True))
)


def days(day: str | date) -> int:
    """Days since 1970-01-01, the values of ``first_change.tif``.

    >>> days("1970-01-31")
    30
    """
    return (_as_date(day) - EPOCH).days


def date_classes(dates: Sequence[str | date]) -> tuple[RasterClass, ...]:
    """Classes of ``first_change.tif``: 0 never, then the dates from dark (early) to bright (late)."""
    ordered = sorted({_as_date(day) for day in dates})
    span = max(1, len(ordered) - 1)
    found = [RasterClass(days(day), day.isoformat(), ramp(i / span)) for i, day in enumerate(ordered)]
    return (RasterClass(0, "never", "#f2f2f2", 0), *found)


def ramp(share: float) -> str:
    """The viridis colour, ``#rrggbb``, at a share of 0 to 1.

    >>> ramp(0.0), ramp(1.0)
    ('#440154', '#fde725')
    """
    place = min(max(share, 0.0), 1.0) * (len(_VIRIDIS) - 1)
    low = min(int(place), len(_VIRIDIS) - 2)
    pairs = ((int(_VIRIDIS[low][i : i + 2], 16), int(_VIRIDIS[low + 1][i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * (place - low)):02x}" for a, b in pairs)


def document(inner: str) -> str:
    """A whole ``.qml`` around the inner elements."""
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return f'{head}<qgis version="3.34.0" styleCategories="AllStyleCategories">\n{inner}\n</qgis>\n'


# ---------------------------------------------------------------- rasters


def palette(classes: Sequence[RasterClass]) -> str:
    """A classified raster: exactly these classes in the legend."""
    entries = "".join(
        f'<paletteEntry value="{c.value}" color="{c.color}" alpha="{c.alpha}" label={quoteattr(c.label)}/>'
        for c in classes
    )
    return _pipe(
        f'<rasterrenderer type="paletted" band="1" opacity="1" alphaBand="-1" nodataColor=""><rasterTransparency/>'
        f"<colorPalette>{entries}</colorPalette></rasterrenderer>"
    )


def date_ramp(dates: Sequence[str | date]) -> str:
    """``first_change.tif`` of many dates: an interpolated ramp with eight dated stops."""
    ordered = sorted({_as_date(day) for day in dates})
    stops = sorted({ordered[round(i * (len(ordered) - 1) / 7)] for i in range(8)})
    span = max(1, days(stops[-1]) - days(stops[0]))
    items = [(0.0, "never", "#f2f2f2", 0), (days(stops[0]) - 0.5, "", "#f2f2f2", 0)]
    items += [(float(days(s)), s.isoformat(), ramp((days(s) - days(stops[0])) / span), 255) for s in stops]
    return _pseudocolor(items)


def score(threshold: float | None, top: float) -> str:
    """A change score: nothing at 0, faint up to the threshold, strong above it.

    Parameters
    ----------
    threshold : float or None
        Where the mask begins; None where the method has none.
    top : float
        The score drawn in the strongest colour.
    """
    middle = top / 2 if threshold is None else threshold
    top = max(top, middle * 1.25, 1e-6)
    name = f"{middle:.4g}" if threshold is None else f"{middle:.4g} (threshold)"
    return _pseudocolor(
        [
            (0.0, "0", "#ffffff", 0),
            (middle * 0.999, f"under {name}", "#9ecae1", 130),
            (middle, name, "#fec44f", 215),
            (top, f"{top:.4g} and more", "#b10026", 255),
        ]
    )


def scene(bands: Sequence[str], stretch: Sequence[tuple[float, float]]) -> str:
    """A picture: natural colours where it has red, green and blue, else its first three bands or one grey band.

    Parameters
    ----------
    bands : sequence of str
        Band roles in file order.
    stretch : sequence of (low, high)
        For each band in file order, the values drawn darkest and brightest.
    """
    chosen = display_bands(bands)
    if len(chosen) == 1:
        low, high = stretch[chosen[0]]
        return _pipe(
            f'<rasterrenderer type="singlebandgray" grayBand="{chosen[0] + 1}" gradient="BlackToWhite" opacity="1"'
            f' alphaBand="-1" nodataColor=""><rasterTransparency/><contrastEnhancement>{_enhance(low, high)}'
            "</contrastEnhancement></rasterrenderer>"
        )
    names = ("red", "green", "blue")
    numbers = " ".join(f'{name}Band="{index + 1}"' for name, index in zip(names, chosen, strict=True))
    parts = "".join(
        f"<{name}ContrastEnhancement>{_enhance(*stretch[index])}</{name}ContrastEnhancement>"
        for name, index in zip(names, chosen, strict=True)
    )
    return _pipe(
        f'<rasterrenderer type="multibandcolor" {numbers} opacity="1" alphaBand="-1" nodataColor="">'
        f"<rasterTransparency/>{parts}</rasterrenderer>"
    )


def display_bands(bands: Sequence[str]) -> tuple[int, ...]:
    """Indices, from 0, of the bands to draw as red, green and blue; one index for a grey picture.

    >>> display_bands(["blue", "green", "red", "nir"]), display_bands(["vv", "vh"])
    ((2, 1, 0), (0,))
    """
    roles = list(bands)
    for wanted in (("red", "green", "blue"), ("nir", "red", "green"), ("swir1", "nir", "red")):
        if all(role in roles for role in wanted):
            return tuple(roles.index(role) for role in wanted)
    return (0, 1, 2) if len(roles) >= 3 else (0,)


def raster_time(start: str, end: str) -> str:
    """A raster that shows from the start of one day to the end of another (UTC)."""
    return (
        '<temporal enabled="1" mode="0" fetchMode="0" bandNumber="1"><fixedRange>'
        f"<start>{start}T00:00:00Z</start><end>{end}T23:59:59Z</end></fixedRange></temporal>"
    )


def pixel_time() -> str:
    """A raster whose pixel values are days since 1970-01-01: each shows on its own day."""
    return (
        '<temporal enabled="1" mode="4" fetchMode="0" bandNumber="1"'
        ' temporalRepresentationOffset="1970-01-01T00:00:00Z" temporalRepresentationScale="1"'
        ' temporalRepresentationScaleUnit="4">'
        "<fixedRange><start></start><end></end></fixedRange></temporal>"
    )


def attribute_table(classes: Sequence[RasterClass]) -> str:
    """A GDAL raster attribute table, to be written as ``x.tif.aux.xml``."""
    # Usages of GDAL's GFU_: 5 MinMax (the class's value), 2 Name, 6 to 9 the colours; types: 0 integer, 2 text.
    columns = (("Value", 0, 5), ("Class", 2, 2), ("Red", 0, 6), ("Green", 0, 7), ("Blue", 0, 8), ("Alpha", 0, 9))
    fields = "".join(
        f'<FieldDefn index="{i}"><Name>{name}</Name><Type>{kind}</Type><Usage>{usage}</Usage></FieldDefn>\n'
        for i, (name, kind, usage) in enumerate(columns)
    )
    rows = ""
    for i, c in enumerate(classes):
        cells = "".join(f"<F>{escape(str(value))}</F>" for value in (c.value, c.label, *c.rgba))
        rows += f'<Row index="{i}">{cells}</Row>\n'
    return (
        '<PAMDataset>\n<PAMRasterBand band="1">\n<GDALRasterAttributeTable tableType="thematic">\n'
        f"{fields}{rows}</GDALRasterAttributeTable>\n</PAMRasterBand>\n</PAMDataset>\n"
    )


def _pipe(renderer: str) -> str:
    return (
        '<pipe><provider><resampling enabled="false" zoomedInResamplingMethod="nearestNeighbour"'
        ' zoomedOutResamplingMethod="nearestNeighbour" maxOversampling="2"/></provider>'
        f'{renderer}<brightnesscontrast brightness="0" contrast="0" gamma="1"/>'
        '<huesaturation saturation="0" grayscaleMode="0" colorizeOn="0" invertColors="0"/>'
        '<rasterresampler maxOversampling="2"/></pipe><blendMode>0</blendMode>'
    )


def _pseudocolor(items: Sequence[tuple[float, str, str, int]]) -> str:
    low, high = items[0][0], items[-1][0]
    stops = "".join(
        f'<item value="{value:.9g}" label={quoteattr(label)} color="{color}" alpha="{alpha}"/>'
        for value, label, color, alpha in items
    )
    return _pipe(
        f'<rasterrenderer type="singlebandpseudocolor" band="1" opacity="1" alphaBand="-1" nodataColor=""'
        f' classificationMin="{low:.9g}" classificationMax="{high:.9g}"><rasterTransparency/><rastershader>'
        f'<colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" minimumValue="{low:.9g}"'
        f' maximumValue="{high:.9g}" labelPrecision="4">{stops}'
        '<rampLegendSettings useContinuousLegend="0"/></colorrampshader></rastershader></rasterrenderer>'
    )


def _enhance(low: float, high: float) -> str:
    return (
        f"<minValue>{low:.9g}</minValue><maxValue>{high:.9g}</maxValue><algorithm>StretchToMinimumMaximum</algorithm>"
    )


def _as_date(day: str | date) -> date:
    return date.fromisoformat(day[:10]) if isinstance(day, str) else day


def day_before(day: str) -> str:
    """The calendar day before, ISO."""
    return (_as_date(day) - timedelta(days=1)).isoformat()
