"""Was a box there? A hidden Markov model for each place, over place classes.

A place is present or absent on each date. Its row's score (or no row, on a clear look) is what is observed; a look
that is not clear observes nothing. Real places are easy, hard, patchy (clear when
found, but often not found) or mobile; clutter, random or standing, is never
present. Arrays have one row a place and one column a date; probabilities are float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from changedet.stages.tracks.kernels.appearance import FEATURES, GROUPS, SIGHT_BINS, groups
from changedet.stages.tracks.kernels.markov import Reading, forward_backward, given_presence, viterbi

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SCORE_EDGES: Final = (0.1, 0.25, 0.5, 0.8, 0.97)
"""A score's bin: 0 no row or below the first edge, 5 above the last."""
CLASSES: Final = ("easy", "hard", "patchy", "mobile", "random clutter", "standing clutter")
REAL: Final = 4
"""The first four classes are real, the others clutter."""
MOBILE: Final = 3
IS_CLUTTER: Final = np.array([0] * REAL + [1] * (len(CLASSES) - REAL))
RATE_PRIOR_PLACES: Final = 20.0
RATE_CAP: Final = 3.5
"""Times the prior rate: without a bound, a detector that often finds nothing is learnt as boxes that come and go."""
EM_DATES: Final = 2
EM_ROUNDS: Final = 4
EASE_DATES: Final = 5
"""On fewer dates a site that grew and dates that show little cannot be told apart: rates are learnt, no ease."""
BRIEF_DATES: Final = 2
"""Company tells real places from clutter among those that are seen no oftener."""
ODDS_BOUND: Final = 3.0
SHADE_TRUST: Final = 0.75
"""Power of what looks in deep shade say: at one place they err alike."""
SIGHT_TRUST: Final = 0.75
"""The same of what pixels say: looks at one place are held against the same few others."""
LEAST_FALSE: Final = 0.02
"""The series may lower the share of false rows to this part of the stated one, never raise it."""


class Tables(NamedTuple):
    """What a detector's rows say of presence, fitted on simulated sites for each detector.

    Attributes
    ----------
    absent : float64 (bin,)
        Probability of each score bin at a real place while it is empty.
    emission : float64 (class, bin)
        The same while the place is full; for clutter always.
    shade : float64 (3, bin)
        The same of looks in deep shade or at the rim of a cloud: at an empty real place, a full one, and clutter.
    weight : float64 (class,)
        Prior weights within the real and within the clutter classes.
    company : float64 (2, 3)
        Probability of each class of `changedet.kernels.places.company` for a real place and for clutter; of places that
        are seen on one or two dates.
    ease_sd : float
        Standard deviation, over dates, of how easy a date's boxes are to find: each date tilts the bins of full places
        by ``exp(ease bin / 4)``.
    start : float
        Probability that a still place is full on the first date; mobile ones are as on any other.
    mobile_birth, mobile_death : float
        Rates an interval of the mobile class.
    birth, death : float
        Rates an interval of the still classes.
    precision : float
        Share of the counted rows that lie at real places.
    look : float64 (feature + 1,)
        See `changedet.kernels.sights.sight_bins`.
    sight : float64 (group, 3, bin)
        Probability of each of its bins on a weak look of each of `changedet.kernels.sights.groups`: at an empty real
        place, a full one, and clutter. Pixels say nothing where it is all alike.
    """

    absent: Floats
    emission: Floats
    shade: Floats
    weight: Floats
    company: Floats
    ease_sd: float
    start: float
    mobile_birth: float
    mobile_death: float
    birth: float
    death: float
    precision: float
    look: Floats = np.zeros(len(FEATURES) + 1)
    sight: Floats = np.full((GROUPS, 3, SIGHT_BINS), 1.0 / SIGHT_BINS)

    @classmethod
    def of(cls, fitted: Mapping[str, Any]) -> Tables:
        """From plain numbers and lists."""
        arrays = ("absent", "emission", "shade", "weight", "company", "look", "sight")
        whole: dict[str, Any] = {
            name: np.array(value) if name in arrays else float(value) for name, value in fitted.items()
        }
        return cls(**whole)


class Model(NamedTuple):
    """Rates of change by class and interval, (REAL, date - 1) each, the classes' prior weights (class,), how easily
    each date shows a box, (date,), see `Tables.ease_sd`, and each class's share of places that are full on the first
    date, (REAL,)."""

    birth: Floats
    death: Floats
    weight: Floats
    ease: Floats
    start: Floats


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


