"""Was a box there? A hidden Markov model for each place, over place classes.

A place is present or absent on each date. Its row's score (or no row, on a clear look) is what is observed; a look that
is not clear observes nothing. Real places are easy, hard, patchy or mobile; clutter, random or standing, is never
present. Arrays have one row a place and one column a date; probabilities are float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.kernels.appearance import look_groups
from changedet.stages.tracks.kernels.emissions import IS_CLUTTER, MOBILE, REAL, DetectorTables, emissions, tilted
from changedet.stages.tracks.kernels.markov import ChainPosterior, forward_backward, given_ever_present, viterbi
from changedet.stages.tracks.kernels.site_model import (
    Rates,
    SiteModel,
    class_posteriors,
    detectability_sds,
    first_model,
    learn_detectability,
    learn_rates,
)

EM_DATES: Final = 2
"""From so many dates on rates are learnt."""
EM_ROUNDS: Final = 4
"""Rounds of expectation-maximisation. Chosen by hand."""
DETECTABILITY_DATES: Final = 5
"""On fewer dates a site that grew and dates that show little cannot be distinguished: rates are learnt, no
detectability. Chosen on simulated sites of seeds 40 to 43 (docs/research/tracks.md)."""
BRIEF_DATES: Final = 2
"""Neighbours separate real places from clutter among those that have a row on no more dates."""
SHADE_TRUST: Final = 0.75
"""Power of the likelihood of looks in deep shade: at one place they err alike (docs/research/tracks.md)."""
APPEARANCE_TRUST: Final = 0.75
"""The same of pixels: looks at one place are compared with the same few others. A power of 1 is worse, .5 alike
(docs/research/tracks.md)."""
BLOCKED_SHARE: Final = 0.98
"""By how much a box that overlaps hides this one for sure: some pairs are wrongly taken for overlapping. Chosen by
hand."""
SIDE_LOG_ODDS: Final = -1.6
"""Log odds of a real place, beside what its neighbours say, where each of its rows lies on a stack's side: of brief
places among neighbours 17 of 254 real and 53 of 161 false ones do, on own and painted sites that teach
(docs/research/tracks.md, "Sides")."""
LEARNT_SHARES: Final = (1e-3, 0.999)
"""Bounds of the share of clutter among the places that is learnt: its log odds are finite."""


class PlaceLooks(NamedTuple):
    """What the dates show of the places.

    Attributes
    ----------
    bins : int64 (place, date)
        Score bins, see `emissions.score_bins`.
    observed : bool (place, date)
        True where a row was found or the date shows the place, in deep shade too.
    lit : bool (place, date)
        True where the look was clear and not in deep shade.
    counted_rows : float64 (place,)
        Number of counted rows.
    neighbours : int64 (place,) or None
        See `neighbours.neighbour_classes`; None where they do not speak.
    appearance : int64 (place, date) or None
        Bins of what the pixels show, see `appearance.appearance_bins`; None without pictures.
    familiar : bool (date,) or None
        True where a scene is like those that the detector knows, so that it shows boxes about as easily as usual.
    outline : int64 (place, date) or None
        Bins of what a look's own outline says, see `box_outline.outline_bins`: of lit looks without a row. As both
        are read from the same pixels, this and `appearance` count by half there; None without pictures in colour.
    refills : float64 (place,) or None
        Share of the rate at which a still place is filled again, see `returns.refill_shares`; None for all of it.
    on_sides : bool (place,) or None
        True where each row of the place lies where its date shows a stack's side, see `near_sides`; speaks with the
        neighbours. None where that is not known.
    """

    bins: Ints
    observed: Bools
    lit: Bools
    counted_rows: Floats
    neighbours: Ints | None = None
    appearance: Ints | None = None
    familiar: Bools | None = None
    outline: Ints | None = None
    refills: Floats | None = None
    on_sides: Bools | None = None


class PresencePosterior(NamedTuple):
    """Presence at each place, over the mixture of classes.

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
    model : SiteModel
        What was learnt of the site.
    log_likelihood : float
        Of all that the dates show, with the prior of what was learnt of each date: of two tables of the same bins the
        one with the greater fits the site better.
    """

    present: Floats
    path: Bools
    births: Floats
    deaths: Floats
    evidence: Floats
    classes: Floats
    model: SiteModel
    log_likelihood: float


class _Likelihoods(NamedTuple):
    """What no date's detectability changes.

    Likelihoods (place, date) of all looks at an empty place and of shaded ones at a full one, and the log-likelihood
    (place,) of each class of clutter.
    """

    absent: Floats
    full: Floats
    clutter: list[Floats]


def infer_presence(looks: PlaceLooks, blocked: Floats, rates: Rates, tables: DetectorTables) -> PresencePosterior:
    """Posterior presence and likeliest history of every place.

    Parameters
    ----------
    looks : PlaceLooks
        Of all places of a site.
    blocked : float64 (place, date)
        Probability that another box, which leaves this one no room, is there; 0 where none is.
    rates : Rates
        Rates an interval of places that are not mobile; learnt for each interval from `EM_DATES` dates on, with a Beta
        prior worth `site_model.RATE_PRIOR_PLACES` places, as free learning takes one-date boxes for clutter.
    tables : DetectorTables
        Of the detector that found the rows.

    Returns
    -------
    PresencePosterior
        Of all places, with what was learnt of the site.
    """
    dates = looks.bins.shape[1]
    model = first_model(dates, rates, tables)
    fixed = _without_detectability(looks, tables)
    looks = looks._replace(lit=looks.observed & looks.lit)
    by_neighbours = _log_by_neighbours(looks, tables)
    spread, learnt = detectability_sds(looks.familiar, dates, tables), None
    for rounds_left in range(EM_ROUNDS, -1, -1):
        present = [fixed.full * part for part in _full_lit(looks, blocked, model.detectability, tables)]
        chains = _chains(looks, fixed.absent, present, model)
        log_l = np.column_stack([chain.log_likelihood for chain in chains] + fixed.clutter) + by_neighbours
        classes, weight = class_posteriors(log_l, model.weight, looks.counted_rows, rates.false_share, learnt)
        learnt = _clutter(classes)
        model = model._replace(weight=weight)
        if rounds_left and dates >= DETECTABILITY_DATES:
            found = learn_detectability(chains, classes, looks.bins, looks.lit, model.detectability, spread, tables)
            model = model._replace(detectability=found)
        if rounds_left and dates >= EM_DATES:
            model = learn_rates(chains, classes, model, rates, tables)
    seen = _log_likelihood(log_l, model, _clutter(classes), spread)
    over = _over_classes(looks, chains, classes, model, fixed.absent, present, rates.caution)
    return over._replace(log_likelihood=seen)


def _clutter(classes: Floats) -> float:
    """The share of places that are clutter."""
    return float(np.clip(classes[:, REAL:].sum() / max(len(classes), 1), *LEARNT_SHARES))


def _log_likelihood(log_l: Floats, model: SiteModel, clutter: float, spread: Floats) -> float:
    """Of all places, over their classes, and of the dates' detectability under its prior.

    The share of clutter is that of the places: the prior one is set by rows, and far from it where few are false.
    """
    weight = model.weight.copy()
    for part, share in ((slice(None, REAL), 1.0 - clutter), (slice(REAL, None), clutter)):
        weight[part] *= share / max(weight[part].sum(), 1e-300)
    with np.errstate(divide="ignore"):
        places = np.logaddexp.reduce(log_l + np.log(weight), axis=1).sum()
    dates = -0.5 * ((model.detectability / spread) ** 2).sum() - np.log(spread).sum()
    return float(places + dates)


def _chains(looks: PlaceLooks, absent: Floats, present: Sequence[Floats], model: SiteModel) -> list[ChainPosterior]:
    return [
        given_ever_present(
            forward_backward(absent, present[k], model.birth[k], model.death[k], model.start[k], _refills(looks, k)),
            absent,
            model.birth[k],
            model.start[k],
        )
        for k in range(REAL)
    ]


def _refills(looks: PlaceLooks, kind: int) -> Floats:
    """Share (place,) of the rate at which places of a class are filled again; mobile ones come and go as they are."""
    if looks.refills is None or kind == MOBILE:
        return np.ones(len(looks.bins))
    return looks.refills


def _log_by_neighbours(looks: PlaceLooks, tables: DetectorTables) -> Floats:
    """Log-likelihood (place, class) of the neighbours of places that have a row on few dates; 0 at the others."""
    if looks.neighbours is None:
        return np.zeros((len(looks.bins), len(tables.emission)))
    log: Floats = np.log(tables.neighbours)[IS_CLUTTER][:, looks.neighbours].T
    if looks.on_sides is not None:
        log[looks.on_sides, :REAL] += SIDE_LOG_ODDS
    log[(looks.bins > 0).sum(1) > BRIEF_DATES] = 0.0
    return log


def _without_detectability(looks: PlaceLooks, tables: DetectorTables) -> _Likelihoods:
    bins, lit, shaded = looks.bins, looks.observed & looks.lit, looks.observed & ~looks.lit
    absent, full, false = (
        emissions(bins, shaded, table**SHADE_TRUST) * pixels
        for table, pixels in zip(tables.shade, _by_pixels(looks, tables), strict=True)
    )
    clutter = [np.log(false * emissions(bins, lit, table)).sum(1) for table in tables.emission[REAL:]]
    return _Likelihoods(absent * emissions(bins, lit, tables.absent), full, clutter)


def _by_pixels(looks: PlaceLooks, tables: DetectorTables) -> Floats:
    """Likelihoods (3, place, date) of the pixels of weak looks at an empty real place, a full one, and clutter."""
    likelihood = np.ones((3, *looks.bins.shape))
    if looks.appearance is not None:
        group = look_groups(looks.bins, looks.lit)
        used = looks.observed & (looks.appearance > 0) & (group >= 0)
        likelihood[:, used] = tables.appearance[group[used], :, looks.appearance[used] - 1].T ** APPEARANCE_TRUST
    if looks.outline is not None:
        told = looks.outline > 0
        outline = tables.outline[:, looks.outline[told] - 1] ** APPEARANCE_TRUST
        likelihood[:, told] = np.sqrt(likelihood[:, told] * outline)
    return likelihood


def _full_lit(looks: PlaceLooks, blocked: Floats, detectability: Floats, tables: DetectorTables) -> list[Floats]:
    """Likelihood (place, date) of each lit look at a full place, for each real class."""
    return [
        emissions(looks.bins, looks.lit, tilted(table, detectability)) * (1.0 - BLOCKED_SHARE * blocked)
        for table in tables.emission[:REAL]
    ]


def _over_classes(
    looks: PlaceLooks,
    chains: Sequence[ChainPosterior],
    classes: Floats,
    model: SiteModel,
    absent: Floats,
    present: Sequence[Floats],
    caution: float,
) -> PresencePosterior:
    """All classes together, and each place's history in the likeliest real one."""
    share = classes[:, :REAL] / np.maximum(classes[:, :REAL].sum(1, keepdims=True), 1e-300)
    posterior = sum(classes[:, k, None] * chains[k].present for k in range(REAL))
    births = sum(share[:, k, None] * chains[k].births for k in range(REAL))
    deaths = sum(share[:, k, None] * chains[k].deaths for k in range(REAL))
    path, evidence = np.zeros(absent.shape, bool), np.zeros(absent.shape)
    likeliest = classes[:, :REAL].argmax(1)
    for k in range(REAL):
        mine = likeliest == k
        rates = caution * model.birth[k], caution * model.death[k]
        path[mine] = viterbi(absent[mine], present[k][mine], *rates, model.start[k], _refills(looks, k)[mine])
        evidence[mine] = np.log(present[k][mine] / absent[mine])
    found = np.asarray(posterior), path, np.asarray(births), np.asarray(deaths), evidence
    return PresencePosterior(*found, classes, model, log_likelihood=np.nan)
