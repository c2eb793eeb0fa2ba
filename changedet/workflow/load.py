"""A workflow file, read and checked: every mistake at once."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from changedet.errors import InputError, did_you_mean
from changedet.grid.positions import read_positions
from changedet.imagery.attribution import LONGEST_WORDS
from changedet.stages.registry import Stage
from changedet.workflow.area import read_area
from changedet.workflow.checker import Checker, UnfitError, shown
from changedet.workflow.dates import calendar_date
from changedet.workflow.fields import matching, number, one_line, one_of, or_auto, text, truth, whole
from changedet.workflow.geo_fields import crs_in_metres
from changedet.workflow.machine_fields import host, memory, scheduler
from changedet.workflow.model import (
    EXTRA_FORMATS,
    FORMATS,
    STAGE_NAMES,
    Compute,
    Grid,
    Outputs,
    Read,
    SceneEntry,
    Site,
    Workflow,
)
from changedet.workflow.paths import bucket_address, local_file, output_folder
from changedet.workflow.publishing import caption_words
from changedet.workflow.scene_entries import read_scenes
from changedet.workflow.scene_properties import read_bands
from changedet.workflow.stage_requests import read_stage, stages
from changedet.workflow.yaml_parser import read_yaml
from changedet.workflow.yaml_tree import ListNode, MapNode, Node

_FORMAT_WORDS: Final = ("all", *FORMATS, *EXTRA_FORMATS)
_EXPECTED_FORMATS: Final = f"all or a list of {', '.join(_FORMAT_WORDS[1:])}"
_NO_PYARROW: Final = "geoparquet needs pyarrow, which is not installed; run pip install 'changedet[geoparquet]'"
_KEYS: tuple[str, ...] = (
    *("site", "grid", "scenes", "bands", "before", "read"),
    *(*STAGE_NAMES, "ais", "works", "buildings", "ships", "railcars", "outputs", "compute"),
)
SITE_ID = r"[A-Za-z0-9_-]{1,100}"
"""A site's id: it names a folder."""


def load_workflow(path: str | os.PathLike[str], registry: Mapping[str, Stage[object]] | None = None) -> Workflow:
    """Read a workflow file and check all that can be checked without opening a scene.

    Parameters
    ----------
    path : path
        The YAML file.
    registry : mapping of stage to Stage, optional
        Instead of the package's own methods.

    Returns
    -------
    Workflow
        Frozen; paths in it are absolute.

    Raises
    ------
    InputError
        With a `Problem` for every mistake in the file: its line, its key, what was expected and the nearest name.
    """
    tree = read_yaml(path)
    checker = Checker(tree)
    items = checker.section(tree.root, "", _KEYS, example="site: {id: depot}", empty=False)
    table = stages() if registry is None else registry
    site = _site(checker, items.get("site"))
    scenes = read_scenes(checker, items.get("scenes"))
    workflow = Workflow(
        path=tree.file,
        folder=tree.folder,
        site=site,
        scenes=scenes,
        grid=_grid(checker, items.get("grid")),
        bands=read_bands(checker, items.get("bands"), "bands"),
        before=_before(checker, items, scenes),
        read=_read(checker, items.get("read")),
        stages={name: read_stage(checker, items.get(name), stage) for name, stage in table.items()},
        ais=_ais(checker, items.get("ais")),
        works=checker.take(items, "works", truth, False),
        buildings=checker.take(items, "buildings", truth, False),
        ships=checker.take(items, "ships", truth, False),
        railcars=checker.take(items, "railcars", truth, False),
        outputs=_outputs(checker, items.get("outputs")),
        compute=_compute(checker, items.get("compute")),
        lines=tree.lines,
    )
    if checker.problems:
        raise InputError(
            sorted(set(checker.problems), key=lambda problem: (problem.line or 0, problem.key, problem.message))
        )
    return workflow


def _site(checker: Checker, node: Node | None) -> Site:
    if node is None:
        checker.missing("site", "is missing, expected site: {id: NAME}", "site")
        return Site("", "")
    items = checker.section(
        node, "site", ("id", "name", "place", "aoi", "zones"), example="{id: depot-north}", empty=False
    )
    if isinstance(node, MapNode) and "id" not in items:
        checker.missing("site.id", "is missing, expected a name of letters, digits, - and _", "site.id")
    site_id = checker.take(items, "site.id", matching(SITE_ID, "up to 100 letters, digits, - and _"), "")
    folder = checker.tree.folder
    return Site(
        id=site_id,
        name=checker.take(items, "site.name", one_line("a name of one line", most=LONGEST_WORDS), site_id),
        aoi=read_area(checker, items["aoi"], "site.aoi", folder) if "aoi" in items else None,
        zones=checker.take(items, "site.zones", local_file(folder, "a vector file"), None),
        place=checker.take(items, "site.place", caption_words("where the site lies"), ""),
    )