def score_bins(score: Floats) -> Ints:
    """Bin of each score, 0 to 5; NaN (no row) is 0."""
    return np.digitize(np.nan_to_num(score, nan=0.0), SCORE_EDGES).astype(np.int64)


def emissions(bins: Ints, observed: Bools, table: Floats) -> Floats:
    """Likelihood (place, date) of the bins under a table (bin,), or (date, bin); 1 where nothing was observed."""
    by_date = np.broadcast_to(table, (bins.shape[1], table.shape[-1]))
    return np.where(observed, by_date[np.arange(bins.shape[1]), bins], 1.0)


def tilted(table: Floats, ease: Floats) -> Floats:
    """A table (bin,) as each date (date,) shows it: ``table exp(ease bin / 4)``, normalised, (date, bin)."""
    steps = np.linspace(0.0, 1.0, len(table))
    weight = table * np.exp(ease[:, None] * steps)
    result: Floats = weight / weight.sum(1, keepdims=True)
    return result


def clutter_odds(log_real: Floats, log_clutter: Floats, rows: Floats, false_share: float) -> float:
    """Log prior odds of clutter at which clutter holds a given share of all counted rows, within `ODDS_BOUND`.

    Parameters
    ----------
    log_real, log_clutter : float64 (place,)
        Log-likelihoods of each place.
    rows : float64 (place,)
        Counted rows of each place.
    false_share : float
        One minus the detector's precision.
    """
    low, high = -ODDS_BOUND, ODDS_BOUND
    for _ in range(40):
        middle = (low + high) / 2
        clutter = _sigmoid(middle + log_clutter - log_real)
        if (rows * clutter).sum() > false_share * rows.sum():
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _sigmoid(x: Floats) -> Floats:
    result: Floats = 0.5 * (1.0 + np.tanh(x / 2.0))
    return result


