"""The scenes of a starter workflow as lines of YAML, with globs where one names several."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from changedet.imagery.bands import role_from_description
from changedet.imagery.datasets import is_remote
from changedet.workflow.dates import dates_in_name
from changedet.workflow.globs import glob_files
from changedet.workflow.sidecar_masks import masks_of
from changedet.workflow.starter.delivered_lines import delivered_lines, place_words, todo_lines
from changedet.workflow.starter.draft import TODO, Draft
from changedet.workflow.starter.yaml_words import bands_in_yaml, quoted, relative


def scene_lines(
    drafts: Sequence[Draft], catalogs: Sequence[str], folder: str, shared: Mapping[str, int] | None
) -> list[str]:
    """The entries of ``scenes``: a glob for scenes of one kind, else a line each.

    Parameters
    ----------
    drafts : sequence of Draft
        The scenes.
    catalogs : sequence of str
        STAC catalogs and item collections.
    folder : str
        That paths are relative to.
    shared : mapping of role to band number, or None
        Of the bands that all scenes have; None where they differ.

    Returns
    -------
    list of str
        Lines of YAML.
    """
    lines = delivered_lines([draft for draft in drafts if draft.delivery], folder)
    drafts = [draft for draft in drafts if not draft.delivery]
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
        lines.extend(todo_lines(first))
        left = [draft for draft in left if draft not in group]
    for draft in sorted(left, key=lambda draft: (str(draft.date), draft.path)):
        # A UDM2's first band is 0 where the scene is not to be used, as a mask's is; other kinds only a glob can bring.
        usable = draft.mask.path if draft.mask is not None and draft.mask.role == "udm2" else ""
        mask = f", mask: {quoted(relative(usable, folder))}" if usable else ""
        entry = f"date: {draft.date or TODO}, path: {quoted(relative(draft.path, folder))}{mask}{_extra(draft, shared)}"
        lines.append(f"  - {{{entry}}}  # date {draft.date_source or 'not known'}; {draft.facts}")
        lines.extend(todo_lines(draft))
    for path in catalogs:
        lines.append(f"  - {{stac: {quoted(relative(path, folder))}}}")
        lines.append("    # also: collections: [..], datetime: 2023-05/2023-11, assets: [..], max_cloud_cover: 40")
    return lines


def _by_role(drafts: Sequence[Draft], folder: str) -> list[str]:
    """Scenes of one band a file."""
    scenes: dict[tuple[str, ...], dict[str, Draft]] = {}
    for draft in sorted(drafts, key=lambda draft: (str(draft.date), draft.path)):
        if draft.role:
            rest = _rest(draft)
            # Where a name is that of its band alone, the folder's tells one scene from another.
            key = (str(draft.date), *(rest or (str(Path(draft.path).parent),)))
            # The same band in two pixel sizes is two scenes: neither file may take the other's place.
            taken = draft.role in scenes.get(key, {})
            scenes.setdefault((*key, draft.path) if taken else key, {})[draft.role] = draft
    lines: list[str] = []
    for files in scenes.values():
        paths = ", ".join(f"{role}: {quoted(relative(draft.path, folder))}" for role, draft in files.items())
        first = next(iter(files.values()))
        lines.append(
            f"  - {{date: {first.date or TODO}, path: {{{paths}}}{_extra(first, {})}}}  "
            f"# date {first.date_source or 'not known'}; {first.facts}"
        )
        lines.extend(todo_lines(first))
    return lines


def _rest(draft: Draft) -> tuple[str, ...]:
    """A name's words without band and pixel size: alike for the bands of one scene, not for two tiles of one date."""
    words = re.split(r"[_\-. ]+", Path(draft.path).stem)
    kept = [
        word
        for word in words
        if role_from_description(word, draft.path) != draft.role and not re.fullmatch(r"[0-9]+m", word)
    ]
    return tuple(kept)


def _groups(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Scenes that one glob could name."""
    found: dict[tuple[object, ...], list[Draft]] = {}
    for draft in drafts:
        system, box = draft.georeference or ("", None)
        if draft.form and box is None and not is_remote(draft.path):
            # Of two families whose bands are not known each has its own gap to be filled.
            kind = None if draft.has_roles else tuple(draft.bands.items()) or draft.asked
            key = (str(Path(draft.path).parent), Path(draft.path).suffix, draft.form, kind, system)
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
    if "bands" in draft.todo:
        said += f", bands: {TODO}"
    elif not draft.has_roles and shared is None and draft.bands:
        said += f", bands: {bands_in_yaml(draft.bands)}"
    return said + "".join(f", {words}" for words in place_words(draft))
