"""How the small networks are taught: their arguments, crops, steps; all on one thread, from a seed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.progress import say

SAID_EVERY = 100
"""Steps."""


class Course(NamedTuple):
    """How a network is taught.

    Attributes
    ----------
    steps : int
    rate : float
        The greatest, reached after a part `rises` of the steps, and falling to nothing after it (one cycle).
    rises : float
        Share of the steps.
    decay : float
        Of the weights.
    most_slope : float
        Length that the gradient is cut to; infinite where it is not.
    """

    steps: int
    rate: float
    rises: float
    decay: float = 1e-2
    most_slope: float = 1.0


def arguments(words: str | None, *, seed: int) -> argparse.ArgumentParser:
    """A parser of what all these scripts take; `words` are a script's own, of which the first line is shown."""
    parser = argparse.ArgumentParser(description=words.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--out", type=Path, required=True)
    return parser


def on_one_thread(seed: int) -> None:
    """What makes a seed give the same network."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)


def teach(
    model: nn.Module, course: Course, loss_of_step: Callable[[], Tensor], after: Callable[[int], None] | None = None
) -> None:
    """Teach a model's weights by AdamW in one cycle; it is ready for use afterwards.

    `loss_of_step` draws a batch and returns its loss; `after` gets the number of steps done, after each step.
    """
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), course.rate, weight_decay=course.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, course.rate, total_steps=course.steps, pct_start=course.rises
    )
    total = 0.0
    for step in range(1, course.steps + 1):
        loss = loss_of_step()
        optimiser.zero_grad()
        loss.backward()
        if np.isfinite(course.most_slope):
            nn.utils.clip_grad_norm_(model.parameters(), course.most_slope)
        optimiser.step()
        schedule.step()
        total += float(loss.detach())
        if step % SAID_EVERY == 0:
            say(f"{step} steps, loss {total / SAID_EVERY:.4f}")
            total = 0.0
        if after is not None:
            after(step)
    model.eval()


def corner(
    wanted: NDArray[np.bool_] | None, shape: Sequence[int], side: int, rng: np.random.Generator, *, to_edge: bool = True
) -> tuple[int, int]:
    """First row and column of a square crop that holds a pixel of what is wanted, or lies anywhere.

    It lies anywhere where `wanted` (y, x) is None or nowhere true; but not `to_edge` it then leaves out the last row
    and column, as the networks of change were taught.
    """
    rows, columns = (np.empty(0, int),) * 2 if wanted is None else np.nonzero(wanted)
    limits = [size - side for size in shape]
    if len(rows):
        k = int(rng.integers(len(rows)))
        y, x = (int(place[k] - rng.integers(side)) for place in (rows, columns))
    else:
        y, x = (int(rng.integers(max(1, limit + to_edge))) for limit in limits)
    y, x = (int(np.clip(place, 0, limit)) for place, limit in zip((y, x), limits, strict=True))
    return y, x


def turned(parts: Sequence[Tensor], rng: np.random.Generator) -> list[Tensor]:
    """Parts (.., y, x) turned by a quarter of a circle any number of times and mirrored at times, all alike."""
    turns = int(rng.integers(4))
    parts = [torch.rot90(part, turns, (-2, -1)) for part in parts]
    return [part.flip(-1) for part in parts] if rng.random() < 0.5 else parts
