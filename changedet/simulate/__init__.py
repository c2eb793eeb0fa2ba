"""A synthetic depot series with its truth: for the command, the samples, the tests, the training of learned methods.

`simulate` writes a series to disk; `make_world`, `World` and `render` give the same in memory, in windows of any size.
"""

from changedet.simulate.command import render, simulate
from changedet.simulate.kinds import KINDS, Kind, make_world
from changedet.simulate.render import Renderer
from changedet.simulate.sample import write_sample
from changedet.simulate.truth import Truth
from changedet.simulate.world import World

__all__ = ["KINDS", "Kind", "Renderer", "Truth", "World", "make_world", "render", "simulate", "write_sample"]
