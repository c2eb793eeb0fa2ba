"""The same ship on two looks: a likelihood ratio from its length, its width and the colours along its deck."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats

SAME_LENGTH: Final = 0.01
"""Share of a length by which one ship differs between looks beyond its stated errors: trim, view, an awning."""
OWN_LENGTH: Final = 0.1
"""Width of the kernel, as a share of the length, by which each known ship stands for the world's fleet."""
PRIOR_SHIPS: Final = 10.0
"""Ships that the prior distribution of lengths is worth beside the known ones."""
PRIOR_LOG: Final = (4.5, 0.6)
"""Mean and spread of log metres of the prior: half of ships of 25 m and more have 60 to 135 m. Chosen by hand."""
SLENDER: Final = (0.16, 0.03)
"""Width over length of the world's ships and its spread: 0.13 to 0.19. Chosen by hand."""
SAME_DECK: Final = 10.0
"""Spread of the colour distance of one deck on two looks, in units of scaled CIELAB. Chosen by hand."""
OTHER_DECK: Final = 25.0
"""The same of two ships."""
RELOADED: Final = 0.3
"""Probability that cargo or hatches changed so much that a deck looks like another's."""


class Vessels(NamedTuple):
    """Ships as they were measured.

    Attributes
    ----------
    length, length_error, width, width_error : float64 (n,)
        Metres, with standard errors.
    deck : float64 (n, slice, 3)
        Colours from one end to the other in scaled CIELAB.
    """

    length: Floats
    length_error: Floats
    width: Floats
    width_error: Floats
    deck: Floats


def deck_distance(one: Floats, other: Floats) -> Floats:
    """Distance of decks, whichever way round they lie and however bright the light is.

    Parameters
    ----------
    one : float64 (slice, 3)
        Of a ship.
    other : float64 (n, slice, 3)
        Of others.

    Returns
    -------
    float64 (n,)
        Root mean square of the slices' distances after the mean brightness is taken out.
    """
    ways = [((_level(one) - _level(deck)) ** 2).sum(axis=-1).mean(axis=-1) for deck in (other, other[:, ::-1])]
    return np.asarray(np.sqrt(np.minimum(*ways)), np.float64)


def _level(deck: Floats) -> Floats:
    """A deck without its mean brightness."""
    plain = np.array(deck, np.float64)
    plain[..., 0] -= plain[..., 0].mean(axis=-1, keepdims=True)
    return plain


def log_ratios(one: Vessels, other: Vessels, fleet: Floats) -> Floats:
    """Log likelihood ratio that each ship is one of others.

    Parameters
    ----------
    one, other : Vessels
    fleet : float64 (k,)
        Lengths of known ships that are none of these, from which others' lengths are judged.

    Returns
    -------
    float64 (n, m)
        Natural logarithms; above 0 speaks for one ship.
    """
    found = np.empty((len(one.length), len(other.length)))
    for i in range(len(found)):
        spread = np.hypot(np.hypot(one.length_error[i], other.length_error), SAME_LENGTH * one.length[i])
        length = _log_normal(other.length - one.length[i], spread) - _log_fleet(other.length, fleet)
        across = _log_normal(other.width - one.width[i], np.hypot(one.width_error[i], other.width_error))
        usual = _log_normal(other.width - SLENDER[0] * other.length, SLENDER[1] * other.length)
        found[i] = length + across - usual + deck_log_ratio(deck_distance(one.deck[i], other.deck))
    return found


def deck_log_ratio(distance: Floats) -> Floats:
    """Log likelihood ratio of a distance of decks.

    Parameters
    ----------
    distance : float64 (n,)
        Of `deck_distance`.

    Returns
    -------
    float64 (n,)
        Not below that of a deck that was loaded anew.
    """
    ratio = OTHER_DECK / SAME_DECK * np.exp(-0.5 * distance**2 * (SAME_DECK**-2 - OTHER_DECK**-2))
    return np.asarray(np.log((1.0 - RELOADED) * ratio + RELOADED), np.float64)


def _log_normal(off: Floats, spread: Floats) -> Floats:
    return np.asarray(-0.5 * (off / spread) ** 2 - np.log(spread) - 0.5 * np.log(2 * np.pi), np.float64)


def _log_fleet(length: Floats, fleet: Floats) -> Floats:
    """Log density of lengths among the world's ships and those that are known."""
    mean, spread = PRIOR_LOG
    prior = np.exp(_log_normal(np.log(length) - mean, np.full(len(length), spread))) / length
    known = np.exp(_log_normal(length[:, None] - fleet[None], OWN_LENGTH * fleet[None])).sum(axis=1)
    return np.asarray(np.log((PRIOR_SHIPS * prior + known) / (PRIOR_SHIPS + len(fleet))), np.float64)


def drawn(number: int, fleet: Floats, like: Vessels, rng: np.random.Generator) -> Vessels:
    """Draw ships of the world, measured as some were.

    Parameters
    ----------
    number : int
    fleet : float64 (k,)
        Lengths of known ships.
    like : Vessels
        Their errors and decks are taken, in any order.
    rng : Generator

    Returns
    -------
    Vessels
        Of other lengths and widths; each deck is of one of `like`, its slices in another order under other colours.
    """
    mean, spread = PRIOR_LOG
    is_known = rng.random(number) < len(fleet) / (PRIOR_SHIPS + len(fleet))
    length = np.exp(rng.normal(mean, spread, number))
    if len(fleet):
        own = rng.choice(fleet, number)
        length = np.where(is_known, own * (1.0 + OWN_LENGTH * rng.normal(size=number)), length)
    pick = rng.integers(0, len(like.length), number)
    width = length * np.maximum(rng.normal(*SLENDER, number), SLENDER[1])
    scale = OTHER_DECK / np.sqrt(2 * like.deck.shape[-1])
    deck = like.deck[pick].mean(axis=1, keepdims=True) + rng.normal(0, scale, (number, *like.deck.shape[1:]))
    return Vessels(length, like.length_error[pick], width, like.width_error[pick], deck)
