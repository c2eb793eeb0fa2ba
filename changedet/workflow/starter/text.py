"""The starter workflow's text: every key with a comment, every method's parameters ready to be uncommented."""

from __future__ import annotations

import datetime as dt
import glob
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from changedet.imagery.bands import from_name
from changedet.imagery.headers import is_remote
from changedet.stages.registry import Stage
from changedet.workflow.dates import dates_in_name
from changedet.workflow.geo_fields import Bounds
from changedet.workflow.globs import glob_files
from changedet.workflow.methods_table import methods_table
from changedet.workflow.model import FORMATS, STAGE_WORDS
from changedet.workflow.sidecar_masks import Mask, masks_of


@dataclass(frozen=True)
class Draft:
    """One file to write.

    `form` is empty where the date is not in the name; `told` where the file itself says its bands; `role` where only
    its name says the one band that it has; `mask` what lies beside it and tells its clouds.
    """

    path: str
    date: dt.date | None
    form: str
    why: str
    facts: str
    gsd_m: float
    bands: Mapping[str, int]
    told: bool
    place: tuple[str, Bounds] | None
    role: str = ""
    mask: Mask | None = None


def write(
    drafts: Sequence[Draft], catalogs: Sequence[str], folder: str, registry: Mapping[str, Stage[object]] | None = None
) -> str:
    """The workflow as YAML; paths relative to `folder`."""
    shared = _shared_bands(drafts)
    parts = [
        _head(drafts, catalogs, folder),
        "scenes:                          # sorted by date; a date is UTC",
        *_scenes(drafts, catalogs, folder, shared),
        *_bands(drafts, shared),
        _middle(drafts),
        *_stages(registry),
        _tail(),
    ]
    return "\n".join(parts)


def _head(drafts: Sequence[Draft], catalogs: Sequence[str], folder: str) -> str:
    first = drafts[0].path if drafts else catalogs[0]
    near = Path(os.path.abspath(folder)).name if is_remote(first) else Path(os.path.abspath(first)).parent.name  # noqa: PTH100
    site = re.sub(r"[^A-Za-z0-9_-]+", "-", near).strip("-")[:100] or "site"
    finest = min((draft.gsd_m for draft in drafts if not math.isnan(draft.gsd_m)), default=math.nan)
    found = "" if math.isnan(finest) else f"; here {finest:.3g} m"
    return f"""\
# A changedet workflow. Paths are relative to this file; what is commented out shows the default. `changedet methods`
# tells more of every method.
site:
  id: {quoted(site)}  # letters, digits, - and _; names the output folder
  name: {quoted(near or site)}  # free text
  # aoi: site.geojson            # a vector file | {{bbox: [west, south, east, north], crs: EPSG:4326}} | a GeoJSON
  #                              # geometry (EPSG:4326); default: the extent of the reference scene
  # zones: zones.geojson         # polygons with a `name`; the series is also given for each of them
grid:
  crs: auto                      # auto | a projected system in metres such as EPSG:32633
  resolution: auto               # metres; auto is the finest scene's, on the ground{found}"""


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


# ---------------------------------------------------------------- scenes


def _shared_bands(drafts: Sequence[Draft]) -> Mapping[str, int] | None:
    """The bands that all scenes have in common, where their files do not say them."""
    drafts = [draft for draft in drafts if not draft.role]
    if not drafts or any(draft.told or draft.bands != drafts[0].bands for draft in drafts):
        return None
    return drafts[0].bands or None


def _bands(drafts: Sequence[Draft], shared: Mapping[str, int] | None) -> list[str]:
    if shared:
        return [f"bands: {_mapping(shared)}  # role -> band number or band description; as answered"]
    told = [draft for draft in drafts if draft.told]
    if told and all(draft.bands == told[0].bands for draft in told):
        return [
            f"# bands: {_mapping(told[0].bands)}  # role -> band number or description; the files say it themselves"
        ]
    return ["# bands: {blue: 1, green: 2, red: 3, nir: 4}  # role -> band number or description"]


def _scenes(
    drafts: Sequence[Draft], catalogs: Sequence[str], folder: str, shared: Mapping[str, int] | None
) -> list[str]:
    lines: list[str] = []
    lines.extend(_by_role(drafts, folder))
    left = [draft for draft in drafts if not draft.role]
    for group in _groups(left):
        pattern = _pattern(group, folder)
        if pattern is None:
            continue
        first = group[0]
        extra = _extra(first, shared)
        lines.append(
            f"  - {{glob: {quoted(pattern)}, date_format: {quoted(first.form)}{extra}}}  # the date is in the name"
        )
        lines.extend(f"    # {Path(draft.path).name}: {draft.date}, {draft.facts}" for draft in group)
        left = [draft for draft in left if draft not in group]
    for draft in sorted(left, key=lambda draft: (str(draft.date), draft.path)):
        # Its first band is 0 where the scene is not to be used, as a mask's; other kinds only a glob can bring.
        told = draft.mask.path if draft.mask is not None and draft.mask.role == "udm2" else ""
        mask = f", mask: {quoted(relative(told, folder))}" if told else ""
        entry = f"date: {draft.date}, path: {quoted(relative(draft.path, folder))}{mask}{_extra(draft, shared)}"
        lines.append(f"  - {{{entry}}}  # date {draft.why}; {draft.facts}")
    for path in catalogs:
        lines.append(f"  - {{stac: {quoted(relative(path, folder))}}}")
        lines.append("    # also: collections: [..], datetime: 2023-05/2023-11, assets: [..], max_cloud_cover: 40")
    return lines


