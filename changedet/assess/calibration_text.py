"""A calibration as text, with the lines for the workflow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def format_calibration(found: Mapping[str, Any]) -> str:
    """What was found, and the lines for the workflow."""
    labels, before, after = found["labels"], found["before"], found["after"]
    lines = [
        f"{labels['tiles']} tiles, {labels['containers']} containers labelled",
        f"{'':<10}{'expected':>10}{'labelled':>10}{'mean error of a tile':>22}",
    ]
    for name, fit in (("before", before), ("after", after)):
        lines.append(f"{name:<10}{fit['expected']:>10.1f}{fit['labelled']:>10.0f}{fit['mean_error_of_a_tile']:>22.2f}")
    missing = f"{abs(found['bias']):.0%} (give or take {found['bias_error']:.0%})"
    lines.append(f"as it is, the run counts {missing} too {'few' if found['bias'] > 0 else 'many'}")
    if found["borne_out"]:
        lines.append("the labels bear the present counts out: nothing needs to be changed; what they would fit:")
    lines += [
        f"boxes count from {found['threshold']:.2f} on the detector's own scale; the counts' bias is known to "
        f"{1.96 * found['scale_error']:.0%}",
        "put this into the workflow, and run it again:" if not found["borne_out"] else "in the workflow it would be:",
        f"# from {Path(labels['path']).name}, SHA-256 {labels['sha256'][:12]}",
        *(f"{stage}: {{{_inline(found[stage])}}}" for stage in ("objects", "tracks")),
    ]
    return "\n".join(lines)


def _inline(parameters: Mapping[str, float]) -> str:
    return ", ".join(f"{name}: {value:g}" for name, value in parameters.items())
