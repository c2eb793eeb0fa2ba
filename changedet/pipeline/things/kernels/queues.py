"""Vehicles behind one another: boxes of one lorry taken together, and the longest queue."""

from __future__ import annotations

from typing import Final

import numpy as np

from changedet.arrays import Floats
from changedet.pipeline.things.kernels.sidings import gaps_m, lines_of_boxes

ONE_LORRY_M: Final = 19.0
"""Longest lorry with its trailer in most countries is 18.75 m (Directive 96/53/EC): two boxes within are one."""
LONGEST_PART_M: Final = 8.0
"""Two boxes of one lorry are 20-foot containers or swap bodies, of 6.1 to 7.8 m; buses are longer."""
COUPLED_M: Final = 2.5
"""Gap between a lorry's body and its trailer, at most; waiting vehicles keep more, with the next one's cab between."""
QUEUE_GAP_M: Final = 15.0
"""Between the boxes of two vehicles that wait behind one another: a cab and the distance kept; chosen by hand."""


def merged(boxes: Floats) -> Floats:
    """Take the boxes of one lorry together.

    Parameters
    ----------
    boxes : float64 (n, 5)
        x, y, length, width in metres and the long side's angle in radians, counterclockwise from x.

    Returns
    -------
    float64 (m, 5)
        Vehicles, likewise, m <= n.
    """
    found = []
    for line in lines_of_boxes(boxes, 0.0):
        gaps = gaps_m(boxes, line)
        parts = [[int(line[0])]]
        for gap, box in zip(gaps, line[1:].tolist(), strict=True):
            length = boxes[parts[-1], 2].sum() + boxes[box, 2] + max(float(gap), 0.0)
            are_short = max(boxes[parts[-1], 2].max(), boxes[box, 2]) <= LONGEST_PART_M
            if len(parts[-1]) == 1 and are_short and gap <= COUPLED_M and length <= ONE_LORRY_M:
                parts[-1].append(box)
            else:
                parts.append([box])
        found += [_one(boxes[part]) for part in parts]
    return np.array(found, np.float64).reshape(-1, boxes.shape[1])


def _one(part: Floats) -> Floats:
    if len(part) == 1:
        return np.asarray(part[0], np.float64)
    between = np.hypot(*(part[1, :2] - part[0, :2]))
    length = between + part[:, 2].mean()
    return np.array([*part[:, :2].mean(axis=0), length, part[:, 3].max(), part[0, 4]])


def longest_queue_m(vehicles: Floats) -> float:
    """Measure the longest queue.

    Parameters
    ----------
    vehicles : float64 (n, 5)
        Of `merged`.

    Returns
    -------
    float
        Metres from the front of the first to the end of the last of those that follow one another; 0 where none do.
    """
    longest = 0.0
    for line in lines_of_boxes(vehicles, 0.0):
        length, number = float(vehicles[line[0], 2]), 1
        for gap, vehicle in zip(gaps_m(vehicles, line), line[1:].tolist(), strict=True):
            if gap > QUEUE_GAP_M:
                length, number = 0.0, 0
            length += (float(gap) if number else 0.0) + float(vehicles[vehicle, 2])
            number += 1
            longest = max(longest, length if number > 1 else 0.0)
    return longest
