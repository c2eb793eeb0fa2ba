"""docs/clusters.md: its scripts are Python, and what they import and call is there, where the extra is installed."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[1] / "docs/clusters.md").read_text()
SCRIPTS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def _call(script: str, name: str) -> ast.Call:
    calls = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call)]
    return next(call for call in calls if isinstance(call.func, ast.Name) and call.func.id == name)


@pytest.mark.parametrize(
    ("in_page", "module", "classes"),
    [
        ("LocalCluster", "distributed", ["LocalCluster"]),
        ("SLURMCluster", "dask_jobqueue.slurm", ["Job", "SLURMJob", "JobQueueCluster"]),
        ("KubeCluster", "dask_kubernetes.operator", ["KubeCluster"]),
    ],
)
def test_every_script_starts_a_cluster_by_parameters_that_exist(in_page: str, module: str, classes: list[str]) -> None:
    library = pytest.importorskip(module, reason="pip install changedet[cluster]")
    script = next(script for script in SCRIPTS if f"{in_page}(" in script)
    known = {word for name in classes for word in inspect.signature(getattr(library, name).__init__).parameters}
    given = {word.arg for word in _call(script, in_page).keywords}
    assert given
    assert given <= known
    assert script.index("wait_for_workers(") < script.index("changedet.run(")
