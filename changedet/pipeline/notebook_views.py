"""What a finished run offers in a notebook: a card, a chart, a map, a cube."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol

from markupsafe import escape
from pandas.api.types import is_numeric_dtype

from changedet.errors import InputError
from changedet.outputs.series_plot import draw_series
from changedet.outputs.values import mapping_at
from changedet.pipeline.cube import cube_of
from changedet.pipeline.run_card import run_card
from changedet.pipeline.run_reader import RunReader

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

_WITHOUT: Final = "run.{name}() needs {what}; install changedet[notebook]"
_HINTS: Final = {
    "tracks": ("kind", "first_seen", "last_seen", "color"),
    "containers": ("kind", "date", "confidence", "zone"),
    "changes": ("kind", "direction", "date", "area_m2"),
    "footprint": ("date", "area_m2"),
}
"""Columns that a place on the map shows; the first gives its colour."""


class WebMap(Protocol):
    """A map as folium makes it."""

    def save(self, outfile: str) -> None:
        """Write the map as a page.

        Parameters
        ----------
        outfile : str
            Path of an HTML file.
        """


class NotebookViews(RunReader):
    """The methods of `Run` for people who look at it."""

    def _repr_html_(self) -> str:
        return run_card(self)

    def cube(self) -> xr.Dataset:
        """Open all rasters as one Dataset over the dates.

        Returns
        -------
        xarray.Dataset
            Dims ``time``, ``band``, ``y``, ``x``, lazy: ``scene`` (float32, NaN no data), ``mask`` (uint8, 255 not
            seen; so all of the reference date), ``score`` (float32), ``quality`` (uint8), those that the run wrote.
            With ``long_name``, ``flag_values`` and ``flag_meanings`` as in the CF conventions, ``spatial_ref``, and
            ``valid_fraction`` of each date.

        Raises
        ------
        InputError
            The run was made without masks, scores and scenes.
        """
        return cube_of(self)

    def plot(self, figure: str = "containers", *, zone: str = "", ax: Axes | None = None) -> Axes:
        """Chart a figure over the dates with its 95 % interval, and the span in which growth began.

        Parameters
        ----------
        figure : str
            ``containers``, ``teu``, ``arrivals``, ``departures``, ``changed_area`` or ``footprint``.
        zone : str
            Name of a zone; by default the whole site.
        ax : matplotlib.axes.Axes, optional
            To draw on; by default those of a new figure of pyplot.

        Returns
        -------
        matplotlib.axes.Axes
            Drawn on.

        Raises
        ------
        InputError
            There is no such figure or zone, or it could not be had.
        """
        if ax is None:
            # Only here: pyplot looks for a screen, which nothing else does.
            from matplotlib import pyplot as plt

            ax = plt.subplots(layout="constrained")[1]
        onsets = mapping_at(self.summary, "zones", zone, "onset") if zone else mapping_at(self.summary, "onset")
        draw_series(ax, self.series, figure, zone=zone, onset=mapping_at(onsets, figure))
        ax.set_title(f"{self.summary.get('name', '')}{f', {zone}' if zone else ''}", parse_math=False)
        return ax

    def figure(
        self,
        out: str | Path | None = None,
        *,
        before: str | None = None,
        after: str | None = None,
        zone: str | None = None,
        size: str | None = None,
        pixels: bool = True,
    ) -> list[Path]:
        """Write a figure that can be published: two dated looks, what came and left outlined.

        Parameters
        ----------
        out : path, optional
            A file that ends in .png, .svg or .pdf, or a path without an ending for all three; by default in the folder
            ``figures`` of the run.
        before, after : str, optional
            ISO dates; by default the reference, and the last date that shows enough of the site, or that with the most
            containers where the site ends as it began.
        zone : str, optional
            The zone to show; by default the site, or where it changed if it is large.
        size : str, optional
            Such as ``190mm``, the default, ``190x120mm`` or ``1600x900px``.
        pixels : bool
            False for outlines alone, as where a licence forbids showing pixels.

        Returns
        -------
        list of Path
            What was written.

        Raises
        ------
        InputError
            There is no such date or zone, the size is none, or a figure in the run's folder was edited by hand.
        """
        # Imported here, as a run is read without what draws and what gathers results.
        from changedet.pipeline.figures.files import write_figures
        from changedet.pipeline.figures.gather import Wanted

        return write_figures(self, Wanted(before, after, zone, pixels), size=size, out=out)

    def explore(
        self, layer: Literal["tracks", "containers", "changes", "footprint"] = "tracks", *, tiles: str | None = None
    ) -> WebMap:
        """Show a layer on a map that can be moved, by ``GeoDataFrame.explore``.

        The map's own code (Leaflet) is loaded by the browser from the network, as folium writes it: without one, use
        the report or QGIS, which need none. The layer itself is sent nowhere.

        Parameters
        ----------
        layer : str
            ``tracks``, ``containers``, ``changes`` or ``footprint``.
        tiles : str, optional
            A base map, such as ``CartoDB positron``; by default none, so that no server learns the place.

        Returns
        -------
        folium.Map
            Shown by a notebook; ``save(path)`` writes it.

        Raises
        ------
        ImportError
            folium or mapclassify is missing.
        InputError
            There is no such layer, or nothing in it.
        """
        if layer not in _HINTS:
            raise InputError(f"explore: no layer '{layer}', expected one of {', '.join(_HINTS)}")
        frame = getattr(self, layer)
        if frame.empty:
            raise InputError(f"explore: the layer {layer} is empty")
        shown = list(_HINTS[layer])
        words = frame[[*shown, frame.geometry.name]].copy()
        for name in shown:
            if words[name].dtype.kind == "M":
                words[name] = words[name].dt.strftime("%Y-%m-%d")
            elif not is_numeric_dtype(words[name]):
                # folium writes texts into the page as they are, and those of a run may be anybody's.
                words[name] = words[name].map(lambda text: str(escape(text)), na_action="ignore")
        try:
            found: WebMap = words.explore(
                column=shown[0], categorical=True, tooltip=shown, tiles=tiles, legend=True, cmap="tab10"
            )
        except ImportError:
            raise ImportError(_WITHOUT.format(name="explore", what="folium and mapclassify")) from None
        return found
