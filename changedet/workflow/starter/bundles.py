"""Panchromatic files of bundles, which sharpen the colours beside them where their pixels are finer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from changedet.imagery.sharpening import COARSEST_PAN_M, FINER, PAN
from changedet.workflow.starter.headers import Header
from changedet.workflow.starter.vendors.delivery import COLOURS, PANCHROMATIC, Delivery

NOT_FINER: Final = f"{PANCHROMATIC}; the {COLOURS} of the same look is taken"


def with_finer_pans(
    deliveries: Mapping[str, Delivery], found: Sequence[Header], pans: Mapping[str, Header]
) -> tuple[dict[str, Delivery], dict[str, str]]:
    """Keep the panchromatic files that sharpen their look.

    Parameters
    ----------
    deliveries : mapping of path to Delivery
        By the first path of each scene.
    found : sequence of Header
        Of these paths.
    pans : mapping of path to Header
        Of the panchromatic files.

    Returns
    -------
    deliveries : dict of path to Delivery
        With the pixel size of those that sharpen, without the others.
    left_out : dict of path to str
        The others, and why.
    """
    own_m = {header.path: header.gsd_m for header in found}
    kept, left_out = dict(deliveries), {}
    for path, one in deliveries.items():
        pan = one.pan or dict(one.paths).get(PAN, "")
        if not pan or (len(one.paths) == 1 and not one.pan):
            continue
        pan_m = pans[pan].gsd_m if pan in pans else float("nan")
        if pan_m <= COARSEST_PAN_M and FINER * pan_m <= own_m.get(path, 0.0):
            kept[path] = replace(one, pan_m=pan_m)
        else:
            kept[path] = replace(one, pan="", paths=tuple(file for file in one.paths if file[0] != PAN))
            left_out[pan] = NOT_FINER
    return kept, left_out
