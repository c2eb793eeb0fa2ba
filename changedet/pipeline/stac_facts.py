"""What the STAC items say of each date beside its rasters, from the plan and the run's own record."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from changedet.imagery.look import Look
from changedet.libraries import __version__
from changedet.outputs.rasters.display import scene_stretch
from changedet.outputs.report.pictures import quicklook
from changedet.outputs.stac.item_facts import ItemFacts, SourceFile
from changedet.pipeline.published import has_thumbnail
from changedet.plan import Plan
from changedet.store import read_json

THUMBNAIL_PX: Final = 256
"""Longest side of an item's picture."""


def item_facts(plan: Plan) -> dict[str, ItemFacts]:
    """Gather what is known of each date.

    Parameters
    ----------
    plan : Plan
        Of a run whose ``run.json`` and rasters are written.

    Returns
    -------
    dict of str to ItemFacts
        By ISO date.
    """
    record = read_json(plan.folder.provenance)
    inputs = {entry["date"]: entry for entry in record["inputs"]}
    pictured = [look for look in plan.looks if has_thumbnail(plan, look)]
    stretch = scene_stretch([plan.folder.scene(look.date) for look in pictured]) if pictured else {}
    found = {}
    for look in plan.looks:
        day, words, sun, view = str(look.date), look.attribution, look.sun, look.view
        found[day] = ItemFacts(
            time=look.time,
            gsd_m=round(look.gsd_m, 4),
            sun_azimuth_deg=sun.azimuth_deg if sun else None,
            sun_elevation_deg=sun.elevation_deg if sun else None,
            view_azimuth_deg=view.azimuth_deg if view else None,
            off_nadir_deg=view.off_nadir_deg if view else None,
            cloud_percent=_cloud_percent(record, day),
            sensor=words.sensor,
            credit=words.credit,
            licence=words.licence,
            sources=_sources(look, inputs[day]["files"], plan.folder.stac / day),
            software=f"changedet {__version__}",
            thumbnail=quicklook(plan.folder.scene(look.date), THUMBNAIL_PX, stretch) if look in pictured else None,
        )
    return found


def _cloud_percent(record: dict[str, Any], day: str) -> float | None:
    """Share of cloud in what the date's overview shows; None where clouds were not looked for or nothing is shown."""
    shares: dict[str, float] = record["dates"][day]["mask"]
    shown = sum(share for name, share in shares.items() if name != "nodata")
    return round(100.0 * shares.get("cloud", 0.0) / shown, 2) if shown > 0 else None


def _sources(look: Look, files: list[dict[str, Any]], folder: Path) -> tuple[SourceFile, ...]:
    sums = {Path(one["path"]).name: one["sha256"] or "" for one in files}
    paths = dict.fromkeys(path for scene in look.scenes for path in scene.rasters)
    hrefs = [_href(path, folder) for path in paths]
    return tuple(SourceFile(href, Path(href).name, sums.get(Path(href).name, "")) for href in hrefs)


def _href(path: str, folder: Path) -> str:
    """A path relative to the item; of a URL without what may be a secret in it."""
    if "://" not in path:
        return Path(os.path.relpath(path, folder.resolve())).as_posix()
    parts = urlsplit(path)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
