"""Paths and addresses."""

from __future__ import annotations

from pathlib import Path

import pytest
from workflow_cases import load, problems


@pytest.mark.parametrize(
    ("scene", "path"),
    [
        ("path: https://x.org/a.tif?sig=1%2F2", "https://x.org/a.tif?sig=1%2F2"),
        ("path: s3://bucket/a.tif", "s3://bucket/a.tif"),
        ("path: s3://bucket/order 7/a b.tif", "s3://bucket/order 7/a b.tif"),
        ("path: ./scenes/../a.tif", "{folder}/a.tif"),
        ("path: '{folder}/a.tif'", "{folder}/a.tif"),
        ("path: /vsizip/archive.zip/inner/a.tif", "/vsizip/{folder}/archive.zip/inner/a.tif"),
        ("path: '/vsizip/{{{folder}/archive.zip}}/inner/a.tif'", "/vsizip/{folder}/archive.zip/inner/a.tif"),
    ],
)
def test_file_or_url_takes_paths_and_addresses(folder: Path, scene: str, path: str) -> None:
    workflow = load(f"site: {{id: depot}}\nscenes: [{{date: 2023-06-04, {scene.format(folder=folder)}}}]\n")
    assert workflow.scenes[0].paths == (("", path.format(folder=folder)),)


def test_local_file_names_what_is_no_plain_file(folder: Path) -> None:
    (folder / "link.tif").symlink_to("gone.tif")
    for name, what in {"/dev/null": "a pipe or a device", "link.tif": "a link that leads nowhere"}.items():
        written = f"site: {{id: depot}}\nscenes:\n  - {{date: 2023-06-04, path: {name}}}\n"
        assert problems(written) == [f"w.yaml:3: scenes[0].path: '{name}' is {what}, expected a file"]
