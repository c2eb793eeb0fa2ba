"""By which stages and on which scenes the container networks are trained."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training import painted_sites
from training.network_scenes import HOMES_FROM, PAIRS_FROM, WIDE_FROM

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
        And on so many of the scenes from `PAIRS_FROM`, all of them but the first `fewer`.
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
    fewer: int = 0


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
LEFT_ALONE = (
    *(f"{painted_sites.LOOKALIKES}-{seed}" for seed in (*range(1011, 1015), 1031, 1032)),
    *(f"{painted_sites.PARKS}-{seed}" for seed in (1921, 1922, 1923, 1943)),
    *(f"decoys-{seed}" for seed in (1011, 1012)),
)
KEPT_UP = (
    *LEFT_ALONE,
    *LEFT_ALONE,
    *(f"outposts-{seed}" for seed in (*range(1101, 1107), *range(1111, 1114))),
    *(f"darkrail-{seed}" for seed in range(1101, 1105)),
    *(f"{kind}-{seed}" for kind in ("earthworks", "winter") for seed in (*range(1011, 1015), 1021)),
    *(f"dense-{seed}" for seed in range(1101, 1104)),
    *("rail-1011", "rail-1012", "port-1011", "cranes-1101", "cranes-1102"),
)
"""Some of the painted sites of the rounds before, of each kind, so that little is forgotten."""
PAIRS = Stage(
    480, 1200, 1200, 4e-4, True, 440, 1.6, (*KEPT_UP, *PAIRED, *PAIRED), 330, is_settled=True, shaded=0.12, pairs=100
)
"""A stage with pairs of 20-foot boxes, beside some of all that was taught before."""
SPACED = replace(PAIRS, steps=350, cycle=350, rate=2.5e-4, painted=(*KEPT_UP, *PAIRED[:6]), pairs=160, fewer=80)
"""A stage after it with yards of which most places are empty: after the first, shaded ground between stacks was read
as boxes of 20 feet."""
SHADOWS = replace(SPACED, steps=300, cycle=300, pairs=210, fewer=80)
"""A last stage with single rows and their shadows on even ground, which the stages before read as dark boxes."""
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
    "pairs": (PAIRS,),
    "spaced": (SPACED,),
    "drawing_spaced": (replace(SPACED, steps=300, cycle=300, draws_alone=True),),
    "shadows": (SHADOWS,),
    "drawing_shadows": (replace(SHADOWS, steps=250, cycle=250, draws_alone=True),),
    "drawing_pairs": (replace(PAIRS, steps=600, cycle=600, rate=6e-4, draws_alone=True),),
    "drawing": (replace(HOMES[0], steps=1200, cycle=1200, draws_alone=True), replace(HOMES[1], draws_alone=True)),
}
"""Stages of either network that training/join_networks.py joins. The plain one's later stages go on with sites of what
the first got wrong (`hard_sites`) among their scenes. The wide one's go on with all scenes: hard sites, and sites of
what earlier networks got wrong on other hands' scenes (`wide_sites`), these seen aslant, all in frames of any kind; the
last with what it still took for boxes (`wide_lots`, `wide_panels`). `painted` goes on from either, and
only a share of the way (Wortsman et al. 2022, arXiv:2109.01903): that forgets less of what neither hand shows. `again`
goes on from those, with the sites of the second round drawn twice as often; `rows` with all three rounds, longer;
`homes` from that, with a fourth round, drawn twice as often, and own scenes of the same, at last with more trains of
boxes; `drawing` does so with the layers of the plain one that draw. `pairs`, `spaced` and `shadows` go
on from `rows`, one after the other, with pairs of 20-foot boxes and with shaded ground that is no box, `drawing_pairs`
and so on with the layers of the plain one that draw. None of these was released."""
PAINTED_SHARE = 0.5
"""Of the parts of scenes; half of all parts are then shown by their own scene's statistics, the others by a frame's."""


def rehearsed(stage: Stage) -> NDArray[np.int64]:
    """Numbers of the own scenes of a stage: all of them, or with painted ones beside them some, by lot."""
    numbers = np.array([*range(stage.scenes), *range(WIDE_FROM, WIDE_FROM + stage.wide)])
    if stage.painted:
        numbers = np.random.default_rng(TRAIN_SEED).permutation(numbers)[: stage.rehearsed]
    more = (
        np.arange(HOMES_FROM, HOMES_FROM + stage.homes),
        np.arange(PAIRS_FROM, PAIRS_FROM + stage.pairs)[stage.fewer :],
    )
    return np.concatenate([numbers, *more])
