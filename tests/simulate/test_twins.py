"""Two sites that exchange lots."""

from __future__ import annotations

import datetime as dt

from simulated_site import BGRN

from changedet.simulate.twins import twin_worlds


def test_twin_worlds_share_consignments() -> None:
    here, there = twin_worlds(5, 2, 1.0, 200.0, BGRN, "uint16", dt.date(2023, 3, 12), 45)
    sent = {b.consignment: (b.line, b.kind, b.gone) for b in here.containers if b.consignment}
    got = {b.consignment: (b.line, b.kind, b.born) for b in there.containers if b.consignment}
    common = sent.keys() & got.keys()
    assert common
    assert all(sent[lot][:2] == got[lot][:2] and sent[lot][2] <= got[lot][2] for lot in common)
