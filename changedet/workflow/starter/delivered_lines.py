"""Scenes that a vendor's metadata tell of, as lines of YAML."""

from __future__ import annotations

from collections.abc import Sequence

from changedet.imagery.angles import SunAngles, ViewAngles
from changedet.workflow.starter.draft import TODO, Draft
from changedet.workflow.starter.vendors.delivery import Delivery
from changedet.workflow.starter.yaml_words import bands_in_yaml, quoted, relative
from changedet.workflow.yaml_tree import printable


def delivered_lines(drafts: Sequence[Draft], folder: str) -> list[str]:
    """The entries of scenes of which a vendor tells, a key a line.

    Parameters
    ----------
    drafts : sequence of Draft
        Each with its delivery.
    folder : str
        That paths are relative to.

    Returns
    -------
    list of str
        Lines of YAML, sorted by date.
    """
    lines: list[str] = []
    for draft in sorted(drafts, key=lambda draft: (str(draft.date), draft.path)):
        if draft.delivery is not None:
            lines.extend(_entry(draft, draft.delivery, folder))
    return lines


def todo_lines(draft: Draft) -> list[str]:
    """What is not known of a scene, as comments.

    Parameters
    ----------
    draft : Draft
        Of a scene.

    Returns
    -------
    list of str
        A line for each TODO.
    """
    return [f"    # {TODO} {topic}: {' '.join(printable(doubt).split())}" for topic, doubt in draft.todo.items()]


def place_words(draft: Draft) -> list[str]:
    """What the workflow must say of a scene's place.

    Parameters
    ----------
    draft : Draft
        Of a scene.

    Returns
    -------
    list of str
        Keys with their values; none where the file says it.
    """
    if draft.georeference is not None:
        system, box = draft.georeference
        said = [f"crs: {quoted(system)}"]
        return said if box is None else [*said, f"bounds: [{', '.join(f'{value:.12g}' for value in box)}]"]
    if "crs" in draft.todo:
        return [f"crs: {TODO}"] if draft.has_position else [f"crs: {TODO}", f"bounds: {TODO}"]
    return []


def _entry(draft: Draft, own: Delivery, folder: str) -> list[str]:
    said = [f"date: {draft.date or TODO}  # {draft.date_source or 'not known'}; {draft.facts}"]
    if own.moment is not None and own.moment[1] is not None:
        said.append(f"time: {quoted(str(own.moment[1]))}")
    said += _files(draft, own, folder)
    said += place_words(draft)
    if draft.nodata is not None:
        said.append(f"nodata: {draft.nodata:g}")
    if own.mask:
        said.append(f"mask: {quoted(relative(own.mask, folder))}")
    said += _angles(own.sun, own.view)
    if own.sensor:
        said.append(f"sensor: {quoted(own.sensor)}")
    comments = todo_lines(draft) + ([f"    # {' '.join(printable(own.flaw).split())}"] if own.flaw else [])
    return [f"  - {said[0]}", *(f"    {line}" for line in said[1:]), *comments]


def _files(draft: Draft, own: Delivery, folder: str) -> list[str]:
    if own.paths[0][0]:
        return ["path:", *(f"  {role}: {quoted(relative(path, folder))}" for role, path in own.paths)]
    said = [f"path: {quoted(relative(own.paths[0][1], folder))}"]
    if own.pan:
        said.append(f"pan: {quoted(relative(own.pan, folder))}  # {own.pan_m:.3g} m, sharpens the colours")
    if "bands" in draft.todo:
        said.append(f"bands: {TODO}")
    elif draft.bands and not draft.has_roles:
        said.append(f"bands: {bands_in_yaml(draft.bands)}")
    return said


def _angles(sun: SunAngles | None, view: ViewAngles | None) -> list[str]:
    said = []
    if sun is not None:
        said.append(f"sun: {{azimuth_deg: {sun.azimuth_deg:.2f}, elevation_deg: {sun.elevation_deg:.2f}}}")
    if view is not None:
        azimuth = "" if view.azimuth_deg is None else f"azimuth_deg: {view.azimuth_deg:.2f}, "
        said.append(f"view: {{{azimuth}off_nadir_deg: {view.off_nadir_deg:.2f}}}")
    return said
