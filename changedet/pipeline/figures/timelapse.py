"""A time-lapse of a finished run: what its frames show, and its files in the run folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from changedet.outputs.figure.data import FigureData, Panel
from changedet.outputs.figure.timelapse import Curve, write_timelapse
from changedet.outputs.rasters.display import scene_stretch
from changedet.outputs.sentences.words import calendar_of, scaled
from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.outputs.values import iso_date, rows_of
from changedet.pipeline.figures.captions import count_words, name_of, place_words, source_words
from changedet.pipeline.figures.files import FIGURE, result_identity
from changedet.pipeline.figures.frame import area_scale_of, north_of
from changedet.pipeline.figures.gather import Wanted, boxes_of, frame_of
from changedet.pipeline.run_reader import RunReader
from changedet.pipeline.run_sources import RunSources, sources_of_finished


def write_timelapse_of(run: RunReader, wanted: Wanted) -> list[Path]:
    """Write the time-lapse of a finished run into its folder.

    Parameters
    ----------
    run : RunReader
    wanted : Wanted
        First and last date, the frame, whether pixels are shown.

    Returns
    -------
    list of Path
        ``figures/timelapse.gif``, and ``.mp4`` where an encoder is on the path.

    Raises
    ------
    InputError
        There is no such date or zone, or a file was edited by hand.
    ChangedetError
        A run is at work in the folder, or the encoder failed.
    """
    sources = sources_of_finished(run)
    frames, curve = timelapse_data(sources, wanted)
    folder = run.folder
    gif, mp4 = folder.figures / "timelapse.gif", folder.figures / "timelapse.mp4"
    folder.guard([gif, mp4])
    with folder.locked(is_new=False):
        folder.begin(f"{FIGURE}timelapse", [gif, mp4])
        written = write_timelapse(gif, frames, curve, mp4)
        folder.finish(f"{FIGURE}timelapse", result_identity(folder), written)
    return written


def timelapse_data(sources: RunSources, wanted: Wanted) -> tuple[list[FigureData], Curve | None]:
    """Gather what the frames of a time-lapse show.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    wanted : Wanted
        First and last date, the frame, whether pixels are shown.

    Returns
    -------
    frames : list of FigureData
        One a look; a look whose licence forbids showing its pixels has outlines alone.
    curve : Curve or None
        Containers, where they can be counted, else the changed area.

    Raises
    ------
    InputError
        There is no such date or zone.
    """
    days = [
        day for day in sources.dates if (wanted.before or "") <= day and (wanted.after is None or day <= wanted.after)
    ]
    frame = frame_of(sources, wanted)
    calendar = calendar_of(sources.dates)
    stretch = scene_stretch(list(sources.scenes.values()))
    frames = []
    for k, day in enumerate(days):
        shown = wanted.pixels and sources.source_of(day).get("show_pixels", True)
        panel = Panel(
            date=calendar.day(day),
            count=count_words(sources, day, wanted.zone or ""),
            scene=sources.scenes.get(day) if shown else None,
            quality=sources.qualities.get(day),
            boxes=boxes_of(sources, days[k - 1] if k else day, day)[1],
        )
        frames.append(
            FigureData(
                title=name_of(sources, wanted.zone or ""),
                place=place_words(sources, frame),
                panels=[panel],
                frame=frame,
                site=sources.grid.bounds,
                ground_scale=area_scale_of(sources, frame),
                north_deg=north_of(sources, frame),
                zones=sources.zones,
                notes=[f"{source_words(sources, day)}; {sources.software}"],
                stretch=stretch,
            )
        )
    return frames, _curve(sources, days, wanted.zone or "")


def _curve(sources: RunSources, days: list[str], zone: str) -> Curve | None:
    table = rows_of(sources.series, zone)
    rows = table.assign(day=table["date"].map(iso_date)).set_index("day").reindex(days)
    names, label = FIGURE_COLUMNS["containers"], "containers, 95 % interval"
    if rows[names[0]].isna().all():
        names, label = FIGURE_COLUMNS["changed_area_m2"], "changed area"
    values = [rows[name].astype("float64").to_numpy() for name in names]
    if len(days) < 2 or np.isnan(values[0]).all() or np.isnan(values[2]).all():
        return None
    if label == "changed area":
        scale = scaled([float(np.nanmax(values[0]))], "m²")
        values, label = [part / scale.factor for part in values], f"changed area in {scale.unit}, 95 % interval"
    when = [float(pd.Timestamp(day).toordinal()) for day in days]
    return Curve(label, when, *(part.tolist() for part in values))
