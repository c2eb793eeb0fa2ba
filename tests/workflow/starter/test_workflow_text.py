"""Keys and methods in the text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from affine import Affine
from starter_scenes import scene, start

from changedet.workflow import STAGE_NAMES, load_workflow, stages
from changedet.workflow.starter.starter import starter_workflow


def test_workflow_text_has_every_method_ready_to_be_uncommented() -> None:
    text, _ = start(scene("2023-06-04.tif"))
    for name, stage in stages().items():
        block = re.search(rf"^{name}:.*\n(?:  .*\n)+", text, re.MULTILINE)
        assert block is not None
        for method, registered in stage.methods.items():
            part = block[0].split(f"  # -- {method}: ")[1].split("  # -- ")[0].split("\n", 1)[1]
            lines = re.sub(r"^  # ", "  ", part, flags=re.MULTILINE).replace("null  #", "  #")
            lines = "".join(line for line in lines.splitlines(keepends=True) if not re.search(r": +#|: null", line))
            Path("m.yaml").write_text(text.replace(block[0], f"{name}:\n  method: {method}\n{lines}"))
            given = load_workflow("m.yaml").stages[name].parameters
            written = set(re.findall(r"^  # (\w+):", part, re.MULTILINE))
            assert written == set(registered.parameters.model_fields)
            defaults = registered.resolve({})
            assert {key: defaults[key] for key in given} == given


def test_workflow_text_has_every_key_with_a_comment() -> None:
    text, _ = start(scene("2023-06-04.tif"))
    for key in (
        "id",
        "name",
        "aoi",
        "zones",
        "crs",
        "resolution",
        "on_error",
        "allow_hosts",
        "dir",
        "formats",
        "workers",
    ):
        assert re.search(rf"^  (# )?{key}: .*#", text, re.MULTILINE), key
    for key in ("site", "grid", "scenes", "bands", "before", "read", *STAGE_NAMES, "outputs", "compute"):
        assert re.search(rf"^(# )?{key}:", text, re.MULTILINE), key


@pytest.mark.parametrize(("pixel_m", "resolution"), [(0.5, "auto"), (3.0, 1.25), (10.0, "auto")])
def test_workflow_text_gives_pixels_of_three_metres_a_finer_grid(pixel_m: float, resolution: str | float) -> None:
    text, workflow = start(scene("2023-06-04.tif", transform=Affine(pixel_m, 0, 500_000, 0, -pixel_m, 5_400_000)))
    assert (workflow.grid.resolution or "auto") == resolution
    assert f"{pixel_m:g} m" in text


@pytest.mark.parametrize(("months", "resolution"), [(10, None), (5, 1.25)])
def test_workflow_text_leaves_a_year_of_pixels_of_three_metres_on_their_own_grid(
    months: int, resolution: float | None
) -> None:
    pixel = Affine(3.0, 0, 500_000, 0, -3.0, 5_400_000)
    _, workflow = start(*(scene(f"2023-{month:02d}-04.tif", transform=pixel) for month in range(1, months + 1)))
    assert workflow.grid.resolution == resolution


@pytest.mark.parametrize(
    ("path", "site"),
    [
        ("scenes/2023-06-04.tif", "depot-north"),
        ("order/2023-06-04.tif", "depot-north"),
        ("east/2023-06-04.tif", "east"),
    ],
)
def test_workflow_text_does_not_name_a_site_after_a_folder_of_any_site(path: str, site: str) -> None:
    _, workflow = start(scene(path))
    assert workflow.site.id == site


@pytest.mark.parametrize(("name", "site"), [("river port", "river-port"), ("Workflow", "east"), ("", "east")])
def test_workflow_text_names_a_site_after_its_workflow_file(name: str, site: str) -> None:
    scene("east/2023-06-04.tif")
    text = starter_workflow(["east"], ask=None, name=name).text
    assert f"\n  id: {site}  #" in text
