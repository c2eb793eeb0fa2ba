"""Run folders of a few small files, sealed as a run's end does."""

from __future__ import annotations

from pathlib import Path

from changedet.store import RunFolder


def filled(folder: RunFolder, **texts: str) -> RunFolder:
    """The folder of a run that has just ended with these files: ``a_b__txt`` is ``a/b.txt``."""
    paths = {folder.path / name.replace("__", ".").replace("_", "/"): text for name, text in texts.items()}
    for path, text in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    folder.finish("publish:all", "one", list(paths))
    folder.settle({"publish:all": list(paths)})
    return folder


def small_run(path: Path) -> RunFolder:
    """A run with something of each kind that points to others."""
    texts = {"change_mask__tif": "mask", "stac_day_day__json": "item", "stac_collection__json": "collection"}
    return filled(RunFolder(path), **texts, run__json="run", summary__json="summary", report__html="page")


def files_of(folder: RunFolder) -> dict[str, bytes]:
    """All that a run consists of, by path in its folder."""
    found = {path.relative_to(folder.path).as_posix(): path for path in folder.path.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if path.name != "lock"}
