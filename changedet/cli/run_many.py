"""Sites planned and run one after the other in this process, or side by side in some processes of their own."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from changedet.cli.bars import SitesBar, progress_bar
from changedet.cli.jobs import Jobs, accepted
from changedet.cli.messages import FAILED, failure, say
from changedet.cli.process import set_up_process
from changedet.cli.run_site import Options, Printed, Site, Where, carried_out, failed
from changedet.errors import ChangedetError, InputError

if TYPE_CHECKING:
    from changedet.blocks import Call, Lost, Processes
    from changedet.plan import Plan, Share

KILLED: Final = "by SIGKILL"
"""As a system that is short of memory ends processes."""


@dataclass(frozen=True)
class Failure:
    """What is printed where a workflow could not be planned for another reason than wrong input.

    Attributes
    ----------
    status : int
        Exit status.
    lines : tuple of str
        On standard error.
    """

    status: int
    lines: tuple[str, ...]


def run_in_turn(workflows: Sequence[str], where: Where, options: Options, jobs: Jobs) -> int:
    """Run sites one after the other in this process.

    Parameters
    ----------
    workflows : sequence of str
        Files.
    where : Where
    options : Options
    jobs : Jobs
        One at once.

    Returns
    -------
    int
        Exit status.

    Raises
    ------
    InputError
        With the problems of all workflows.
    StoreError
        A bucket cannot be used.
    """
    # Imported here for a quick start.
    from changedet.pipeline.uploads import require_bucket
    from changedet.plan import make_plan
    from changedet.store.bucket.failures import StoreError

    plans: list[Plan | InputError] = []
    for path in workflows:
        try:
            plan = make_plan(path, **where._asdict())
            require_bucket(plan)
            plans.append(plan)
        except StoreError:
            # It would fail for the next ones as well.
            raise
        except InputError as error:
            plans.append(error)
    printed = Printed(options, len(workflows))
    for plan in accepted(plans, jobs):
        with progress_bar(plan.site_id, quiet=options.quiet, verbose=options.verbose) as progress:
            site = carried_out(plan, options, progress)
        printed.add(site)
    return printed.end()


def run_side_by_side(workflows: Sequence[str], where: Where, options: Options, jobs: Jobs) -> int:
    """Run sites side by side, each in a process that carries out one after another.

    Parameters
    ----------
    workflows : sequence of str
        Files.
    where : Where
    options : Options
    jobs : Jobs
        More than one at once.

    Returns
    -------
    int
        Exit status.

    Raises
    ------
    InputError
        With the problems of all workflows, or of a bucket that cannot be used.
    """
    # Imported here for a quick start.
    from changedet.blocks import Call, Processes
    from changedet.plan import STARTED_BYTES, share_of

    share = share_of(jobs.at_once)
    printed = Printed(options, len(workflows))
    with (
        Processes(jobs.at_once, jobs.memory_bytes, STARTED_BYTES, _begin_process) as processes,
        SitesBar(len(workflows), quiet=options.quiet) as bar,
    ):
        arguments = ((path, where, share, options.verbose) for path in workflows)
        found = _planned(processes, (Call(planned, given, STARTED_BYTES) for given in arguments), workflows, bar)
        if isinstance(found, Failure):
            with bar.away():
                for line in found.lines:
                    say(line)
            return found.status
        plans = accepted(found, jobs)
        calls = (Call(_carried_out, (plan, options), plan.memory_bytes) for plan in plans)
        for site in _in_order(_sites(processes, calls, plans, options, bar)):
            with bar.away():
                printed.add(site)
    return printed.end()


def _begin_process() -> None:
    set_up_process()
    warnings.simplefilter("ignore")


def planned(path: str, where: Where, share: Share, verbose: bool) -> Plan | InputError | Failure:
    """Plan a site in a process of many.

    Parameters
    ----------
    path : str
        Of the workflow file.
    where : Where
    share : Share
        Of the process.
    verbose : bool
        Whether to give tracebacks.

    Returns
    -------
    Plan, InputError or Failure
        What is wrong with the file is handed back, to be printed with what is wrong with others.
    """
    # Imported here for a quick start.
    from changedet.pipeline.uploads import require_bucket
    from changedet.plan import make_plan
    from changedet.store.bucket.failures import StoreError

    try:
        plan = make_plan(path, **where._asdict(), share=share)
        require_bucket(plan)
        return plan
    except InputError as error:
        if not isinstance(error, StoreError):
            return error
        status, lines = failure(error, verbose=verbose)
        return Failure(status, tuple(lines))
    except Exception as error:
        status, lines = failure(error, verbose=verbose)
        return Failure(status, tuple(lines))


def _planned(
    processes: Processes, calls: Iterable[Call[Plan | InputError | Failure]], workflows: Sequence[str], bar: SitesBar
) -> list[Plan | InputError] | Failure:
    """Plans of all sites in their order, or the first failure."""
    # Imported here for a quick start.
    from changedet.blocks import Lost

    bar.begin("planning")
    found: dict[int, Plan | InputError | Failure] = {}
    for i, result in processes.results(calls):
        if isinstance(result, Lost):
            result = Failure(FAILED, (f"changedet: {workflows[i]}: {_in_words(result)}",))
        found[i] = result
        bar.show(len(found))
    plans: list[Plan | InputError] = []
    for i in range(len(found)):
        one = found[i]
        if isinstance(one, Failure):
            return one
        plans.append(one)
    return plans


def _carried_out(plan: Plan, options: Options) -> Site:
    """In a process of many: steps are lines on standard error where that is no terminal, with ``-v``."""
    with progress_bar(plan.site_id, quiet=options.quiet or sys.stderr.isatty(), verbose=options.verbose) as progress:
        return carried_out(plan, options, progress)


def _sites(
    processes: Processes, calls: Iterable[Call[Site]], plans: Sequence[Plan], options: Options, bar: SitesBar
) -> Iterator[tuple[int, Site]]:
    """Sites as they end, those whose process was lost among them."""
    # Imported here for a quick start.
    from changedet.blocks import Lost

    bar.begin("sites")
    for done, (i, result) in enumerate(processes.results(calls), 1):
        bar.show(done)
        if isinstance(result, Lost):
            yield i, failed(plans[i], ChangedetError(f"{plans[i].site_id}: {_in_words(result)}"), options)
        else:
            yield i, result


def _in_words(lost: Lost) -> str:
    hint = " (with fewer --jobs where memory ran out)" if lost.how == KILLED else ""
    return f"its process ended {lost.how}; run the same command again to go on from here{hint}"


def _in_order(sites: Iterable[tuple[int, Site]]) -> Iterator[Site]:
    waiting: dict[int, Site] = {}
    following = 0
    for i, site in sites:
        waiting[i] = site
        while following in waiting:
            yield waiting.pop(following)
            following += 1
