"""A commented starter workflow from scenes' own metadata, for ``changedet init``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from changedet.errors import InputError, Problem
from changedet.stages.registry import Stage
from changedet.workflow.sidecar_masks import masks_of
from changedet.workflow.starter.draft import drafts_of
from changedet.workflow.starter.headers import Header, find_files, read_scene_header
from changedet.workflow.starter.questions import Questions
from changedet.workflow.starter.workflow_text import workflow_text


def starter_workflow(
    scenes: Sequence[str],
    *,
    ask: Callable[[str], str] | None,
    folder: str | os.PathLike[str] = ".",
    registry: Mapping[str, Stage[object]] | None = None,
) -> str:
    """A commented starter workflow for these scenes.

    Files that cannot be read are InputErrors, all at once and, where nobody can be asked, what scenes do not say too.

    Parameters
    ----------
    scenes : sequence of str
        Raster files, folders, glob patterns, URLs, STAC catalogs or item collections.
    ask : callable or None
        Gets a question and returns the answer; None refuses instead of asking.
    folder : path
        Where the workflow will be saved: paths in it are relative to this.
    registry : mapping of stage to Stage, optional
        Instead of the package's own methods.

    Returns
    -------
    str
        YAML, which `load_workflow` reads without a mistake.
    """
    rasters, catalogs = find_files(scenes)
    # A glob finds the masks beside its scenes again; they are no scenes of their own.
    masks = masks_of(rasters)
    beside = {mask.path for mask in masks}
    questions = Questions(ask)
    found = _headers([path for path in rasters if path not in beside], questions.problems)
    if questions.can_ask:
        # Nobody should answer questions for a workflow that cannot be written.
        questions.finish()
    drafts = drafts_of(found, {mask.scene: mask for mask in masks if mask.role}, questions)
    questions.finish()
    return workflow_text(drafts, catalogs, os.path.abspath(folder), registry)  # noqa: PTH100


def _headers(paths: Sequence[str], problems: list[Problem]) -> list[Header]:
    found: list[Header] = []
    for path in paths:
        try:
            found.append(read_scene_header(path))
        except InputError as error:
            problems.extend(error.problems)
    return found
