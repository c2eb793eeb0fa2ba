"""Was a box there? A hidden Markov model for each place, over place classes.

A place is present or absent on each date. Its row's score (or no row, on a clear look) is what is observed; a look
that is not clear observes nothing. Real places are easy, hard, patchy (clear when
found, but often not found) or mobile; clutter, random or standing, is never
present. Arrays have one row a place and one column a date; probabilities are float64.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.kernels.appearance import look_groups
from changedet.stages.tracks.kernels.emissions import IS_CLUTTER, REAL, DetectorTables, emissions, tilted
from changedet.stages.tracks.kernels.markov import Reading, forward_backward, given_ever_present, viterbi
from changedet.stages.tracks.kernels.site_model import Model, _class_posteriors, _first_model, _learn, _learn_ease

EM_DATES: Final = 2
EM_ROUNDS: Final = 4
EASE_DATES: Final = 5
"""On fewer dates a site that grew and dates that show little cannot be told apart: rates are learnt, no ease."""
BRIEF_DATES: Final = 2
"""Company tells real places from clutter among those that are seen no oftener."""
SHADE_TRUST: Final = 0.75
"""Power of what looks in deep shade say: at one place they err alike."""
APPEARANCE_TRUST: Final = 0.75
"""The same of what pixels say: looks at one place are held against the same few others."""


class Places(NamedTuple):
    """What the mixture of classes tells of each place.

    Attributes
    ----------
    present : float64 (place, date)
        Posterior probability that a real box stood there to be seen.
    path : bool (place, date)
        The likeliest history in the likeliest real class.
    births, deaths : float64 (place, date - 1)
        Posterior probability of the change between two dates, were the place real.
    evidence : float64 (place, date)
        Log-likelihood of what the date shows were the place full, less that were it empty, in the likeliest real class;
        0 where nothing was observed.
    classes : float64 (place, class)
        Posterior probability of each class.
    model : Model
    """

    present: Floats
    path: Bools
    births: Floats
    deaths: Floats
    evidence: Floats
    classes: Floats
    model: Model


def infer_presence(
    bins: Ints,
    observed: Bools,
    lit: Bools,
    rows: Floats,
    neighbours: Ints,
    blocked: Floats,
    birth: float,
    death: float,
    false_share: float,
    caution: float,
    tables: DetectorTables,
    sight: Ints | None = None,
) -> Places:
    """Read the history of every place.

    Parameters
    ----------
    bins : int64 (place, date)
        Score bins, see `score_bins`.
    observed : bool (place, date)
        True where a row was found or the look was clear.
    lit : bool (place, date)
        True where the look was clear.
    rows : float64 (place,)
        Number of counted rows.
    neighbours : int64 (place,)
        Class of the boxes about it, see `changedet.kernels.neighbours.neighbour_classes`.
    blocked : float64 (place, date)
        Probability that another box, which leaves this one no room, is there; 0 where none is.
    birth, death : float
        Rates an interval for places that are not mobile; learnt for each interval from `EM_DATES` dates on, with a Beta
        prior worth `RATE_PRIOR_PLACES` places, as free learning takes one-date boxes for clutter.
    false_share : float
        Share of the counted rows that is clutter; 0 means that clutter is not considered.
    caution : float
        Times the rates that the likeliest history is found with, 0 to 1: below 1, a change needs more evidence to be
        told than to be probable.
    tables : DetectorTables
    sight : int64 (place, date), optional
        Bins of what the pixels show, see `changedet.kernels.sights.appearance_bins`; without pictures none.
    """
    dates = bins.shape[1]
    model = _first_model(dates, birth, death, false_share, tables)
    absent, full, clutter = _without_ease(bins, observed, lit, sight, tables)
    lit = observed & lit
    beside = np.log(tables.neighbours)[IS_CLUTTER][:, neighbours].T
    beside[(bins > 0).sum(1) > BRIEF_DATES] = 0.0
    learnt = None
    for rounds_left in range(EM_ROUNDS, -1, -1):
        present = [full * part for part in _present(bins, lit, blocked, model.ease, tables)]
        readings = [
            given_ever_present(
                forward_backward(absent, present[k], model.birth[k], model.death[k], model.start[k]),
                absent,
                model.birth[k],
                model.start[k],
            )
            for k in range(REAL)
        ]
        log_l = np.column_stack([r.log_likelihood for r in readings] + clutter) + beside
        classes, weight = _class_posteriors(log_l, model.weight, rows, false_share, learnt)
        learnt = float(np.clip(classes[:, REAL:].sum() / max(len(classes), 1), 1e-3, 0.999))
        model = model._replace(weight=weight)
        if rounds_left and dates >= EASE_DATES:
            model = model._replace(ease=_learn_ease(readings, classes, bins, lit, model.ease, tables))
        if rounds_left and dates >= EM_DATES:
            model = _learn(readings, classes, model, birth, death, false_share, tables)
    return _told(readings, classes, model, absent, present, caution)


def _without_ease(
    bins: Ints, observed: Bools, lit: Bools, sight: Ints | None, tables: DetectorTables
) -> tuple[Floats, Floats, list[Floats]]:
    """What a date's ease does not touch: likelihoods (place, date) of all looks at an empty place and of shaded ones at
    a full one, and of each sort of clutter the log likelihood (place,)."""
    pixels = _by_pixels(bins, observed, lit, sight, tables)
    lit, dim = observed & lit, observed & ~lit
    absent, full, false = (
        emissions(bins, dim, table**SHADE_TRUST) * said for table, said in zip(tables.shade, pixels, strict=True)
    )
    clutter = [np.log(false * emissions(bins, lit, table)).sum(1) for table in tables.emission[REAL:]]
    return absent * emissions(bins, lit, tables.absent), full, clutter


def _by_pixels(bins: Ints, observed: Bools, lit: Bools, sight: Ints | None, tables: DetectorTables) -> Floats:
    """Likelihoods (3, place, date) of what the pixels of weak looks show at an empty real place, a full one, and
    clutter."""
    said = np.ones((3, *bins.shape))
    if sight is not None:
        group = look_groups(bins, lit)
        asked = observed & (sight > 0) & (group >= 0)
        said[:, asked] = tables.appearance[group[asked], :, sight[asked] - 1].T ** APPEARANCE_TRUST
    return said


def _told(
    readings: list[Reading], classes: Floats, model: Model, absent: Floats, present: list[Floats], caution: float
) -> Places:
    """What all classes together say of each place, and its history by the likeliest of them."""
    share = classes[:, :REAL] / np.maximum(classes[:, :REAL].sum(1, keepdims=True), 1e-300)
    posterior = sum(classes[:, k, None] * readings[k].present for k in range(REAL))
    births = sum(share[:, k, None] * readings[k].births for k in range(REAL))
    deaths = sum(share[:, k, None] * readings[k].deaths for k in range(REAL))
    path, evidence = np.zeros(absent.shape, bool), np.zeros(absent.shape)
    likeliest = classes[:, :REAL].argmax(1)
    for k in range(REAL):
        mine = likeliest == k
        rates = caution * model.birth[k], caution * model.death[k]
        path[mine] = viterbi(absent[mine], present[k][mine], *rates, model.start[k])
        evidence[mine] = np.log(present[k][mine] / absent[mine])
    return Places(np.asarray(posterior), path, np.asarray(births), np.asarray(deaths), evidence, classes, model)


def _present(bins: Ints, lit: Bools, blocked: Floats, ease: Floats, tables: DetectorTables) -> list[Floats]:
    """Likelihood of what each date shows of a full place, for each real class."""
    return [emissions(bins, lit, tilted(table, ease)) * (1.0 - 0.98 * blocked) for table in tables.emission[:REAL]]
