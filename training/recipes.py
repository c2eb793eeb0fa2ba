"""By which stages and on which scenes the container networks are trained."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training import painted_sites
from training.network_scenes import DRY_FROM, FLEETS_FROM, HOMES_FROM, PAIRS_FROM, WIDE_FROM

TRAIN_SEED = 20000
CHECK_SEEDS = {
    "plain": (*range(30000, 30040), *range(30264, 30284)),
    "wide": (*range(30000, 30040, 2), *range(30264, 30284, 2), *range(30500, 30540), *range(30740, 30760)),
}

ONCE, TWICE, THRICE, AT_HOME, PAIRED = (
    [site.name for site in sites]
    for sites in (
        painted_sites.TAUGHT,
        painted_sites.ONCE_MORE,
        painted_sites.IN_ROWS,
        painted_sites.AT_HOME,
        painted_sites.PAIRED,
    )
)


@dataclass(frozen=True)
class Stage:
    """A stage of the training.

    Attributes
    ----------
    scenes : int
        It is trained on the first so many.
    steps, cycle : int
        The first so many steps of a one-cycle learning rate of so many.
    rate : float
        Greatest learning rate.
    dim : bool
        See `Camera.drawn`.
    wide : int
        And on so many of the scenes from `WIDE_FROM`, each part shown by surroundings of its own (`frames`).
    often : float
        How much more often wide scenes are drawn than others of as many boxes.
    painted : tuple of str
        And on these sites of `painted_sites`, half of the time; of the other scenes on some by lot.
    rehearsed : int
        On so many other scenes beside the painted ones: enough that what was learned of them stays.
    is_settled : bool
        Batch normalisation keeps the statistics that it began with: those of eight parts are noise to a network that
        is nearly done.
    shaded : float
        How often a part lies in the shade of a cloud, see `network_crops.in_shade`.
    homes : int
        And on so many of the scenes from `HOMES_FROM`, all of them.
    draws_alone : bool
        Only the layers that draw are trained, so that what the others describe stays.
    pairs : int
        And on so many of the scenes from `PAIRS_FROM`, all of them.
    fleets : int
        And on so many of the scenes from `FLEETS_FROM`, all of them.
    dry : int
        And on so many of the scenes from `DRY_FROM`, all of them.
    sparse : float
        How often a part is shown as on a site of one ground, see `network_crops.photographed`.
    """

    scenes: int
    steps: int
    cycle: int
    rate: float
    dim: bool
    wide: int = 0
    often: float = 1.6
    painted: tuple[str, ...] = ()
    rehearsed: int = 130
    is_settled: bool = False
    shaded: float = 0.0
    homes: int = 0
    draws_alone: bool = False
    pairs: int = 0
    fleets: int = 0
    dry: int = 0
    sparse: float = 0.0


HOMES = (
    Stage(
        480,
        3000,
        3000,
        2.5e-4,
        True,
        440,
        1.6,
        (*ONCE, *TWICE, *THRICE, *AT_HOME, *AT_HOME),
        400,
        is_settled=True,
        shaded=0.12,
        homes=100,
    ),
    Stage(480, 700, 700, 1.5e-4, True, 440, 1.6, (*ONCE, *TWICE, *THRICE, *AT_HOME), 400, True, shaded=0.12, homes=190),
)
"""Stages with houses and rakes, for the wide network and for the layers of the plain one that draw."""
FLEETS = Stage(
    480,
    4500,
    4500,
    3e-4,
    True,
    440,
    1.6,
    (*ONCE, *TWICE, *THRICE[:30], *PAIRED),
    400,
    is_settled=True,
    shaded=0.12,
    pairs=150,
    fleets=180,
)
"""A stage with pairs of 20-foot boxes and depots of dull boxes in short rows and apart on pale ground, on 133 painted
sites: of the third round the parks and six sites of five dates."""
DRY = replace(FLEETS, steps=1200, cycle=1200, rate=2e-4, dry=140)
"""A stage after it under skies of any blue, as it took blue shade on pale concrete for dark blue boxes."""
SPARSE = replace(FLEETS, steps=1500, cycle=1500, rate=2e-4, dry=140, sparse=0.35)
"""A stage after both for few boxes on one bright ground; not released (docs/research/detector.md)."""
RECIPES = {
    "plain": (
        Stage(264, 3000, 3000, 4e-3, False),
        Stage(440, 1000, 3600, 2.5e-3, True),
        Stage(440, 1500, 1500, 2e-3, True),
        Stage(480, 700, 700, 1.5e-3, True),
    ),
    "wide": (
        Stage(264, 3000, 3000, 4e-3, False),
        Stage(480, 2800, 6400, 3e-3, True, 240),
        Stage(480, 2100, 4200, 2.5e-3, True, 380),
        Stage(480, 2900, 2900, 2e-3, True, 440),
    ),
    "painted": (Stage(480, 900, 900, 1e-3, True, 440, painted=tuple(ONCE)),),
    "again": (Stage(480, 700, 700, 1e-3, True, 440, painted=(*ONCE, *TWICE, *TWICE)),),
    "rows": (
        Stage(480, 4000, 4000, 2.5e-4, True, 440, 1.6, (*ONCE, *TWICE, *THRICE), 400, is_settled=True, shaded=0.12),
    ),
    "homes": HOMES,
    "fleets": (FLEETS,),
    "dry": (DRY,),
    "sparse": (SPARSE,),
    "drawing": (replace(HOMES[0], steps=1200, cycle=1200, draws_alone=True), replace(HOMES[1], draws_alone=True)),
}
"""Stages of either network that training/join_networks.py joins. The plain one's later stages go on with sites of what
the first got wrong (`hard_sites`) among their scenes. The wide one's go on with all scenes: hard sites, and sites of
what earlier networks got wrong on other hands' scenes (`wide_sites`), these seen aslant, all in frames of any kind; the
last with what it still took for boxes (`wide_lots`, `wide_panels`). `painted` goes on from either, and
only a share of the way (Wortsman et al. 2022, arXiv:2109.01903): that forgets less of what neither hand shows. `again`
goes on from those, with the sites of the second round drawn twice as often; `rows` with all three rounds, longer;
`homes` from that, with a fourth round, drawn twice as often, and own scenes of the same, at last with more trains of
boxes; `drawing` does so with the layers of the plain one that draw; neither was released.
`fleets` goes on from `rows`, `dry` from that, `sparse` from the released ones."""
PAINTED_SHARE = 0.5
"""Of the parts of scenes; half of all parts are then shown by their own scene's statistics, the others by a frame's."""


def rehearsed(stage: Stage) -> NDArray[np.int64]:
    """Numbers of the own scenes of a stage: all of them, or with painted ones beside them some, by lot."""
    numbers = np.array([*range(stage.scenes), *range(WIDE_FROM, WIDE_FROM + stage.wide)])
    if stage.painted:
        numbers = np.random.default_rng(TRAIN_SEED).permutation(numbers)[: stage.rehearsed]
    more = (
        np.arange(HOMES_FROM, HOMES_FROM + stage.homes),
        np.arange(PAIRS_FROM, PAIRS_FROM + stage.pairs),
        np.arange(FLEETS_FROM, FLEETS_FROM + stage.fleets),
        np.arange(DRY_FROM, DRY_FROM + stage.dry),
    )
    return np.concatenate([numbers, *more])
