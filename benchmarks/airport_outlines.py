"""What was really built on the airports' looks."""

from __future__ import annotations

import datetime as dt

APRON_DAY = dt.date(2020, 4, 2)
APRON = (
    (372, 415), (345, 430), (322, 455), (292, 480), (245, 545), (250, 575), (267, 632), (237, 680), (222, 706),
    (262, 712), (295, 730), (335, 724), (380, 730), (420, 755), (447, 755), (525, 620), (500, 615), (475, 570),
    (470, 480), (430, 460), (390, 430),
)  # fmt: skip
"""Outline of the apron that is torn up on the last look of airport a: its columns and rows, drawn by hand at twice
its size on a grid of 50 px, by the edge of bare soil and rubble, before any mask of it was seen."""

REPAVED_DAY = dt.date(2019, 11, 20)
REPAVED = ((470, 480), (597, 512), (592, 528), (528, 620), (500, 615), (475, 570))
"""Outline of what was paved anew east of that apron, pale concrete on the first two looks and asphalt from this day on,
drawn by hand on the pictures, when masks had been seen: the pictures' own note has no word of it."""
