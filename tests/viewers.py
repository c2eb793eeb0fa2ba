"""Programs that open what a run leaves, as a person would; a test that needs one skips where it is missing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

QGIS_PYTHON = "/usr/bin/python3"
QGIS_CHECKER = Path(
    os.environ.get("CHANGEDET_QGIS_CHECK", Path(__file__).resolve().parents[2] / "shared" / "tools" / "check_qgis.py")
)
"""Opens a run folder in QGIS, draws its frames and reports what does not load."""

OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}
QGIS_PROBE = """
import os, sys
from qgis.core import *
app = QgsApplication([], True)
app.initQgis()
project = QgsProject.instance()
assert project.read(sys.argv[1])
frames = len(QgsTemporalUtils.usedTemporalRangesForProject(project))
layouts, exported, holes = project.layoutManager().layouts(), 0, []
for layout in layouts:
    settings = QgsLayoutExporter.ImageExportSettings()
    settings.dpi = 40
    path = os.path.join(sys.argv[2], layout.name().split()[0] + ".png")
    exported += QgsLayoutExporter(layout).exportToImage(path, settings) == QgsLayoutExporter.Success
for layer in project.mapLayers().values():
    if layer.type() != Qgis.LayerType.Vector or not layer.mapTipTemplate():
        continue
    for row in layer.getFeatures():
        context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
        context.setFeature(row)
        tip = QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context)
        bad = [sign for sign in ("[%", "NULL", " ,", "  ", "since <", ": <") if sign in tip]
        if bad or tip.rstrip().endswith((",", "since")):
            holes.append(tip)
print("frames", frames, "layouts", len(layouts), "exported", exported, "tips", len(holes), holes[:3])
sys.stdout.flush()
os._exit(0)
"""
"""Counts a project's frames, exports its layouts and reads every tip; prints one line."""


def qgis_checker() -> Path:
    """The checker's path; skips the test where it or QGIS's Python is missing."""
    python = Path(QGIS_PYTHON)
    has_qgis = python.is_file() and not subprocess.run([python, "-c", "import qgis"], capture_output=True).returncode
    if not has_qgis or not QGIS_CHECKER.is_file():
        pytest.skip("needs QGIS with its Python and the checker named by CHANGEDET_QGIS_CHECK")
    return QGIS_CHECKER
