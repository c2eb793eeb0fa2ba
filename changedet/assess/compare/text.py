"""Matched consignments as a table of text."""

from __future__ import annotations

from collections.abc import Sequence

from changedet.assess.compare.rows import CHANCE, Consignment


def format_matches(matches: Sequence[Consignment]) -> str:
    """The matches as a table of text, what chance explains marked as such.

    Parameters
    ----------
    matches : sequence of Consignment
        As `changedet.assess.compare.consignments.compare_runs` gives.

    Returns
    -------
    str
        What they come to, then a line for each, with a head and a note.
    """
    if not matches:
        return "no consignment of one site matches one of another"
    lines = [
        verdict(matches),
        _line("from", "to", "boxes", "kind", "color", "left between", "reached between", "lag, days", "similar", "p"),
    ]
    for row in matches:
        left, reached = f"{row['last_seen']} and {row['gone_by']}", f"{row['not_yet']} and {row['first_seen']}"
        names = (row["from"], row["to"], row["containers"], row["kind"], row["color"], left)
        lag = f"{row['lag_days']} ({row['lag_low']} to {row['lag_high']})"
        line = _line(*names, reached, lag, f"{row['similarity']:.2f}", f"{row['p_value']:.3f}")
        lines.append(line if row["p_value"] <= CHANCE else f"{line}  as by chance")
    pairs = len({(row["from"], row["to"]) for row in matches})
    lines.append(
        f"p: how often unrelated lots match as well at any one lag, for a pair of sites ({pairs} with a match)"
    )
    return "\n".join(lines)


def verdict(matches: Sequence[Consignment]) -> str:
    """What the matches come to, to be read first.

    Parameters
    ----------
    matches : sequence of Consignment
        Of all pairs of sites.

    Returns
    -------
    str
        A sentence: how many are rarer than chance brings, else that none is.
    """
    if not matches:
        return "No consignment of one site matches one of another."
    rare = sum(row["p_value"] <= CHANCE for row in matches)
    if not rare:
        best = min(row["p_value"] for row in matches)
        if len(matches) == 1:
            return f"The one match between these sites is no rarer than chance brings: p {best:.2f}."
        none = f"None of {len(matches)} matches between these sites is rarer than chance brings"
        return f"{none}: the best has p {best:.2f}."
    are = "is" if rare == 1 else "are"
    return (
        f"{rare} of {len(matches)} matches {are} rarer than chance brings (p of {CHANCE:g} and less, for each pair of "
        "sites by itself): see the boxes in the reports of both sites before one is quoted."
    )


def _line(*cells: object) -> str:
    widths = ("<16", "<16", ">6", "<6", "<9", "<25", "<25", ">18", ">9", ">8")
    return " ".join(format(str(cell), width) for cell, width in zip(cells, widths, strict=True))
