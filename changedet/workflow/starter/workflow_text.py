"""A starter workflow's text: every key with a comment, every method's parameters ready to be uncommented."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from changedet.imagery.datasets import is_remote
from changedet.stages.change.method import shows_seasons
from changedet.stages.registry import Facts
from changedet.workflow.finer_grid import FINER_M, days_apart, wants_finer_grid
from changedet.workflow.methods_table import methods_table
from changedet.workflow.model import FORMATS, STAGE_WORDS
from changedet.workflow.starter.delivered_lines import todo_lines
from changedet.workflow.starter.draft import TODO, Draft
from changedet.workflow.starter.scene_lines import scene_lines
from changedet.workflow.starter.yaml_words import bands_in_yaml, quoted, relative
from changedet.workflow.yaml_tree import printable

_SHOWN_LEFT_OUT: Final = 20
"""Of files that are no scenes; of one reason beyond this only their number is told."""
_OF_ANY_SITE: Final = frozenset(
    {
        "data",
        "delivery",
        "download",
        "downloads",
        "files",
        "imagery",
        "images",
        "order",
        "orders",
        "scenes",
        "site",
        "tif",
        "tiff",
        "workflow",
    }
)
"""Names of folders and of workflow files that tell nothing of the site."""


def workflow_text(
    drafts: Sequence[Draft],
    catalogs: Sequence[str],
    folder: str,
    left_out: Mapping[str, str],
    name: str = "",
) -> str:
    """The workflow as YAML, every key with a comment.

    Parameters
    ----------
    drafts : sequence of Draft
        The scenes.
    catalogs : sequence of str
        STAC catalogs and item collections.
    folder : str
        That paths are relative to.
    left_out : mapping of path to str
        Files beside the scenes that are none, and why.
    name : str
        Of the workflow's file, without its ending; ``""`` where it has none.

    Returns
    -------
    str
        YAML.
    """
    shared, gap = _shared_bands(drafts), _shared_gap(drafts)
    if gap:
        known = [{topic: doubt for topic, doubt in draft.todo.items() if topic != "bands"} for draft in drafts]
        drafts = [replace(draft, todo=todo) for draft, todo in zip(drafts, known, strict=True)]
    parts = [
        _head(drafts, catalogs, folder, name),
        "scenes:                          # sorted by date; a date is UTC. For figures: sensor: .., credit: ..,",
        "#                                # licence: NAME, or {name: NAME, show_pixels: false} where none may be shown",
        *scene_lines(drafts, catalogs, folder, shared),
        *_left_out(left_out, folder),
        *([f"bands: {TODO}  # role -> band number, of all scenes", f"# {gap}"] if gap else _bands(drafts, shared)),
        _middle(drafts),
        *_stages(),
        _tail(),
    ]
    return "\n".join(parts)


def _head(drafts: Sequence[Draft], catalogs: Sequence[str], folder: str, name: str) -> str:
    near = _near([draft.path for draft in drafts] or catalogs, folder) if name.lower() in {"", *_OF_ANY_SITE} else name
    site = re.sub(r"[^A-Za-z0-9_-]+", "-", near).strip("-")[:100] or "site"
    finest = min((draft.gsd_m for draft in drafts if not math.isnan(draft.gsd_m)), default=math.nan)
    found = "" if math.isnan(finest) else f"; here {finest:.3g} m"
    resolution = "auto               # metres; auto is the finest scene's, on the ground" + found
    if any(wants_finer_grid(finest, draft.bands) for draft in drafts) and not _shows_seasons(drafts, finest):
        resolution = (
            f"{FINER_M:g}               # metres; auto is the finest scene's, {finest:.3g} m: what tells change and\n"
            "#                                # built ground best knows pixels of up to 1.3 m"
        )
    return f"""\
# A changedet workflow. Paths are relative to this file; what is commented out shows the default. `changedet methods`
# tells more of every method.
site:
  id: {quoted(site)}  # letters, digits, - and _; names the output folder
  name: {quoted(near or site)}  # free text
  # place: Depot street, Town     # where it lies, in words, for figures
  # aoi: site.geojson            # a vector file | {{bbox: [west, south, east, north], crs: EPSG:4326}} | a GeoJSON
  #                              # geometry (EPSG:4326); default: the extent of the reference scene
  # zones: zones.geojson         # polygons with a `name`; the series is also given for each of them
