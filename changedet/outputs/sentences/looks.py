"""The sentence on the looks: how many, how fine, and which of them show little or are unlike what the models know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from changedet.kernels.doubts import USUAL_DISTANCE
from changedet.outputs.sentences.facts import Facts, Sentence
from changedet.outputs.sentences.words import listed, number
from changedet.outputs.values import as_float, iso_date, mapping_at, pixel_text, rows_of

CLEAR_ENOUGH: Final = 0.6
"""Share of the site that a look shows which is taken for the later of two pictures where no date is given. Chosen by
hand."""
MOSTLY_CLEAR: Final = 0.9
"""Share of a site from which a look counts as clear. Chosen by hand."""
HARDLY_CLEAR: Final = 0.5
"""Clear share of the last look below which the sentence says what it hides. Chosen by hand."""
SHOWS_NOTHING: Final = 0.005
"""Share of the site below which a look is said to show nothing: it would be rounded to 0 %."""
UNTOLD: Final = "what came or left there since is in no arrival or departure"
"""Of what the last look hides: arrivals and departures are what two looks at a place show."""
CLOUDS: Final = "clouds"
"""What a run may lack beside figures: then a look that is called clear may be hidden."""
EDGE: Final = 1.0
"""Distance of a scene at the edge of what the models were fitted on."""
TOLD: Final = 2
"""Looks that are named; of more the number is told."""


def looks(facts: Facts) -> Sentence | None:
    """From which looks the figures come, and what of them is doubtful.

    Parameters
    ----------
    facts : Facts
        What the run found.

    Returns
    -------
    Sentence or None
        None for a run without dates.
    """
    dates = facts.dates
    if not dates:
        return None
    calendar = facts.calendar
    if len(dates) == 1:
        start = f"From one look, {calendar.day(dates[0])}{_gsd(facts)}: nothing is compared"
    else:
        first, last = calendar.pair(dates[0], dates[-1])
        start = f"From {len(dates)} looks, {first} to {last}{_gsd(facts)}"
    doubts = [
        words
        for words in (
            *(_elsewhere(facts), _hidden(facts), _grey(facts), _filled(facts)),
            *(_coarse(facts), _unlike(facts), _oblique(facts)),
        )
        if words
    ]
    return Sentence("looks", f"{'; '.join([start, *doubts])}.", tuple(dates))


def _gsd(facts: Facts) -> str:
    rows = rows_of(facts.table)
    known = sorted({g for value in rows.get("gsd_m", ()) if (g := as_float(value)) is not None})
    if not known:
        return ""
    low, high = pixel_text(known[0]), pixel_text(known[-1])
    return f", in pixels of {low}" if low == high else f", in pixels of {low.removesuffix(' m')} to {high}"


def _named(days: list[str], facts: Facts) -> str:
    """Looks by their dates, or their number where they are many."""
    if len(days) > TOLD:
        return "all" if len(days) == len(facts.dates) else f"{len(days)} of them"
    same = {day[:4] for day in facts.dates}
    return listed([facts.calendar.day(day, year=len(same) > 1) for day in days])


def _elsewhere(facts: Facts) -> str:
    """A reference that shows other ground, so that it may be all that differs."""
    day = facts.summary.get("other_ground")
    if not isinstance(day, str):
        return ""
    rest = "the others show" if len(facts.dates) > TOLD else "the other shows"
    return (
        f"{_named([day], facts)} shows none of the ground that {rest}, so that no change since then is claimed: check "
        "that it is of this place"
    )


def _hidden(facts: Facts) -> str:
    """What cloud, shade and missing data hide: the last look first, as figures of now rest on it."""
    rows = rows_of(facts.table)
    if "valid_fraction" not in rows:
        return ""
    shares = {iso_date(day): as_float(share) for day, share in zip(rows["date"], rows["valid_fraction"], strict=True)}
    known = {day: share for day, share in shares.items() if share is not None and share < MOSTLY_CLEAR}
    last = facts.dates[-1]
    if last in known and known[last] < HARDLY_CLEAR:
        of_last = _last_hides(known.pop(last), last, facts)
        return "; ".join([of_last, *([_others_hide(known, facts)] if known else [])])
    if not known:
        blind = CLOUDS in facts.unavailable
        unsaid = len(facts.dates) == 1 or facts.summary.get("fill")
        return "clouds that may hide it were not looked for" if blind else "" if unsaid else "all of them clear"
    return _others_hide(known, facts)


def _last_hides(share: float, last: str, facts: Facts) -> str:
    """What the last look shows, and what figures have of the rest."""
    part = "nothing" if share < SHOWS_NOTHING else f"{number(100 * share)} %"
    shown = f"the last shows {part} of the site"
    counted = facts.total("containers", "last")
    if counted is None or counted.date != last:
        return shown
    moved = "" if facts.total("arrivals", "") is None else f", and {UNTOLD}"
    return f"{shown}, what it hides is counted as the looks before show it{moved}"


def _others_hide(known: Mapping[str, float], facts: Facts) -> str:
    """Looks that show a part of the site, and those that show nothing of it."""
    nothing = [day for day, share in known.items() if share < SHOWS_NOTHING]
    part = [day for day in known if day not in nothing]
    words = []
    if part:
        least = number(100 * min(known[day] for day in part))
        shown = f"only a part of the site, {least} % at least" if len(part) > 1 else f"{least} % of the site"
        words.append(f"{_named(part, facts)} {_show(part)} {shown}")
    if nothing:
        words.append(f"{_named(nothing, facts)} {_show(nothing)} nothing of {'it' if part else 'the site'}")
    return ", ".join(words)


def _show(days: list[str]) -> str:
    return "show" if len(days) > 1 else "shows"


def _grey(facts: Facts) -> str:
    """Grey pictures among looks in colours, on which boxes alone are followed."""
    told = facts.summary.get("grey_looks")
    days = [str(day) for day in told] if isinstance(told, list) else []
    if not days:
        return ""
    kind = "grey pictures" if len(days) > 1 else "a grey picture"
    return f"{_named(days, facts)} {_are(days)} {kind}, on which boxes are counted and the ground is not compared"


def _filled(facts: Facts) -> str:
    """Dates with a large piece of one number in all bands, which stands for no data as a rule and was not said to."""
    shares = {day: as_float(mapping_at(facts.summary, "fill", day).get("share")) for day in facts.dates}
    found = {day: share for day, share in shares.items() if share is not None}
    if not found:
        return ""
    up_to, shown = ("up to ", "they show") if len(found) > 1 else ("", "it shows")
    piece = f"{up_to}{number(100 * max(found.values()))} % of what {shown}"
    return f"{_named([*found], facts)} {_are([*found])} blank on {piece}, which is compared and counted as ground"


def _coarse(facts: Facts) -> str:
    """Looks that show no boxes as their pixels are larger than those of all that do."""
    rows = rows_of(facts.table)
    if not {"containers", "gsd_m"} <= set(rows):
        return ""
    looks = [
        *zip(map(iso_date, rows["date"]), map(as_float, rows["gsd_m"]), map(as_float, rows["containers"]), strict=True)
    ]
    counted = [gsd for _, gsd, boxes in looks if gsd is not None and boxes is not None]
    coarse = [day for day, gsd, boxes in looks if boxes is None and gsd is not None and counted and gsd > max(counted)]
    return f"{_named(coarse, facts)} {_are(coarse)} too coarse for containers to be counted" if coarse else ""


def _unlike(facts: Facts) -> str:
    told = mapping_at(facts.summary, "familiarity")
    known = {day: record for day, record in told.items() if isinstance(record, dict)}
    far = {day: as_float(record.get("distance")) or 0.0 for day, record in known.items()}
    # Earlier runs do not say which looks they refused: all beyond the edge.
    refused = [day for day in far if known[day].get("refused", far[day] > EDGE)]
    doubted = [day for day, distance in far.items() if distance > USUAL_DISTANCE and day not in refused]
    if refused:
        return f"{_named(refused, facts)} {_are(refused)} too unlike the scenes that the models know to be counted"
    if doubted:
        return f"{_named(doubted, facts)} {_are(doubted)} unlike most scenes that the models know: {_widened(doubted)}"
    return ""


def _oblique(facts: Facts) -> str:
    """Looks in which stacks hide each other and their walls look like roofs."""
    steep = {day: as_float(value) or 0.0 for day, value in mapping_at(facts.summary, "oblique").items()}
    if not steep:
        return ""
    days, up_to = [*steep], "" if len(steep) == 1 else "up to "
    return (
        f"{_named(days, facts)} {_are(days)} taken {up_to}{max(steep.values()):.0f}° off nadir, farther aslant than "
        "the models know: intervals of all looks are widened"
    )


def _widened(days: list[str]) -> str:
    return "their intervals are widened" if len(days) > 1 else "its interval is widened"


def _are(days: list[str]) -> str:
    return "are" if len(days) > 1 else "is"
