"""Workflow files that tests share: good ones, many bad ones, and stages that do not change with the package."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import strategies as st

from changedet.errors import InputError
from changedet.stages.registry import Choice, Count, Facts, Fraction, Number, Pixels, SquareMetres, Stage
from changedet.workflow import (
    STAGE_NAMES,
    load_workflow,
)

CASES = Path(__file__).parent / "workflow" / "bad_workflows.txt"


GOOD = "site: {id: depot}\nscenes:\n  - {date: 2023-06-04, path: a.tif}\n"


CONTRACT = """
site:
  id: depot-north              # letters, digits, - and _ ; names the output folder
  name: Depot North            # free text
  place: Alexandria, Egypt     # free text
  aoi: {bbox: [24.9, 60.1, 25.0, 60.2], crs: EPSG:4326}
  zones: zones.geojson         # optional
grid:
  crs: auto
  resolution: auto
scenes:
  - {date: 2023-06-04, path: a.tif, credit: "© ACME", licence: {name: EULA, show_pixels: false}, sensor: GeoEye-1}
  - {glob: "scenes/*_msi.tif", date_format: "%Y%m%d", licence: CC-BY-4.0}
  - {stac: "catalog.json", collections: [s2], datetime: 2023-05/2023-11, assets: [red, green, blue, nir],
     max_cloud_cover: 40}
bands: {blue: 1, green: 2, red: 3, nir: 4}
before: 2023-06-04
read:      {on_error: stop, allow_hosts: []}
mask:      {method: auto}
align:     {method: auto}
normalise: {method: auto}
change:    {method: auto}
objects:   {method: auto}
tracks:    {method: auto}
series:    {method: auto}
outputs:   {dir: out, formats: all}
compute:   {scheduler: threads, workers: auto, memory: auto, chunk: auto}
"""


def choose(facts: Facts) -> Choice:
    return Choice("irmad" if len(facts.roles) > 2 else "cva", {"min_area_m2": 30.0}, f"{len(facts.roles)} bands")


def registry() -> dict[str, Stage]:
    """Stages that do not change when the package's methods do."""
    table = {name: Stage(name, choose) for name in STAGE_NAMES}
    change = table["change"]

    @change.method("cva", reference="Malila 1980")
    def cva(*, min_area_m2: SquareMetres = 20.0, threshold: Literal["otsu", "kapur"] = "otsu") -> None:
        """Length of the change vector.

        Parameters
        ----------
        min_area_m2 : float
            Smaller regions are
            dropped.
        """

    @change.method("irmad", reference="Nielsen 2007")
    def irmad(
        *, min_area_m2: SquareMetres = 20.0, probability: Fraction = 0.95, iterations: Count = 30, window_px: Pixels = 3
    ) -> None:
        """Alteration detection."""

    @change.method("needy", reference="nobody")
    def needy(*, level: Number) -> None:
        """A method with a parameter that has no default."""

    return table


REGISTRY = registry()


def bad_workflows() -> list[Any]:
    blocks = CASES.read_text(encoding="utf-8").split("==== ")[1:]
    rows = []
    for block in blocks:
        name, rest = block.split("\n", 1)
        text, expected = rest.rsplit("----\n", 1)
        rows.append(pytest.param(text, expected.splitlines(), id=name))
    return rows


def fill(folder: Path) -> None:
    (folder / "scenes").mkdir()
    for name in ("a.tif", "b.tif", "scenes/20230604_msi.tif", "scenes/20230704_msi.tif", "catalog.json", "false.zip"):
        (folder / name).touch()
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("inner/a.tif", "x")


def load(text: str | bytes) -> Any:
    Path("w.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_workflow("w.yaml", REGISTRY)


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(text)
    return str(caught.value).splitlines()


def attempt(arena: Path, text: str) -> Any:
    path = arena / "w.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        return load_workflow(path, REGISTRY)
    except InputError as error:
        problems = error.problems
    assert problems
    assert all("\n" not in str(problem) for problem in problems)
    return None


def validating(schema: dict[str, Any]) -> Any:
    jsonschema = pytest.importorskip("jsonschema", reason="the schema is checked with jsonschema, of the test extra")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    return jsonschema.Draft202012Validator(schema)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.dates().map(str)
    | st.sampled_from(
        [
            "auto",
            "none",
            "a.tif",
            "*.tif",
            "%Y%m%d",
            "EPSG:32633",
            "EPSG:4326",
            "all",
            "4GB",
            "cva",
            "irmad",
            "2023-06-04",
            "catalog.json",
            "Polygon",
            "https://x.org/a",
            "/vsizip/archive.zip/inner/a.tif",
        ]
    )
)


WORDS = st.sampled_from(
    [
        "id",
        "name",
        "aoi",
        "bbox",
        "crs",
        "type",
        "coordinates",
        "features",
        "geometry",
        "path",
        "glob",
        "stac",
        "date",
        "time",
        "date_format",
        "bands",
        "nodata",
        "mask",
        "sun",
        "view",
        "azimuth_deg",
        "elevation_deg",
        "off_nadir_deg",
        "place",
        "credit",
        "licence",
        "show_pixels",
        "sensor",
        "bounds",
        "red",
        "nir",
        "method",
        "min_area_m2",
        "window_px",
        "on_error",
        "allow_hosts",
        "dir",
        "formats",
        "scheduler",
        "workers",
        "memory",
        "chunk",
        "resolution",
        "assets",
        "collections",
        "datetime",
        "max_cloud_cover",
    ]
)


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
