"""docs/python.md and the README's example: every line runs, and is typed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from mypy import api
from small_runs import DATES
from small_scenes import series, write_workflow

import changedet

ROOT = Path(__file__).resolve().parents[1]
SCENES_OF_THE_SAMPLE = {"2023-03-12": DATES[0], "2023-12-17": DATES[-1]}


def examples(page: str) -> str:
    """All Python of a page, in its order."""
    return "\n".join(re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small site in place of the sample."""
    folder = tmp_path_factory.mktemp("site")
    series(folder, 200, 240, DATES)
    return write_workflow(folder, DATES, outputs={"dir": str(folder / "out"), "formats": "all"})


# odc-stac's own, with shapely 2.2 and affine 3.
@pytest.mark.filterwarnings("ignore:The 'shapely.ops.transform:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")
@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_every_example_runs(page: str, site: Path) -> None:
    # For processes without a screen.
    plt.switch_backend("agg")
    code = examples(page).replace("workflows/sample.yaml", str(site))
    for day, other in SCENES_OF_THE_SAMPLE.items():
        code = code.replace(day, other)
    assert code.count("changedet.") >= 3
    names: dict[str, Any] = {}
    exec(compile(code, page, "exec"), names)
    assert isinstance(names["run"], changedet.Run)
    if "loaded" in names:
        run, loaded = names["run"], names["loaded"]
        np.testing.assert_array_equal(loaded["mask"].sel(time=DATES[-1]).squeeze(), run.mask(DATES[-1]))
        assert float(names["share"][-1]) > 0
        assert names["found"].reason
    plt.close("all")


def test_every_example_is_typed(tmp_path: Path) -> None:
    pages = "\n".join(examples(page) for page in ("docs/python.md", "README.md"))
    (tmp_path / "example.py").write_text(pages)
    said, _, status = api.run(
        ["--strict", "--config-file", str(ROOT / "pyproject.toml"), "--follow-imports", "silent",
         str(tmp_path / "example.py")]
    )  # fmt: skip
    assert status == 0, said
