"""Which change method `auto` takes."""

from __future__ import annotations

import pytest

from changedet.stages.change.method import choose, false_share
from changedet.stages.change.stage import STAGE as CHANGE
from changedet.stages.registry import Facts


@pytest.mark.parametrize(
    ("facts", "method"),
    [
        (Facts(10.0, ("vv", "vh")), "log_ratio"),
        (Facts(10.0, ("vv", "vh"), dates=3), "omnibus"),
        (Facts(30.0, ("blue", "green", "red", "nir")), "cva"),
        (Facts(10.0, ("pan",)), "cva"),
        (Facts(0.5, ("pan",)), "cva"),
        (Facts(0.3, ("blue", "green", "red")), "trees"),
        (Facts(1.8, ("blue", "green", "red")), "trees"),
        (Facts(1.8, ("green", "red", "nir")), "irmad"),
        (Facts(4.0, ("blue", "green", "red")), "cva"),
    ],
)
def test_choose_takes_a_method_and_gives_a_reason(facts, method):
    choice = choose(facts)
    assert choice.method == method
    assert len(choice.reason) > 20
    assert CHANGE.get(method).resolve(choice.parameters)


def test_more_of_a_quiet_site_is_marked_in_grey_than_in_colours():
    colours = Facts(0.5, ("blue", "green", "red"))
    grey = Facts(0.5, ("blue", "green", "red"), panchromatic=True)
    assert false_share("trees", grey) > 2 * false_share("trees", colours)
