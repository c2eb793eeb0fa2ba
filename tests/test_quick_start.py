"""What a run loads before it knows whether it is needed: it is paid by every start, and by every process of a pool."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TILES = Path(__file__).resolve().parents[1] / "sample_tiles"
HEAVY = (
    "dask",
    "distributed",
    "xarray",
    "odc",
    "scipy.stats",
    "scipy.optimize",
    "scipy.spatial",
    "scipy.ndimage",
    "numba",
    "pandas",
    "geopandas",
    "pyarrow",
    "pyogrio",
)


def test_what_a_run_may_not_need_is_not_loaded_with_it() -> None:
    code = f"import sys, changedet.cli.text, changedet.pipeline.run; print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_plan_loads_neither_tables_nor_scipy(tmp_path: Path) -> None:
    heavy = (*HEAVY, "scipy", "matplotlib", "onnxruntime")
    scenes = "\n".join(f"  - {{date: {path.stem}, path: {path}}}" for path in sorted(TILES.glob("2023-*.tif"))[:2])
    (tmp_path / "site.yaml").write_text(f"site: {{id: a}}\nscenes:\n{scenes}\n")
    code = "from changedet.cli.text import plan_in_words; from changedet.plan import make_plan; import sys\n"
    code += f"plan_in_words(make_plan(sys.argv[1])); print([n for n in {heavy} if n in sys.modules])"
    words = [sys.executable, "-c", code, str(tmp_path / "site.yaml")]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() == "[]"