def read_places(
    bins: Ints,
    observed: Bools,
    lit: Bools,
    rows: Floats,
    company: Ints,
    blocked: Floats,
    birth: float,
    death: float,
    false_share: float,
    caution: float,
    tables: Tables,
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
    company : int64 (place,)
        Class of the boxes about it, see `changedet.kernels.places.company`.
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
    tables : Tables
    sight : int64 (place, date), optional
        Bins of what the pixels show, see `changedet.kernels.sights.sight_bins`; without pictures none.
    """
    dates = bins.shape[1]
    model = _first_model(dates, birth, death, false_share, tables)
    absent, full, clutter = _without_ease(bins, observed, lit, sight, tables)
    lit = observed & lit
    beside = np.log(tables.company)[IS_CLUTTER][:, company].T
    beside[(bins > 0).sum(1) > BRIEF_DATES] = 0.0
    learnt = None
    for rounds_left in range(EM_ROUNDS, -1, -1):
        present = [full * part for part in _present(bins, lit, blocked, model.ease, tables)]
        readings = [
            given_presence(
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
    bins: Ints, observed: Bools, lit: Bools, sight: Ints | None, tables: Tables
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


def _by_pixels(bins: Ints, observed: Bools, lit: Bools, sight: Ints | None, tables: Tables) -> Floats:
    """Likelihoods (3, place, date) of what the pixels of weak looks show at an empty real place, a full one, and
    clutter."""
    said = np.ones((3, *bins.shape))
    if sight is not None:
        group = groups(bins, lit)
        asked = observed & (sight > 0) & (group >= 0)
        said[:, asked] = tables.sight[group[asked], :, sight[asked] - 1].T ** SIGHT_TRUST
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


def _present(bins: Ints, lit: Bools, blocked: Floats, ease: Floats, tables: Tables) -> list[Floats]:
    """Likelihood of what each date shows of a full place, for each real class."""
    return [emissions(bins, lit, tilted(table, ease)) * (1.0 - 0.98 * blocked) for table in tables.emission[:REAL]]


def _learn_ease(
    readings: list[Reading], classes: Floats, bins: Ints, lit: Bools, ease: Floats, tables: Tables
) -> Floats:
    """One Newton step to each date's ease, about which nothing is known beforehand but its spread."""
    steps = np.linspace(0.0, 1.0, tables.emission.shape[1])
    slope, bend = -ease / tables.ease_sd**2, np.full(len(ease), 1.0 / tables.ease_sd**2)
    for k in range(REAL):
        weight = classes[:, k, None] * readings[k].present * lit
        table = tilted(tables.emission[k], ease)
        mean = table @ steps
        slope += (weight * steps[bins]).sum(0) - weight.sum(0) * mean
        bend += weight.sum(0) * (table @ steps**2 - mean**2)
    learnt: Floats = np.clip(ease + np.clip(slope / bend, -2.0, 2.0), -4 * tables.ease_sd, 4 * tables.ease_sd)
    return learnt


def _first_model(dates: int, birth: float, death: float, false_share: float, tables: Tables) -> Model:
    rates = np.tile([[birth], [birth], [birth], [tables.mobile_birth]], (1, dates - 1))
    ends = np.tile([[death], [death], [death], [tables.mobile_death]], (1, dates - 1))
    start = np.full(REAL, tables.start)
    start[MOBILE] = tables.mobile_birth / (tables.mobile_birth + tables.mobile_death)
    share = np.array([1.0] * REAL + [0.0] * (len(CLASSES) - REAL)) if false_share <= 0 else np.full(len(CLASSES), 0.5)
    return Model(rates, ends, tables.weight * share, np.zeros(dates), start)


def _class_posteriors(
    log_l: Floats, weight: Floats, rows: Floats, false_share: float, learnt_share: float | None
) -> tuple[Floats, Floats]:
    """Class posteriors (place, class), and prior weights (class,) with the clutter's share set by the rows it holds."""
    real, clutter = weight[:REAL] / weight[:REAL].sum(), weight[REAL:]
    if false_share > 0:
        clutter = clutter / clutter.sum()
        log_real, log_clutter = _log_mix(log_l[:, :REAL], real), _log_mix(log_l[:, REAL:], clutter)
        odds = clutter_odds(log_real, log_clutter, rows, false_share)
        if learnt_share is not None:
            least = clutter_odds(log_real, log_clutter, rows, LEAST_FALSE * false_share)
            odds = float(np.clip(np.log(learnt_share / (1.0 - learnt_share)), least, odds))
        share = float(_sigmoid(np.array(odds)))
        weight = np.concatenate([real * (1 - share), clutter * share])
    with np.errstate(divide="ignore"):
        joint = log_l + np.log(weight)
    joint = np.exp(joint - joint.max(1, keepdims=True))
    return joint / joint.sum(1, keepdims=True), weight


def _log_mix(log_l: Floats, weight: Floats) -> Floats:
    mixed: Floats = np.logaddexp.reduce(log_l + np.log(weight), axis=1)
    return mixed


def _learn(
    readings: list[Reading],
    classes: Floats,
    model: Model,
    birth: float,
    death: float,
    false_share: float,
    tables: Tables,
) -> Model:
    """One step of expectation-maximisation: rates an interval of the places that keep still, weights of the classes."""
    new_birth, new_death = model.birth.copy(), model.death.copy()
    prior, still = RATE_PRIOR_PLACES, range(MOBILE)
    absent = sum((classes[:, k, None] * (1 - readings[k].present[:, :-1])).sum(0) for k in still)
    present = sum((classes[:, k, None] * readings[k].present[:, :-1]).sum(0) for k in still)
    births = sum((classes[:, k, None] * readings[k].births).sum(0) for k in still)
    deaths = sum((classes[:, k, None] * readings[k].deaths).sum(0) for k in still)
    new_birth[:MOBILE] = np.minimum((births + prior * birth) / (absent + prior), RATE_CAP * birth)
    new_death[:MOBILE] = np.minimum((deaths + prior * death) / (present + prior), RATE_CAP * death)
    full = sum(float((classes[:, k] * readings[k].present[:, 0]).sum()) for k in still)
    places = float(classes[:, :MOBILE].sum())
    start = model.start.copy()
    start[:MOBILE] = (full + prior * tables.start) / (places + prior)
    real = classes[:, :REAL].sum(0) + prior * tables.weight[:REAL]
    clutter = classes[:, REAL:].sum(0) + prior * tables.weight[REAL:] * (false_share > 0)
    share = model.weight[REAL:].sum()
    weight = np.concatenate([real / real.sum() * (1 - share), clutter / max(clutter.sum(), 1e-9) * share])
    return model._replace(birth=new_birth, death=new_death, weight=weight, start=start)


def runs(path: Bools) -> tuple[Ints, Ints, Ints]:
    """Unbroken stretches of presence: row, first and last column (inclusive) of each, in row order."""
    edged = np.zeros((path.shape[0], path.shape[1] + 2), np.int8)
    edged[:, 1:-1] = path
    step = np.diff(edged, axis=1)
    row, first = np.nonzero(step == 1)
    return row.astype(np.int64), first.astype(np.int64), np.nonzero(step == -1)[1].astype(np.int64) - 1