def _by_role(drafts: Sequence[Draft], folder: str) -> list[str]:
    """Scenes of one band a file."""
    scenes: dict[tuple[str, ...], dict[str, Draft]] = {}
    for draft in sorted(drafts, key=lambda draft: (str(draft.date), draft.path)):
        if draft.role:
            key = (str(draft.date), *_rest(draft))
            # The same band in two pixel sizes is two scenes: neither file may take the other's place.
            taken = draft.role in scenes.get(key, {})
            scenes.setdefault((*key, draft.path) if taken else key, {})[draft.role] = draft
    lines: list[str] = []
    for (date, *_), files in scenes.items():
        paths = ", ".join(f"{role}: {quoted(relative(draft.path, folder))}" for role, draft in files.items())
        first = next(iter(files.values()))
        lines.append(f"  - {{date: {date}, path: {{{paths}}}{_extra(first, {})}}}  # date {first.why}; {first.facts}")
    return lines


def _rest(draft: Draft) -> tuple[str, ...]:
    """A name's words without band and pixel size: alike for the bands of one scene, not for two tiles of one date."""
    words = re.split(r"[_\-. ]+", Path(draft.path).stem)
    kept = [word for word in words if from_name(word, draft.path) != draft.role and not re.fullmatch(r"[0-9]+m", word)]
    return tuple(kept)


def _groups(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Scenes that one glob could name."""
    found: dict[tuple[object, ...], list[Draft]] = {}
    for draft in drafts:
        if draft.form and draft.place is None and not is_remote(draft.path):
            kind = None if draft.told else tuple(draft.bands.items())
            key = (str(Path(draft.path).parent), Path(draft.path).suffix, draft.form, kind)
            found.setdefault(key, []).append(draft)
    return [group for group in found.values() if len(group) > 1]


def _pattern(group: Sequence[Draft], folder: str) -> str | None:
    """The pattern that matches these files and no others, and reads their dates right; None where there is none."""
    names = [Path(draft.path).name for draft in group]
    if any(next(dates_in_name(n, d.form), (None,))[0] != d.date for n, d in zip(names, group, strict=True)):
        return None
    matching = names + [Path(draft.mask.path).name for draft in group if draft.mask]
    start = _common(matching).rstrip("0123456789")
    end = _common([name[::-1] for name in matching])[::-1].lstrip("0123456789")
    end = end[-min(len(end), min(map(len, matching)) - len(start)) :]
    parent = Path(group[0].path).parent
    name = f"{glob.escape(start)}*{glob.escape(end)}"
    matched = glob_files(os.path.abspath(Path(glob.escape(str(parent))) / name))  # noqa: PTH100
    kept = {Path(path).name for path in {*matched} - {mask.path for mask in masks_of(matched)}}
    if kept != set(names):
        return None
    inside = glob.escape(relative(str(parent), folder))
    return name if inside == "." else f"{inside}/{name}"


def _common(names: Sequence[str]) -> str:
    """What all names begin with."""
    first, last = min(names), max(names)
    return first[: next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _extra(draft: Draft, shared: Mapping[str, int] | None) -> str:
    said = ""
    if not draft.told and shared is None and draft.bands:
        said += f", bands: {_mapping(draft.bands)}"
    if draft.place is not None:
        system, box = draft.place
        said += f", crs: {quoted(system)}, bounds: [{', '.join(f'{value:.12g}' for value in box)}]"
    return said


def relative(path: str, folder: str) -> str:
    """A path as the workflow in `folder` names it."""
    return path if is_remote(path) else Path(os.path.relpath(path, folder)).as_posix()


def quoted(value: str) -> str:
    """A YAML scalar: plain where that cannot be misread, else quoted as JSON, which YAML reads alike."""
    plain = re.fullmatch(r"[A-Za-z_./][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*", value)
    words = {"no", "yes", "on", "off", "null", "true", "false", "y", "n", ".nan", ".inf"}
    return value if plain and value.lower() not in words else json.dumps(value, ensure_ascii=False)


def _mapping(bands: Mapping[str, int]) -> str:
    return "{" + ", ".join(f"{role}: {band}" for role, band in bands.items()) + "}"


# ---------------------------------------------------------------- stages


def _stages(registry: Mapping[str, Stage[object]] | None) -> list[str]:
    rows = methods_table(None, registry)
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