grid:
  crs: auto                      # auto | a projected system in metres such as EPSG:32633
  resolution: {resolution}"""


def _shows_seasons(drafts: Sequence[Draft], finest: float) -> bool:
    """Whether a run would read the masks from the seasons that the scenes show, in their own pixels."""
    days = sorted({draft.date for draft in drafts if draft.date is not None})
    roles = set(drafts[0].bands).intersection(*(draft.bands for draft in drafts))
    sizes = tuple(draft.gsd_m for draft in drafts)
    return shows_seasons(Facts(finest, tuple(roles), len(days), sizes, days_apart=days_apart(days)))


def _near(paths: Sequence[str], folder: str) -> str:
    """Name of the folder that holds all scenes, or of that around it where any site may have one called so.

    Of the workflow's own where they come over the network.
    """
    if is_remote(paths[0]):
        return Path(os.path.abspath(folder)).name  # noqa: PTH100
    parents = [os.path.dirname(os.path.abspath(path)) for path in paths if not is_remote(path)]  # noqa: PTH100, PTH120
    try:
        place = Path(os.path.commonpath(parents))
    except ValueError:
        # On different drives.
        place = Path(parents[0])
    # two sites whose scenes both lie in `scenes` would write into one folder of results
    return place.parent.name if place.name.lower() in _OF_ANY_SITE and place.parent.name else place.name


def _left_out(left_out: Mapping[str, str], folder: str) -> list[str]:
    """Comments that name what was found and not taken, so that nothing is missed in silence."""
    by_reason: dict[str, list[str]] = {}
    for path, reason in sorted(left_out.items()):
        by_reason.setdefault(reason, []).append(printable(relative(path, folder)).replace("\n", " "))
    lines: list[str] = []
    for reason, paths in by_reason.items():
        lines.append(f"  # not taken, {printable(reason)}:")
        lines += [f"  #   {path}" for path in paths[:_SHOWN_LEFT_OUT]]
        if len(paths) > _SHOWN_LEFT_OUT:
            lines.append(f"  #   and {len(paths) - _SHOWN_LEFT_OUT} more")
    return lines


def _middle(drafts: Sequence[Draft]) -> str:
    earliest = min((draft.date for draft in drafts if draft.date), default=None)
    return f"""\
# before: {earliest or "2023-06-04"}           # the reference date; default: the earliest scene
read:
  on_error: stop                 # stop | skip a scene that cannot be read
  allow_hosts: []                # hosts, beside those of the scenes' own URLs, that a catalog may lead to"""


def _tail() -> str:
    return f"""\
outputs:
  dir: out                       # results go to DIR/SITE_ID
  formats: all                   # all | a list of: {" ".join(FORMATS)}
compute:
  scheduler: threads             # threads | processes | tcp://HOST:PORT
  workers: auto                  # auto | a number
  memory: auto                   # auto | such as 4GB
  chunk: auto                    # auto | pixels, at least 64; results do not depend on it
"""


def _shared_bands(drafts: Sequence[Draft]) -> Mapping[str, int] | None:
    """The bands that all scenes have in common, where their files do not say them.

    Parameters
    ----------
    drafts : sequence of Draft
        Scenes of one band a file do not count.

    Returns
    -------
    mapping of role to band number, or None
        None where they differ.
    """
    drafts = [draft for draft in drafts if not draft.role and not draft.delivery]
    if not drafts or any(draft.has_roles or draft.bands != drafts[0].bands for draft in drafts):
        return None
    return drafts[0].bands or None


def _shared_gap(drafts: Sequence[Draft]) -> str:
    """What is to be known of the bands, where it is one question for all scenes and no glob names several of them.

    Empty where there is none: each scene, or each glob, has its own gap then.
    """
    alike = {draft.asked for draft in drafts}
    if len(drafts) < 2 or len(alike) > 1 or any(one.form or one.role or one.delivery for one in drafts):
        return ""
    (first, *_) = drafts
    return (
        todo_lines(replace(first, todo={"bands": first.todo["bands"]}))[0].strip(" #") if "bands" in first.todo else ""
    )


def _bands(drafts: Sequence[Draft], shared: Mapping[str, int] | None) -> list[str]:
    if shared:
        return [f"bands: {bands_in_yaml(shared)}  # role -> band number or band description"]
    own = [draft for draft in drafts if draft.has_roles and draft.bands]
    if own and all(draft.bands == own[0].bands for draft in own):
        return [
            f"# bands: {bands_in_yaml(own[0].bands)}  # role -> band number or description; the files say it themselves"
        ]
    return ["# bands: {blue: 1, green: 2, red: 3, nir: 4}  # role -> band number or description"]


def _stages() -> list[str]:
    rows = methods_table()
    lines: list[str] = []
    for name, words in STAGE_WORDS.items():
        own = [row for row in rows if row.stage == name]
        methods = [row.method for row in own if not row.parameter]
        lines += [f"{name}:  # {words}", f"  method: auto  # {' | '.join(['auto', 'none', *methods])}"]
        for row in own:
            if not row.parameter:
                lines.append(f"  # -- {row.method}: {_line(f'{row.summary} {row.reference}')}")
            else:
                about = _line("; ".join(part for part in (row.unit, row.description) if part))
                lines.append(f"  # {row.parameter}: {row.default or '...'}{f'  # {about}' if about else ''}")
    return lines


def _line(words: str) -> str:
    return " ".join(words.split())
