"""What a score of likeness says on one site: how it is distributed where looks show one box, and where they show two.

Pictures differ in how much looks at one box differ: in how sharp their colours are, how low the sun is, how boxes
shade each other. Scores of two boxes are known from looks at different places. Those of neighbouring looks at one place
are a mixture of these and of scores about one box, whose middle and spread are found by expectation-maximisation
(Dempster, Laird, Rubin 1977), and with them the share of pairs that show two boxes.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats, Ints

LEAST_PAIRS: Final = 5
"""Neighbouring looks at one place from which a site is described. 5 and 12 are alike."""
ENOUGH_PAIRS: Final = 40
"""The same from which their own median is where one box begins; of fewer the prior below tells it. Chosen by hand."""
OTHERS: Final = 2000
"""Pairs of looks at different places that are scored."""
STRIDES: Final = (7919, 104_729)
"""Primes by which these are drawn."""
FREEDOM: Final = 6.0
"""Degrees of freedom of scores of one box: the tails are long. 4 and 10 are alike (docs/research/tracks.md)."""
ODD_SHARE: Final = 0.01
"""Of pairs at one box that look as those of two do: shade, glare, the wrong row. Half and twice of it are alike."""
LEAST_SPREAD: Final = 1.8
"""Of scores of one box: most of a sharp picture's lie closer, but not those of boxes that come to lie in shade. Chosen
by hand with painted and own sites in view."""
ONE_BOX_PRIOR: Final = (-3.4, 10.0)
"""Middle of the scores of one box, and the pairs that it is worth: between two looks at a port most places hold another
box, and the commonest score is that of two. The mean of 46 pairs of looks at painted and own sites that teach, and a
worth from which their masks gain no more (docs/research/tracks.md, "Two looks alone")."""
USUAL_OF_TWO: Final = 0.25
"""Quantile of the scores of two boxes above which the median of a site's pairs is taken for one of theirs. Of snowy
looks, on which one box is unlike itself, it lies below. Chosen with two ports and a winter site in view."""
SHARE_PRIOR: Final = (0.03, 30.0)
"""Prior share of pairs that show two boxes, and the pairs that it is worth, as without pictures (`replacement`)."""
MOST_SHARE: Final = 0.5
"""Greatest share: beyond it cuts would be cheaper than none."""
ROUNDS: Final = 100
"""Of expectation-maximisation. Chosen by hand."""
SCORES: Final = np.linspace(-14.0, 16.0, 601)
"""At which odds are kept."""
BLUR: Final = 0.5
"""Standard deviation with which the scores of different boxes are blurred to a density."""
LEAST_DENSITY: Final = 1e-5
"""Of these, where none is."""


class SiteLikeness(NamedTuple):
    """What scores say on a site.

    Attributes
    ----------
    share : float
        Of neighbouring looks at one place between which the box is another.
    odds : float64 (score,)
        Log-likelihood ratio of two boxes against one at each of `SCORES`; never less at a greater score.
    """

    share: float
    odds: Floats

    def log_odds(self, score: Floats) -> Floats:
        """Log-likelihood ratio of two boxes against one.

        Parameters
        ----------
        score : float64 (pair,)
            Of `likeness.unlikeness`.

        Returns
        -------
        float64 (pair,)
            NaN where the score is.
        """
        return np.asarray(np.interp(score, SCORES, self.odds), np.float64)


def other_pairs(first: Ints, second: Ints, owner: Ints) -> tuple[Ints, Ints]:
    """Pairs of looks at different places, of the same dates as pairs at one place.

    Parameters
    ----------
    first, second : int64 (pair,)
        Rows of neighbouring looks at one place.
    owner : int64 (row,)
        The place of each row.

    Returns
    -------
    first, second : int64 (other,)
        At most `OTHERS`.
    """
    number = np.arange(OTHERS if len(first) else 0)
    one = first[number * STRIDES[0] % max(len(first), 1)]
    other = second[(number * STRIDES[1] + number // max(len(first), 1)) % max(len(first), 1)]
    differ = owner[one] != owner[other]
    return one[differ], other[differ]


def site_likeness(score: Floats, other: Floats) -> SiteLikeness | None:
    """Describe a site's scores.

    Parameters
    ----------
    score : float64 (pair,)
        Of neighbouring looks at one place.
    other : float64 (other,)
        Of looks at different places.

    Returns
    -------
    SiteLikeness or None
        None of too few pairs.
    """
    if min(len(score), len(other)) < LEAST_PAIRS:
        return None
    # Where the usual pair is like those of two boxes, it may be one of them; and a few pairs may be any.
    from_prior = float(np.median(score)) > float(np.quantile(other, USUAL_OF_TWO))
    from_prior |= min(len(score), len(other)) < ENOUGH_PAIRS
    two = LEAST_DENSITY + np.exp(-0.5 * ((SCORES[:, None] - other) / BLUR) ** 2).mean(axis=1) / (
        BLUR * math.sqrt(2 * math.pi)
    )
    of_two = np.interp(score, SCORES, two)
    prior, worth = ONE_BOX_PRIOR if from_prior else (float(np.median(score)), 0.0)
    middle, share = prior, SHARE_PRIOR[0]
    spread = LEAST_SPREAD if from_prior else max(float(np.std(score)), LEAST_SPREAD)
    for _ in range(ROUNDS):
        looks_other = share + (1 - share) * ODD_SHARE
        joint = looks_other * of_two, (1 - looks_other) * _one_box(score, middle, spread)
        of_other = joint[0] / (joint[0] + joint[1])
        weight = (1 - of_other) * (FREEDOM + 1) / (FREEDOM + ((score - middle) / spread) ** 2)
        middle = float(((weight * score).sum() + prior * worth) / (weight.sum() + worth))
        squares = (weight * (score - middle) ** 2).sum() + worth * LEAST_SPREAD**2
        spread = max(math.sqrt(float(squares / ((1 - of_other).sum() + worth))), LEAST_SPREAD)
        changed = float((of_other * share / looks_other).sum()) + SHARE_PRIOR[0] * SHARE_PRIOR[1]
        share = min(changed / (len(score) + SHARE_PRIOR[1]), MOST_SHARE)
    one = (1 - ODD_SHARE) * _one_box(SCORES, middle, spread) + ODD_SHARE * two
    odds = np.log(two / one)
    # Below the middle of one box nothing is more alike.
    least = int(np.argmin(np.abs(SCORES - middle)))
    odds[:least] = odds[least]
    return SiteLikeness(share, np.maximum.accumulate(odds))


def _one_box(score: Floats, middle: float, spread: float) -> Floats:
    """Density of Student's t."""
    scale = math.exp(math.lgamma((FREEDOM + 1) / 2) - math.lgamma(FREEDOM / 2)) / math.sqrt(FREEDOM * math.pi)
    density: Floats = scale / spread * (1 + ((score - middle) / spread) ** 2 / FREEDOM) ** (-(FREEDOM + 1) / 2)
    return density
