"""QGIS styles of rasters as XML: one source for the sidecars and the project.

Every function but `document` and `attribute_table` returns inner elements of a ``<maplayer>``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from changedet.outputs.rasters.classes import RasterClass, as_date, days_since_1970, ramp
from changedet.outputs.rasters.display import display_bands

MAX_DATE_CLASSES: Final = 40
"""More dates than this are drawn as a ramp: a legend of more rows is not read."""


def document(inner: str) -> str:
    """A whole ``.qml`` file.

    Parameters
    ----------
    inner : str
        Inner elements of a ``<maplayer>``.

    Returns
    -------
    str
        XML.
    """
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return f'{head}<qgis version="3.34.0" styleCategories="AllStyleCategories">\n{inner}\n</qgis>\n'


# ---------------------------------------------------------------- rasters


def palette(classes: Sequence[RasterClass]) -> str:
    """A classified raster: exactly these classes in the legend.

    Parameters
    ----------
    classes : sequence of RasterClass
        What is not drawn has no row: an empty swatch explains nothing.

    Returns
    -------
    str
        XML.
    """
    entries = "".join(
        f'<paletteEntry value="{c.value}" color="{c.color}" alpha="{c.alpha}" label={quoteattr(c.label)}/>'
        for c in classes
        if c.alpha
    )
    return _pipe(
        f'<rasterrenderer type="paletted" band="1" opacity="1" alphaBand="-1" nodataColor=""><rasterTransparency/>'
        f"<colorPalette>{entries}</colorPalette></rasterrenderer>"
    )


def date_ramp(dates: Sequence[str | date]) -> str:
    """``first_change.tif`` of many dates: an interpolated ramp with dated stops.

    Parameters
    ----------
    dates : sequence of str or datetime.date
        All that it may hold.

    Returns
    -------
    str
        XML.
    """
    ordered = sorted({as_date(day) for day in dates})
    stops = sorted({ordered[round(i * (len(ordered) - 1) / 7)] for i in range(8)})
    span = max(1, days_since_1970(stops[-1]) - days_since_1970(stops[0]))
    items = [(0.0, "never", "#f2f2f2", 0), (days_since_1970(stops[0]) - 0.5, "", "#f2f2f2", 0)]
    items += [
        (float(days_since_1970(s)), s.isoformat(), ramp((days_since_1970(s) - days_since_1970(stops[0])) / span), 255)
        for s in stops
    ]
    return _pseudocolor(items)


def score(threshold: float | None, top: float) -> str:
    """A change score: nothing at 0, faint up to the threshold, strong above it.

    Parameters
    ----------
    threshold : float or None
        Where the mask begins; None where the method has none.
    top : float
        The score drawn in the strongest colour.

    Returns
    -------
    str
        XML.
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


def scene(bands: Sequence[str], stretch: Sequence[tuple[float, float]], *, masked: bool = False) -> str:
    """A picture: natural colours where it has red, green and blue, else its first three bands or one grey band.

    Parameters
    ----------
    bands : sequence of str
        Band roles in file order.
    stretch : sequence of (low, high)
        For each band in file order, the values drawn darkest and brightest.
    masked : bool
        Whether the file has a mask band, which QGIS takes for one more band, of alpha.

    Returns
    -------
    str
        XML.
    """
    alpha = len(bands) + 1 if masked else -1
    chosen = display_bands(bands)
    if len(chosen) == 1:
        low, high = stretch[chosen[0]]
        return _pipe(
            f'<rasterrenderer type="singlebandgray" grayBand="{chosen[0] + 1}" gradient="BlackToWhite" opacity="1"'
            f' alphaBand="{alpha}" nodataColor=""><rasterTransparency/><contrastEnhancement>{_enhance(low, high)}'
            "</contrastEnhancement></rasterrenderer>"
        )
    names = ("red", "green", "blue")
    numbers = " ".join(f'{name}Band="{index + 1}"' for name, index in zip(names, chosen, strict=True))
    parts = "".join(
        f"<{name}ContrastEnhancement>{_enhance(*stretch[index])}</{name}ContrastEnhancement>"
        for name, index in zip(names, chosen, strict=True)
    )
    return _pipe(
        f'<rasterrenderer type="multibandcolor" {numbers} opacity="1" alphaBand="{alpha}" nodataColor="">'
        f"<rasterTransparency/>{parts}</rasterrenderer>"
    )


def raster_time(start: str, end: str) -> str:
    """When a raster shows, in UTC.

    Parameters
    ----------
    start, end : str
        ISO dates; it shows from the start of the first to the end of the second.

    Returns
    -------
    str
        XML.
    """
    return (
        '<temporal enabled="1" mode="0" fetchMode="0" bandNumber="1"><fixedRange>'
        f"<start>{start}T00:00:00Z</start><end>{end}T23:59:59Z</end></fixedRange></temporal>"
    )


def pixel_time() -> str:
    """A raster whose values are days since 1970-01-01: each pixel shows on its own day.

    Returns
    -------
    str
        XML.
    """
    return (
        '<temporal enabled="1" mode="4" fetchMode="0" bandNumber="1"'
        ' temporalRepresentationOffset="1970-01-01T00:00:00Z" temporalRepresentationScale="1"'
        ' temporalRepresentationScaleUnit="4">'
        "<fixedRange><start></start><end></end></fixedRange></temporal>"
    )


def attribute_table(classes: Sequence[RasterClass]) -> str:
    """A GDAL raster attribute table, to be written as ``x.tif.aux.xml``.

    Parameters
    ----------
    classes : sequence of RasterClass
        One row each.

    Returns
    -------
    str
        XML.
    """
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
