"""A commented starter workflow from scenes' own metadata, for ``changedet init``."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from changedet.errors import InputError, Problem
from changedet.imagery.headers import PaletteError
from changedet.workflow.sidecar_masks import masks_of
from changedet.workflow.starter.band_orders import ShowOrders
from changedet.workflow.starter.band_pictures import draw_orders, free_name
from changedet.workflow.starter.bundles import with_finer_pans
from changedet.workflow.starter.draft import drafts_of
from changedet.workflow.starter.headers import Header, find_files, read_scene_header
from changedet.workflow.starter.questions import Questions
from changedet.workflow.starter.spare_files import spare_files
from changedet.workflow.starter.vendors.delivery import Delivery
from changedet.workflow.starter.vendors.find import sort_files
from changedet.workflow.starter.workflow_text import workflow_text

_UNREAD_MASK: Final = "a mask of a kind that is not read"


class Starter(NamedTuple):
    """A starter workflow.

    Attributes
    ----------
    text : str
        YAML. Without problems `load_workflow` reads it without a mistake; else it is a draft, with TODO for each.
    problems : tuple of Problem
        What is not known and nobody was there to be asked.
    """

    text: str
    problems: tuple[Problem, ...]


def starter_workflow(
    scenes: Sequence[str],
    *,
    ask: Callable[[str], str] | None,
    folder: str | os.PathLike[str] = ".",
    pictures: str | os.PathLike[str] | None = None,
    name: str = "",
) -> Starter:
    """A commented starter workflow for these scenes.

    Files that cannot be read are InputErrors, all at once and, where nobody can be asked, with what scenes do not say.

    Parameters
    ----------
    scenes : sequence of str
        Raster files, folders, glob patterns, URLs, STAC catalogs or item collections.
    ask : callable or None
        Gets a question and returns the answer; None writes a draft instead of asking.
    folder : path
        Where the workflow will be saved: paths in it are relative to this.
    pictures : path, optional
        Where to draw what each order of the bands would look like, where that is not known; a number is added where
        the file exists. By default nothing is drawn.
    name : str
        Of the workflow's file, without its ending: the site is called so. By default, and where the name tells nothing
        of a site (``workflow``), by the folder of the scenes.

    Returns
    -------
    Starter
        The workflow, and what is missing of it.
    """
    files = find_files(scenes)
    known = sort_files(files.rasters)
    spare = spare_files(known.rest)
    # A glob finds the masks beside its scenes again; they are no scenes of their own.
    masks = masks_of(known.rest)
    beside = {mask.path for mask in masks} | spare.keys()
    unread = {mask.path: _UNREAD_MASK for mask in masks if not mask.role}
    deliveries = {one.paths[0][1]: one for one in known.deliveries}
    questions = Questions(ask)
    rest = [path for path in known.rest if path not in beside]
    found, classes, pans = _headers(rest, deliveries, questions.problems, files.in_folders)
    deliveries, as_fine = with_finer_pans(deliveries, found, pans)
    if questions.can_ask:
        # Nobody should answer questions for a workflow that cannot be written.
        questions.finish()
    unreadable = bool(questions.problems)
    show = None if pictures is None or unreadable else _pictures(Path(pictures))
    drafts = drafts_of(found, {mask.scene: mask for mask in masks if mask.role}, deliveries, questions, show)
    if unreadable:
        questions.finish()
    left_out = {**files.left_out, **known.left_out, **spare, **unread, **classes, **as_fine}
    text = workflow_text(drafts, files.catalogs, os.path.abspath(folder), left_out, name)  # noqa: PTH100
    return Starter(text, tuple(questions.problems))


def _headers(
    rest: Sequence[str], deliveries: Mapping[str, Delivery], problems: list[Problem], in_folders: Container[str]
) -> tuple[list[Header], dict[str, str], dict[str, Header]]:
    """The header of each scene's first file; the others are opened too, since what cannot be read is said at once.

    Rasters of classes that lie in a folder beside scenes are none, with the reason why. Headers of panchromatic files
    that may sharpen scenes come apart, by their paths.
    """
    found: list[Header] = []
    pans: dict[str, Header] = {}
    classes: dict[str, PaletteError] = {}
    first = {path: path for path in rest} | {path: own for own, one in deliveries.items() for _, path in one.paths}
    first |= {one.pan: own for own, one in deliveries.items() if one.pan}
    for path in sorted(first):
        try:
            header = read_scene_header(path)
        except PaletteError as error:
            classes[path] = error
            continue
        except InputError as error:
            problems.extend(error.problems)
            continue
        if first[path] == path:
            found.append(header)
        else:
            pans[path] = header
    for path in [path for path in classes if path not in in_folders or not found]:
        problems.extend(classes.pop(path).problems)
    return found, dict.fromkeys(classes, "a raster of classes"), pans


def _pictures(base: Path) -> ShowOrders:
    def show(path: str, orders: Sequence[Sequence[str]]) -> str:
        out = free_name(base)
        draw_orders(path, orders, out)
        return str(out)

    return show
