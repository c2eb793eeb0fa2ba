"""Draw a site: `python -m benchmarks.third_hand KIND OUT --seed N`."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.third_hand.kinds import KINDS
from benchmarks.third_hand.site import make


def main() -> None:
    """Draw, and print the workflow's path."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.third_hand", description=__doc__)
    parser.add_argument("kind", choices=tuple(KINDS))
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gsd", type=float, default=0.5, help="metres, .3 to 1.2")
    parser.add_argument("--size-m", type=float, default=260.0)
    parser.add_argument("--dates", type=int, default=5)
    parser.add_argument("--bands", choices=("rgbn16", "rgb8"), default="rgbn16")
    parser.add_argument("--off-nadir", type=float, nargs=2, help="degrees, least and most of all looks")
    given = parser.parse_args()
    aslant = None if given.off_nadir is None else tuple(given.off_nadir)
    print(make(given.kind, given.out, given.seed, given.gsd, given.size_m, given.dates, given.bands, aslant))


if __name__ == "__main__":
    main()