def _grid(checker: Checker, node: Node | None) -> Grid:
    items = checker.section(node, "grid", ("crs", "resolution"), example="{crs: auto, resolution: auto}")
    metres = or_auto(number("auto or metres above 0", above=0, most=100_000))
    return Grid(
        checker.take(items, "grid.crs", or_auto(crs_in_metres), None),
        checker.take(items, "grid.resolution", metres, None),
    )


def _before(checker: Checker, items: Mapping[str, Node], scenes: tuple[SceneEntry, ...]) -> dt.date | None:
    before = checker.take(items, "before", calendar_date, None)
    known = {entry.date for entry in scenes if entry.date}
    # With a catalog the dates are not known yet, with a wrong entry not all of them.
    complete = known and all(entry.date for entry in scenes) and _all_read(items.get("scenes"), scenes)
    if before is not None and complete and before not in known:
        nearest = min(sorted(known), key=lambda date: abs(date - before))
        checker.wrong("before", f"got '{before}', expected the date of a scene; the nearest is {nearest}")
    return before


def _all_read(node: Node | None, scenes: tuple[SceneEntry, ...]) -> bool:
    return isinstance(node, ListNode) and len({entry.key for entry in scenes}) == len(node.items)


def _read(checker: Checker, node: Node | None) -> Read:
    items = checker.section(node, "read", ("on_error", "allow_hosts"), example="{on_error: stop, allow_hosts: []}")
    return Read(
        checker.take(items, "read.on_error", one_of("stop", "skip"), "stop"),
        checker.take_list(items, "read.allow_hosts", host, "a list of host names", empty=True),
    )


def _ais(checker: Checker, node: Node | None) -> str | None:
    items = checker.section(node, "ais", ("path",), example="{path: positions.csv}")
    return checker.take(items, "ais.path", _positions_file(checker), None)


def _positions_file(checker: Checker) -> Callable[[Node], str]:
    convert = local_file(checker.tree.folder, "a CSV file of positions")

    def _convert(node: Node) -> str:
        path = convert(node)
        try:
            read_positions(path)
        except ValueError as error:
            raise UnfitError(f"{Path(path).name}: {error}") from error
        except OSError as error:
            raise UnfitError(f"{Path(path).name} cannot be read: {error.strerror}") from error
        return path

    return _convert


def _outputs(checker: Checker, node: Node | None) -> Outputs:
    items = checker.section(node, "outputs", ("dir", "formats", "upload"), example="{dir: out, formats: all}")
    folder = checker.tree.folder
    return Outputs(
        checker.take(items, "outputs.dir", output_folder(folder), str(folder / "out")),
        _formats(checker, items.get("formats")),
        checker.take(items, "outputs.upload", bucket_address, None),
    )


def _formats(checker: Checker, node: Node | None) -> tuple[str, ...]:
    if node is None:
        return FORMATS
    if not isinstance(node, ListNode):
        return checker.convert(node, "outputs.formats", _all_formats, FORMATS)
    if not node.items:
        checker.wrong("outputs.formats", f"got an empty list, expected {_EXPECTED_FORMATS}")
    words = [checker.convert(item, f"outputs.formats[{i}]", _format_word, "") for i, item in enumerate(node.items)]
    wanted = {*words, *(FORMATS if "all" in words else ())}
    return tuple(name for name in _FORMAT_WORDS[1:] if name in wanted)


def _format_word(node: Node) -> str:
    word = one_of(*_FORMAT_WORDS)(node)
    if word == "geoparquet" and find_spec("pyarrow") is None:
        raise UnfitError(_NO_PYARROW)
    return word


def _all_formats(node: Node) -> tuple[str, ...]:
    value = text(_EXPECTED_FORMATS)(node)
    if value != "all":
        raise UnfitError(f"got {shown(node)}, expected {_EXPECTED_FORMATS}{did_you_mean(value, ('all',))}")
    return FORMATS


def _compute(checker: Checker, node: Node | None) -> Compute:
    known = ("scheduler", "workers", "memory", "chunk")
    items = checker.section(node, "compute", known, example="{scheduler: threads, workers: auto}")
    workers = whole("auto or a number of workers from 1 to 1024", least=1, most=1024)
    chunk = whole("auto or a number of pixels from 64 to 65536", least=64, most=65536)
    return Compute(
        checker.take(items, "compute.scheduler", scheduler, "threads"),
        checker.take(items, "compute.workers", or_auto(workers), None),
        checker.take(items, "compute.memory", or_auto(memory), None),
        checker.take(items, "compute.chunk", or_auto(chunk), None),
    )
